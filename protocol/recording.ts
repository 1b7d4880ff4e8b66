// The bytes of a recorded interactive stream (exec, attach): a sequence of records, each
//   u32 t (milliseconds since the stream opened) · u8 channel · u32 length · payload     (big endian)
// Channels are those of `v5.channel.k8s.io`: 0 stdin, 1 stdout, 2 stderr, 3 status (JSON), 4 resize (JSON). No I/O.

/** What was sent on one channel at one moment. */
export interface StreamRecord {
  /** Milliseconds since the stream opened. */
  readonly t: number
  /** 0 stdin, 1 stdout, 2 stderr, 3 status, 4 resize. */
  readonly channel: number
  readonly payload: Uint8Array
}

/** What a record is longer than its payload. */
export const RECORD_HEADER_BYTES = 9

/** Appends one record's bytes. */
export function encodeRecord(record: StreamRecord): Uint8Array {
  const out = new Uint8Array(RECORD_HEADER_BYTES + record.payload.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, Math.min(record.t, 0xffffffff))
  view.setUint8(4, record.channel)
  view.setUint32(5, record.payload.length)
  out.set(record.payload, RECORD_HEADER_BYTES)
  return out
}

/**
 * Reads all whole records; a cut last record (a segment lost with a crash) is left out.
 * Payloads are views into `bytes`.
 */
export function* decodeRecords(bytes: Uint8Array): Generator<StreamRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    const length = view.getUint32(at + 5)
    const end = at + RECORD_HEADER_BYTES + length
    if (end > bytes.length) return
    yield {
      t: view.getUint32(at),
      channel: view.getUint8(at + 4),
      payload: bytes.subarray(at + RECORD_HEADER_BYTES, end),
    }
    at = end
  }
}
