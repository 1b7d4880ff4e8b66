import { expect, test } from 'vitest'
import { compilePolicies } from '../decide/compile.ts'
import { createHub } from '../hub.ts'
import { compileMasks } from '../mask/maskset.ts'
import type { Entry, Log } from '../ports.ts'
import { settled } from '../record/fixtures.ts'
import { createSessions } from '../record/sessions.ts'
import { authenticatedFor, playedPassage } from './testing.ts'

const POLICY = {
  apiVersion: 'sallyport/v1',
  kind: 'AccessPolicy',
  metadata: { name: 'p' },
  spec: {
    subjects: [{ users: ['agent'] }],
    connections: ['*'],
    rules: [{ name: 'r', effect: 'Allow', verbs: ['get'], resources: ['pods'] }],
  },
}

test('a request that is in the log does not stay without a result when the gateway fails', async () => {
  const { passage } = playedPassage(() => {
    throw new Error('a bug')
  })
  const { hub } = passage
  const written: Entry[] = []
  const log: Log = {
    pendingBytes: 0,
    append: async (entries) => {
      written.push(...entries)
      return entries.map(({ event }) => ({ id: event.id, leaf: 'leaf' }))
    },
  }
  const bugs: unknown[] = []
  const document = { kind: 'AccessPolicy', name: 'p', revision: 1, source: '', appliedBy: '', appliedAt: '' }
  const made = createHub({
    ...hub,
    log,
    policies: {
      current: async () => compilePolicies([{ ...document, document: POLICY }]),
      invalidate: () => undefined,
    },
    masks: { current: async () => compileMasks([]), invalidate: () => undefined },
    sessions: createSessions({ clock: hub.clock, ids: hub.newId }),
    holds: { ...hub.holds, ready: async () => undefined },
    history: { intents: async () => [] },
    onBug: (error) => bugs.push(error),
  })
  const reply = await made.handle(authenticatedFor('GET', '/api/v1/namespaces/d/pods/p'))
  await settled()
  expect(reply).toMatchObject({ kind: 'response', status: 500 })
  expect(bugs).toHaveLength(1)
  const [intent] = written.filter(({ event }) => event.type === 'request.intent')
  const results = written.filter(({ event }) => event.type === 'request.result')
  expect(results.map(({ event }) => [event.ref, event.res?.outcome])).toEqual([[intent?.event.id, 'unknown']])
  expect(made.inFlight).toBe(0)
})
