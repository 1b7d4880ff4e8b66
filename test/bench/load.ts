// A load generator: keep-alive connections that ask one thing after another, over TLS or not. Loopback only, and it ends by
// itself. In: a target and how long. Out: latencies and counts.

import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Where and what to ask. */
export interface Target {
  readonly name: string
  readonly port: number
  /** Absent: plain HTTP. */
  readonly tls?: { readonly ca: string }
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** What one round showed. */
export interface Round {
  readonly requests: number
  readonly bytes: number
  readonly seconds: number
  /** Milliseconds, sorted. */
  readonly latencies: Float64Array
}

function open(target: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: target.port, noDelay: true }
    const socket: Socket =
      target.tls === undefined
        ? connectPlain(options, () => resolve(socket))
        : connectTls({ ...options, ca: target.tls.ca, servername: 'localhost' }, () => resolve(socket))
    socket.on('error', reject)
  })
}

/** One connection's request and its whole answer; resolves with the bytes of the answer. Throws on any status but 200. */
function asker(socket: Socket, target: Target): () => Promise<number> {
  const head = [`GET ${target.path} HTTP/1.1`, `host: 127.0.0.1:${target.port}`]
  for (const [name, value] of Object.entries(target.headers)) head.push(`${name}: ${value}`)
  const request = Buffer.from(`${head.join('\r\n')}\r\n\r\n`)
  let seen = 0
  let need = -1
  let tail = ''
  let done: ((bytes: number) => void) | null = null
  let fail: ((error: Error) => void) | null = null
  socket.on('close', () => fail?.(new Error(`${target.name}: the connection was closed`)))
  socket.on('data', (chunk: Buffer) => {
    if (seen === 0) {
      const end = chunk.indexOf('\r\n\r\n')
      const text = chunk.toString('latin1', 0, end === -1 ? chunk.length : end)
      if (!text.startsWith('HTTP/1.1 200')) fail?.(new Error(`${target.name}: ${chunk.toString('utf8', 0, 300)}`))
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
      need = length === undefined ? -1 : end + 4 + Number(length)
    }
    seen += chunk.length
    if (need === -1) tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 7))).slice(-7)
    const whole = need === -1 ? tail.endsWith('\r\n0\r\n\r\n') : seen >= need
    if (!whole) return
    const bytes = seen
    seen = 0
    tail = ''
    done?.(bytes)
  })
  return () =>
    new Promise<number>((resolve, reject) => {
      done = resolve
      fail = reject
      socket.write(request)
    })
}

/** Asks from `clients` connections for `ms` milliseconds, after a short warm-up that is not counted. */
export async function run(target: Target, clients: number, ms: number): Promise<Round> {
  const sockets = await Promise.all(Array.from({ length: clients }, () => open(target)))
  const latencies: number[] = []
  let bytes = 0
  let counting = false
  let until = performance.now() + Math.min(500, ms / 4)
  const loop = async (ask: () => Promise<number>): Promise<void> => {
    while (performance.now() < until) {
      const start = performance.now()
      const got = await ask()
      if (!counting) continue
      latencies.push(performance.now() - start)
      bytes += got
    }
  }
  const askers = sockets.map((socket) => asker(socket, target))
  await Promise.all(askers.map(loop))
  counting = true
  const start = performance.now()
  until = start + ms
  await Promise.all(askers.map(loop))
  const seconds = (performance.now() - start) / 1000
  for (const socket of sockets) socket.destroy()
  return { requests: latencies.length, bytes, seconds, latencies: Float64Array.from(latencies).sort() }
}
