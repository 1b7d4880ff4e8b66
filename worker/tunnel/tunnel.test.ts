import { beforeEach, describe, expect, test } from 'vitest'
import { encodeHead } from '../../protocol/tunnel/head.ts'
import { TunnelBroken } from '../ports.ts'
import { attach, type FakeConnector, ManualClock, newTunnel, request, settle } from './testing.ts'
import { CLOSE, type ConnectorTunnel } from './tunnel.ts'

let clock: ManualClock
let tunnel: ConnectorTunnel
const never = new AbortController().signal
const ok = encodeHead({ status: 200, headers: [['a', 'b']] })

beforeEach(() => {
  clock = new ManualClock()
  tunnel = newTunnel(clock)
})

/** Answers the newest request of a connector. */
function answer(connector: FakeConnector, body: string | null): void {
  const stream = connector.requests.at(-1)?.stream
  stream?.respond(ok, false, body === null)
  if (body !== null) void stream?.write(new TextEncoder().encode(body), true)
}

async function bodyOf(outcome: Awaited<ReturnType<ConnectorTunnel['open']>>): Promise<string> {
  if (!outcome.ok || outcome.reply.kind !== 'response') throw new Error(JSON.stringify(outcome))
  let text = ''
  for (let chunk = await outcome.reply.body.read(); chunk !== null; chunk = await outcome.reply.body.read()) {
    text += new TextDecoder().decode(chunk)
  }
  return text
}

test('a request reaches the connector as it is, and its answer comes back', async () => {
  const connector = await attach(tunnel, 'c')
  const opening = tunnel.open(request({ target: '/x?y', body: new TextEncoder().encode('in') }), never)
  await settle()
  const { head, stream } = connector.requests[0] ?? {}
  expect(head).toMatchObject({ target: '/x?y', method: 'GET', user: { username: 'agent' } })
  expect(new TextDecoder().decode((await stream?.read()) ?? undefined)).toBe('in')
  answer(connector, 'out')
  const outcome = await opening
  expect(outcome.ok && outcome.reply.kind === 'response' && outcome.reply.headers).toEqual([['a', 'b']])
  expect(await bodyOf(outcome)).toBe('out')
})

test('without a connector the failure says that nothing was sent', async () => {
  expect(await tunnel.open(request(), never)).toEqual({
    ok: false,
    failure: { kind: 'no-connector', message: expect.any(String), sent: false },
  })
})

test("the connector's own failure is passed on", async () => {
  const connector = await attach(tunnel, 'c')
  const opening = tunnel.open(request(), never)
  await settle()
  const failure = { kind: 'refused' as const, message: 'no', sent: false }
  connector.requests[0]?.stream.respond(encodeHead({ failure }), false, true)
  expect(await opening).toEqual({ ok: false, failure })
})

test('requests go to the connector with the fewest streams', async () => {
  const connectors = [await attach(tunnel, 'a'), await attach(tunnel, 'b'), await attach(tunnel, 'c')]
  for (let i = 0; i < 9; i++) void tunnel.open(request(), never)
  await settle()
  expect(connectors.map(({ requests }) => requests.length)).toEqual([3, 3, 3])
})

