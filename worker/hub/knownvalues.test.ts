// What becomes of requests whose session has no room for the secrets it reads, or has lost it while it rested.

import { expect, test } from 'vitest'
import type { Reply } from '../context.ts'
import { compilePolicies } from '../decide/compile.ts'
import { policy, rule } from '../decide/testing.ts'
import { createHub } from '../hub.ts'
import { compileMasks } from '../mask/maskset.ts'
import { base64 } from '../mask/testing.ts'
import { testClock } from '../record/fixtures.ts'
import { createSessions } from '../record/sessions.ts'
import { GIVES_WAY_AFTER_MS } from './masking.ts'
import { authenticatedFor, playedPassage } from './testing.ts'

const NS = '/api/v1/namespaces/d'
const FOUND = /it=⟦masked:value:[0-9a-f]{12}⟧\./
/** Of the secret of that number. */
const secretOf = (number: number): string => `Xk7-${number}-qPz2Lm9wRt4v`.padEnd(600, 'aB3')

/** Every Secret `sN` holds a value, and every ConfigMap `sN` says it in other words. There is room for some ten of one identity. */
function played() {
  const { clock, advance } = testClock()
  const { passage, sent } = playedPassage(({ target }) => {
    const number = Number(/s(\d+)$/.exec(target)?.[1])
    const metadata = { name: `s${number}`, namespace: 'd' }
    return target.includes('/secrets/')
      ? {
          status: 200,
          body: { apiVersion: 'v1', kind: 'Secret', metadata, data: { password: base64(secretOf(number)) } },
        }
      : {
          status: 200,
          body: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { note: `it=${secretOf(number)}.` } },
        }
  })
  const bugs: unknown[] = []
  const hub = createHub({
    ...passage.hub,
    clock,
    maskingLimits: { bytes: 40 * 1024, identityBytes: 20 * 1024 },
    policies: {
      current: async () => compilePolicies([policy('p', [rule('Allow', '*', '*')])]),
      invalidate: () => undefined,
    },
    masks: { current: async () => compileMasks([]), invalidate: () => undefined },
    sessions: createSessions({ clock, ids: passage.hub.newId }),
    holds: { ...passage.hub.holds, ready: async () => undefined },
    history: { intents: async () => [] },
    onBug: (error) => bugs.push(error),
  })
  const ask = async (path: string, username: string, session: string): Promise<{ status: number; text: string }> => {
    const user = { username, uid: '', groups: ['ai-agents'], extra: {} }
    const request = authenticatedFor('GET', path, {
      receivedAt: clock.now(),
      identity: { user, issuer: 'https://id.example', expiresAt: 9e9, session },
    })
    const reply: Reply = await hub.handle(request)
    if (reply.kind !== 'response' || !(reply.body instanceof Uint8Array)) throw new Error('no whole answer')
    return { status: reply.status, text: new TextDecoder().decode(reply.body) }
  }
  return {
    hub,
    bugs,
    sent,
    advance,
    readSecret: (number: number, who: string, session: string) => ask(`${NS}/secrets/s${number}`, who, session),
    readNote: (number: number, who: string, session: string) => ask(`${NS}/configmaps/s${number}`, who, session),
  }
}

test('one agent that floods takes nothing from another, and is told what to do', async () => {
  const { readSecret, readNote, advance, hub, bugs } = played()
  expect((await readSecret(1, 'quiet', 'q')).text).toMatch(/"password":"4p\+mbWFza2Vk/)
  expect((await readNote(1, 'quiet', 'q')).text).toMatch(FOUND)
  advance(GIVES_WAY_AFTER_MS * 2)
  let told = ''
  for (let number = 100; number < 160 && told === ''; number++) {
    const { status, text } = await readSecret(number, 'loud', `l${number % 2}`)
    expect(text).not.toContain(base64(secretOf(number)).slice(0, 40))
    if (status !== 200) told = text
  }
  expect(told).toMatch(/"message":"the cluster’s answer was withheld .*read fewer Secrets, by name, or wait/)
  expect((await readNote(1, 'quiet', 'q')).text).toMatch(FOUND)
  expect([hub.inFlight, bugs]).toEqual([0, []])
})

test('a session that has given way is refused before anything is sent, and another goes on', async () => {
  const { readSecret, readNote, advance, sent, hub, bugs } = played()
  for (let number = 1; number < 8; number++) await readSecret(number, 'agent', 'first')
  advance(GIVES_WAY_AFTER_MS)
  for (let number = 20; number < 26; number++) expect((await readSecret(number, 'agent', 'next')).status).toBe(200)
  const before = sent.length
  const { status, text } = await readNote(1, 'agent', 'first')
  expect([status, sent.length]).toEqual([403, before])
  expect(text).toMatch(/begin a new session/)
  expect(text).not.toContain('Xk7')
  expect((await readNote(20, 'agent', 'next')).text).toMatch(FOUND)
  expect([hub.inFlight, bugs]).toEqual([0, []])
})
