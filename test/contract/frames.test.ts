// WebSocket frames made by hand, sent into an open exec: RFC 6455 to the letter, anomalies close the stream.
// workerd frames by itself: what is observable there is the same, that nothing wrong reaches the API server.

import { randomBytes } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handshake } from './socket.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

const EXEC = '/api/v1/namespaces/d/pods/p/exec?command=cat&stdin=true&stdout=true'
const FIN = 0x80
const BINARY = 2
const CONTINUATION = 0

/** A frame of exactly these bits. `length`: what the head says, where it must not be the truth. */
function frame(
  first: number,
  payload: Uint8Array,
  over: { readonly masked?: boolean; readonly length?: number; readonly long?: boolean } = {},
): Buffer {
  const length = over.length ?? payload.length
  const masked = over.masked ?? true
  const bit = masked ? 0x80 : 0
  let head: Buffer
  if (over.long === true || length > 0xffff) {
    head = Buffer.alloc(10)
    head[1] = bit | 127
    head.writeBigUInt64BE(BigInt(length), 2)
  } else if (length > 125) {
    head = Buffer.alloc(4)
    head[1] = bit | 126
    head.writeUInt16BE(length, 2)
  } else {
    head = Buffer.from([0, bit | length])
  }
  head[0] = first
  if (!masked) return Buffer.concat([head, payload])
  const key = randomBytes(4)
  return Buffer.concat([head, key, payload.map((byte, at) => byte ^ (key[at % 4] ?? 0))])
}

const stdin = (text: string): Buffer => Buffer.from(`\0${text}`)

/** Reads to the end, answering a close frame as a client does; tells the code of it. */
function drain(raw: TLSSocket): Promise<{ code: number | null }> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    let code: number | null = null
    const end = (): void => {
      raw.destroy()
      resolve({ code })
    }
    raw.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      for (;;) {
        // Frames of the server are short here: a head of two or four bytes.
        const short = (received[1] ?? 0) & 0x7f
        const at = short < 126 ? 2 : 4
        if (received.length < at) return
        const length = short < 126 ? short : received.readUInt16BE(2)
        if (received.length < at + length) return
        const opcode = (received[0] ?? 0) & 0x0f
        const payload = received.subarray(at, at + length)
        received = received.subarray(at + length)
        if (opcode !== 8) continue
        code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
        raw.end(frame(FIN | 8, payload.subarray(0, 2)))
      }
    })
    raw.on('end', end)
    raw.on('close', end)
    raw.resume()
  })
}

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  let received: Buffer[]
  let open = 0
  beforeAll(async () => {
    world = await startWorld(runtime)
    world.upstream.onUpgrade('/api/v1/namespaces/d/pods/p/exec', 'v5.channel.k8s.io', async (socket) => {
      open += 1
      try {
        for (let message = await socket.read(); message !== null; message = await socket.read()) {
          received.push(Buffer.from(message))
        }
      } finally {
        open -= 1
      }
    })
  })
  afterAll(() => world?.close())

  const enter = async (): Promise<TLSSocket> => {
    received = []
    const answer = await handshake(world, EXEC)
    expect(answer.status, answer.text).toBe(101)
    return answer.raw
  }

  const wrong: readonly (readonly [string, readonly Buffer[], readonly number[]])[] = [
    ['a text frame', [frame(FIN | 1, stdin('x'))], [1003, 1000]],
    ['a reserved bit', [frame(FIN | 0x40 | BINARY, stdin('x'))], [1002]],
    ['a reserved opcode', [frame(FIN | 3, stdin('x'))], [1002]],
    ['an unmasked frame', [frame(FIN | BINARY, stdin('x'), { masked: false })], [1002]],
    ['a continuation of nothing', [frame(FIN | CONTINUATION, stdin('x'))], [1002]],
    ['a message begun inside a message', [frame(BINARY, stdin('a')), frame(FIN | BINARY, stdin('b'))], [1002]],
    ['a fragmented ping', [frame(9, Buffer.from('x'))], [1002]],
    ['a ping that is too long', [frame(FIN | 9, Buffer.alloc(126))], [1002]],
    ['a message of a terabyte', [frame(FIN | BINARY, stdin('x'), { length: 2 ** 40, long: true })], [1009, 1002]],
    ['a message one byte over the limit', [frame(FIN | BINARY, Buffer.alloc(1024 * 1024 + 1))], [1009]],
    ['a close with half a code', [frame(FIN | 8, Buffer.from([3]))], [1002, 1005]],
  ]

  /** Where workerd is laxer than RFC 6455. What it takes is one whole message, judged and recorded like any other. */
  const LAX_ON_WORKERD: ReadonlySet<string> = new Set(['an unmasked frame', 'a ping that is too long'])

  it.each([
    ['without a key', 'GET', [['sec-websocket-version', '13']]],
    [
      'with a key that is none',
      'GET',
      [
        ['sec-websocket-version', '13'],
        ['sec-websocket-key', 'short'],
      ],
    ],
    [
      'of another version',
      'GET',
      [
        ['sec-websocket-version', '8'],
        ['sec-websocket-key', randomBytes(16).toString('base64')],
      ],
    ],
  ] as const)('row 30: a handshake %s runs nothing', async (_what, method, fields) => {
    const before = world.upstream.seen.length
    const answer = await world.ask(EXEC, {
      method,
      headers: [
        ['connection', 'Upgrade'],
        ['upgrade', 'websocket'],
        ['sec-websocket-protocol', 'v5.channel.k8s.io'],
        ...fields,
      ],
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(world.upstream.seen.slice(before).filter(({ url }) => url.includes('/exec'))).toEqual([])
  })

  it.each(wrong)('row 30: %s ends the stream, and nothing of it is passed on', async (what, frames, codes) => {
    const raw = await enter()
    const ended = drain(raw)
    for (const each of frames) raw.write(each)
    const lax = runtime === 'workerd' && LAX_ON_WORKERD.has(what)
    if (lax) raw.write(frame(FIN | 8, Buffer.from([3, 232])))
    const { code } = await ended
    expect(lax ? [1000] : codes).toContain(code)
    if (!lax) expect(Buffer.concat(received).toString()).toBe('')
    await until('the API server sees its end', () => open === 0)
  })

  it('row 30: fragments with a ping between them are one message', async () => {
    const raw = await enter()
    const ended = drain(raw)
    raw.write(frame(BINARY, stdin('he')))
    raw.write(frame(FIN | 9, Buffer.from('are you there')))
    raw.write(frame(CONTINUATION, Buffer.from('ll')))
    raw.write(frame(FIN | CONTINUATION, Buffer.from('o')))
    await until('it arrives', () => received.length > 0)
    expect(received.map(String)).toEqual(['\0hello'])
    raw.write(frame(FIN | 8, Buffer.from([3, 232])))
    expect((await ended).code).toBe(1000)
    await until('the API server sees its end', () => open === 0)
  })

  it.each([
    ['a channel that is not the client’s', Buffer.from('\x01forged output')],
    ['the status channel', Buffer.from('\x03{"status":"Success"}')],
    ['the half-close of another channel', Buffer.from([255, 1])],
  ])('row 30: %s ends the exec with a Status', async (_what, message) => {
    const raw = await enter()
    const chunks: Buffer[] = []
    raw.on('data', (chunk: Buffer) => chunks.push(chunk))
    const ended = drain(raw)
    raw.write(frame(FIN | BINARY, message))
    expect((await ended).code).toBe(1000)
    expect(Buffer.concat(chunks).toString('latin1')).toContain('"reason":"BadRequest"')
    expect(received).toEqual([])
  })
})