describe('a connector that is lost', () => {
  test('takes its own streams with it and no others', async () => {
    const a = await attach(tunnel, 'a')
    const first = tunnel.open(request({ repeatable: false }), never)
    await settle()
    const b = await attach(tunnel, 'b')
    const second = tunnel.open(request({ repeatable: false }), never)
    await settle()
    a.lose()
    expect(await first).toMatchObject({ ok: false, failure: { kind: 'lost', sent: true } })
    answer(b, 'fine')
    expect(await bodyOf(await second)).toBe('fine')
    expect(tunnel.live).toBe(1)
    await a.attached
  })

  test.each([
    ['a read is sent once more, elsewhere', true, 1],
    ['a write is not', false, 0],
  ])('before it answered: %s', async (_name, repeatable, again) => {
    const a = await attach(tunnel, 'a')
    const opening = tunnel.open(request({ repeatable }), never)
    await settle()
    const b = await attach(tunnel, 'b')
    a.lose()
    await settle()
    expect(b.requests).toHaveLength(again)
    if (repeatable) {
      answer(b, 'second')
      expect(await bodyOf(await opening)).toBe('second')
    } else expect(await opening).toMatchObject({ ok: false, failure: { kind: 'lost', sent: true } })
  })

  test('a read is not sent a third time', async () => {
    const a = await attach(tunnel, 'a')
    const opening = tunnel.open(request(), never)
    await settle()
    const b = await attach(tunnel, 'b')
    const c = await attach(tunnel, 'c')
    a.lose()
    await settle()
    const second = b.requests.length === 1 ? b : c
    second.lose()
    expect(await opening).toMatchObject({ ok: false, failure: { kind: 'lost' } })
    expect(b.requests.length + c.requests.length).toBe(1)
  })

  test('after its head the body breaks off; nothing is repeated', async () => {
    const a = await attach(tunnel, 'a')
    const opening = tunnel.open(request(), never)
    await settle()
    const b = await attach(tunnel, 'b')
    a.requests[0]?.stream.respond(ok, false, false)
    void a.requests[0]?.stream.write(new TextEncoder().encode('half'))
    await settle()
    const outcome = await opening
    a.lose()
    await expect(bodyOf(outcome)).rejects.toBeInstanceOf(TunnelBroken)
    expect(b.requests).toHaveLength(0)
  })

  test('when the HEAD had not left, nothing was sent', async () => {
    const a = await attach(tunnel, 'a')
    const opening = tunnel.open(request({ repeatable: false }), never)
    a.lose()
    tunnel.detach('a', 'test')
    expect(await opening).toMatchObject({ ok: false, failure: { kind: 'lost', sent: false } })
  })
})

describe('cancelling', () => {
  test('before the answer: the stream is reset and the failure says so', async () => {
    const connector = await attach(tunnel, 'c')
    const abort = new AbortController()
    const opening = tunnel.open(request(), abort.signal)
    await settle()
    const gone = Promise.withResolvers<string>()
    const stream = connector.requests[0]?.stream
    if (stream !== undefined) stream.onReset = (error) => gone.resolve(error.code)
    abort.abort()
    expect(await opening).toMatchObject({ ok: false, failure: { kind: 'cancelled', sent: true } })
    expect(await gone.promise).toBe('cancelled')
  })

  test('in the middle of the body', async () => {
    const connector = await attach(tunnel, 'c')
    const abort = new AbortController()
    const opening = tunnel.open(request(), abort.signal)
    await settle()
    connector.requests[0]?.stream.respond(ok, false, false)
    const outcome = await opening
    const gone = Promise.withResolvers<string>()
    const stream = connector.requests[0]?.stream
    if (stream !== undefined) stream.onReset = (error) => gone.resolve(error.code)
    abort.abort()
    expect(await gone.promise).toBe('cancelled')
    await expect(bodyOf(outcome)).rejects.toMatchObject({ failure: { kind: 'cancelled' } })
  })

  test('one that was cancelled before it began is not sent', async () => {
    const connector = await attach(tunnel, 'c')
    const outcome = await tunnel.open(request(), AbortSignal.abort())
    await settle()
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'cancelled', sent: false } })
    expect(connector.requests).toHaveLength(0)
  })
})

