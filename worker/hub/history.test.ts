import { describe, expect, it } from 'vitest'
import type { RecordedRequest } from '../../protocol/log/event.ts'
import { compilePolicies } from '../decide/compile.ts'
import { policy, rule } from '../decide/testing.ts'
import type { UsageHistory } from '../ports.ts'
import { recall } from './history.ts'
import { createUsage } from './usage.ts'

const BORN = Date.UTC(2026, 0, 2)
const HOUR = 3_600_000

const limits = (per: 'session' | 'identity') => [
  { name: 'limit', count: 'writes', per, max: 1, ...(per === 'identity' ? { within: '1h' } : {}) },
]
const setOf = (per: 'session' | 'identity') =>
  compilePolicies([policy('p', [rule('Allow', '*', '*')], { limits: limits(per) })])
const [PER_SESSION, PER_IDENTITY] = [setOf('session'), setOf('identity')]

const recorded = (verb: string, resource: string, more: Partial<RecordedRequest> = {}): RecordedRequest => ({
  method: 'POST',
  target: `/api/v1/namespaces/d/${resource}`,
  verb,
  group: '',
  version: 'v1',
  resource,
  subresource: '',
  namespace: 'd',
  name: '',
  userAgent: '',
  ...more,
})
type Intent = Awaited<ReturnType<UsageHistory['intents']>>[number]
const intent = (request: RecordedRequest, more: Partial<Intent> = {}): Intent => ({
  session: 's',
  username: 'agent',
  issuer: 'i',
  at: BORN - HOUR / 2,
  request,
  effect: 'Allow',
  refused: false,
  bytes: 0,
  ...more,
})

function scene(intents: readonly Intent[]) {
  let now = BORN
  const usage = createUsage({ now: () => now })
  const asked: Parameters<UsageHistory['intents']>[0][] = []
  const held: (() => void)[] = []
  let broken = false
  let waits = false
  const history: UsageHistory = {
    async intents(of) {
      asked.push(of)
      if (waits) await new Promise<void>((done) => held.push(done))
      if (broken) throw new Error('away')
      return intents
    },
  }
  const identity = { user: { username: 'agent', uid: '', groups: ['ai-agents'], extra: {} }, issuer: 'i', expiresAt: 0 }
  const request = (session?: string) => ({
    identity: session === undefined ? identity : { ...identity, session },
    connection: 'prod',
  })
  return {
    usage,
    asked,
    history,
    request,
    of: (session: string) => usage.of({ identity }, session),
    recall: (set: typeof PER_SESSION, session?: string) =>
      recall(history, usage, request(session), session ?? 'unnamed', set, now),
    break(state: boolean) {
      broken = state
    },
    hold() {
      waits = true
    },
    go() {
      waits = false
      for (const done of held.splice(0)) done()
    },
    advance(ms: number) {
      now += ms
    },
  }
}

const WRITE = recorded('create', 'pods')

describe('what a session did before', () => {
  it('is counted by what each request was; refusals and dry runs are not, exec bytes are', async () => {
    const { recall, of, asked } = scene([
      intent(WRITE),
      intent(recorded('delete', 'pods', { name: 'p' })),
      intent(recorded('get', 'secrets', { name: 's' })),
      intent(recorded('connect', 'pods', { subresource: 'exec', name: 'p', exec: EXEC }), { bytes: 700 }),
      intent(WRITE, { refused: true }),
      intent(recorded('create', 'pods', { target: '/api/v1/namespaces/d/pods?dryRun=All' })),
    ])
    await recall(PER_SESSION, 's')
    expect(asked).toEqual([{ session: 's' }])
    expect(of('s').facts()).toMatchObject({ requests: 4, writes: 2, deletions: 1, secretReads: 1, execBytes: 700 })
    expect(of('s').facts().startedAt).toBe(BORN - HOUR / 2)
    await recall(PER_SESSION, 's')
    expect(asked).toHaveLength(1)
  })

  it('is not asked for where no token names it: it cannot be older than this life', async () => {
    const { recall, asked } = scene([])
    await recall(PER_SESSION)
    expect(asked).toEqual([])
  })

  it('is not lost to a look at its open streams while it is read', async () => {
    const { recall, of, hold, go } = scene([intent(WRITE)])
    hold()
    const reading = recall(PER_SESSION, 's')
    expect(of('s').facts().writes).toBe(0)
    go()
    await reading
    expect(of('s').facts().writes).toBe(1)
  })

  it('is read again after the database failed', async () => {
    const { recall, of, break: fail } = scene([intent(WRITE)])
    fail(true)
    await expect(recall(PER_SESSION, 's')).rejects.toThrow('away')
    fail(false)
    await recall(PER_SESSION, 's')
    expect(of('s').facts().writes).toBe(1)
  })
})

describe('what identities did before', () => {
  const total = (of: ReturnType<typeof scene>['of']) => of('x').total('writes', 'identity', HOUR)

  it('is read once, when a limit is per identity', async () => {
    const { recall, of, asked } = scene([intent(WRITE), intent(WRITE, { username: 'other' })])
    await recall(PER_SESSION)
    expect(asked).toEqual([])
    await recall(PER_IDENTITY)
    await recall(PER_IDENTITY)
    expect(asked).toEqual([{ connection: 'prod', since: BORN - 24 * HOUR }])
    expect(total(of)).toBe(1)
  })

  it('counts a deletion whose query alone spoke of a dry run, which the API server passes over', async () => {
    const target = '/api/v1/namespaces/d/pods/p?dryRun=All'
    const { recall, of } = scene([
      intent(recorded('delete', 'pods', { target })),
      intent(recorded('create', 'pods', { target })),
    ])
    await recall(PER_IDENTITY)
    expect(total(of)).toBe(1)
  })

  it('is waited for by every request that comes meanwhile', async () => {
    const { recall, of, hold, go } = scene([intent(WRITE)])
    hold()
    const first = recall(PER_IDENTITY)
    let passed = false
    const second = recall(PER_IDENTITY).then(() => {
      passed = true
    })
    await new Promise((done) => setImmediate(done))
    expect(passed).toBe(false)
    go()
    await Promise.all([first, second])
    expect(total(of)).toBe(1)
  })

  it('does not count again what this life has counted, when such a limit comes later', async () => {
    const { recall, of, advance } = scene([intent(WRITE), intent(WRITE, { at: BORN + 1_000 })])
    advance(1_000)
    of('x').add('writes', 1)
    advance(1_000)
    await recall(PER_IDENTITY)
    expect(total(of)).toBe(2)
  })

  it('is read again after the database failed', async () => {
    const { recall, of, break: fail } = scene([intent(WRITE)])
    fail(true)
    await expect(recall(PER_IDENTITY)).rejects.toThrow('away')
    fail(false)
    await recall(PER_IDENTITY)
    expect(total(of)).toBe(1)
  })
})

const EXEC = { argv: ['id'], container: '', stdin: false, tty: false }
