// An accepted upgrade: messages between the client and the API server, masked and recorded on the way.
// exec and attach are parsed channel by channel; port-forward is relayed as bytes and only counted.
// Ends with a Status on the error channel whatever happens, so that kubectl prints a sentence and not a close code.

import { CHANNEL, decodeChannel, encodeChannel, halfClosed } from '../../protocol/exec.ts'
import { failure, type Status } from '../../protocol/status.ts'
import type { MessageSocket, Refusal, RequestInfo } from '../context.ts'
import { HOLD_BACK_MS } from '../mask/limits.ts'
import type { Piece, TextStream } from '../mask/stream.ts'
import type { Clock } from '../ports.ts'
import { type EndStatus, readStatus, refuseClientMessage, statusMessage } from './channels.ts'
import { createHoldBack, HOLD_BACK_INPUT_MS } from './holdback.ts'

/** Where messages are recorded. */
export interface RelayRecorder {
  /** Resolves when there is room for more. Rejects when the log cannot be written. */
  record(channel: number, payload: Uint8Array): Promise<void>
}

/** Masks the text of some channels as it passes. */
export type TextMask = Omit<TextStream, 'report'>

/** What masks an exec or attach. */
export interface RelayMasks {
  /** stdout and stderr. */
  readonly output: TextMask
  /** What is recorded of stdin; it is sent as it is. */
  readonly input: TextMask
  /** The Status that ends it. Never throws: one that cannot be masked is replaced by one that says so. */
  status(payload: Uint8Array): Uint8Array
}

/** How the stream ended. */
export interface RelayEnd {
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'unknown'
  readonly reason?: string
  readonly message?: string
  readonly exitCode?: number
  /** Set when it ended because something could not be masked: why. */
  readonly withheld?: string
}

/** Why one half of a relay stopped. */
type Stop =
  | { readonly by: 'client'; readonly error: unknown }
  | { readonly by: 'upstream'; readonly error: unknown }
  | { readonly by: 'log'; readonly error: unknown }
  | { readonly by: 'mask'; readonly reason: string }
  | { readonly by: 'client-protocol'; readonly message: string }
  | { readonly by: 'ended' }

/** What a relay is given. */
export interface RelayOptions {
  readonly info: RequestInfo
  readonly client: MessageSocket
  readonly upstream: MessageSocket
  readonly clock: Clock
  /** For port-forward it counts only. */
  readonly recorder: RelayRecorder
  /** Null for port-forward: bytes of any protocol, which are not masked. */
  readonly masks: RelayMasks | null
  /** Told the length of every message as it came, its channel not counted. */
  readonly passed?: (bytes: number) => void
  /** Aborts when access ends or the client has gone. */
  readonly signal: AbortSignal
  /** Why access ended, once it has. */
  readonly ended: () => Refusal | null
  /** True once the recorder has failed: whatever ended first, that is why. Absent: only its rejections tell. */
  readonly unrecorded?: () => boolean
  /** Counted in the audit id at the end of every message a person reads. */
  readonly id: string
}

/** Runs until either side ends, then ends the other. Never rejects. */
export async function relay(options: RelayOptions): Promise<RelayEnd> {
  let over = false
  const seen: { status: EndStatus | null } = { status: null }
  const half = {
    ...options,
    over: () => over,
    seen,
    input: { over: options.masks === null },
    typed: { key: null, at: Number.NEGATIVE_INFINITY },
  }
  const inbound = options.masks === null ? bytesIn(half) : inputOf(half, options.masks.input)
  const outbound = options.masks === null ? bytesOut(half) : outputOf(half, options.masks)
  const gone = new Promise<Stop>((resolve) => {
    const onAbort = (): void => resolve({ by: 'client', error: null })
    if (options.signal.aborted) onAbort()
    else options.signal.addEventListener('abort', onAbort, { once: true })
  })
  const first = await Promise.race([inbound, outbound, gone])
  over = true
  const end = conclude(half, first)
  const withheld = await recordInput(half)
  return withheld === null ? end : { withheld, ...end }
}

