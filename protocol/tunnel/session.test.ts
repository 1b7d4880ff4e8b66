import { describe, expect, test } from 'vitest'
import { decodeFrames, encodeFrame, encodeWindow, FLAG, TYPE } from './frames.ts'
import { encodeHead, type RequestHead } from './head.ts'
import { FRAME_COST_BYTES, MAX_HEAD_BYTES, MAX_STREAM_MESSAGE_BYTES, PING_IDLE_MS, PING_TIMEOUT_MS } from './limits.ts'
import { type SessionOptions, StreamReset, TunnelSession, type TunnelStream } from './session.ts'

const request: RequestHead = {
  id: 'i',
  receipt: { id: 'i', leaf: 'l' },
  method: 'GET',
  target: '/x',
  headers: [],
  user: { username: 'u', uid: '', groups: [], extra: {} },
}
const upgrading: RequestHead = { ...request, upgrade: { protocols: ['p'] } }
const ok = encodeHead({ status: 200, headers: [] })
const none = new Uint8Array(0)

/** Two sessions in memory. Messages pass only when `flow` runs, so that every test sees exactly what is under way. */
class Pair {
  readonly toConnector: Uint8Array[] = []
  readonly toGateway: Uint8Array[] = []
  readonly streams: { stream: TunnelStream; head: RequestHead }[] = []
  readonly ends: string[] = []
  #tasks: (() => void)[] = []
  #timers: { at: number; run: () => void }[] = []
  #now = 0
  readonly gateway: TunnelSession
  readonly connector: TunnelSession

  constructor(windows: Partial<SessionOptions> = {}) {
    const after = (ms: number, run: () => void) => {
      const entry = { at: this.#now + ms, run }
      this.#timers.push(entry)
      return () => {
        this.#timers = this.#timers.filter((other) => other !== entry)
      }
    }
    const schedule = (task: () => void) => this.#tasks.push(task)
    const end = (role: 'gateway' | 'connector', out: Uint8Array[]) =>
      new TunnelSession({
        role,
        schedule,
        after,
        send: (message) => {
          out.push(message)
          return Promise.resolve()
        },
        onStream: (stream, head) => this.streams.push({ stream, head }),
        onClosed: (reason, fault) => this.ends.push(`${role}: ${reason}${fault ? ' (fault)' : ''}`),
        ...windows,
      })
    this.gateway = end('gateway', this.toConnector)
    this.connector = end('connector', this.toGateway)
  }

  /** Runs tasks and passes messages until nothing moves. */
  async flow(): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      for (let i = 0; i < 10; i++) await Promise.resolve()
      const tasks = this.#tasks.splice(0)
      for (const task of tasks) task()
      const forth = this.toConnector.splice(0)
      for (const message of forth) this.connector.receive(message)
      const back = this.toGateway.splice(0)
      for (const message of back) this.gateway.receive(message)
      idle = tasks.length + forth.length + back.length === 0 ? idle + 1 : 0
    }
  }

  /** Runs tasks only, so that messages stay under way. */
  async tick(): Promise<void> {
    for (const task of this.#tasks.splice(0)) task()
    for (let i = 0; i < 10; i++) await Promise.resolve()
  }

  pass(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = next.at
      next.run()
    }
    this.#now = until
  }

  async opened(head = request, body: Uint8Array | null = null): Promise<[TunnelStream, TunnelStream]> {
    const near = this.gateway.open(head, body)
    await this.flow()
    const far = this.streams.at(-1)?.stream
    if (near === null || far === undefined) throw new Error('no stream')
    return [near, far]
  }

  async upgraded(): Promise<[TunnelStream, TunnelStream]> {
    const [near, far] = await this.opened(upgrading)
    far.respond(encodeHead({ upgraded: true, protocol: 'p' }), true, false)
    await this.flow()
    return [near, far]
  }
}

