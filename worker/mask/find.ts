// Looks for a placeholder in a write. A masked value that is written back would overwrite or move a secret. In: a request body.
// Out: where a placeholder stands, or null. A byte search first; unescaping, decoding and unpacking only where needed. No I/O.

import type { BodyFormat, RequestInfo } from '../context.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { undoEscapes } from './escapes.ts'
import { gunzipBounded } from './gunzip.ts'
import { MAX_OPENED_PER_BODY, MAX_RELEASE_BYTES, MAX_RELEASE_GZIP_BYTES } from './limits.ts'
import { PLACEHOLDER_START } from './placeholder.ts'
import { strictBody } from './strict.ts'

/** What the client is told, after where the placeholder stands. The same whatever is wrong with it, so that nothing can be tried out. */
export function placeholderMessage(where: string): string {
  return (
    `${where} holds a placeholder (⟦masked…⟧), which does not stand for what that very field holds now. A placeholder may only be ` +
    'written back to the field of the object it was read from, while the value is the same; so nothing was sent. Read the object ' +
    'again and leave its placeholders where they stand, or change only other fields (kubectl patch, label, annotate), or write ' +
    'the value itself.'
  )
}

/** Bytes as text of one character each, so that native text search can be used on them. */
const bytewise = new TextDecoder('latin1')
const encoder = new TextEncoder()

const START = bytewise.decode(encoder.encode(PLACEHOLDER_START))

/** How bytes look inside base64, for each of the three ways they can be aligned. */
function inBase64(start: Uint8Array): string[] {
  return [0, 1, 2].map((before) => {
    const padded = new Uint8Array(before + start.length)
    padded.set(start, before)
    // The first characters depend on what stands before, the last on what follows.
    const from = Math.ceil((before * 8) / 6)
    const to = Math.floor((padded.length * 8) / 6)
    return bytewise.decode(encodeBase64(padded)).slice(from, to)
  })
}

const ONCE = inBase64(encoder.encode(PLACEHOLDER_START))

/** How the start of a placeholder looks inside base64, in both alphabets. */
export const START_IN_BASE64: readonly string[] = ONCE.flatMap((form) => [
  form,
  form.replaceAll('+', '-').replaceAll('/', '_'),
])

/** Ways in which a placeholder comes to be wrapped by who takes it for the value: encoded once more, or put into a URL. */
const WRAPPED: readonly string[] = [
  ...ONCE.flatMap((form) => inBase64(encoder.encode(form))),
  '%E2%9F%A6masked',
  '%e2%9f%a6masked',
]

/** The first characters of base64 of gzip, and of base64 of that: Helm's releases. */
const GZIP = 'H4sI'
const GZIP_TWICE = 'SDRzS'

/** Rounds of unescaping: JSON in a JSON string (last-applied) in a JSON string. */
const MAX_UNESCAPED = 4

/**
 * Finds a placeholder anywhere in a write: plain, escaped, in base64 at any alignment, or in a packed Helm release.
 * @returns null when there is none; `where` names a field, never a value
 */
export function findPlaceholder(input: {
  readonly info: RequestInfo
  readonly format: BodyFormat
  readonly bytes: Uint8Array
}): { readonly where: string } | null {
  return holdsEscaped(input.bytes) ? { where: whereIn(input.format, input.bytes) } : null
}

/** True when bytes hold a placeholder in any form. */
function holdsEscaped(bytes: Uint8Array): boolean {
  let text = bytes
  for (let round = 0; round <= MAX_UNESCAPED; round++) {
    if (holds(bytewise.decode(text))) return true
    const unescaped = undoEscapes(text)
    if (unescaped === text) return false
    text = unescaped
  }
  return false
}

/** True when text (one character a byte) holds a placeholder in any form but escaped. */
function holds(text: string): boolean {
  if (text.includes(START) || START_IN_BASE64.some((form) => text.includes(form))) return true
  if (WRAPPED.some((form) => text.includes(form))) return true
  if (/[\n\r][ \t]*[A-Za-z0-9+/=_-]{20}/.test(text)) {
    // Base64 wrapped into lines, as YAML block scalars and MIME have it.
    const unwrapped = text.replace(/[\n\r][ \t]*/g, '')
    if (START_IN_BASE64.some((form) => unwrapped.includes(form)) || packed(unwrapped)) return true
  }
  return packed(text)
}

/** True when a packed release in the text holds a placeholder. */
function packed(text: string): boolean {
  let opened = 0
  for (const [mark, twice] of [
    [GZIP, false],
    [GZIP_TWICE, true],
  ] as const) {
    const run = /[A-Za-z0-9+/=]*/y
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, run.lastIndex)) {
      run.lastIndex = at
      const found = run.exec(text)?.[0] ?? ''
      if (found.length < 24 || found.length > 4 * MAX_RELEASE_GZIP_BYTES) continue
      if (++opened > MAX_OPENED_PER_BODY) return false
      const once = decodeRun(found)
      const gzip = once !== null && twice ? decodeBase64(once) : once
      const plain = gzip === null ? null : gunzipBounded(gzip, MAX_RELEASE_BYTES)
      if (plain === null) continue
      for (const form of [bytewise.decode(plain), bytewise.decode(undoEscapes(plain))]) {
        if (form.includes(START) || START_IN_BASE64.some((needle) => form.includes(needle))) return true
      }
    }
  }
  return false
}

/** Decodes a run of base64 characters that may be followed by others: up to its padding. */
function decodeRun(run: string): Uint8Array | null {
  const padding = run.indexOf('=')
  const end = padding < 0 ? run.length - (run.length % 4) : Math.ceil(padding / 4) * 4
  return decodeBase64(encoder.encode(run.slice(0, end)))
}

/** The path of the first string that holds a placeholder, for a message. */
function whereIn(format: BodyFormat, bytes: Uint8Array): string {
  const body = format === 'protobuf' || format === 'none' ? null : strictBody(format, bytes)
  if (body?.ok !== true) return 'The request body'
  const path = pathIn(body.value, '')
  return path === null || path === '' ? 'The request body' : `The field ${path.slice(0, 256)}`
}

function pathIn(value: unknown, path: string): string | null {
  if (typeof value === 'string') return holdsEscaped(encoder.encode(value)) ? path : null
  if (typeof value !== 'object' || value === null) return null
  for (const [key, inner] of Object.entries(value)) {
    const found = pathIn(inner, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}
