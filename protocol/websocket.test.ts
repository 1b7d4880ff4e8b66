import { describe, expect, test } from 'vitest'
import { encodeClose, mask } from './websocket/frames.ts'
import { acceptKey, type ByteDuplex, encodeFrame, FrameParser, fromDuplex, OPCODE, SocketClosed } from './websocket.ts'

const KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)
const masker = () => KEY
const bytes = (length: number, seed = 7) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff)

/** What a parser told, as strings, for comparing. */
function parse(role: 'client' | 'server', chunks: readonly Uint8Array[], max = 1 << 20): string[] {
  const seen: string[] = []
  const hex = (b: Uint8Array) => Buffer.from(b).toString('hex')
  const parser = new FrameParser(role, max, {
    message: (b) => seen.push(`message ${hex(b)}`),
    ping: (b) => seen.push(`ping ${hex(b)}`),
    pong: (b) => seen.push(`pong ${hex(b)}`),
    close: (code, reason) => seen.push(`close ${code} ${reason}`),
    fault: (code) => seen.push(`fault ${code}`),
  })
  for (const chunk of chunks) parser.push(chunk.slice())
  return seen
}

const raw = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const joined = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts))

test('the accept key is that of RFC 6455, section 1.3', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

describe('frames', () => {
  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])('%i bytes survive, masked and not', (length) => {
    const payload = bytes(length)
    const hex = Buffer.from(payload).toString('hex')
    expect(parse('client', [encodeFrame(OPCODE.binary, payload, null)])).toEqual([`message ${hex}`])
    expect(parse('server', [encodeFrame(OPCODE.binary, payload, masker)])).toEqual([`message ${hex}`])
  })

  test('a long frame may come byte by byte, and is put together on the way', () => {
    const payload = bytes(5_000)
    const frame = encodeFrame(OPCODE.binary, payload, masker)
    const single = Array.from(frame, (byte) => Uint8Array.of(byte))
    expect(parse('server', [...single, ...single])).toEqual(
      Array(2).fill(`message ${Buffer.from(payload).toString('hex')}`),
    )
  })

  test('masking is the same at every alignment, offset and length', () => {
    for (let align = 0; align < 4; align++) {
      for (let offset = 0; offset < 4; offset++) {
        for (const length of [0, 1, 3, 63, 64, 65, 66, 67, 130]) {
          const buffer = new Uint8Array(align + length)
          const view = buffer.subarray(align)
          view.set(bytes(length))
          mask(view, KEY, offset)
          expect(view).toEqual(bytes(length).map((b, i) => b ^ (KEY[(i + offset) & 3] ?? 0)))
        }
      }
    }
  })

  test('the payload handed to the serialiser is left alone', () => {
    const payload = bytes(100)
    encodeFrame(OPCODE.binary, payload, masker)
    expect(payload).toEqual(bytes(100))
  })

  test('a conversation means the same at every split point', () => {
    const stream = joined(
      encodeFrame(OPCODE.binary, bytes(3), masker),
      raw('02 83 37fa213d'),
      raw('76b863'),
      encodeFrame(OPCODE.ping, bytes(2), masker),
      encodeFrame(OPCODE.continuation, bytes(130), masker),
      encodeFrame(OPCODE.pong, new Uint8Array(0), masker),
      encodeFrame(OPCODE.binary, bytes(300), masker),
      encodeFrame(OPCODE.close, encodeClose(1000, 'bye'), masker),
    )
    const whole = parse('server', [stream])
    expect(whole.map((line) => line.split(' ')[0])).toEqual(['message', 'ping', 'message', 'pong', 'message', 'close'])
    expect(whole.at(-1)).toBe('close 1000 bye')
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(parse('server', [stream.subarray(0, cut), stream.subarray(cut)])).toEqual(whole)
    }
    expect(
      parse(
        'server',
        Array.from(stream, (b) => Uint8Array.of(b)),
      ),
    ).toEqual(whole)
  })

  // threats.md, row 30
  test.each([
    ['a text frame', '81 80 00000000', 1003],
    ['RSV1 without an extension', 'c2 80 00000000', 1002],
    ['RSV2', 'a2 80 00000000', 1002],
    ['RSV3', '92 80 00000000', 1002],
    ['an unknown data opcode', '83 80 00000000', 1002],
    ['an unknown control opcode', '8b 80 00000000', 1002],
    ['an unmasked frame to a server', '82 00', 1002],
    ['a fragmented ping', '09 80 00000000', 1002],
    ['a ping of 126 bytes', '89 fe 007e 00000000', 1002],
    ['a continuation of nothing', '80 80 00000000', 1002],
    ['a message inside a message', '02 81 00000000 00 82 80 00000000', 1002],
    ['an empty fragment in between', '02 81 00000000 00 00 80 00000000', 1008],
    ['a 16-bit length that fits 7', '82 fe 007d 00000000', 1002],
    ['a 64-bit length that fits 16', '82 ff 000000000000ffff 00000000', 1002],
    ['a 64-bit length with the top bit', '82 ff 8000000000010000 00000000', 1002],
    ['a giant frame', '82 ff 0000000100000000 00000000', 1009],
    ['a close frame of one byte', '88 81 00000000 03', 1002],
    ['a close code that must not be sent', '88 82 00000000 03ed', 1002],
    ['close code 0', '88 82 00000000 0000', 1002],
    ['close code 2999', '88 82 00000000 0bb7', 1002],
    ['a close reason that is not UTF-8', '88 83 00000000 03e8 ff', 1007],
  ])('%s ends the connection', (_name, hex, code) => {
    expect(parse('server', [raw(hex)])).toEqual([`fault ${code}`])
    expect(
      parse(
        'server',
        Array.from(raw(hex), (b) => Uint8Array.of(b)),
      ),
    ).toEqual([`fault ${code}`])
  })

  test('a masked frame to a client ends the connection', () => {
    expect(parse('client', [encodeFrame(OPCODE.binary, bytes(1), masker)])).toEqual(['fault 1002'])
  })

  test('a message at the limit passes, one byte more does not, in one frame or in fragments', () => {
    expect(parse('client', [encodeFrame(OPCODE.binary, bytes(200), null)], 200)[0]).toMatch(/^message/)
    expect(parse('client', [encodeFrame(OPCODE.binary, bytes(201), null)], 200)).toEqual(['fault 1009'])
    const fragment = raw('02 64')
    const rest = (n: number) => encodeFrame(OPCODE.continuation, bytes(n), null)
    expect(parse('client', [fragment, bytes(100), rest(100)], 200)[0]).toMatch(/^message/)
    expect(parse('client', [fragment, bytes(100), rest(101)], 200)).toEqual(['fault 1009'])
  })

  test('the length alone is refused, before the payload comes', () => {
    expect(parse('client', [raw('82 7e 00c9')], 200)).toEqual(['fault 1009'])
  })

  test('nothing is told after a fault or a close frame', () => {
    const after = encodeFrame(OPCODE.binary, bytes(1), masker)
    expect(parse('server', [raw('81 80 00000000'), after])).toHaveLength(1)
    expect(parse('server', [encodeFrame(OPCODE.close, new Uint8Array(0), masker), after])).toEqual(['close 1005 '])
  })

  test('a close reason is cut on a character boundary', () => {
    const payload = encodeClose(1000, 'é'.repeat(100))
    expect(payload.length).toBeLessThanOrEqual(125)
    expect(new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2))).toBe('é'.repeat(61))
  })
})

