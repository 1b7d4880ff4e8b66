// The values of a Secret that is printed in some text, as `kubectl get secret -o yaml` in a container or a call of the API does. In:
// where `data:` or `"data":` ends. Out: where the values stand, if the object says that it is a Secret. No I/O.

import { MaskError } from '../error.ts'
import { BLANK, lower } from './bytes.ts'
import { jsonEnd, secretJson } from './secretjson.ts'
import { secretYaml, yamlEnd } from './secretyaml.ts'

/** What was found. */
export interface SecretValues {
  readonly parts: readonly { readonly start: number; readonly end: number }[]
  /** From where more text could change it; -1: nothing could. What was found then counts if no more comes. */
  readonly open: number
  readonly work: number
}

/** What an object's members say of it: that it is a Secret, something else, or nothing yet. */
export type Kind = 'Secret' | 'other' | 'open'

/** A value in the data of an object. */
export interface Value {
  readonly start: number
  readonly end: number
  readonly text: string
  /** The text ends before it does. */
  readonly cut: boolean
}

/** The data of an object that may be a Secret. */
export interface Data {
  readonly values: readonly Value[]
  readonly kind: Kind
  /** Where the values begin, if more text could tell more of them or of the object; else -1. */
  readonly open: number
  readonly work: number
}

/**
 * How much of the data of one object a stream waits for. The data of a Secret that are longer end it: nobody knows any more what
 * they are when they go on.
 */
export const MAX_WAITING = 64 * 1024
/** Shorter values tell nothing of what they are, unless there is as much of them as `MIN_TELLING`. */
const MIN_ENCODED = 8
const MIN_TELLING = 4096

const NOTHING: SecretValues = { parts: [], open: -1, work: 16 }

const KEYS_JSON = ['"data"', '"stringData"']
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const QUOTE = 0x22
const LF = 0x0a
const latin = new TextDecoder('latin1')

/**
 * Looks at the data that a key begins which ends at `keyEnd`, its colon included.
 * @throws {MaskError} more text comes, and what there is of the data is more than is waited for
 */
export function secretValuesAt(bytes: Uint8Array, keyEnd: number, final: boolean): SecretValues {
  const isJson = bytes[keyEnd - 2] === QUOTE
  const keyStart = keyEnd - (isJson ? 6 : 5)
  const start = lower(bytes[keyStart - 1] ?? 0) === 0x67 ? keyStart - 'string'.length : keyStart
  const sign = bytes[start - 1]
  const next = bytes[keyEnd]
  if (isJson) {
    if (sign !== QUOTE || !KEYS_JSON.includes(latin.decode(bytes.subarray(start - 1, keyEnd - 1)))) return NOTHING
    return told(secretJson(bytes, start - 1, keyEnd), bytes.length - keyEnd, final)
  }
  if (sign !== undefined && sign !== LF && BLANK[sign] === 0) return NOTHING
  if (next !== undefined && next !== LF && next !== 0x0d && BLANK[next] === 0) return NOTHING
  return told(secretYaml(bytes, keyEnd), bytes.length - keyEnd, final)
}

/** What is masked of the values, as far as the object's kind is known. @param length of the text from the data on */
function told(data: Data | null, length: number, final: boolean): SecretValues {
  if (data === null) return NOTHING
  const { values, kind, open, work } = data
  if (kind === 'other') return { parts: [], open: -1, work }
  // One that does not say what it is, or not yet, is told by its values.
  const encoded = values.every(({ text, cut }) => (cut || text.length % 4 === 0) && BASE64.test(text))
  if (open >= 0 && !final && length > MAX_WAITING) {
    if (kind === 'Secret' || encoded) throw new MaskError('the data of a Secret in it are longer than is waited for')
    return { parts: [], open: -1, work }
  }
  const size = values.reduce((sum, { text }) => sum + text.length, 0)
  const telling =
    encoded &&
    (size >= MIN_TELLING ||
      (values.some(({ text }) => text.length >= MIN_ENCODED) &&
        values.every(({ text, cut }) => cut || text.length >= MIN_ENCODED)))
  const parts = values.filter(({ start, end }) => end > start).map(({ start, end }) => ({ start, end }))
  return { parts: kind === 'Secret' || telling ? parts : [], open, work }
}

/**
 * Looks whether an object that says in `bytes[start..end)` that it is a Secret goes on behind the text: its data may be still to come.
 * @throws {MaskError} it does, and what there is of it is more than is waited for
 */
export function secretGoesOn(bytes: Uint8Array, start: number, end: number): { goesOn: boolean; work: number } {
  const isJson = bytes[end - 1] === QUOTE
  const stop = isJson ? jsonEnd(bytes, end) : yamlEnd(bytes, bytes.lastIndexOf(LF, start) + 1, MAX_WAITING)
  if (isJson && stop < 0 && bytes.length - end > MAX_WAITING)
    throw new MaskError('a Secret in it is longer than is waited for')
  return { goesOn: stop < 0, work: 16 + 4 * ((stop < 0 ? bytes.length : stop) - start) }
}
