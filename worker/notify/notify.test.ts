import { describe, expect, it } from 'vitest'
import { backoffMs, createNotifier } from './notify.ts'
import { retryAfterMs } from './send.ts'
import { HOOK, holdOf, SLACK, settle, setUp, status, TEAMS } from './testing.ts'

const HOUR = 3_600_000
const longHold = holdOf({ expiresAt: holdOf().openedAt + 24 * HOUR })

describe('a hold that opens', () => {
  it('is told to each channel once, stored as waiting first', async () => {
    const order: string[] = []
    const all = setUp([status(200)], { channels: [SLACK, TEAMS, HOOK] })
    const { store, options } = all
    const notifier = createNotifier({
      ...options,
      store: {
        ...store,
        putNotice: async (notice) => {
          order.push(`${notice.channel} ${notice.state} ${notice.attempts}`)
          await store.putNotice(notice)
        },
      },
      fetch: async (url, init) => {
        order.push(`post ${new URL(url).host}`)
        return options.fetch(url, init)
      },
    })
    all.start(notifier)
    await settle()
    for (const [channel, host] of [
      ['sre', 'hooks.example'],
      ['ops', 'flow.example'],
      ['pager', 'pager.example'],
    ]) {
      expect(order.indexOf(`${channel} waiting 0`)).toBeLessThan(order.indexOf(`post ${host}`))
      expect(order.indexOf(`post ${host}`)).toBeLessThan(order.indexOf(`${channel} sent 1`))
    }
    expect(order).toHaveLength(9)
    expect(order).not.toContain(-1)
    expect([...all.notices.values()]).toMatchObject([
      { id: 'n1', hold: 'h1', connection: 'demo', channel: 'sre', state: 'sent', attempts: 1, error: null },
      { id: 'n2', channel: 'ops', state: 'sent' },
      { id: 'n3', channel: 'pager', state: 'sent' },
    ])
    expect(all.clock.waiting).toBe(0)
  })

  it('is one POST without a credential that follows no redirect', async () => {
    const { notifier, start, posts } = setUp([status(202)])
    start(notifier)
    await settle()
    expect(posts).toHaveLength(1)
    expect(posts[0]).toMatchObject({ url: SLACK.url, init: { method: 'POST', redirect: 'manual' } })
    expect(Object.keys(posts[0]?.init.headers ?? {})).toEqual(['content-type', 'user-agent'])
  })

  it('is told once, however often it is said to open, also after a restart', async () => {
    const { notifier, start, posts, options } = setUp([status(200)])
    start(notifier)
    start(notifier)
    await settle()
    start(notifier)
    await settle()
    start(createNotifier(options))
    await settle()
    expect(posts).toHaveLength(1)
  })

  it('is told to nobody where no channel is configured', async () => {
    const { options, start, history, posts } = setUp([status(200)], { channels: [] })
    start(createNotifier(options))
    await settle()
    expect([history, posts]).toEqual([[], []])
  })

  it('is told even when the notice cannot be stored, and once only', async () => {
    const { options, store, posts, bugs, start, clock, notices } = setUp([status(200)])
    let broken = true
    const putNotice: typeof store.putNotice = async (notice) => {
      if (broken) throw new Error('no database')
      await store.putNotice(notice)
    }
    start(createNotifier({ ...options, store: { ...store, putNotice } }))
    await clock.advance(30_000)
    expect(posts).toHaveLength(1)
    expect(bugs.length).toBeGreaterThan(1)
    broken = false
    await clock.advance(300_000)
    expect(posts).toHaveLength(1)
    expect([...notices.values()]).toMatchObject([{ state: 'sent' }])
  })
})

