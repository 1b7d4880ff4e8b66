import { describe, expect, test } from 'vitest'
import { createMaskCache, createPolicyCache } from './inforce.ts'
import type { Clock, StoredDocument } from './ports.ts'

const POLICY = {
  apiVersion: 'sallyport/v1',
  kind: 'AccessPolicy',
  metadata: { name: 'p' },
  spec: {
    subjects: [{ groups: ['g'] }],
    connections: ['*'],
    rules: [{ name: 'r', effect: 'Allow', verbs: ['get'], resources: ['pods'] }],
  },
}
const blockOn = (spec: Record<string, string>) => ({
  apiVersion: 'sallyport/v1',
  kind: 'Block',
  metadata: { name: 'b' },
  spec,
})

const maskOf = (spec: Record<string, unknown>) => ({
  apiVersion: 'sallyport/v1',
  kind: 'MaskPolicy',
  metadata: { name: 'm' },
  spec,
})

/** A clock that moves by hand, and a store whose answers are told. */
function setUp() {
  let now = 0
  const timers = new Set<{ at: number; callback: () => void }>()
  const clock: Clock = {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  const state = {
    ...{ revision: 1, maskRevision: 1, asked: 0, read: 0, fails: false, hangs: false },
    block: blockOn({ session: 's' }),
    mask: maskOf({ layers: { values: false } }),
  }
  const store = {
    async revision() {
      state.asked += 1
      if (state.hangs) return new Promise<number>(() => {})
      if (state.fails) throw new Error('down')
      return state.revision
    },
    async documents(kind: string): Promise<readonly StoredDocument[]> {
      const rest = { kind, revision: state.revision, source: '', appliedBy: '', appliedAt: '' }
      if (kind === 'Block') return [{ ...rest, name: 'b', document: state.block }]
      if (kind === 'MaskPolicy') return [{ ...rest, revision: state.maskRevision, name: 'm', document: state.mask }]
      state.read += 1
      return [{ ...rest, name: 'p', document: POLICY }]
    },
  }
  const advance = (ms: number) => {
    now += ms
    for (const timer of [...timers]) {
      if (timer.at > now) continue
      timers.delete(timer)
      timer.callback()
    }
  }
  return { cache: createPolicyCache(store, clock), masks: createMaskCache(store, clock), state, advance }
}

test('the store is asked once for requests that come together, and not again within 2 s', async () => {
  const { cache, state, advance } = setUp()
  await Promise.all([cache.current(), cache.current(), cache.current()])
  advance(1_999)
  await cache.current()
  expect(state).toMatchObject({ asked: 1, read: 1 })
})
test('an unchanged revision is not read again', async () => {
  const { cache, state, advance } = setUp()
  await cache.current()
  advance(2_000)
  await cache.current()
  expect(state).toMatchObject({ asked: 2, read: 1 })
})
test('a change is in force for the first request 2 s later', async () => {
  const { cache, state, advance } = setUp()
  await cache.current()
  state.revision = 2
  advance(2_000)
  expect((await cache.current()).revision).toBe(2)
})
test('a change is in force at once when told', async () => {
  const { cache, state } = setUp()
  await cache.current()
  state.revision = 2
  cache.invalidate()
  expect((await cache.current()).revision).toBe(2)
})
test('while the store fails the last set lives 30 s, then everything is refused', async () => {
  const { cache, state, advance } = setUp()
  const set = await cache.current()
  state.fails = true
  advance(30_000)
  expect(await cache.current()).toBe(set)
  advance(1)
  expect((await cache.current()).broken).toContain('cannot be read')
  state.fails = false
  advance(2_000)
  expect(await cache.current()).toBe(set)
})
test('a clock that is set back does not keep what has changed since', async () => {
  const { cache, state, advance } = setUp()
  await cache.current()
  state.revision = 2
  advance(-3_600_000)
  expect((await cache.current()).revision).toBe(2)
  state.revision = 3
  advance(2_000)
  expect((await cache.current()).revision).toBe(3)
})

test('a clock that is set back while the store fails lets nothing live on', async () => {
  const { cache, state, advance } = setUp()
  await cache.current()
  state.fails = true
  advance(-3_600_000)
  expect((await cache.current()).broken).not.toBeNull()
})

test('before the store has answered everything is refused', async () => {
  const { cache, state } = setUp()
  state.fails = true
  expect((await cache.current()).broken).toContain('cannot be read')
})
test('a store that hangs delays a request by a second, and is asked again', async () => {
  const { cache, state, advance } = setUp()
  const set = await cache.current()
  state.hangs = true
  advance(2_000)
  const waiting = cache.current()
  advance(1_000)
  expect(await waiting).toBe(set)
  state.hangs = false
  state.revision = 2
  advance(30_000)
  expect((await cache.current()).revision).toBe(2)
})

test('policies and blocks are read', async () => {
  const { cache } = setUp()
  expect(await cache.current()).toMatchObject({ broken: null, blocks: [{ name: 'b', kind: 'session', value: 's' }] })
  expect((await cache.current()).rules.some(({ policy }) => policy === 'p')).toBe(true)
})
test('a block that cannot be used refuses everything', async () => {
  const { cache, state } = setUp()
  state.block = blockOn({ sessions: 's' })
  expect((await cache.current()).broken).toContain('block b cannot be used: spec.sessions')
})

describe('masks', () => {
  const WHO = { user: { username: 'agent', uid: '', groups: [], extra: {} }, issuer: 'i', expiresAt: 0 }
  const rules = async (of: ReturnType<typeof setUp>) => (await of.masks.current()).rulesFor(WHO, 'prod')
  const broken = async (of: ReturnType<typeof setUp>) => (await of.masks.current()).broken
  test('are asked for once within 2 s, and are the same as long as no mask policy changes', async () => {
    const of = setUp()
    const first = await rules(of)
    await rules(of)
    expect(of.state.asked).toBe(1)
    // Another document has changed.
    of.state.revision = 2
    of.advance(2_000)
    expect(await rules(of)).toBe(first)
    expect(first.layers.values).toBe(false)
  })
  test('a change is in force at once when told', async () => {
    const of = setUp()
    const first = await rules(of)
    Object.assign(of.state, { revision: 2, maskRevision: 2, mask: maskOf({ layers: { patterns: false } }) })
    of.masks.invalidate()
    const second = await rules(of)
    expect(second.layers).toEqual({ structure: true, patterns: false, values: true })
    expect(second.revision).not.toBe(first.revision)
  })
  test('that cannot be used let nothing pass, and say why', async () => {
    const of = setUp()
    Object.assign(of.state, { mask: maskOf({ layer: {} }) })
    expect(await broken(of)).toBe('mask policy m cannot be used: spec.layer: is not a known key')
  })
  test('a store that does not answer lets nothing pass after 30 s', async () => {
    const of = setUp()
    const first = await rules(of)
    of.state.fails = true
    of.advance(30_000)
    expect(await rules(of)).toBe(first)
    of.advance(1)
    expect(await broken(of)).toContain('what is masked cannot be read just now')
  })
  test('before the store has answered nothing passes', async () => {
    const of = setUp()
    of.state.fails = true
    expect(await broken(of)).toContain('what is masked cannot be read just now')
  })
})
