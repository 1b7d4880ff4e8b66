// The streams of one exec or attach session, whatever carries them: WebSocket channels or SPDY streams.

import { CHANNEL, decodeChannel, encodeChannel } from '../../../protocol/exec.ts'
import type { Status } from '../../../protocol/status.ts'
import type { MessageSocket } from '../../../protocol/websocket.ts'

/** Bytes of output written at once. */
const CHUNK_BYTES = 32 * 1024

/** Input that may wait for its reader; above it, the session is ended. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

/** A queue of input pieces with an end. */
export class Input {
  #pieces: Uint8Array[] = []
  #bytes = 0
  #ended = false
  #wake: () => void = () => {}

  /** Adds a piece; false when too much waits. */
  push(piece: Uint8Array): boolean {
    if (this.#ended) return true
    this.#pieces.push(Uint8Array.from(piece))
    this.#bytes += piece.length
    this.#wake()
    return this.#bytes <= MAX_WAITING_BYTES
  }

  /** No more will come. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** The next piece, or null at the end. */
  async next(): Promise<Uint8Array | null> {
    while (true) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) {
        this.#bytes -= piece.length
        return piece
      }
      if (this.#ended) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Everything until the end. */
  async all(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for (let piece = await this.next(); piece !== null; piece = await this.next()) pieces.push(piece)
    return Buffer.concat(pieces)
  }
}

/** One session's ends. Writes resolve when there is room for more, and reject when the client is gone. */
export interface Channels {
  readonly stdin: Input
  readonly signal: AbortSignal
  stdout(bytes: Uint8Array): Promise<void>
  stderr(bytes: Uint8Array): Promise<void>
  /** Sends how it ended and closes everything. */
  finish(status: Status): Promise<void>
  /** Calls back with each terminal size. */
  onResize(listener: (size: { columns: number; rows: number }) => void): void
}

/** Splits output and writes it piece by piece. */
export async function inPieces(bytes: Uint8Array, write: (piece: Uint8Array) => Promise<void>): Promise<void> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) await write(bytes.subarray(at, at + CHUNK_BYTES))
}

/** A terminal size as clients send it. */
export function parseSize(bytes: Uint8Array): { columns: number; rows: number } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (typeof value !== 'object' || value === null) return undefined
    const width = 'Width' in value ? value.Width : undefined
    const height = 'Height' in value ? value.Height : undefined
    return typeof width === 'number' && typeof height === 'number' ? { columns: width, rows: height } : undefined
  } catch {
    return undefined
  }
}

/** The channels of a `v5.channel.k8s.io` or `v4.channel.k8s.io` WebSocket. */
export function webSocketChannels(socket: MessageSocket): Channels {
  const stdin = new Input()
  const aborter = new AbortController()
  const listeners: ((size: { columns: number; rows: number }) => void)[] = []
  const pump = async () => {
    for (let message = await socket.read(); message !== null; message = await socket.read()) {
      const part = decodeChannel(message)
      if (part === null) continue
      if (part.channel === CHANNEL.stdin) {
        if (!stdin.push(part.payload)) socket.close(1009, 'too much input waits')
      } else if (part.channel === CHANNEL.resize) {
        const size = parseSize(part.payload)
        if (size !== undefined) for (const listener of listeners) listener(size)
      } else if (part.channel === CHANNEL.close && part.payload[0] === CHANNEL.stdin) stdin.end()
    }
  }
  pump()
    .catch(() => undefined)
    .finally(() => {
      stdin.end()
      aborter.abort()
    })
  return {
    stdin,
    signal: aborter.signal,
    stdout: (bytes) => inPieces(bytes, (piece) => socket.write(encodeChannel(CHANNEL.stdout, piece))),
    stderr: (bytes) => inPieces(bytes, (piece) => socket.write(encodeChannel(CHANNEL.stderr, piece))),
    async finish(status) {
      await socket.write(encodeChannel(CHANNEL.status, Buffer.from(JSON.stringify(status))))
      socket.close(1000, '')
    },
    onResize: (listener) => listeners.push(listener),
  }
}