/** Tells both sides that it is over, and why. */
function conclude(half: Half, first: Stop): RelayEnd {
  const { client, upstream, seen, ...options } = half
  // A recorder that fails between two messages closes the upstream, which must not be told as the cluster's doing.
  const stop: Stop = options.unrecorded?.() === true ? { by: 'log', error: null } : first
  const interactive = options.masks !== null
  const access = options.ended()
  // The write is not waited for: a client that takes nothing any more must not keep its session open. One that has gone
  // cannot be told, and the end is recorded by the caller.
  const tell = (status: Status): void => {
    if (interactive) client.write(statusMessage(status)).catch(() => undefined)
    client.close(interactive ? 1000 : 1011, (status.message ?? '').slice(0, 100))
  }

  if (access !== null) {
    upstream.close(1001, 'access ended')
    tell(failure('Forbidden', `${access.message} (request ${options.id})`))
    return { outcome: 'failed', reason: 'Forbidden', message: access.message }
  }
  // A client that closes once it has the Status was served to the end, whoever closes first.
  if (stop.by === 'ended' || (seen.status !== null && stop.by !== 'log' && stop.by !== 'mask')) {
    upstream.close(1000, '')
    client.close(1000, '')
    const end = seen.status ?? {}
    const failed = end.reason !== undefined && end.exitCode === undefined
    return { outcome: failed ? 'failed' : 'ok', ...end }
  }
  switch (stop.by) {
    case 'client':
      upstream.close(1000, '')
      client.close(1000, '')
      return { outcome: 'cancelled' }
    case 'client-protocol':
      upstream.close(1000, '')
      tell(failure('BadRequest', `${stop.message} (request ${options.id})`))
      return { outcome: 'failed', reason: 'BadRequest', message: stop.message }
    case 'mask': {
      const message = `the session was ended: what passed in it cannot be masked: ${stop.reason}`
      upstream.close(1000, '')
      tell(
        failure(
          'InternalError',
          `${message}; the command may still be running in the container (request ${options.id})`,
        ),
      )
      return { outcome: 'failed', reason: 'InternalError', message, withheld: stop.reason }
    }
    case 'log': {
      const message =
        "the session was ended: it can no longer be recorded, and nothing passes unrecorded; try again when the gateway's database is back"
      upstream.close(1011, 'not recorded')
      tell(failure('ServiceUnavailable', `${message} (request ${options.id})`))
      return { outcome: 'failed', reason: 'ServiceUnavailable', message }
    }
    case 'upstream': {
      const why = stop.error instanceof Error ? stop.error.message : 'the stream broke off'
      const message = `the stream to the cluster was lost: ${why}; the command may still be running in the container`
      upstream.close(1001, '')
      tell(failure('ServiceUnavailable', `${message} (request ${options.id})`))
      return { outcome: 'unknown', reason: 'ServiceUnavailable', message }
    }
  }
}

/** One half of a relay, and what both know. */
interface Half extends RelayOptions {
  readonly over: () => boolean
  readonly seen: { status: EndStatus | null }
  /** Over once stdin is closed, or could not be masked. */
  readonly input: { over: boolean }
  /** A key that was typed alone, until its echo comes: nobody types the rest of a secret so fast that holding it back would help. */
  readonly typed: { key: Uint8Array | null; at: number }
}

async function record({ recorder }: Half, channel: number, payload: Uint8Array): Promise<Stop | null> {
  try {
    await recorder.record(channel, payload)
    return null
  } catch (error) {
    return { by: 'log', error }
  }
}

async function send(to: 'client' | 'upstream', half: Half, message: Uint8Array): Promise<Stop | null> {
  try {
    await half[to].write(message)
    return null
  } catch (error) {
    return { by: to, error }
  }
}

/** What masking gave, or the end that it is when it could not. */
function masked(what: () => readonly Piece[]): { readonly pieces: readonly Piece[]; readonly stop: Stop | null } {
  try {
    return { pieces: what(), stop: null }
  } catch (error) {
    return { pieces: [], stop: { by: 'mask', reason: reasonOf(error) } }
  }
}

