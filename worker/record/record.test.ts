import { describe, expect, it } from 'vitest'
import { decodeRecords } from '../../protocol/recording.ts'
import type { Authenticated, Decided } from '../context.ts'
import { type Clock, type Durability, type Entry, type Log, LogUnavailable } from '../ports.ts'
import { createBodyRecorder } from './body.ts'
import { intentEntry, recordedRequest, refusalEntries, resultEntry } from './entries.ts'
import { reapUnfinished } from './reaper.ts'
import { MAX_PENDING_BYTES, MAX_SEGMENT_BYTES, SEGMENT_MS } from './segments.ts'
import { COMMAND_IDLE_MS, createSessions, SESSION_IDLE_MS } from './sessions.ts'
import { createStreamRecorder } from './stream.ts'
import { createIds, uuidv7 } from './uuid.ts'

const NOW = Date.parse('2026-01-02T03:04:05.006Z')
const utf8 = new TextEncoder()
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

/** A clock that stands until it is moved; timers run when it passes them. */
function testClock() {
  let now = NOW
  let timers: { at: number; callback: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
  }
  const advance = (ms: number) => {
    now += ms
    const due = timers.filter(({ at }) => at <= now)
    timers = timers.filter(({ at }) => at > now)
    for (const { callback } of due) callback()
  }
  return { clock, advance, timers: () => timers.length }
}

/** A log that remembers, and can be held up or made to fail. */
function testLog() {
  const appended: { entries: readonly Entry[]; durability: Durability }[] = []
  let held: (() => void)[] | null = null
  const state = { failure: null as unknown, pendingBytes: 0 }
  const log: Log = {
    async append(entries, durability) {
      appended.push({ entries, durability })
      const { failure } = state
      if (held !== null) await new Promise<void>((resolve) => held?.push(resolve))
      if (failure !== null) throw failure
      return entries.map(({ event }) => ({ id: event.id, leaf: `leaf of ${event.id}` }))
    },
    get pendingBytes() {
      return state.pendingBytes
    },
  }
  return {
    log,
    state,
    appended,
    entries: () => appended.flatMap(({ entries }) => entries),
    hold() {
      held = []
    },
    release() {
      const waiting = held ?? []
      held = null
      for (const resolve of waiting) resolve()
    },
  }
}

function counter(prefix = 'id'): () => string {
  let count = 0
  return () => `${prefix}${++count}`
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true
  void promise.then(
    () => {
      pending = false
    },
    () => {
      pending = false
    },
  )
  await settled()
  return pending
}

const decided: Decided = {
  id: 'r1',
  receivedAt: NOW,
  method: 'GET',
  target: '/clusters/prod/api/v1/namespaces/shop/pods?limit=500',
  host: 'gateway.example',
  headers: [['authorization', 'Bearer secret-token']],
  body: null,
  upgrade: null,
  remote: '192.0.2.1',
  signal: new AbortController().signal,
  connection: 'prod',
  info: {
    isResourceRequest: true,
    path: '/api/v1/namespaces/shop/pods',
    query: 'limit=500',
    verb: 'list',
    apiPrefix: 'api',
    apiGroup: '',
    apiVersion: 'v1',
    namespace: 'shop',
    resource: 'pods',
    subresource: '',
    name: '',
    parts: ['pods'],
    streaming: false,
    dryRun: false,
  },
  bodyFormat: 'none',
  accept: { upstream: 'application/json' },
  client: { userAgent: 'kubectl/v1.35.2', command: 'kubectl get', session: 'k1' },
  identity: {
    user: { username: 'agent', uid: '', groups: ['ai-agents'], extra: {} },
    issuer: 'https://id.example',
    expiresAt: 0,
  },
  decision: { effect: 'Allow', policy: 'p', rule: 'r', reason: 'because', revision: 3 },
}
const place = { session: 's1', command: 'c1' }

