// The data of a JSON object in some text that may be a Secret. In: where its key stands. Out: its values, and what the object's
// members in front of it and behind it say. No I/O.

import { latin, SPACE } from './bytes.ts'
import type { Data, Kind, Value } from './secretobject.ts'

/** How far in front of its data an object says its kind: behind its metadata, which hold 256 KiB of annotations at most. */
const MAX_BEFORE = 512 * 1024
/** How far behind its data it says it. */
const MAX_BEHIND = 64 * 1024
/** What a member that says what an object is says at most. */
const MAX_SAID = 128

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

/** What members say of their object. */
interface Said {
  kind: string | null
  version: string | null
  type: string | null
  metadata: boolean
  work: number
}

/** The values of `{…}` behind a key, with what the object is; null when they are none. */
export function secretJson(bytes: Uint8Array, keyStart: number, keyEnd: number): Data | null {
  const said = membersBefore(bytes, keyStart)
  if (said === null) return null
  let kind: Kind = kindOf(said)
  const none: Data = { values: [], kind: 'other', open: -1, work: said.work }
  // Elements of a list of Secrets, as the API writes it, say neither.
  if (kind === 'other' || (kind === 'open' && said.version !== 'v1' && !said.metadata)) return none
  const length = bytes.length
  let at = spaceEnd(bytes, keyEnd)
  if (at >= length) return { ...none, kind: 'open', open: keyEnd }
  if (bytes[at] !== 0x7b) return none
  const values: Value[] = []
  const begins = ++at
  let closed = false
  let isName = true
  while (at < length) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at)
      const stop = end < 0 ? length : end
      if (!isName) values.push({ start: at + 1, end: stop, text: latin(bytes, at + 1, stop), cut: end < 0 })
      at = stop + 1
    } else if (byte === COLON) {
      isName = false
      at++
    } else if (byte === COMMA) {
      isName = true
      at++
    } else if (SPACE[byte] === 1) at++
    else if (!isName && isLiteral(byte)) at++
    else {
      closed = byte === 0x7d
      break
    }
  }
  at = Math.min(at, length)
  let work = said.work + 4 * (at - keyEnd) + 16
  if (at >= length) return { values, kind, open: begins, work }
  // No data of a Secret: something stands in it that is no text.
  if (!closed) return { values, kind: kind === 'open' ? 'other' : kind, open: -1, work }
  let open = -1
  if (kind === 'open') {
    const behind: Said = { ...said, work: 0 }
    const state = membersBehind(bytes, at + 1, behind)
    work += behind.work
    kind = kindOf(behind)
    if (kind === 'open') {
      if (state === 'open') open = begins
      else if (state === 'closed') kind = 'other'
    }
  }
  return { values, kind, open, work }
}

function kindOf({ kind, version, type, metadata }: Said): Kind {
  if (kind !== null) return kind === 'Secret' ? 'Secret' : 'other'
  if (version !== null && version !== 'v1') return 'other'
  return type !== null && (metadata || version !== null) && isType(type) ? 'Secret' : 'open'
}

/** What kinds of Secrets are called. */
function isType(type: string): boolean {
  return type === 'Opaque' || /^[a-z0-9.-]+\/[\w.-]+$/.test(type)
}

/** `true`, `null`, a number. */
function isLiteral(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x2e
}

function spaceEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && SPACE[bytes[at]!] === 1) at++
  return at
}

/** Where the quote stands that ends the string whose quote stands at `from`; -1: the text ends before. */
function stringEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    if (isPlain(bytes, at, from)) return at
  }
  return -1
}

/** Where the quote stands that begins the string whose last quote stands at `end`; -1: none does. */
function stringStart(bytes: Uint8Array, end: number, least: number): number {
  let at = end
  while (at > least) {
    at = bytes.lastIndexOf(QUOTE, at - 1)
    if (at < least) return -1
    if (isPlain(bytes, at, least - 1)) return at
  }
  return -1
}

/** Whether no backslash that counts stands in front of a quote. */
function isPlain(bytes: Uint8Array, at: number, from: number): boolean {
  let first = at
  while (first - 1 > from && bytes[first - 1] === BACKSLASH) first--
  return (at - first) % 2 === 0
}

function note(said: Said, key: string, value: string | null): void {
  if (key === 'metadata') said.metadata = true
  if (value === null) return
  if (key === 'kind') said.kind ??= value
  else if (key === 'apiVersion') said.version ??= value
  else if (key === 'type') said.type ??= value
}

/** What the members of an object in front of a key of it say; null when no object begins there. */
function membersBefore(bytes: Uint8Array, from: number): Said | null {
  const said: Said = { kind: null, version: null, type: null, metadata: false, work: 0 }
  const least = Math.max(0, from - MAX_BEFORE)
  let depth = 0
  let value: string | null = null
  let isName = false
  let at = from - 1
  for (; at >= least; at--) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      const start = stringStart(bytes, at, least)
      if (start < 0) break
      if (depth === 0) {
        const text = at - start > MAX_SAID ? '' : latin(bytes, start + 1, at)
        if (isName) {
          note(said, text, value)
          value = null
        } else value = text
        isName = false
        if (said.kind !== null) break
      }
      at = start
    } else if (byte === 0x7d || byte === 0x5d) depth++
    else if (byte === 0x7b || byte === 0x5b) {
      if (depth === 0) break
      depth--
    } else if (depth === 0) {
      if (byte === COLON) isName = true
      else if (byte === COMMA) value = null
      // No JSON.
      else if (SPACE[byte] === 0 && !isLiteral(byte) && byte !== 0x2b && byte !== 0x45) break
    }
  }
  said.work = 16 + 4 * (from - at)
  return said
}

/** Adds what the members behind one say. @returns whether the object ends, the text does, or neither within what is looked at */
function membersBehind(bytes: Uint8Array, from: number, said: Said): 'closed' | 'open' | 'long' {
  const limit = Math.min(bytes.length, from + MAX_BEHIND)
  let depth = 0
  let key: string | null = null
  let last = ''
  let at = from
  let state: 'closed' | 'open' | 'long' = limit === bytes.length ? 'open' : 'long'
  for (; at < limit; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at)
      if (end < 0) {
        at = bytes.length
        state = 'open'
        break
      }
      if (depth === 0) {
        last = end - at > MAX_SAID ? '' : latin(bytes, at + 1, end)
        if (key !== null) note(said, key, last)
        key = null
        if (kindOf(said) !== 'open') {
          at = end
          state = 'closed'
          break
        }
      }
      at = end
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === 0 && key !== null) note(said, key, null)
      key = null
      depth++
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) {
        state = 'closed'
        break
      }
      depth--
    } else if (depth === 0) {
      if (byte === COLON) key = last
      else if (SPACE[byte] === 0 && byte !== COMMA && !isLiteral(byte)) {
        state = 'closed'
        break
      }
    }
  }
  said.work += 4 * (at - from)
  return state
}

/** Where the object ends one of whose members ends at `from`; -1: not before the text does. */
export function jsonEnd(bytes: Uint8Array, from: number): number {
  let depth = 0
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at)
      if (end < 0) return -1
      at = end
    } else if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth-- === 0) return at
    } else if (
      byte !== COMMA &&
      byte !== COLON &&
      SPACE[byte] === 0 &&
      !isLiteral(byte) &&
      byte !== 0x2b &&
      byte !== 0x45
    )
      return at
  }
  return -1
}