/** A duplex under the test's control. */
class FakeDuplex implements ByteDuplex {
  readonly written: Uint8Array[] = []
  paused = false
  ended = false
  destroyed = false
  full = false
  readonly #listeners = new Map<string, ((value: never) => void)[]>()
  on(event: string, listener: (value: never) => void): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return this
  }
  emit(event: string, value?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never)
  }
  write(data: Uint8Array): boolean {
    this.written.push(data)
    return !this.full
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  end(): void {
    this.ended = true
  }
  destroy(): void {
    this.destroyed = true
  }
  drain(): void {
    this.full = false
    this.emit('drain')
  }
}

/** Timers under the test's control. */
class FakeTimers {
  #now = 0
  #queue: { at: number; run: () => void }[] = []
  readonly after = (ms: number, run: () => void): (() => void) => {
    const entry = { at: this.#now + ms, run }
    this.#queue.push(entry)
    return () => {
      this.#queue = this.#queue.filter((other) => other !== entry)
    }
  }
  pass(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = this.#queue.filter((entry) => entry.at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#queue = this.#queue.filter((entry) => entry !== next)
      this.#now = next.at
      next.run()
    }
    this.#now = until
  }
}

function server(
  over: { keepalive?: { idleMs: number; timeoutMs: number }; readAheadBytes?: number; head?: Uint8Array } = {},
) {
  const duplex = new FakeDuplex()
  const timers = new FakeTimers()
  const socket = fromDuplex(duplex, {
    role: 'server',
    protocol: 'p',
    maxMessageBytes: 1000,
    after: timers.after,
    ...over,
  })
  const frame = (opcode: number, payload: Uint8Array) => duplex.emit('data', encodeFrame(opcode, payload, masker))
  return { duplex, timers, socket, frame }
}