describe('ids', () => {
  const random = (length: number) => new Uint8Array(length).fill(0xff)

  it('are UUIDv7: time, version, variant', () => {
    const id = createIds({ now: () => 0x0190a0000001 }, random)()
    expect(id).toBe('0190a000-0001-7000-bfff-ffffffffffff')
    expect(uuidv7({ now: () => 0x0190a0000001 }, random)).toBe('0190a000-0001-7fff-bfff-ffffffffffff')
  })

  it('grow within a millisecond, past its 4096, and when the clock goes back', () => {
    let now = NOW
    const next = createIds({ now: () => now }, random)
    const ids = Array.from({ length: 5000 }, next)
    now -= 10_000
    ids.push(next())
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(5001)
  })
})

describe('entries', () => {
  it('an intent says who asks what, and what was decided; never a header', () => {
    const visit = { ...place, open: null, leave: () => {} }
    const entry = intentEntry(decided, visit, { body: { mediaType: 'application/json', bytes: utf8.encode('{}') } })
    expect(entry).toEqual({
      event: {
        v: 1,
        type: 'request.intent',
        id: 'r1',
        ts: '2026-01-02T03:04:05.006Z',
        session: 's1',
        command: 'c1',
        actor: { username: 'agent', groups: ['ai-agents'], issuer: 'https://id.example' },
        connection: 'prod',
        request: {
          method: 'GET',
          target: '/api/v1/namespaces/shop/pods?limit=500',
          verb: 'list',
          group: '',
          version: 'v1',
          resource: 'pods',
          subresource: '',
          namespace: 'shop',
          name: '',
          userAgent: 'kubectl/v1.35.2',
          kubectlCommand: 'kubectl get',
        },
        decision: decided.decision,
      },
      body: { kind: 'request', seq: 0, mediaType: 'application/json', bytes: utf8.encode('{}') },
    })
    expect(JSON.stringify(entry.event)).not.toContain('secret-token')
  })

  it('a preparatory intent has its own id and refers to the request it prepares', () => {
    const { event } = intentEntry(decided, place, {
      preparatory: 'dry-run',
      id: 'r1-dry',
      method: 'POST',
      target: '/x',
    })
    expect([event.id, event.ref, event.request?.preparatory, event.request?.method, event.request?.target]).toEqual([
      'r1-dry',
      'r1',
      'dry-run',
      'POST',
      '/x',
    ])
  })

  const exec = { argv: ['sh'], container: 'app', stdin: true, stdout: true, stderr: false, tty: true, ports: [] }
  it.each([
    ['exec', { argv: ['sh'], container: 'app', stdin: true, tty: true }],
    ['portforward', undefined],
  ])('%s: argv is recorded where something is run', (subresource, expected) => {
    const info = { ...decided.info, subresource, exec }
    expect(recordedRequest({ ...decided, info }).exec).toEqual(expected)
  })

  it('cuts what a client claims of itself', () => {
    const client = { userAgent: 'u'.repeat(10_000), command: 'c'.repeat(10_000), session: '' }
    const request = recordedRequest({ ...decided, client })
    expect([request.userAgent.length, request.kubectlCommand?.length]).toEqual([512, 512])
  })

  it('a refusal is intent and result at once', () => {
    const refusal = { kind: 'forbidden', message: 'no' } as const
    const [intent, result] = refusalEntries(decided, place, refusal, { id: 'e1', at: NOW + 5, code: 403 })
    expect(intent?.event.type).toBe('request.intent')
    expect(result?.event).toEqual({
      v: 1,
      type: 'request.result',
      id: 'e1',
      ts: '2026-01-02T03:04:05.011Z',
      ...place,
      ref: 'r1',
      res: { outcome: 'refused', code: 403, reason: 'forbidden', message: 'no', durationMs: 5, bytes: 0 },
    })
  })
})