/** Why it could not be masked. Whatever else went wrong is not told: it could hold what was to be masked. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'MaskError' ? error.message : 'masking failed'
}

/** stdin and resize, from the client. Recorded before they are sent, as every request is. */
async function inputOf(half: Half, mask: TextMask): Promise<Stop> {
  const { client, clock, info } = half
  const holdBack = createHoldBack(() => client.read(), clock, HOLD_BACK_INPUT_MS)
  const put = async (what: () => readonly Piece[]): Promise<Stop | null> => {
    const { pieces, stop } = masked(what)
    if (stop !== null) half.input.over = true
    for (const { channel, bytes } of pieces) {
      const failed = await record(half, channel, bytes)
      if (failed !== null) return failed
    }
    // Every key that is typed makes it wait anew: nobody waits for the record.
    holdBack.held(stop === null && mask.holding, true)
    return stop
  }
  for (;;) {
    let message: Uint8Array | null
    try {
      const got = await holdBack.next()
      if (half.over()) return { by: 'ended' }
      if (got === 'long enough') {
        const stop = await put(() => mask.flush())
        if (stop !== null) return stop
        continue
      }
      message = got.item
    } catch (error) {
      return { by: 'client', error }
    }
    if (message === null) return { by: 'client', error: null }
    half.passed?.(Math.max(0, message.length - 1))
    const refused = refuseClientMessage(message, client.protocol, info.exec?.stdin ?? false)
    if (refused !== null) return { by: 'client-protocol', message: refused }
    const split = decodeChannel(message)
    let stop: Stop | null = null
    if (half.input.over && split?.channel === CHANNEL.stdin) {
      return { by: 'client-protocol', message: 'input came after stdin was closed' }
    }
    if (halfClosed(message) === CHANNEL.stdin) {
      if (!half.input.over) stop = await put(() => mask.end())
      half.input.over = true
    } else if (split?.channel === CHANNEL.stdin) {
      const { payload } = split
      stop = await put(() => mask.push(CHANNEL.stdin, payload))
      // Before the answer to it, for whoever reads the record.
      if (stop === null && mask.holding && endsEntry(payload)) stop = await put(() => mask.flush())
    } else if (split !== null && split.channel !== CHANNEL.close)
      stop = await record(half, split.channel, split.payload)
    if (split?.channel === CHANNEL.stdin) noteKey(half, split.payload)
    stop ??= await send('upstream', half, message)
    if (stop !== null) return stop
  }
}

/** Whether a message is what a person or a script types at a prompt up to Return. */
function endsEntry(payload: Uint8Array): boolean {
  const last = payload[payload.length - 1]
  return payload.length <= MAX_ENTRY_BYTES && (last === 0x0a || last === 0x0d)
}

const MAX_ENTRY_BYTES = 1024

/** A terminal shows a typed key by its echo, which must not wait. */
function noteKey({ info, clock, typed }: Half, payload: Uint8Array): void {
  const now = clock.now()
  const alone = now - typed.at >= HOLD_BACK_MS
  typed.at = now
  typed.key = info.exec?.tty === true && alone && payload.length <= MAX_KEY_BYTES ? payload : null
}

/** Whether output is the echo of the key that was typed last; once. */
function isEcho({ typed }: Half, payload: Uint8Array): boolean {
  const { key } = typed
  if (key === null || key.length === 0 || payload.length > MAX_ECHO_BYTES) return false
  if (!key.every((byte, at) => payload[at] === byte)) return false
  typed.key = null
  return true
}

/** A key is one character; those of a word that was pasted are no keys. */
const MAX_KEY_BYTES = 4
/** An editor of lines writes what stands behind the cursor anew. */
const MAX_ECHO_BYTES = 256

/**
 * What was held back of the input has been sent long ago: it belongs in the record, however the stream ended.
 * @returns why it cannot be masked; null: it can
 */
async function recordInput(half: Half): Promise<string | null> {
  const { masks } = half
  if (masks === null || half.input.over) return null
  half.input.over = true
  const { pieces, stop } = masked(() => masks.input.end())
  for (const { channel, bytes } of pieces) await record(half, channel, bytes)
  return stop?.by === 'mask' ? stop.reason : null
}

