// A request target's path: checked to be canonical, then cut into decoded segments.
// In: the raw target. Out: path, query and segments, or a refusal. Never repairs anything: what was judged is what is sent.

import type { Outcome } from '../context.ts'
import { PATH_SEGMENTS, TARGET_BYTES } from './limits.ts'
import { accept, malformed } from './refusal.ts'

export interface Target {
  /** As it came: starts with `/`, no query. */
  readonly path: string
  /** As it came, without `?`. */
  readonly query: string
}

/** Splits a raw request target (RFC 9112 origin-form) and refuses bytes that no canonical target holds. */
export function parseTarget(target: string): Outcome<Target> {
  if (target.length > TARGET_BYTES) return malformed(`the request target is longer than ${TARGET_BYTES} bytes`)
  if (!target.startsWith('/')) return malformed('the request target must be a path')
  // Space, controls and non-ASCII; then characters that parsers disagree about: fragment, backslash, parameters, unsafe ones.
  if (/[^\x21-\x7e]/.test(target)) return malformed('the request target holds a space, a control or a non-ASCII byte')
  if (/[#\\;<>"^`{|}]/.test(target)) return malformed('the request target holds a character that must be escaped')
  const mark = target.indexOf('?')
  return accept(mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) })
}

/**
 * The decoded segments of a canonical path. `/` has none; a trailing slash leaves an empty last segment, so that the
 * caller can tell. Reserved characters may stand escaped or not (client-go writes `system:node`, other clients
 * `system%3Anode`): both decode to the same name for us and for the API server, and are passed on as they came.
 */
export function parseSegments(path: string): Outcome<readonly string[]> {
  if (path === '/') return accept([])
  const raw = path.slice(1).split('/')
  if (raw.length > PATH_SEGMENTS) return malformed(`the path has more than ${PATH_SEGMENTS} segments`)
  const segments: string[] = []
  for (const [index, segment] of raw.entries()) {
    if (segment === '' && index !== raw.length - 1) return malformed('the path holds an empty segment (//)')
    const decoded = decodeSegment(segment)
    if (decoded === null) return malformed('the path is not in canonical form: it holds an escape that is not needed')
    if (decoded === '.' || decoded === '..') return malformed('the path holds a . or .. segment')
    segments.push(decoded)
  }
  return accept(segments)
}

/** Null when an escape is broken, in lower case, of an unreserved character, or of one that must not be in a name. */
function decodeSegment(segment: string): string | null {
  if (!segment.includes('%')) return segment
  for (let at = segment.indexOf('%'); at >= 0; at = segment.indexOf('%', at + 1)) {
    const hex = segment.slice(at + 1, at + 3)
    if (!/^[0-9A-F]{2}$/.test(hex)) return null
    const byte = Number.parseInt(hex, 16)
    if (byte < 0x20 || byte === 0x7f) return null
    // Separators (CVE-2021-29492), parameters, and `%`, which would decode a second time somewhere.
    if ('/\\;%'.includes(String.fromCharCode(byte))) return null
    if (/[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte))) return null
  }
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