describe('sessions', () => {
  type Asked = { user?: string; claim?: string; connection?: string; kubectl?: string; agent?: string }
  const asked = ({ user = 'agent', claim, connection = 'prod', kubectl = '', agent = 'helm/4' }: Asked) => ({
    receivedAt: NOW,
    connection,
    identity: {
      ...decided.identity,
      user: { ...decided.identity.user, username: user },
      ...(claim === undefined ? {} : { session: claim, purpose: 'tidy up' }),
    } satisfies Authenticated['identity'],
    client: { userAgent: agent, command: '', session: kubectl },
  })
  /** Makes each request after a wait; returns the session and command each was put in, numbered as they came up. */
  function run(steps: readonly (Asked & { after?: number; runs?: boolean })[]): [number, number][] {
    const { clock, advance } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const names: [string[], string[]] = [[], []]
    const number = (list: string[], id: string) => (list.includes(id) ? list.indexOf(id) : list.push(id) - 1)
    return steps.map(({ after = 0, runs = false, ...request }) => {
      advance(after)
      const visit = sessions.enter(asked(request))
      if (!runs) visit.leave()
      return [number(names[0], visit.session), number(names[1], visit.command)]
    })
  }

  it.each([
    [
      'one kubectl, one command',
      [{ kubectl: 'a' }, { kubectl: 'a', after: 60_000 }],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'two kubectl at once, two commands',
      [{ kubectl: 'a' }, { kubectl: 'b' }, { kubectl: 'a' }],
      [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    ],
    [
      'a burst of one client, one command',
      [{}, { after: COMMAND_IDLE_MS - 1 }],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'a client quiet for long, two commands',
      [{}, { after: COMMAND_IDLE_MS }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'a client whose request still runs, one command',
      [{ runs: true }, { after: 60_000 }],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'two clients, two commands',
      [{}, { agent: 'k9s' }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'two connections, two sessions',
      [{ kubectl: 'a' }, { kubectl: 'a', connection: 'demo' }],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'two identities, two sessions',
      [{ kubectl: 'a' }, { kubectl: 'a', user: 'other' }],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'quiet just under the limit, one session',
      [{ kubectl: 'a' }, { kubectl: 'b', after: SESSION_IDLE_MS - 1 }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'quiet for the limit, two sessions',
      [{ kubectl: 'a' }, { kubectl: 'b', after: SESSION_IDLE_MS }],
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'quiet while something runs, one session',
      [{ runs: true }, { kubectl: 'b', after: SESSION_IDLE_MS }],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'a session named by the token does not end',
      [
        { claim: 'x', kubectl: 'a' },
        { claim: 'x', kubectl: 'b', after: SESSION_IDLE_MS },
      ],
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'two named sessions',
      [{ claim: 'x' }, { claim: 'y' }, { claim: 'x' }],
      [
        [0, 0],
        [1, 1],
        [0, 0],
      ],
    ],
  ] as const)('%s', (_, steps, places) => {
    expect(run(steps)).toEqual(places)
  })

  it('takes the name of a session from the token, and opens it once', () => {
    const { clock } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const first = sessions.enter(asked({ claim: 'x' }))
    expect(first.session).toBe('x')
    expect(first.open?.event).toMatchObject({
      type: 'session.open',
      session: 'x',
      connection: 'prod',
      actor: { username: 'agent' },
      data: { client: 'helm/4', purpose: 'tidy up' },
    })
    expect(sessions.enter(asked({ claim: 'x' })).open).toBeNull()
    first.failed()
    expect(sessions.enter(asked({ claim: 'x' })).open).not.toBeNull()
    const restarted = createSessions({ clock, ids: counter() }).enter(asked({ claim: 'x' }))
    expect([restarted.session, restarted.open === null]).toEqual(['x', false])
  })

  it('counts a request that leaves twice once', () => {
    const { clock, advance } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const running = sessions.enter(asked({}))
    const done = sessions.enter(asked({}))
    done.leave()
    done.leave()
    advance(COMMAND_IDLE_MS)
    expect(sessions.enter(asked({})).command).toBe(running.command)
  })

  it('remembers a bounded number, and forgets idle ones first', () => {
    const { clock } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const running = sessions.enter(asked({ user: 'running' }))
    sessions.enter(asked({ user: 'idle' })).leave()
    for (let at = 0; at < 9_999; at += 1) sessions.enter(asked({ user: `user ${at}` })).leave()
    expect(sessions.enter(asked({ user: 'running' })).session).toBe(running.session)
    expect(sessions.enter(asked({ user: 'idle' })).open).not.toBeNull()
  })

  it('remembers a bounded number of commands, and forgets idle ones first', () => {
    const { clock } = testClock()
    const sessions = createSessions({ clock, ids: counter() })
    const running = sessions.enter(asked({ kubectl: 'running' }))
    const idle = sessions.enter(asked({ kubectl: 'idle' }))
    idle.leave()
    for (let at = 0; at < 19_999; at += 1) sessions.enter(asked({ kubectl: `k${at}` })).leave()
    expect(sessions.enter(asked({ kubectl: 'running' })).command).toBe(running.command)
    expect(sessions.enter(asked({ kubectl: 'idle' })).command).not.toBe(idle.command)
  })
})

describe('body recorder', () => {
  function recorder(streaming = false) {
    const time = testClock()
    const store = testLog()
    const failures: unknown[] = []
    const body = createBodyRecorder({
      ...place,
      log: store.log,
      clock: time.clock,
      ids: counter(),
      ref: 'r1',
      mediaType: 'application/json',
      streaming,
      onFailure: (error) => failures.push(error),
    })
    return { ...time, ...store, body, failures }
  }
  const ok = { outcome: 'ok', code: 200, durationMs: 1 } as const
  const shape = (entries: readonly Entry[]) =>
    entries.map(({ event, body }) => [event.type, body?.kind, body?.seq, body?.bytes.length])

  it('puts a small body whole on the result', async () => {
    const { body, entries } = recorder()
    await body.write(utf8.encode('{"a":'))
    await body.write(utf8.encode('1}'))
    await body.end(ok, { count: 1, rules: { secret: 1 } })
    expect(shape(entries())).toEqual([['request.result', 'response', 0, 7]])
    expect(text(entries()[0]?.body?.bytes)).toBe('{"a":1}')
    expect(entries()[0]?.event).toMatchObject({ ref: 'r1', res: { bytes: 7 }, mask: { count: 1 } })
  })

  it('records no body where there was none', async () => {
    const { body, entries } = recorder()
    await body.end(ok)
    expect(shape(entries())).toEqual([['request.result', undefined, undefined, undefined]])
  })

  it.each([
    [MAX_SEGMENT_BYTES - 1, []],
    [MAX_SEGMENT_BYTES, [MAX_SEGMENT_BYTES]],
    [MAX_SEGMENT_BYTES + 1, [MAX_SEGMENT_BYTES]],
    [MAX_SEGMENT_BYTES * 3 + 5, [MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES]],
  ])('cuts a body of %i bytes at the limit, however it was split', async (size, segments) => {
    const whole = Uint8Array.from({ length: size }, (_, at) => at % 251)
    for (const step of [size, 100_003, 4096]) {
      const { body, entries } = recorder()
      for (let at = 0; at < size; at += step) await body.write(whole.subarray(at, at + step))
      await body.end(ok)
      const all = entries()
      expect(all.slice(0, -1).map((entry) => [entry.event.type, entry.body?.bytes.length])).toEqual(
        segments.map((length) => ['stream.segment', length]),
      )
      expect(all.flatMap((entry) => entry.body?.seq ?? [])).toEqual(all.filter(({ body }) => body).map((_, at) => at))
      expect(Buffer.concat(all.map((entry) => entry.body?.bytes ?? new Uint8Array()))).toEqual(Buffer.from(whole))
      expect(all.at(-1)?.event.res?.bytes).toBe(size)
    }
  })

  it.each([
    [true, 1],
    [false, 0],
  ])('a response without end is cut every second, another is not: %s', async (streaming, segments) => {
    const { body, entries, advance } = recorder(streaming)
    await body.write(utf8.encode('one'))
    advance(SEGMENT_MS - 1)
    await settled()
    expect(entries().length).toBe(0)
    advance(1)
    await settled()
    expect(entries().length).toBe(segments)
    advance(SEGMENT_MS)
    await settled()
    expect(entries().length).toBe(segments)
    await body.write(utf8.encode('two'))
    await body.end(ok)
    expect(entries().map((entry) => text(entry.body?.bytes))).toEqual(streaming ? ['one', 'two'] : ['onetwo'])
  })

  it('makes a writer wait while one segment is being appended and the next is full', async () => {
    const { body, hold, release } = recorder()
    hold()
    await body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    const second = body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    expect(await isPending(second)).toBe(true)
    release()
    await second
  })

  it('makes a writer wait for its segment while the log has much to write', async () => {
    const { body, hold, release, state } = recorder()
    hold()
    state.pendingBytes = MAX_PENDING_BYTES + 1
    const first = body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    expect(await isPending(first)).toBe(true)
    release()
    await first
  })

  it('rejects once the log failed, tells once, and appends nothing more', async () => {
    const { body, state, failures, entries, timers } = recorder(true)
    const failure = new LogUnavailable('full')
    state.failure = failure
    // Whether the write itself is told depends on how soon the log fails.
    await body.write(new Uint8Array(MAX_SEGMENT_BYTES)).catch(() => {})
    await settled()
    expect(failures).toEqual([failure])
    await expect(body.write(utf8.encode('x'))).rejects.toBe(failure)
    await expect(body.end(ok)).rejects.toBe(failure)
    expect([failures.length, entries().length, timers()]).toEqual([1, 1, 0])
  })

  it('rejects a writer that was waiting when the log failed', async () => {
    const { body, state, hold, release } = recorder()
    const failure = new LogUnavailable('full')
    state.failure = failure
    hold()
    await body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    const waiting = body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    release()
    await expect(waiting).rejects.toBe(failure)
  })
})

describe('stream recorder', () => {
  function recorder(kind: 'exec' | 'attach' | 'portforward') {
    const time = testClock()
    const store = testLog()
    const stream = createStreamRecorder({
      ...place,
      log: store.log,
      clock: time.clock,
      ids: counter(),
      ref: 'r1',
      kind,
    })
    return { ...time, ...store, stream }
  }

  it('records messages with time and channel between open and close', async () => {
    const { stream, entries, appended, advance } = recorder('exec')
    await stream.open()
    await stream.record(0, utf8.encode('ls\n'))
    advance(20)
    await stream.record(1, utf8.encode('file\n'))
    await stream.record(4, utf8.encode('{"Width":80,"Height":24}'))
    advance(5)
    await stream.close({ outcome: 'ok', code: 101, exitCode: 2 })
    const all = entries()
    expect(all.map(({ event }) => event.type)).toEqual([
      'stream.open',
      'stream.segment',
      'stream.close',
      'request.result',
    ])
    expect(appended.length).toBe(2)
    expect(all[0]?.event).toMatchObject({ ref: 'r1', data: { kind: 'exec' }, ...place })
    const records = [...decodeRecords(all[1]?.body?.bytes ?? new Uint8Array())]
    expect(records.map(({ t, channel, payload }) => [t, channel, text(payload)])).toEqual([
      [0, 0, 'ls\n'],
      [20, 1, 'file\n'],
      [20, 4, '{"Width":80,"Height":24}'],
    ])
    const res = { outcome: 'ok', code: 101, exitCode: 2, durationMs: 25, bytes: 59 }
    expect(all[2]?.event).toMatchObject({ res, data: { kind: 'exec', segments: 1, stdin: 3, stdout: 5, resize: 24 } })
    expect(all[3]?.event).toMatchObject({ ref: 'r1', res })
  })

  it('numbers segments over the whole stream, cut by time and size', async () => {
    const { stream, entries, advance } = recorder('attach')
    await stream.open()
    await stream.record(1, utf8.encode('early'))
    advance(SEGMENT_MS)
    await settled()
    await stream.record(1, new Uint8Array(MAX_SEGMENT_BYTES * 2))
    await stream.close({ outcome: 'cancelled', code: 101 })
    const segments = entries().filter(({ event }) => event.type === 'stream.segment')
    expect(segments.map(({ body }) => [body?.kind, body?.seq])).toEqual([0, 1, 2, 3].map((seq) => ['stream', seq]))
    const bytes = Buffer.concat(segments.map(({ body }) => body?.bytes ?? new Uint8Array()))
    expect([...decodeRecords(bytes)].map(({ t, payload }) => [t, payload.length])).toEqual([
      [0, 5],
      [SEGMENT_MS, MAX_SEGMENT_BYTES * 2],
    ])
    expect(entries().find(({ event }) => event.type === 'stream.close')?.event.data).toMatchObject({ segments: 4 })
  })

  it('counts a forwarded port and records nothing of it', async () => {
    const { stream, entries } = recorder('portforward')
    await stream.open()
    await stream.record(0, utf8.encode('GET /'))
    await stream.record(1, utf8.encode('200'))
    await stream.close({ outcome: 'ok', code: 101 })
    expect(entries().map(({ event, body }) => [event.type, body])).toEqual([
      ['stream.open', undefined],
      ['stream.close', undefined],
      ['request.result', undefined],
    ])
    expect(entries()[1]?.event).toMatchObject({ data: { segments: 0, stdin: 5, stdout: 3 }, res: { bytes: 8 } })
  })

  it('keeps the order of two sides that write at once', async () => {
    const { stream, entries } = recorder('exec')
    await stream.open()
    const big = new Uint8Array(MAX_SEGMENT_BYTES - 100)
    await Promise.all([0, 1, 2, 3].map((n) => stream.record(n % 2, n < 2 ? big : utf8.encode(`small ${n}`))))
    await stream.close({ outcome: 'ok', code: 101 })
    const bytes = Buffer.concat(entries().map(({ body }) => body?.bytes ?? new Uint8Array()))
    expect([...decodeRecords(bytes)].map(({ channel, payload }) => [channel, payload.length])).toEqual([
      [0, big.length],
      [1, big.length],
      [0, 7],
      [1, 7],
    ])
  })
})

describe('reaper', () => {
  it('says of each unfinished request that its result is unknown, page by page', async () => {
    const { log, entries } = testLog()
    const requests = Array.from({ length: 250 }, (_, at) => ({
      id: `r${String(at).padStart(3, '0')}`,
      ...place,
      at: NOW - 10,
    }))
    const unfinished = {
      list: async ({ after, limit }: { after: string; limit: number }) =>
        requests.filter(({ id }) => id > after).slice(0, limit),
    }
    expect(await reapUnfinished({ unfinished, log, clock: { now: () => NOW }, ids: counter() })).toBe(250)
    expect(entries().map(({ event }) => event.ref)).toEqual(requests.map(({ id }) => id))
    expect(entries()[0]?.event).toMatchObject({
      type: 'request.result',
      ...place,
      res: { outcome: 'unknown', code: 0, durationMs: 10, bytes: 0 },
    })
  })

  it('does nothing when nothing is left', async () => {
    const { log, appended } = testLog()
    const unfinished = { list: async () => [] }
    expect(await reapUnfinished({ unfinished, log, clock: { now: () => NOW }, ids: counter() })).toBe(0)
    expect(appended).toEqual([])
  })
})

it('a result carries its segment of the body', () => {
  const res = { outcome: 'ok', code: 200, durationMs: 1, bytes: 1 } as const
  const body = { mediaType: 'text/plain', bytes: utf8.encode('x'), seq: 4 }
  expect(resultEntry(res, { ...place, id: 'e1', at: NOW, ref: 'r1', body }).body).toEqual({ kind: 'response', ...body })
})