/** stdout, stderr and the Status, from the API server: masked, recorded, and only then the client's. */
async function outputOf(half: Half, masks: RelayMasks): Promise<Stop> {
  const { upstream, clock, seen } = half
  const { output } = masks
  const holdBack = createHoldBack(() => upstream.read(), clock, HOLD_BACK_MS)
  /** @param whole the message as it came, which needs no copy if all of it passes */
  const put = async (what: () => readonly Piece[], whole?: Uint8Array): Promise<Stop | null> => {
    const { pieces, stop } = masked(what)
    for (const { channel, bytes } of pieces) {
      // What is not sent any more is not recorded either.
      if (half.over()) return { by: 'ended' }
      const failed =
        (await record(half, channel, bytes)) ?? (await send('client', half, messageOf(channel, bytes, whole)))
      if (failed !== null) return failed
    }
    holdBack.held(stop === null && output.holding, pieces.length > 0)
    return stop
  }
  for (;;) {
    let message: Uint8Array | null
    try {
      const got = await holdBack.next()
      if (half.over()) return { by: 'ended' }
      if (got === 'long enough') {
        const stop = await put(() => output.flush())
        if (stop !== null) return stop
        continue
      }
      message = got.item
    } catch (error) {
      return (await put(() => output.end())) ?? { by: 'upstream', error }
    }
    if (message === null) return (seen.status === null ? await put(() => output.end()) : null) ?? { by: 'ended' }
    half.passed?.(Math.max(0, message.length - 1))
    const split = decodeChannel(message)
    if (split === null || split.payload.length === 0) {
      const stop = await send('client', half, message)
      if (stop !== null) return stop
      continue
    }
    const { channel, payload } = split
    // Nothing comes after the Status.
    if (seen.status !== null) return { by: 'ended' }
    let stop: Stop | null
    if (channel === CHANNEL.stdout || channel === CHANNEL.stderr) {
      stop = await put(() => output.push(channel, payload), message)
      if (stop === null && output.holding && isEcho(half, payload)) stop = await put(() => output.flush())
    } else if (channel === CHANNEL.status) {
      stop = await put(() => output.end())
      if (stop !== null) return stop
      const status = masks.status(payload)
      seen.status = readStatus(status)
      stop = await put(() => [{ channel, bytes: status }], message)
    } else if (halfClosed(message) !== null) {
      stop = await send('client', half, message)
    } else {
      return { by: 'upstream', error: new Error(`the API server sent something on channel ${channel}`) }
    }
    if (stop !== null) return stop
  }
}

/** A piece as a message; the one it came in when it is all of that, untouched. */
function messageOf(channel: number, bytes: Uint8Array, whole: Uint8Array | undefined): Uint8Array {
  const same =
    whole !== undefined &&
    whole[0] === channel &&
    bytes.buffer === whole.buffer &&
    bytes.byteOffset === whole.byteOffset + 1 &&
    bytes.length === whole.length - 1
  return same ? whole : encodeChannel(channel, bytes)
}

/** What a client sends through a port-forward. */
async function bytesIn(half: Half): Promise<Stop> {
  return bytes(half, 'client', 'upstream', CHANNEL.stdin)
}

/** What the API server sends through a port-forward. */
async function bytesOut(half: Half): Promise<Stop> {
  return bytes(half, 'upstream', 'client', CHANNEL.stdout)
}

async function bytes(
  half: Half,
  from: 'client' | 'upstream',
  to: 'client' | 'upstream',
  channel: number,
): Promise<Stop> {
  for (;;) {
    let message: Uint8Array | null
    try {
      message = await half[from].read()
    } catch (error) {
      return { by: from, error }
    }
    if (message === null) return from === 'client' ? { by: 'client', error: null } : { by: 'ended' }
    half.passed?.(message.length)
    const stop = (await record(half, channel, message)) ?? (await send(to, half, message))
    if (stop !== null) return stop
  }
}