describe('a small exchange', () => {
  test('HEAD, body and END of each side share one message', async () => {
    const pair = new Pair()
    const near = pair.gateway.open(request, Uint8Array.of(1, 2))
    await pair.tick()
    expect(pair.toConnector).toHaveLength(1)
    expect([...decodeFrames(pair.toConnector[0] ?? none)].map(({ type, flags }) => [type, flags])).toEqual([
      [TYPE.HEAD, 0],
      [TYPE.DATA, FLAG.END],
    ])
    await pair.flow()
    const far = pair.streams[0]?.stream
    expect(await far?.read()).toEqual(Uint8Array.of(1, 2))
    expect(await far?.read()).toBeNull()
    far?.respond(ok, false, false)
    await far?.write(Uint8Array.of(3))
    far?.end()
    await pair.tick()
    expect(pair.toGateway.map((message) => [...decodeFrames(message)].map(({ type }) => type))).toEqual([
      [TYPE.HEAD, TYPE.DATA, TYPE.END],
    ])
    await pair.flow()
    expect(await near?.response).toEqual({ status: 200, headers: [] })
    expect(await near?.read()).toEqual(Uint8Array.of(3))
    expect(await near?.read()).toBeNull()
    expect([pair.gateway.streams, pair.connector.streams, pair.gateway.unreadBytes]).toEqual([0, 0, 0])
  })

  test('many requests of one macrotask share one message', async () => {
    const pair = new Pair()
    for (let i = 0; i < 50; i++) pair.gateway.open(request, null)
    await pair.tick()
    expect(pair.toConnector).toHaveLength(1)
    await pair.flow()
    expect(pair.streams).toHaveLength(50)
  })

  test('whether the HEAD has left is known', async () => {
    const pair = new Pair()
    const stream = pair.gateway.open(request, null)
    expect(stream?.sent).toBe(false)
    await pair.tick()
    expect(stream?.sent).toBe(true)
  })
})

describe('credit', () => {
  test('a reader that stops bounds what is sent, and gets everything when it goes on', async () => {
    const pair = new Pair({ streamWindowBytes: 10_000 })
    const [near, far] = await pair.opened()
    far.respond(ok, false, false)
    const written: number[] = []
    const writing = (async () => {
      for (let i = 0; i < 100; i++) {
        await far.write(new Uint8Array(1000).fill(i))
        written.push(i)
      }
      far.end()
    })()
    await pair.flow()
    expect(pair.gateway.unreadBytes).toBeLessThanOrEqual(10_000)
    expect(written.length).toBeLessThan(10)
    let read = 0
    const reading = (async () => {
      for (let chunk = await near.read(); chunk !== null; chunk = await near.read()) {
        read += chunk.length
        expect(pair.gateway.unreadBytes).toBeLessThanOrEqual(10_000)
      }
    })()
    for (let i = 0; i < 100; i++) await pair.flow()
    await Promise.all([writing, reading])
    expect(read).toBe(100_000)
  })

  test('a stalled stream does not stop another', async () => {
    const pair = new Pair({ streamWindowBytes: 5_000, sessionWindowBytes: 100_000 })
    const [, stalled] = await pair.opened()
    const [near, far] = await pair.opened()
    stalled.respond(ok, false, false)
    stalled.write(new Uint8Array(50_000)).catch(() => undefined)
    far.respond(ok, false, false)
    const reading = near.read()
    void far.write(new Uint8Array(100), true)
    await pair.flow()
    expect((await reading)?.length).toBe(100)
  })

  test('streams take turns', async () => {
    const pair = new Pair({ streamWindowBytes: 1_000_000 })
    const [, first] = await pair.opened()
    const [, second] = await pair.opened()
    first.respond(ok, false, false)
    second.respond(ok, false, false)
    void first.write(new Uint8Array(800_000))
    void second.write(new Uint8Array(200_000))
    for (let i = 0; i < 10; i++) await pair.tick()
    const order = pair.toGateway.flatMap((message) =>
      [...decodeFrames(message)].filter(({ type }) => type === TYPE.DATA).map(({ stream }) => stream),
    )
    expect(order.filter((id) => id === second.id)).toHaveLength(Math.ceil(200_000 / (64 * 1024)))
    expect(order.lastIndexOf(second.id)).toBeLessThan(order.lastIndexOf(first.id) - 2)
  })

  test('it goes back while the reader is still at work, before the loop turns', async () => {
    const pair = new Pair({ streamWindowBytes: 4096 })
    const [near, far] = await pair.opened()
    far.respond(ok, false, false)
    far.write(new Uint8Array(3000)).catch(() => undefined)
    await pair.flow()
    await near.read()
    const frames = pair.toConnector.flatMap((message) => [...decodeFrames(message)])
    expect(frames.map(({ type, stream }) => [type, stream])).toEqual([[TYPE.WINDOW, near.id]])
  })

  test('sending without credit ends the session', async () => {
    const pair = new Pair({ streamWindowBytes: 1_000 })
    const [near] = await pair.opened()
    pair.gateway.receive(encodeFrame(TYPE.HEAD, 0, near.id, ok))
    pair.gateway.receive(encodeFrame(TYPE.DATA, 0, near.id, new Uint8Array(1_000 - FRAME_COST_BYTES)))
    expect(pair.ends).toEqual([])
    pair.gateway.receive(encodeFrame(TYPE.DATA, 0, near.id, none))
    expect(pair.ends).toEqual(['gateway: DATA without credit (fault)'])
  })

  test('short frames that nobody reads are few: each takes memory', async () => {
    const pair = new Pair()
    const [near] = await pair.opened()
    pair.gateway.receive(encodeFrame(TYPE.HEAD, 0, near.id, ok))
    let frames = 0
    while (pair.ends.length === 0) {
      pair.gateway.receive(encodeFrame(TYPE.DATA, 0, near.id, new Uint8Array(1)))
      frames += 1
    }
    expect(pair.ends).toEqual(['gateway: DATA without credit (fault)'])
    expect(frames).toBeLessThan(1_100)
  })

  test('the session credit is kept by streams that are already over', async () => {
    const pair = new Pair({ sessionWindowBytes: 4_000, streamWindowBytes: 2_000 })
    const [near] = await pair.opened()
    near.reset('cancelled', '')
    for (let i = 0; i < 50; i++) {
      pair.gateway.receive(encodeFrame(TYPE.DATA, 0, near.id, new Uint8Array(900)))
      await pair.tick()
    }
    expect(pair.ends).toEqual([])
    const granted = pair.toConnector
      .flatMap((message) => [...decodeFrames(message)])
      .filter(({ type, stream }) => type === TYPE.WINDOW && stream === 0)
    expect(granted.length).toBeGreaterThan(10)
  })

  test('when too much is unread the stream that holds the most is reset, and only that one', async () => {
    const pair = new Pair({ streamWindowBytes: 20_000, sessionWindowBytes: 100_000, congestedBytes: 25_000 })
    const [small, farSmall] = await pair.opened()
    const [large, farLarge] = await pair.opened()
    farSmall.respond(ok, false, false)
    farLarge.respond(ok, false, false)
    farLarge.write(new Uint8Array(18_000)).catch(() => undefined)
    await pair.flow()
    farSmall.write(new Uint8Array(15_000)).catch(() => undefined)
    await pair.flow()
    await expect(large.read()).rejects.toMatchObject({ code: 'congested' })
    expect((await small.read())?.length).toBe(15_000)
    expect(pair.ends).toEqual([])
  })
})