describe('upgrades', () => {
  const upgrading = request({ upgrade: { protocols: ['v5', 'v4'] }, repeatable: false })

  async function open(connector: FakeConnector, protocol: string) {
    const opening = tunnel.open(upgrading, never)
    await settle()
    connector.requests[0]?.stream.respond(encodeHead({ upgraded: true, protocol }), true, false)
    return opening
  }

  test('messages pass both ways; what was said before the end is still read', async () => {
    const connector = await attach(tunnel, 'c')
    const outcome = await open(connector, 'v4')
    if (!outcome.ok || outcome.reply.kind !== 'upgrade') throw new Error('no upgrade')
    const { socket } = outcome.reply
    expect(socket.protocol).toBe('v4')
    await socket.write(Uint8Array.of(1, 2))
    expect(await connector.requests[0]?.stream.read()).toEqual(Uint8Array.of(1, 2))
    void connector.requests[0]?.stream.write(Uint8Array.of(3))
    connector.requests[0]?.stream.end()
    connector.requests[0]?.stream.stopPeer()
    await settle()
    // The other side wants no more: writing is no failure, since the end is still to be read.
    await socket.write(Uint8Array.of(9))
    expect(await socket.read()).toEqual(Uint8Array.of(3))
    expect(await socket.read()).toBeNull()
    socket.close(1000, '')
  })

  test('a subprotocol that was not offered is refused', async () => {
    const connector = await attach(tunnel, 'c')
    expect(await open(connector, 'v1')).toMatchObject({ ok: false, failure: { kind: 'protocol' } })
  })

  test('a lost connector rejects the reader', async () => {
    const connector = await attach(tunnel, 'c')
    const outcome = await open(connector, 'v5')
    if (!outcome.ok || outcome.reply.kind !== 'upgrade') throw new Error('no upgrade')
    const reading = outcome.reply.socket.read()
    connector.lose()
    await expect(reading).rejects.toMatchObject({ failure: { kind: 'lost', sent: true } })
  })
})

// threats.md, row 31
describe('one key', () => {
  test('a second process is refused while the first answers', async () => {
    const first = await attach(tunnel, 'c', { instance: 'one' })
    const second = await attach(tunnel, 'c', { instance: 'two' })
    await second.attached
    expect(second.closedWith()).toBe(CLOSE.keyInUse)
    expect(first.closedWith()).toBeNull()
    expect(tunnel.live).toBe(1)
  })

  test('a second process takes over from one that does not answer', async () => {
    const first = await attach(tunnel, 'c', { instance: 'one', silent: true })
    const arriving = attach(tunnel, 'c', { instance: 'two' })
    await settle()
    clock.pass(3_000)
    const second = await arriving
    await settle()
    expect(first.closedWith()).toBe(CLOSE.replaced)
    expect(second.closedWith()).toBeNull()
    expect(tunnel.connectors()).toEqual([{ id: 'c', since: clock.now() }])
  })

  test('the same process replaces its old socket', async () => {
    const first = await attach(tunnel, 'c', { instance: 'one' })
    const second = await attach(tunnel, 'c', { instance: 'one' })
    expect(first.closedWith()).toBe(CLOSE.replaced)
    expect(second.closedWith()).toBeNull()
    expect(tunnel.live).toBe(1)
  })

  test('of two that arrive at once one is let in', async () => {
    const [a, b] = await Promise.all([
      attach(tunnel, 'c', { instance: 'one' }),
      attach(tunnel, 'c', { instance: 'two' }),
    ])
    expect([a.closedWith(), b.closedWith()]).toEqual([null, CLOSE.keyInUse])
  })
})

test('a request whose head is too long for a frame is refused alone', async () => {
  const connector = await attach(tunnel, 'c')
  // Quotes double in JSON: what the adapter takes as a target can be too long for a HEAD.
  const outcome = await tunnel.open(request({ target: `/${'"'.repeat(700_000)}` }), never)
  expect(outcome).toMatchObject({ ok: false, failure: { kind: 'refused', sent: false } })
  await settle()
  expect([connector.closedWith(), connector.requests.length, tunnel.live]).toEqual([null, 0, 1])
})

test('detach ends the socket with a code that tells why', async () => {
  const connector = await attach(tunnel, 'c')
  tunnel.detach('c', 'revoked')
  await connector.attached
  expect(connector.closedWith()).toBe(CLOSE.revoked)
  expect(tunnel.live).toBe(0)
})

test('a connector that drains gets no new requests', async () => {
  const a = await attach(tunnel, 'a')
  a.session.drain('stopping')
  await settle()
  expect(tunnel.live).toBe(0)
  expect(await tunnel.open(request(), never)).toMatchObject({ failure: { kind: 'no-connector' } })
})

test('a connector that breaks the protocol is closed with 1002, and only that one', async () => {
  const connector = await attach(tunnel, 'c')
  const other = await attach(tunnel, 'd')
  connector.raw(Uint8Array.of(1, 2, 3))
  await connector.attached
  expect(connector.closedWith()).toBe(1002)
  expect(other.closedWith()).toBeNull()
})
