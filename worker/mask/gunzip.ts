// Gzip with a bound on what comes out (RFC 1952). In: gzip bytes. Out: at most so many bytes, or null. No I/O.

import { Gunzip } from 'fflate'
import { GUNZIP_STEP_BYTES, MAX_RELEASE_GZIP_BYTES } from './limits.ts'

/** Unpacks one gzip member; null when it is none, is cut short, or would be longer than `maxBytes` (a decompression bomb). */
export function gunzipBounded(gzip: Uint8Array, maxBytes: number): Uint8Array | null {
  if (gzip.length > MAX_RELEASE_GZIP_BYTES || gzip[0] !== 0x1f || gzip[1] !== 0x8b) return null
  const chunks: Uint8Array[] = []
  let length = 0
  let members = 1
  let finished = false
  try {
    const stream = new Gunzip((chunk, final) => {
      length += chunk.length
      if (length <= maxBytes && chunk.length > 0) chunks.push(chunk)
      if (final) finished = true
    })
    stream.onmember = () => {
      members++
    }
    for (let at = 0; at < gzip.length; at += GUNZIP_STEP_BYTES) {
      // The library may keep and change what it is given.
      stream.push(gzip.slice(at, at + GUNZIP_STEP_BYTES), at + GUNZIP_STEP_BYTES >= gzip.length)
      if (length > maxBytes) return null
    }
  } catch {
    return null
  }
  if (!finished || members > 2) return null
  const out = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}