describe('a socket', () => {
  test('gives messages in order, then null after a clean close, and answers the close', async () => {
    const { duplex, socket, frame } = server()
    const first = socket.read()
    frame(OPCODE.binary, bytes(1))
    frame(OPCODE.binary, bytes(2))
    frame(OPCODE.close, encodeClose(1000, ''))
    expect(await first).toEqual(bytes(1))
    expect(await socket.read()).toEqual(bytes(2))
    expect(await socket.read()).toBeNull()
    expect(duplex.written).toEqual([encodeFrame(OPCODE.close, encodeClose(1000, ''), null)])
    expect(duplex.ended).toBe(true)
    await expect(socket.write(bytes(1))).rejects.toBeInstanceOf(SocketClosed)
  })

  test('bytes that came with the handshake are read first', async () => {
    const { socket } = server({ head: encodeFrame(OPCODE.binary, bytes(5), masker) })
    expect(await socket.read()).toEqual(bytes(5))
  })

  test('reading rejects when the peer breaks off', async () => {
    const { duplex, socket } = server()
    const pending = socket.read()
    duplex.emit('end')
    await expect(pending).rejects.toMatchObject({ closeCode: 1006 })
    await expect(socket.read()).rejects.toMatchObject({ closeCode: 1006 })
    expect(duplex.destroyed).toBe(true)
  })

  test('a broken frame rejects the reader, sends its close code and ends', async () => {
    const { duplex, socket } = server()
    const pending = socket.read()
    duplex.emit('data', raw('81 80 00000000'))
    await expect(pending).rejects.toMatchObject({ closeCode: 1003 })
    expect(duplex.written[0]?.subarray(2, 4)).toEqual(Uint8Array.of(1003 >> 8, 1003 & 0xff))
    expect(duplex.ended).toBe(true)
  })

  test('pings are answered with their payload', () => {
    const { duplex, frame } = server()
    frame(OPCODE.ping, bytes(4))
    expect(duplex.written).toEqual([encodeFrame(OPCODE.pong, bytes(4), null)])
  })

  test('of a flood of pings to a peer that does not read only the newest is answered', () => {
    const { duplex, frame, socket } = server()
    duplex.full = true
    void socket.write(bytes(1))
    for (let i = 0; i < 1000; i++) frame(OPCODE.ping, Uint8Array.of(i & 0xff))
    expect(duplex.written).toHaveLength(1)
    duplex.drain()
    expect(duplex.written[1]).toEqual(encodeFrame(OPCODE.pong, Uint8Array.of(999 & 0xff), null))
    expect(duplex.written).toHaveLength(2)
  })

  test('the duplex is paused when the reader lags and resumed when it has caught up', async () => {
    const { duplex, frame, socket } = server({ readAheadBytes: 2000 })
    for (let i = 0; i < 3; i++) frame(OPCODE.binary, bytes(600))
    expect(duplex.paused).toBe(true)
    await socket.read()
    expect(duplex.paused).toBe(true)
    await socket.read()
    expect(duplex.paused).toBe(false)
  })

  test('empty messages count towards the bound', () => {
    const { duplex, frame } = server({ readAheadBytes: 1000 })
    for (let i = 0; i < 20; i++) frame(OPCODE.binary, new Uint8Array(0))
    expect(duplex.paused).toBe(true)
  })

  test('write waits for drain, and rejects when the socket goes instead', async () => {
    const { duplex, socket } = server()
    await socket.write(bytes(1))
    duplex.full = true
    let done = false
    const waiting = socket.write(bytes(2)).then(() => {
      done = true
    })
    await Promise.resolve()
    expect(done).toBe(false)
    duplex.drain()
    await waiting
    duplex.full = true
    const lost = socket.write(bytes(3))
    duplex.emit('close')
    await expect(lost).rejects.toBeInstanceOf(SocketClosed)
  })

  test('close sends one close frame, ends reading, and does not wait for ever', async () => {
    const { duplex, socket, timers } = server()
    const pending = socket.read()
    socket.close(1000, 'done')
    socket.close(1001, 'again')
    expect(await pending).toBeNull()
    expect(duplex.written).toEqual([encodeFrame(OPCODE.close, encodeClose(1000, 'done'), null)])
    expect(duplex.destroyed).toBe(false)
    timers.pass(2_000)
    expect(duplex.destroyed).toBe(true)
  })

  test('a silent peer is pinged, then given up', async () => {
    const { duplex, socket, timers, frame } = server({ keepalive: { idleMs: 100, timeoutMs: 50 } })
    timers.pass(100)
    expect(duplex.written).toEqual([encodeFrame(OPCODE.ping, new Uint8Array(0), null)])
    frame(OPCODE.pong, new Uint8Array(0))
    timers.pass(149)
    expect(duplex.destroyed).toBe(false)
    const pending = socket.read()
    timers.pass(200)
    expect(duplex.destroyed).toBe(true)
    await expect(pending).rejects.toMatchObject({ closeCode: 1006 })
  })

  test('a peer that we keep paused is not given up', () => {
    const { duplex, timers, frame } = server({ keepalive: { idleMs: 100, timeoutMs: 50 }, readAheadBytes: 10 })
    frame(OPCODE.binary, bytes(100))
    timers.pass(10_000)
    expect(duplex.destroyed).toBe(false)
  })

  test('a client masks every frame with fresh bytes', async () => {
    const duplex = new FakeDuplex()
    let next = 0
    const random = (length: number) => Uint8Array.from({ length }, () => next++ & 0xff)
    const socket = fromDuplex(duplex, { role: 'client', protocol: 'p', maxMessageBytes: 10, random })
    for (let i = 0; i < 300; i++) await socket.write(Uint8Array.of(1))
    const keys = new Set(duplex.written.map((frame) => Buffer.from(frame.subarray(2, 6)).toString('hex')))
    expect(keys.size).toBe(64)
    expect(parse('server', duplex.written)).toEqual(Array(300).fill('message 01'))
  })
})
