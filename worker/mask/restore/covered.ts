// Whether what was put back is masked when it is read again. A value stands masked by its field or by the words around it; who
// writes other words around it must not come to read it so. In: a body as it came, restored, and that masked as it would be read.
// Out: yes or no. No I/O.

import { decodeBase64 } from '../base64.ts'
import { binaryOf, binaryOfText, bytesOf, textOfBinary } from './binary.ts'
import { type Dictionary, decodedWithPlaceholder } from './field.ts'
import { type JsonNode, type JsonString, memberOf, rawOf, readJson, textAt } from './json.ts'
import { openRelease } from './release.ts'
import { PLACEHOLDER, placeholdersIn, stretchesOf, type Tags } from './stretches.ts'

/** A part of a write that is an object of its own: as it came, and restored. */
export interface Part {
  readonly came: string
  readonly restored: string
}

const WHOLE = new RegExp(`^${PLACEHOLDER.source}$`)
/** Values of a release this short are not searched for when it is masked. */
const MIN_SEARCHED_CHARS = 4

/** An object is one part. Of a JSON patch each operation is one: an object with nothing but its value. */
export function partsOf(isPatch: boolean, came: string, restored: string): readonly Part[] {
  if (!isPatch) return [{ came, restored }]
  const [before, after] = [readJson(came), readJson(restored)]
  if (before?.kind !== 'array' || after?.kind !== 'array') return []
  return before.elements.flatMap((one, index): readonly Part[] => {
    const other = after.elements[index]
    if (other === undefined || rawOf(one) === rawOf(other)) return []
    const steps = (textAt(one, ['path']) ?? '').split('/').slice(1)
    return [{ came: placed(steps, memberOf(one, 'value')), restored: placed(steps, memberOf(other, 'value')) }]
  })
}

/** An object that holds a value at the steps of a JSON pointer, and nothing else. */
function placed(steps: readonly string[], value: JsonNode | undefined): string {
  return steps.reduceRight(
    (inner, step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
      return /^(?:-|[0-9]+)$/.test(key) ? `[${inner}]` : `{${JSON.stringify(key)}:${inner}}`
    },
    value === undefined ? 'null' : rawOf(value),
  )
}

/** Whether what stood behind a placeholder, one character a byte, may be read anyhow. */
export type IsOpen = (original: string) => boolean

/**
 * @param again the restored part as it would be read
 * @param dictionary values of a release, if it is one
 * @param isOpen absent: nothing is
 */
export function isCovered(
  { came, restored }: Part,
  again: string,
  tags: Tags,
  dictionary: Dictionary,
  isOpen: IsOpen = () => false,
): boolean {
  const [before, after, seen] = [readJson(came), readJson(restored), readJson(again)]
  if (before === null || after === null || seen === null) return false
  return covered(before, after, seen, { tags, dictionary, isOpen })
}

interface By {
  readonly tags: Tags
  readonly dictionary: Dictionary
  readonly isOpen: IsOpen
}

function covered(came: JsonNode, restored: JsonNode, again: JsonNode, by: By): boolean {
  // Nothing was put back, or it is masked as it was before.
  if (rawOf(came) === rawOf(restored) || rawOf(came) === rawOf(again)) return true
  // Masked as a whole.
  if (again.kind === 'string' && isWhole(again)) return true
  if (came.kind === 'string') {
    if (restored.kind !== 'string') return false
    return again.kind === 'string' && stringCovered(came, restored, again, by)
  }
  if (came.kind === 'object') {
    if (restored.kind !== 'object' || again.kind !== 'object') return false
    return came.members.every(({ value }, index) => {
      const [one, other] = [restored.members[index], again.members[index]]
      return one !== undefined && other !== undefined && covered(value, one.value, other.value, by)
    })
  }
  if (came.kind === 'array') {
    if (restored.kind !== 'array' || again.kind !== 'array') return false
    return came.elements.every((value, index) => {
      const [one, other] = [restored.elements[index], again.elements[index]]
      return one !== undefined && other !== undefined && covered(value, one, other, by)
    })
  }
  return false
}

function isWhole({ value }: JsonString): boolean {
  return WHOLE.test(binaryOfText(value)) || WHOLE.test(decodedWithPlaceholder(value) ?? '')
}

function stringCovered(came: JsonString, restored: JsonString, again: JsonString, by: By): boolean {
  const { tags, dictionary, isOpen } = by
  const release = openRelease(restored.value)
  if (release !== null) return releaseCovered(openRelease(came.value), release, openRelease(again.value), dictionary)
  const [before, after, seen] = [readJson(came.value), readJson(restored.value), readJson(again.value)]
  if (before?.kind === 'object' && after != null && seen != null) return covered(before, after, seen, by)

  const decoded = decodedWithPlaceholder(came.value)
  const bytes = decoded === null ? null : decodeBase64(bytesOf(binaryOfText(restored.value)))
  const [was, is, shown] =
    decoded === null || bytes === null
      ? [binaryOfText(came.value), binaryOfText(restored.value), binaryOfText(again.value)]
      : [decoded, binaryOf(bytes), decodedWithPlaceholder(again.value) ?? '']
  const put = stretchesOf(is, was, tags)
  const masked = placeholdersIn(shown).length === 0 ? [] : stretchesOf(is, shown, tags)
  if (put === null || masked === null) return false
  const open = new Uint8Array(is.length).fill(1)
  for (const { start, original } of masked) open.fill(0, start, start + original.length)
  return put.every(
    ({ start, original }) => !open.subarray(start, start + original.length).includes(1) || isOpen(original),
  )
}

/** A release is covered if none of the values that came into it can be read in it. */
function releaseCovered(came: string | null, restored: string, again: string | null, dictionary: Dictionary): boolean {
  if (came === null || again === null) return false
  if (came === restored) return true
  for (const value of dictionary.values()) {
    const text = textOfBinary(value)
    if (text === null || text.length < MIN_SEARCHED_CHARS) continue
    const form = JSON.stringify(text).slice(1, -1)
    if (restored.includes(form) && !came.includes(form) && again.includes(form)) return false
  }
  return placeholdersIn(binaryOfText(again)).length > 0
}
