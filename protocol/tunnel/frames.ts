// Tunnel frames: the bytes. A WebSocket message is one or more whole frames (protocol/PROTOCOL.md):
//   u24 payload length · u8 type · u8 flags · u32 stream · payload        (big endian)
// Strict: an unknown type, flag or size is an error, never skipped. No I/O.

import { MAX_DATA_BYTES, MAX_HEAD_BYTES, MAX_REASON_BYTES, MAX_STREAM_NUMBER } from './limits.ts'

/** The WebSocket subprotocol connectors dial with. */
export const TUNNEL_PROTOCOL = 'sallyport.tunnel.v1'

/** WebSocket close codes of our own (RFC 6455 leaves 4000 to 4999 to applications). */
export const CLOSE = {
  /** The key was revoked, or its connections changed. */
  revoked: 4403,
  /** Another process uses the same key and answers. */
  keyInUse: 4409,
  /** A newer socket of the same process took over. */
  replaced: 4410,
} as const

/** Frame types. */
export const TYPE = { HEAD: 1, DATA: 2, WINDOW: 3, END: 4, RESET: 5, PING: 6, GOAWAY: 7 } as const

/** Flags. END: the sender's last frame but WINDOW and RESET. MORE: the message goes on in the next DATA. ACK: answers a PING. */
export const FLAG = { END: 1, MORE: 2, ACK: 4 } as const

export const HEADER_BYTES = 9

/** Why a stream was reset; the names are part of the protocol, the numbers go over the wire. */
const RESET_CODES = {
  /** The answer is complete; the rest of the request is not needed. Ends only the receiver's sending. */
  done: 0,
  /** Whoever wanted it has gone. */
  cancelled: 1,
  /** Not accepted: too many streams, or the session is draining. Nothing was done. */
  refused: 2,
  internal: 3,
  /** The peer broke the protocol on this stream. */
  protocol: 4,
  /** The API server broke the answer off. */
  upstream: 5,
  /** The stream held the most unread bytes when the session ran out of room. */
  congested: 6,
  /** Access ended while the stream was open. */
  revoked: 7,
} as const
export type ResetCode = keyof typeof RESET_CODES

/** One frame. `payload` is a view of the message it came in. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Uint8Array
}

/** The peer broke the protocol: the session must end. */
export class TunnelProtocolError extends Error {
  readonly code = 'TUNNEL_PROTOCOL'
  constructor(message: string) {
    super(message)
    this.name = 'TunnelProtocolError'
  }
}

/** A frame's header; the payload follows it. */
export function encodeHeader(type: number, flags: number, stream: number, length: number): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES)
  out[0] = length >>> 16
  out[1] = length >>> 8
  out[2] = length
  out[3] = type
  out[4] = flags
  out[5] = stream >>> 24
  out[6] = stream >>> 16
  out[7] = stream >>> 8
  out[8] = stream
  return out
}

/** A whole frame. */
export function encodeFrame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + payload.length)
  out.set(encodeHeader(type, flags, stream, payload.length))
  out.set(payload, HEADER_BYTES)
  return out
}

/** A WINDOW frame: `credit` more bytes may be sent on the stream, or on the session when `stream` is 0. */
export function encodeWindow(stream: number, credit: number): Uint8Array {
  const payload = new Uint8Array(4)
  new DataView(payload.buffer).setUint32(0, credit)
  return encodeFrame(TYPE.WINDOW, 0, stream, payload)
}

function encodeReason(prefix: readonly number[], reason: string): Uint8Array {
  let text = new TextEncoder().encode(reason)
  if (text.length > MAX_REASON_BYTES) text = text.slice(0, MAX_REASON_BYTES)
  const out = new Uint8Array(prefix.length + text.length)
  out.set(prefix)
  out.set(text, prefix.length)
  return out
}

/** A RESET frame: ends a stream at once, both ways (code `done`: only the receiver's sending). */
export function encodeReset(stream: number, code: ResetCode, reason: string): Uint8Array {
  return encodeFrame(TYPE.RESET, 0, stream, encodeReason([RESET_CODES[code]], reason))
}

/** A GOAWAY frame: no stream above `lastStream` was or will be looked at; those up to it may finish. */
export function encodeGoaway(lastStream: number, reason: string): Uint8Array {
  const prefix = [lastStream >>> 24, (lastStream >>> 16) & 0xff, (lastStream >>> 8) & 0xff, lastStream & 0xff]
  return encodeFrame(TYPE.GOAWAY, 0, 0, encodeReason(prefix, reason))
}