describe('messages of an upgraded stream', () => {
  test('keep their boundaries, empty ones and ones longer than the window too', async () => {
    const pair = new Pair({ streamWindowBytes: 10_000 })
    const [near, far] = await pair.upgraded()
    const lengths = [0, 1, 9_990, 10_000, 50_000, 0, 3]
    const sending = (async () => {
      for (const length of lengths) await near.write(new Uint8Array(length).fill(length & 0xff))
      near.end()
    })()
    const seen: number[] = []
    const reading = (async () => {
      for (let message = await far.read(); message !== null; message = await far.read()) seen.push(message.length)
    })()
    for (let i = 0; i < 50; i++) await pair.flow()
    await Promise.all([sending, reading])
    expect(seen).toEqual(lengths)
  })

  test('behind an unread message a long one waits', async () => {
    const pair = new Pair({ streamWindowBytes: 10_000 })
    const [near, far] = await pair.upgraded()
    void near.write(new Uint8Array(100))
    void near.write(new Uint8Array(100_000))
    await pair.flow()
    expect(pair.connector.unreadBytes).toBeLessThanOrEqual(10_000)
    expect((await far.read())?.length).toBe(100)
    const rest = far.read()
    await pair.flow()
    expect((await rest)?.length).toBe(100_000)
    await pair.flow()
    expect(pair.connector.unreadBytes).toBe(0)
  })

  test('a message may come in parts of one byte, and is put together on the way', async () => {
    const pair = new Pair({ streamWindowBytes: 0x7fffff, sessionWindowBytes: 0x7fffff })
    const [near] = await pair.upgraded()
    const sent = Uint8Array.from({ length: 3_000 }, (_, at) => at % 251)
    for (let at = 0; at < sent.length; at++) {
      const more = at < sent.length - 1 ? FLAG.MORE : 0
      pair.gateway.receive(encodeFrame(TYPE.DATA, more, near.id, sent.subarray(at, at + 1)))
    }
    expect(await near.read()).toEqual(sent)
    expect(pair.ends).toEqual([])
  })

  test('a message that never ends closes the session at its limit', async () => {
    const pair = new Pair({ streamWindowBytes: 0x7fffff, sessionWindowBytes: 0x7fffff })
    const [near] = await pair.upgraded()
    const part = encodeFrame(TYPE.DATA, FLAG.MORE, near.id, new Uint8Array(64 * 1024))
    for (let sent = 0; sent <= MAX_STREAM_MESSAGE_BYTES && pair.ends.length === 0; sent += 64 * 1024) {
      pair.gateway.receive(part)
    }
    expect(pair.ends).toEqual(['gateway: a message is too long (fault)'])
  })
})

