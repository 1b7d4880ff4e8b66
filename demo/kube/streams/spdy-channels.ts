// The streams of an exec or attach session over SPDY: the client opens one stream for each of them.

import { type Channels, Input, inPieces, parseSize } from './channels.ts'
import type { SpdySession, SpdyStream } from './spdy.ts'

/** How long the client may take to open its streams. */
const OPEN_TIMEOUT_MS = 30_000

/** Resolves when every expected stream is open. Rejects when they do not come in time. */
export function spdyChannels(session: SpdySession, expected: readonly string[], close: () => void): Promise<Channels> {
  return new Promise((resolve, reject) => {
    const open = new Map<string, SpdyStream>()
    const late = setTimeout(() => reject(new Error('the client did not open its streams')), OPEN_TIMEOUT_MS)
    session.signal.addEventListener('abort', () => clearTimeout(late), { once: true })
    session.onStream((stream) => {
      open.set(stream.headers.get('streamtype') ?? '', stream)
      if (!expected.every((name) => open.has(name))) return
      clearTimeout(late)
      resolve(channels(session, open, close))
    })
  })
}

function channels(session: SpdySession, open: ReadonlyMap<string, SpdyStream>, close: () => void): Channels {
  const none = new Input()
  if (!open.has('stdin')) none.end()
  const out = (name: string) => (bytes: Uint8Array) => inPieces(bytes, async (piece) => open.get(name)?.write(piece))
  return {
    stdin: open.get('stdin')?.input ?? none,
    signal: session.signal,
    stdout: out('stdout'),
    stderr: out('stderr'),
    async finish(status) {
      const error = open.get('error')
      await error?.write(Buffer.from(JSON.stringify(status)))
      for (const stream of open.values()) await stream.close()
      close()
    },
    onResize(listener) {
      const stream = open.get('resize')
      if (stream === undefined) return
      const pump = async () => {
        for (let piece = await stream.input.next(); piece !== null; piece = await stream.input.next()) {
          const size = parseSize(piece)
          if (size !== undefined) listener(size)
        }
      }
      pump().catch(() => undefined)
    },
  }
}