describe('a channel that does not take it', () => {
  it('is tried again at 5 s, 10 s and so on, five minutes at most, 24 times in all', async () => {
    const { notifier, start, posts, notices, clock } = setUp([status(500)])
    start(notifier, longHold)
    await clock.advance(23 * HOUR)
    const gaps = posts.map(({ at }, index) => at - (posts[index - 1]?.at ?? 0))
    expect(gaps.slice(0, 9)).toEqual([0, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
    expect(new Set(gaps.slice(7))).toEqual(new Set([300_000]))
    expect(posts).toHaveLength(24)
    expect([...notices.values()]).toMatchObject([
      { state: 'given-up', attempts: 24, error: 'it answered with status 500' },
    ])
    expect(clock.waiting).toBe(0)
  })

  it('stores every failed try, so that a restart goes on from it', async () => {
    const { notifier, start, history, clock } = setUp([status(500), status(404), status(204)])
    start(notifier)
    await clock.advance(60_000)
    const begun = holdOf().openedAt
    expect(history).toMatchObject([
      { state: 'waiting', attempts: 0, nextAt: begun, error: null },
      { state: 'waiting', attempts: 1, nextAt: begun + 5_000, error: 'it answered with status 500' },
      { state: 'waiting', attempts: 2, nextAt: begun + 15_000, error: 'it answered with status 404' },
      { state: 'sent', attempts: 3, error: null },
    ])
  })

  it.each<[string, () => Response | Promise<Response>, string]>([
    ['redirects', status(302, { location: 'https://evil.example/' }), 'it answered with a redirect'],
    [
      'redirects, as fetch shows it',
      () => Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' }),
      'it answered with a redirect',
    ],
    ['fails', status(500), 'it answered with status 500'],
    ['does not know us', status(403), 'it answered with status 403'],
    ['cannot be reached', () => Promise.reject(new Error(`connect ${SLACK.url}`)), 'it could not be reached'],
  ])('%s: it is tried again, and neither its URL nor its words are kept', async (_name, answer, error) => {
    const { notifier, start, posts, notices, clock, bugs } = setUp([answer, status(200)])
    start(notifier)
    await settle()
    expect([...notices.values()]).toMatchObject([{ state: 'waiting', error }])
    await clock.advance(5_000)
    expect(posts.map(({ url }) => url)).toEqual([SLACK.url, SLACK.url])
    expect([...notices.values()]).toMatchObject([{ state: 'sent' }])
    expect(bugs).toEqual([])
  })

  it('does not answer: it is left after 10 s and tried again', async () => {
    let aborted = false
    const hang = ({ init }: { init: RequestInit }) => {
      init.signal?.addEventListener('abort', () => {
        aborted = true
      })
      return new Promise<Response>(() => undefined)
    }
    const { notifier, start, posts, notices, clock } = setUp([hang, status(200)])
    start(notifier)
    await clock.advance(9_999)
    expect(aborted).toBe(false)
    await clock.advance(1)
    expect(aborted).toBe(true)
    expect([...notices.values()]).toMatchObject([{ state: 'waiting', error: 'it did not answer in 10 s' }])
    await clock.advance(5_000)
    expect(posts.map(({ at }) => at)).toEqual([0, 15_000])
    expect([...notices.values()]).toMatchObject([{ state: 'sent', attempts: 2 }])
  })

  it('answers without end: the answer is not read', async () => {
    let pulled = 0
    let cancelled = false
    const endless = () =>
      new Response(
        new ReadableStream(
          {
            pull(controller) {
              pulled++
              controller.enqueue(new Uint8Array(1024))
            },
            cancel() {
              cancelled = true
            },
          },
          { highWaterMark: 0 },
        ),
        { status: 200 },
      )
    const { notifier, start, notices } = setUp([endless])
    start(notifier)
    await settle()
    expect([...notices.values()]).toMatchObject([{ state: 'sent' }])
    expect([pulled, cancelled]).toEqual([0, true])
  })

  it('asks for time and gets it', async () => {
    const { notifier, start, posts, clock } = setUp([status(429, { 'retry-after': '60' }), status(200)])
    start(notifier)
    await clock.advance(120_000)
    expect(posts.map(({ at }) => at)).toEqual([0, 60_000])
  })

  it('is gone: it is not tried again', async () => {
    const { notifier, start, posts, notices, clock } = setUp([status(410)])
    start(notifier)
    await clock.advance(HOUR)
    expect(posts).toHaveLength(1)
    expect([...notices.values()]).toMatchObject([{ state: 'given-up', error: 'it answered with status 410' }])
  })

  it('holds up no other channel', async () => {
    const hang = () => new Promise<Response>(() => undefined)
    const { options, start, posts, clock } = setUp([], { channels: [SLACK, TEAMS] })
    const notifier = createNotifier({
      ...options,
      fetch: async (url, init) => {
        posts.push({ at: clock.now(), url, init })
        return url === SLACK.url ? hang() : status(200)()
      },
    })
    for (let at = 0; at < 20; at++) start(notifier, holdOf({ id: `h${at}` }))
    await settle()
    expect(posts.filter(({ url }) => url === TEAMS.url)).toHaveLength(20)
    // Two at a time: an agent that asks much does not open as many sockets.
    expect(posts.filter(({ url }) => url === SLACK.url)).toHaveLength(2)
  })
})

describe('a question that is over', () => {
  it('is told no more once it is closed', async () => {
    const { notifier, start, posts, notices, clock } = setUp([status(500)])
    start(notifier)
    await clock.advance(6_000)
    expect(posts).toHaveLength(2)
    notifier.closed('h1')
    await clock.advance(HOUR)
    expect(posts).toHaveLength(2)
    expect([...notices.values()]).toMatchObject([{ state: 'given-up', attempts: 2 }])
    expect(clock.waiting).toBe(0)
  })

  it('is not told at all when it is closed before the first try', async () => {
    const { notifier, start, posts, notices } = setUp([status(200)])
    start(notifier)
    notifier.closed('h1')
    await settle()
    expect(posts).toEqual([])
    expect([...notices.values()]).toMatchObject([{ state: 'given-up', error: 'the question was over' }])
  })

  it.each([
    ['was taken in that moment', 200, 'sent'],
    ['was not', 500, 'given-up'],
  ])('ends by itself when it closes while it is sent, and %s', async (_name, code, state) => {
    let answer: (response: Response) => void = () => undefined
    const pending = () =>
      new Promise<Response>((resolve) => {
        answer = resolve
      })
    const { notifier, start, posts, notices, clock } = setUp([pending])
    start(notifier)
    await settle()
    notifier.closed('h1')
    answer(new Response('', { status: code }))
    await clock.advance(HOUR)
    expect(posts).toHaveLength(1)
    expect([...notices.values()]).toMatchObject([{ state }])
  })

  it('is told no more once it has expired', async () => {
    const { notifier, start, posts, notices, clock } = setUp([status(500)])
    start(notifier, holdOf({ expiresAt: holdOf().openedAt + 36_000 }))
    await clock.advance(35_000)
    // The next try would come too late, so there is none to wait for.
    expect(clock.waiting).toBe(0)
    await clock.advance(HOUR)
    expect(posts.map(({ at }) => at)).toEqual([0, 5_000, 15_000, 35_000])
    expect([...notices.values()]).toMatchObject([{ state: 'given-up', error: 'it answered with status 500' }])
  })

  it('is told no more once the store says so, whoever closed it', async () => {
    const { notifier, start, holds, posts, notices, clock } = setUp([status(500)])
    start(notifier)
    await settle()
    holds.set('h1', holdOf({ state: 'denied' }))
    await clock.advance(HOUR)
    expect(posts).toHaveLength(1)
    expect([...notices.values()]).toMatchObject([{ state: 'given-up' }])
  })

  it('may be one nobody heard of', () => {
    expect(() => setUp([status(200)]).notifier.closed('h9')).not.toThrow()
  })
})

describe('a gateway that stops', () => {
  it('tries no more and leaves what waits for the next run', async () => {
    const { notifier, options, start, posts, notices, clock } = setUp([status(500), status(200)])
    start(notifier)
    await settle()
    notifier.close()
    expect(clock.waiting).toBe(0)
    start(notifier, holdOf({ id: 'h2' }))
    await clock.advance(60_000)
    expect(posts).toHaveLength(1)
    expect([...notices.values()]).toMatchObject([
      { hold: 'h1', state: 'waiting', attempts: 1 },
      { hold: 'h2', state: 'waiting', attempts: 0 },
    ])
    await createNotifier(options).ready()
    await settle()
    expect(posts).toHaveLength(3)
  })

  it('is no bug when its store is gone by the time a channel answers', async () => {
    let answer: (response: Response) => void = () => undefined
    const pending = () =>
      new Promise<Response>((resolve) => {
        answer = resolve
      })
    const { options, store, start, bugs, clock } = setUp([pending])
    let closed = false
    const putNotice: typeof store.putNotice = async (notice) => {
      if (closed) throw new Error('the database is closed')
      await store.putNotice(notice)
    }
    const notifier = createNotifier({ ...options, store: { ...store, putNotice } })
    start(notifier)
    await settle()
    notifier.close()
    closed = true
    answer(new Response('', { status: 200 }))
    await clock.advance(60_000)
    expect(bugs).toEqual([])
    expect(clock.waiting).toBe(0)
  })
})

describe('after a restart', () => {
  async function interrupted(error: string | null = 'it answered with status 500') {
    const all = setUp([status(200)])
    all.holds.set('h1', holdOf())
    await all.store.putNotice({
      id: 'n7',
      hold: 'h1',
      connection: 'demo',
      channel: 'sre',
      state: 'waiting',
      attempts: 3,
      nextAt: all.clock.now() + 20_000,
      error,
    })
    return all
  }

  it('goes on with what waited, at its time, under its id', async () => {
    const { options, store, holds, posts, notices, clock } = await interrupted()
    const hook = { ...options, channels: [{ ...HOOK, name: 'sre' }] }
    await createNotifier(hook).ready()
    expect(holds.size).toBe(1)
    await clock.advance(19_999)
    expect(posts).toEqual([])
    await clock.advance(1)
    expect(posts.map(({ init }) => new Headers(init.headers).get('webhook-id'))).toEqual(['n7'])
    expect([...notices.values()]).toMatchObject([{ id: 'n7', state: 'sent', attempts: 4 }])
    expect(await store.waitingNotices('demo')).toEqual([])
  })

  it('sends at once what should have been sent while it was down', async () => {
    const { notifier, posts, clock } = await interrupted()
    clock.time += 60_000
    await notifier.ready()
    await settle()
    expect(posts).toHaveLength(1)
  })

  it('takes each up once, however often it is ready', async () => {
    const { notifier, posts, clock } = await interrupted()
    await notifier.ready()
    await notifier.ready()
    await clock.advance(60_000)
    expect(posts).toHaveLength(1)
  })

  it.each([
    [
      'a question that was answered meanwhile',
      (all: Awaited<ReturnType<typeof interrupted>>) => all.holds.set('h1', holdOf({ state: 'approved' })),
    ],
    ['a question that is no more', (all: Awaited<ReturnType<typeof interrupted>>) => all.holds.delete('h1')],
    [
      'a question that has expired',
      (all: Awaited<ReturnType<typeof interrupted>>) => (all.clock.time = holdOf().expiresAt),
    ],
  ])('gives up %s', async (_name, change) => {
    const all = await interrupted()
    change(all)
    await all.notifier.ready()
    await settle()
    expect(all.posts).toEqual([])
    expect([...all.notices.values()]).toMatchObject([{ state: 'given-up' }])
  })

  it('gives up a channel that is not configured any more', async () => {
    const { options, posts, notices } = await interrupted()
    await createNotifier({ ...options, channels: [TEAMS] }).ready()
    await settle()
    expect(posts).toEqual([])
    expect([...notices.values()]).toMatchObject([
      { state: 'given-up', error: 'the channel is not configured any more' },
    ])
  })

  it('leaves another connection’s notices alone', async () => {
    const { options, posts, notices } = await interrupted()
    await createNotifier({ ...options, connection: 'prod' }).ready()
    await settle()
    expect(posts).toEqual([])
    expect([...notices.values()]).toMatchObject([{ state: 'waiting' }])
  })

  it('says so when the store fails, and may be asked again', async () => {
    const { options, store, posts, clock } = await interrupted()
    let broken = true
    const waitingNotices: typeof store.waitingNotices = async (connection) => {
      if (broken) throw new Error('no database')
      return store.waitingNotices(connection)
    }
    const notifier = createNotifier({ ...options, store: { ...store, waitingNotices } })
    await expect(notifier.ready()).rejects.toThrow('no database')
    broken = false
    await notifier.ready()
    await clock.advance(20_000)
    expect(posts).toHaveLength(1)
  })
})

describe('the time between tries', () => {
  it.each([
    [1, 0, 5_000],
    [1, 255, 4_000],
    [2, 0, 10_000],
    [6, 0, 160_000],
    [7, 0, 300_000],
    [7, 255, 240_000],
    [24, 0, 300_000],
  ])('after %d tries and by chance %d is %d ms', (tries, chance, ms) => {
    expect(backoffMs(tries, chance)).toBe(ms)
  })

  const now = Date.UTC(2026, 0, 1)
  it.each<[string | null, number]>([
    ['30', 30_000],
    [' 30 ', 30_000],
    ['0', 0],
    ['900', 900_000],
    ['901', 900_000],
    ['9999999999', 900_000],
    ['99999999999999999999', 0],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
    ['Wed, 31 Dec 2025 00:02:00 GMT', 0],
    ['Thu, 01 Jan 2099 00:02:00 GMT', 900_000],
    ['-5', 0],
    ['soon', 0],
    ['', 0],
    [null, 0],
  ])('that Retry-After %j asks for is %d ms', (value, ms) => {
    expect(retryAfterMs(value, now)).toBe(ms)
  })
})