describe('what would make the peer end the session is not sent', () => {
  test('a request HEAD over the limit', () => {
    const pair = new Pair()
    expect(pair.gateway.open({ ...request, target: 'x'.repeat(MAX_HEAD_BYTES) }, null)).toBeNull()
    expect(pair.gateway.open(request, null)).not.toBeNull()
  })

  test('an answer HEAD over the limit resets its stream', async () => {
    const pair = new Pair()
    const [near, far] = await pair.opened()
    far.respond(new Uint8Array(MAX_HEAD_BYTES + 1), false, false)
    await pair.flow()
    await expect(near.response).rejects.toMatchObject({ code: 'upstream' })
    expect(pair.ends).toEqual([])
  })

  test('a message over the limit rejects its writer', async () => {
    const pair = new Pair()
    const [near] = await pair.upgraded()
    await expect(near.write(new Uint8Array(MAX_STREAM_MESSAGE_BYTES + 1))).rejects.toMatchObject({ code: 'protocol' })
    void near.write(new Uint8Array(MAX_STREAM_MESSAGE_BYTES))
    await pair.flow()
    expect((await pair.streams[0]?.stream.read())?.length).toBe(MAX_STREAM_MESSAGE_BYTES)
  })
})

describe('ends', () => {
  test('a reset reaches the other side with its code and words', async () => {
    const pair = new Pair()
    const [near, far] = await pair.opened(upgrading)
    const resets: StreamReset[] = []
    far.onReset = (error) => resets.push(error)
    near.reset('cancelled', 'the client has gone')
    near.reset('internal', 'again')
    await pair.flow()
    expect(resets.map(({ code, message }) => [code, message])).toEqual([['cancelled', 'the client has gone']])
    await expect(near.response).rejects.toMatchObject({ code: 'cancelled' })
    await expect(far.write(Uint8Array.of(1))).rejects.toBeInstanceOf(StreamReset)
    expect([pair.gateway.streams, pair.connector.streams]).toEqual([0, 0])
  })

  test('an answer that is complete stops the request without hurting itself', async () => {
    const pair = new Pair({ streamWindowBytes: 1_000 })
    const near = pair.gateway.open(request, new Uint8Array(5_000))
    await pair.flow()
    const far = pair.streams[0]?.stream
    far?.respond(ok, false, false)
    void far?.write(Uint8Array.of(7), true)
    far?.stopPeer()
    await pair.flow()
    expect(await near?.read()).toEqual(Uint8Array.of(7))
    expect(await near?.read()).toBeNull()
    expect([pair.gateway.streams, pair.connector.streams, pair.connector.unreadBytes]).toEqual([0, 0, 0])
  })

  test('a lost session fails its streams as lost, and tells both kinds of waiting', async () => {
    const pair = new Pair()
    const [near, far] = await pair.opened(upgrading)
    const reading = far.read()
    pair.gateway.close('gone')
    pair.connector.close('gone')
    await expect(near.response).rejects.toMatchObject({ code: 'lost' })
    await expect(reading).rejects.toMatchObject({ code: 'lost' })
    expect(pair.gateway.open(request, null)).toBeNull()
  })

  test('GOAWAY refuses what was not looked at and lets the rest finish', async () => {
    const pair = new Pair()
    const [first, farFirst] = await pair.opened()
    const late = pair.gateway.open(request, null)
    pair.connector.drain('stopping')
    await pair.flow()
    await expect(late?.response).rejects.toMatchObject({ code: 'refused' })
    expect(pair.gateway.accepting).toBe(false)
    farFirst.respond(ok, false, true)
    await pair.flow()
    expect(await first.response).toEqual({ status: 200, headers: [] })
    expect(await first.read()).toBeNull()
  })

  test('a session whose stream numbers are used up ends, so that another is dialled', async () => {
    const pair = new Pair({ maxStreamNumber: 2 })
    await pair.opened()
    await pair.opened()
    expect(pair.gateway.open(request, null)).toBeNull()
    expect(pair.ends).toEqual(['gateway: its stream numbers are used up'])
  })

  test('a silent peer is pinged, then given up; one that answers is not', async () => {
    const pair = new Pair()
    pair.pass(PING_IDLE_MS)
    await pair.flow()
    pair.pass(PING_TIMEOUT_MS)
    await pair.flow()
    expect(pair.ends).toEqual([])
    pair.pass(PING_IDLE_MS + PING_TIMEOUT_MS + PING_IDLE_MS)
    expect(pair.ends).toContain('gateway: the peer fell silent')
  })

  test('ping tells whether the peer answers', async () => {
    const pair = new Pair()
    const alive = pair.gateway.ping(1_000)
    await pair.flow()
    expect(await alive).toBe(true)
    const dead = pair.gateway.ping(1_000)
    pair.pass(1_000)
    expect(await dead).toBe(false)
  })

  test('a peer that never reads is broken off before it takes the heap', async () => {
    const ends: string[] = []
    const session = new TunnelSession({
      role: 'connector',
      send: () => new Promise(() => undefined),
      schedule: (task) => task(),
      after: () => () => undefined,
      onClosed: (reason) => ends.push(reason),
    })
    const ping = encodeFrame(TYPE.PING, 0, 0, new Uint8Array(8))
    const many = new Uint8Array(ping.length * 10_000)
    for (let i = 0; i < 10_000; i++) many.set(ping, i * ping.length)
    for (let i = 0; i < 300 && ends.length === 0; i++) session.receive(many)
    expect(ends).toEqual(['the peer does not read'])
  })
})

