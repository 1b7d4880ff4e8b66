import { expect, test } from 'vitest'
import { compilePolicies } from '../decide/compile.ts'
import { createHub } from '../hub.ts'
import { brokenMaskSet, compileMasks, type MaskSet } from '../mask/maskset.ts'
import { createSessions } from '../record/sessions.ts'
import { authenticatedFor, playedPassage } from './testing.ts'

const REQUEST = authenticatedFor('GET', '/api/v1/namespaces/d/secrets')

/** A hub in which the masks are in force that are given. */
function hubWith(masks: () => MaskSet) {
  const { passage, sent, order } = playedPassage(() => ({ status: 200, body: {} }))
  const { hub } = passage
  const bugs: unknown[] = []
  const made = createHub({
    ...hub,
    policies: { current: async () => compilePolicies([]), invalidate: () => undefined },
    masks: { current: async () => masks(), invalidate: () => undefined },
    sessions: createSessions({ clock: hub.clock, ids: hub.newId }),
    holds: { ...hub.holds, ready: async () => undefined },
    history: { intents: async () => [] },
    onBug: (error) => bugs.push(error),
  })
  return { hub: made, sent, order, bugs }
}

test('while it cannot be known what is masked nothing passes, and the answer says why', async () => {
  const { hub, sent, order, bugs } = hubWith(() =>
    brokenMaskSet('mask policy m cannot be used: spec.x: is not a known key'),
  )
  const reply = await hub.handle(REQUEST)
  if (reply.kind !== 'response' || !(reply.body instanceof Uint8Array)) throw new Error('no Status')
  expect(reply.status).toBe(403)
  expect(new TextDecoder().decode(reply.body)).toContain('nothing may pass: mask policy m cannot be used: spec.x')
  expect([sent, order, bugs, hub.inFlight]).toEqual([[], [], [], 0])
})
test('as soon as it is known requests are judged again', async () => {
  let known = false
  const { hub, order, bugs } = hubWith(() => (known ? compileMasks([]) : brokenMaskSet('not yet')))
  await hub.handle(REQUEST)
  known = true
  await hub.handle(REQUEST)
  expect(bugs).toEqual([])
  // Denied, since there are no policies; and the session is opened in the log by the first that is recorded.
  expect(order).toEqual(['session.open', 'request.intent', 'request.result'])
})