const FLAGS_OF: Readonly<Record<number, number>> = {
  [TYPE.HEAD]: FLAG.END,
  [TYPE.DATA]: FLAG.END | FLAG.MORE,
  [TYPE.WINDOW]: 0,
  [TYPE.END]: 0,
  [TYPE.RESET]: 0,
  [TYPE.PING]: FLAG.ACK,
  [TYPE.GOAWAY]: 0,
}

function checkLength(type: number, length: number): boolean {
  switch (type) {
    case TYPE.HEAD:
      return length > 0 && length <= MAX_HEAD_BYTES
    case TYPE.DATA:
      return length <= MAX_DATA_BYTES
    case TYPE.WINDOW:
      return length === 4
    case TYPE.END:
      return length === 0
    case TYPE.RESET:
      return length >= 1 && length <= 1 + MAX_REASON_BYTES
    case TYPE.PING:
      return length === 8
    default:
      return length >= 4 && length <= 4 + MAX_REASON_BYTES
  }
}

/**
 * The frames of one WebSocket message, in order.
 * @throws {TunnelProtocolError} also when earlier frames of the message were good: the session ends anyway
 */
export function* decodeFrames(message: Uint8Array): Generator<Frame> {
  if (message.length === 0) throw new TunnelProtocolError('an empty message')
  let at = 0
  while (at < message.length) {
    if (message.length - at < HEADER_BYTES) throw new TunnelProtocolError('a frame header is cut off')
    const byte = (i: number): number => message[at + i] ?? 0
    const length = (byte(0) << 16) | (byte(1) << 8) | byte(2)
    const type = byte(3)
    const flags = byte(4)
    const stream = ((byte(5) << 24) | (byte(6) << 16) | (byte(7) << 8) | byte(8)) >>> 0
    const allowed = FLAGS_OF[type]
    if (allowed === undefined) throw new TunnelProtocolError(`unknown frame type ${type}`)
    if ((flags & ~allowed) !== 0) throw new TunnelProtocolError(`unknown flags on frame type ${type}`)
    if ((flags & FLAG.END) !== 0 && (flags & FLAG.MORE) !== 0) throw new TunnelProtocolError('END within a message')
    if (!checkLength(type, length)) throw new TunnelProtocolError(`frame type ${type} of ${length} bytes`)
    const onSession = type === TYPE.PING || type === TYPE.GOAWAY
    if (stream > MAX_STREAM_NUMBER) throw new TunnelProtocolError('the stream number is out of range')
    if (type !== TYPE.WINDOW && (stream === 0) !== onSession) throw new TunnelProtocolError('a frame on a wrong stream')
    const end = at + HEADER_BYTES + length
    if (end > message.length) throw new TunnelProtocolError('a frame is cut off')
    yield { type, flags, stream, payload: message.subarray(at + HEADER_BYTES, end) }
    at = end
  }
}

/** Whether a message holds DATA of one stream and nothing else: then it lives no longer than what is unread of that stream. */
export function isOneStreamsData(message: Uint8Array): boolean {
  for (let at = 0; at < message.length; ) {
    if (message[at + 3] !== TYPE.DATA) return false
    for (let byte = 5; byte < HEADER_BYTES; byte++) if (message[at + byte] !== message[byte]) return false
    at += HEADER_BYTES + (((message[at] ?? 0) << 16) | ((message[at + 1] ?? 0) << 8) | (message[at + 2] ?? 0))
  }
  return true
}

/** Credit of a WINDOW frame. */
export function decodeWindow(payload: Uint8Array): number {
  const credit = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0)
  if (credit === 0 || credit > 0x7fffffff) throw new TunnelProtocolError('credit is out of range')
  return credit
}

/** Code and words of a RESET frame. */
export function decodeReset(payload: Uint8Array): { code: ResetCode; reason: string } {
  const number = payload[0]
  for (const code of RESET_NAMES) {
    if (RESET_CODES[code] === number) return { code, reason: new TextDecoder().decode(payload.subarray(1)) }
  }
  throw new TunnelProtocolError('unknown reset code')
}
const RESET_NAMES: readonly ResetCode[] = [
  'done',
  'cancelled',
  'refused',
  'internal',
  'protocol',
  'upstream',
  'congested',
  'revoked',
]

/** Content of a GOAWAY frame. */
export function decodeGoaway(payload: Uint8Array): { lastStream: number; reason: string } {
  const lastStream = new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0)
  return { lastStream, reason: new TextDecoder().decode(payload.subarray(4)) }
}