describe('breaking the protocol ends the session', () => {
  test.each<[string, (id: number) => Uint8Array, string]>([
    ['a second HEAD', (id) => encodeFrame(TYPE.HEAD, 0, id, ok), 'a second HEAD on a stream'],
    [
      'a frame on a stream never opened',
      () => encodeFrame(TYPE.END, 0, 99, none),
      'a frame on a stream that was never opened',
    ],
    [
      'MORE on a stream without messages',
      (id) => encodeFrame(TYPE.DATA, FLAG.MORE, id, Uint8Array.of(1)),
      'MORE on a stream without messages',
    ],
    ['too much credit', (id) => encodeWindow(id, 0x7fffffff), 'too much credit'],
    ['a HEAD that is not one', (id) => encodeFrame(TYPE.HEAD, 0, id, Uint8Array.of(0x7b)), 'HEAD: not JSON'],
    ['an empty message', () => none, 'an empty message'],
  ])('%s', async (_name, message, reason) => {
    const pair = new Pair()
    const [near] = await pair.opened()
    pair.gateway.receive(encodeFrame(TYPE.HEAD, 0, near.id, ok))
    pair.gateway.receive(message(near.id))
    expect(pair.ends).toEqual([`gateway: ${reason} (fault)`])
    await expect(near.read()).rejects.toMatchObject({ code: 'lost' })
  })

  test('DATA and END before HEAD', async () => {
    for (const type of [TYPE.DATA, TYPE.END]) {
      const pair = new Pair()
      const [near] = await pair.opened()
      pair.gateway.receive(encodeFrame(type, 0, near.id, none))
      expect(pair.ends[0]).toMatch(/before HEAD/)
    }
  })

  test('a stream number used again', async () => {
    const pair = new Pair()
    await pair.opened()
    pair.connector.receive(encodeFrame(TYPE.HEAD, FLAG.END, 1, encodeHead(request)))
    expect(pair.ends).toEqual(['connector: a stream number was used again (fault)'])
  })

  test('END in the middle of a message', async () => {
    const pair = new Pair()
    const [near] = await pair.upgraded()
    pair.gateway.receive(encodeFrame(TYPE.DATA, FLAG.MORE, near.id, Uint8Array.of(1)))
    pair.gateway.receive(encodeFrame(TYPE.END, 0, near.id, none))
    expect(pair.ends).toEqual(['gateway: END within a message (fault)'])
  })
})
