// The values of a Secret that is printed in some text, as `kubectl get secret -o yaml` in a container or a call of the API does. In:
// where `data:` or `"data":` ends. Out: where the values stand, if the object says that it is a Secret. No I/O.

import { BLANK, lower } from './bytes.ts'

/** What was found. */
export interface SecretValues {
  readonly parts: readonly { readonly start: number; readonly end: number }[]
  /** From where more text could change it; -1: nothing could. What was found then counts if no more comes. */
  readonly open: number
  readonly work: number
}

/** How far in front of its data an object says its kind. */
const MAX_BEFORE = 4 * 1024
/** Data that is longer is looked at as far as this. */
const MAX_DATA = 64 * 1024
/** How far behind its data it says it: not far, since keys are sorted. */
const MAX_BEHIND = 512
const MAX_VALUES = 4096
/** Shorter values tell nothing of what they are. */
const MIN_ENCODED = 8

const NOTHING: SecretValues = { parts: [], open: -1, work: 16 }

const KEY_YAML = /^( *)(?:- )?(?:data|stringData):[ \t]*\r?$/
const KIND_YAML = /^ *(?:- )?kind:[ \t]*["']?(\w+)["']?[ \t]*\r?$/
const FIRST_YAML = /^ *(?:- )?apiVersion:[ \t]*["']?v1["']?[ \t]*\r?$/
const KIND_JSON = /"kind"\s*:\s*"(\w+)"/
const PAIR_JSON = /\s*"(?:[^"\\]|\\.)*"\s*:\s*"((?:[^"\\]|\\.)*)"\s*,?/y
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

type Kind = 'Secret' | 'other' | 'open' | 'none'

const latin = new TextDecoder('latin1')
const QUOTE = 0x22
const LF = 0x0a

/** Looks at the data that a key begins which ends at `keyEnd`, its colon included. */
export function secretValuesAt(bytes: Uint8Array, keyEnd: number): SecretValues {
  const isJson = bytes[keyEnd - 2] === QUOTE
  const keyStart = keyEnd - (isJson ? 6 : 5)
  const start = lower(bytes[keyStart - 1] ?? 0) === 0x67 ? keyStart - 'string'.length : keyStart
  const sign = bytes[start - 1]
  const next = bytes[keyEnd]
  if (isJson ? sign !== QUOTE : sign !== undefined && sign !== LF && BLANK[sign] === 0) return NOTHING
  if (!isJson && next !== undefined && next !== LF && next !== 0x0d && BLANK[next] === 0) return NOTHING
  const from = Math.max(0, keyEnd - MAX_BEFORE)
  const before = latin.decode(bytes.subarray(from, keyEnd))
  const rest = (): Behind => {
    const to = Math.min(bytes.length, keyEnd + MAX_DATA)
    return { text: latin.decode(bytes.subarray(keyEnd, to)), isAll: to === bytes.length }
  }
  if (isJson) {
    const key = before.lastIndexOf('"', before.length - 3)
    return /^"(?:data|stringData)"/.test(before.slice(key)) ? jsonValues(rest, keyEnd, before.slice(0, key)) : NOTHING
  }
  const lineStart = before.lastIndexOf('\n') + 1
  const key = before.slice(lineStart)
  return KEY_YAML.test(key) ? yamlValues(rest, keyEnd, before.slice(0, lineStart), indentOf(key)) : NOTHING
}

/** The lines of a text, each with where it begins, and whether it is the last. */
function* linesOf(text: string): Generator<{ line: string; start: number; last: boolean }> {
  for (let start = 0; ; ) {
    const stop = text.indexOf('\n', start)
    if (stop < 0) {
      yield { line: text.slice(start), start, last: true }
      return
    }
    yield { line: text.slice(start, stop), start, last: false }
    start = stop + 1
  }
}

/** The lines of a text that ends with a line end, the last first. */
function* linesBack(text: string): Generator<string> {
  for (let end = text.length - 1; end >= 0; ) {
    const start = text.lastIndexOf('\n', end - 1) + 1
    yield text.slice(start, end)
    end = start - 1
  }
}

function indentOf(line: string): number {
  return line.length - line.replace(/^ *(?:- )?/, '').length
}

/** What follows the key. */
interface Behind {
  readonly text: string
  /** It ends where the bytes do. */
  readonly isAll: boolean
}

/** What is masked of the values, as far as the object's kind is known. `begins`: where they begin, if they may go on. */
function told(values: readonly Value[], kind: Kind, begins: number, work: number): SecretValues {
  const parts = values.map(({ start, end }) => ({ start, end }))
  if (kind === 'other' || kind === 'none') return { parts: [], open: -1, work }
  if (kind === 'Secret') return { parts, open: begins, work }
  // If it never says what it is: by its values.
  const encoded = values.every(({ text }) => text.length >= MIN_ENCODED && text.length % 4 === 0 && BASE64.test(text))
  return { parts: encoded ? parts : [], open: begins, work }
}

interface Value {
  readonly start: number
  readonly end: number
  readonly text: string
}

function yamlValues(rest: () => Behind, at: number, before: string, indent: number): SecretValues {
  // Lines above, up to the object's first.
  let kind: Kind = 'none'
  let isFirst = true
  for (const line of linesBack(before)) {
    if (/^\s*$/.test(line)) continue
    const depth = indentOf(line)
    if (depth < indent || /^---/.test(line)) break
    if (depth === indent) {
      if (isFirst && FIRST_YAML.test(line)) kind = 'open'
      const said = KIND_YAML.exec(line)?.[1]
      if (said !== undefined) kind = said === 'Secret' ? 'Secret' : 'other'
      if (said !== undefined || /^ *- /.test(line)) break
    }
    isFirst = false
  }
  if (kind === 'none' || kind === 'other') return { ...NOTHING, work: before.length >> 2 }
  const { text, isAll } = rest()
  const values: Value[] = []
  let begins = -1
  let block = -1
  let done = 0
  for (const { line, start: offset, last } of linesOf(text)) {
    const start = at + offset
    if (offset === 0 || (/^\s*$/.test(line) && !last)) continue
    const depth = line.length - line.trimStart().length
    if (depth <= indent && !(last && depth === line.length)) {
      // Behind the data.
      done = start
      if (kind === 'open') kind = kindBehind(text.slice(offset, offset + MAX_BEHIND), indent, isAll)
      break
    }
    const content = line.trimEnd()
    if (begins < 0) begins = start + depth
    if (block >= 0 && depth > block) {
      push(values, start + depth, start + content.length, content.slice(depth))
      continue
    }
    block = -1
    const pair = /^\s+["']?[\w.-]+["']?:(?:[ \t]+(.*))?$/.exec(content)
    if (pair === null) continue
    const value = pair[1] ?? ''
    if (value === '' || /^[|>][-+\d]*$/.test(value)) {
      block = depth
      continue
    }
    const quoted = /^(["'])(.*)\1$/.exec(value)
    const from = start + content.length - value.length
    if (quoted === null) push(values, from, from + value.length, value)
    else push(values, from + 1, from + value.length - 1, quoted[2]!)
  }
  const work = (before.length >> 2) + 4 * (done > 0 ? done - at : text.length) + (text.length >> 4)
  // The last line may go on, and what it is may not be said yet.
  const goesOn = isAll && (done === 0 || kind === 'open')
  return told(values, kind, goesOn ? (begins < 0 ? at : begins) : -1, work)
}

function push(values: Value[], start: number, end: number, text: string): void {
  if (end > start && values.length < MAX_VALUES && !text.startsWith('{{')) values.push({ start, end, text })
}

/** The kind that the rows behind the data say. */
function kindBehind(text: string, indent: number, isAll: boolean): Kind {
  for (const { line, last } of linesOf(text)) {
    if (/^\s*$/.test(line) && !last) continue
    if (last) return isAll && text.length < MAX_BEHIND ? 'open' : 'none'
    const depth = indentOf(line)
    if (depth < indent || /^(?:---|\s*- )/.test(line)) return 'none'
    if (depth > indent) continue
    const said = KIND_YAML.exec(line)?.[1]
    if (said !== undefined) return said === 'Secret' ? 'Secret' : 'other'
  }
  return 'none'
}

function jsonValues(rest: () => Behind, at: number, before: string): SecretValues {
  let kind = kindBefore(before)
  if (kind === 'none' || kind === 'other') return { ...NOTHING, work: before.length >> 2 }
  const { text, isAll } = rest()
  const opening = /^\s*\{/.exec(text)?.[0].length ?? -1
  if (opening < 0) {
    const waits = /^\s*$/.test(text) && isAll
    return { parts: [], open: waits ? at : -1, work: before.length >> 2 }
  }
  const values: Value[] = []
  let end = opening
  for (PAIR_JSON.lastIndex = opening; ; ) {
    const pair = PAIR_JSON.exec(text)
    if (pair === null) break
    end = PAIR_JSON.lastIndex
    const tail = pair[0].length - pair[0].lastIndexOf('"')
    const stop = at + end - tail
    push(values, stop - pair[1]!.length, stop, pair[1]!)
  }
  const work = (before.length >> 2) + 4 * end + (text.length >> 4)
  const closing = /^\s*\}/.exec(text.slice(end))?.[0].length ?? -1
  // Cut short, or no data of a Secret.
  if (closing < 0) return told(values, kind, isAll ? at + opening : -1, work)
  if (kind === 'open') {
    const behind = text.slice(end + closing, end + closing + MAX_BEHIND)
    const said = /^\s*,\s*(?:"immutable"\s*:\s*\w+\s*,\s*)?"kind"\s*:\s*"(\w+)"/.exec(behind)?.[1]
    if (said !== undefined) kind = said === 'Secret' ? 'Secret' : 'other'
    else if (!/^[\s,]*(?:"[^"]*)?"?[\s:]*(?:"\w*)?$/.test(behind) || !isAll) kind = 'none'
  }
  return told(values, kind, kind === 'open' ? at + opening : -1, work)
}

/** The kind that an object says in front of a key of its own; `open` when `apiVersion: v1` stands right there. */
function kindBefore(text: string): Kind {
  let depth = 0
  let at = text.length - 1
  for (; at >= 0; at--) {
    const char = text[at]
    if (char === '}' || char === ']') depth++
    else if (char === '{' || char === '[') {
      if (depth === 0) break
      depth--
    }
  }
  let own = text.slice(at + 1)
  // Without what stands deeper.
  for (let i = 0; i < 8 && /[{[][^{}[\]]*[}\]]/.test(own); i++) own = own.replace(/[{[][^{}[\]]*[}\]]/g, '')
  const said = KIND_JSON.exec(own)?.[1]
  if (said !== undefined) return said === 'Secret' ? 'Secret' : 'other'
  return /"apiVersion"\s*:\s*"v1"\s*,\s*$/.test(own) ? 'open' : 'none'
}
