// What the writer thread and its client say to each other. What every request says is flat, of strings and numbers alone: entries
// as one JSON text, bodies with one character a byte. Cloning objects costs the event loop more. Long bodies are transferred. No I/O.

import type { BodyDigest, LogEvent } from '../protocol/log/event.ts'
import type { Durability } from '../worker/ports.ts'
import type { Sealed, Statement, WriteFailed } from './writer.ts'

export interface PackedEntries {
  readonly text: string
  /** Salt and bytes of each body, one after the other; as latin1 while they are few. */
  readonly bytes: string | Uint8Array<ArrayBuffer>
}

export type ThreadRequest = { readonly n: number } & (
  | {
      readonly op: 'append'
      readonly text: string
      readonly bytes: PackedEntries['bytes']
      readonly writer: string
      readonly wseq: number
      readonly wprev: string
      readonly durability: Durability
    }
  | { readonly op: 'write'; readonly statements: readonly Statement[] }
  | { readonly op: 'project' }
  | { readonly op: 'read'; readonly statement: Statement }
  | { readonly op: 'close' }
)

/** An append's value is its hashes with a space between them. */
export type ThreadReply =
  | { readonly n: number; readonly ok: true; readonly value: unknown }
  | { readonly n: number; readonly ok: false; readonly kind: WriteFailed['kind']; readonly message: string }

/** Past this a message with memory to transfer costs less than copies of it. */
const MAX_LATIN1_BYTES = 32 * 1024

interface PackedEntry {
  readonly event: LogEvent
  readonly body?: {
    readonly kind: BodyDigest['kind']
    readonly seq: number
    readonly mediaType: string
    readonly salt: number
    readonly length: number
  }
}

/** Copies the entries into a message; the caller keeps its bytes. */
export function packEntries(entries: readonly Sealed[]): PackedEntries {
  const total = entries.reduce((sum, { body }) => sum + (body ? body.salt.length + body.bytes.length : 0), 0)
  const bytes = new Uint8Array(total)
  let at = 0
  const packed = entries.map(({ event, body }): PackedEntry => {
    if (body === undefined) return { event }
    bytes.set(body.salt, at)
    bytes.set(body.bytes, at + body.salt.length)
    at += body.salt.length + body.bytes.length
    const { kind, seq, mediaType } = body
    return { event, body: { kind, seq, mediaType, salt: body.salt.length, length: body.bytes.length } }
  })
  const isShort = total <= MAX_LATIN1_BYTES
  return { text: JSON.stringify(packed), bytes: isShort ? Buffer.from(bytes.buffer).toString('latin1') : bytes }
}

/** Reads what packEntries made; bodies are views into one buffer. */
export function unpackEntries({ text, bytes: sent }: PackedEntries): Sealed[] {
  const packed: readonly PackedEntry[] = JSON.parse(text)
  const bytes = typeof sent === 'string' ? Buffer.from(sent, 'latin1') : sent
  let at = 0
  return packed.map(({ event, body }) => {
    if (body === undefined) return { event }
    const middle = at + body.salt
    const salt = bytes.subarray(at, middle)
    at = middle + body.length
    const { kind, seq, mediaType } = body
    return { event, body: { kind, seq, mediaType, salt, bytes: bytes.subarray(middle, at) } }
  })
}
