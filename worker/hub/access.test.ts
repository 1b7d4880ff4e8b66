import { describe, expect, it } from 'vitest'
import type { Facts, Release } from '../context.ts'
import { compilePolicies } from '../decide/compile.ts'
import { block, facts, judged, policy, rule } from '../decide/testing.ts'
import { brokenMaskSet, compileMasks } from '../mask/maskset.ts'
import { accessEnded, masksEnded } from './access.ts'
import type { Admitted } from './streams.ts'
import { createUsage } from './usage.ts'

const NOW = Date.UTC(2026, 0, 1, 12, 30)
const GRANT: Release = { kind: 'grant', grant: 'g', hold: 'h', approvers: ['ann'] }
const APPROVAL: Release = { kind: 'approval', hold: 'h', approvers: ['ann'] }

/** Of an exec that was let in so, what is said when it is looked at under these policies. */
function looked(
  rules: readonly unknown[] | null,
  admitted: Admitted | null,
  more: {
    readonly blocks?: readonly ReturnType<typeof block>[]
    readonly expiresAt?: number
    readonly ended?: boolean
  } = {},
): { readonly kind: string; readonly message: string } | null {
  const asked = judged('connect pods/exec shop p')
  const identity = { ...asked.identity, expiresAt: more.expiresAt ?? NOW / 1000 + 60 }
  const request = { ...asked, identity }
  const set = rules === null ? null : compilePolicies([policy('p', rules), ...(more.blocks ?? [])])
  const holds = { inForce: (release: Release) => release.kind !== 'grant' || more.ended !== true }
  return accessEnded(
    request,
    { admitted, session: 's1' },
    { set, now: NOW, holds, usage: createUsage({ now: () => NOW }) },
  )
}
const admitted = (release: Release | null = null, known: Partial<Facts> = {}): Admitted => ({
  facts: facts(known),
  release,
})

const ALLOW = rule('Allow', 'connect', 'pods/exec')
const HOLD = rule('Hold', 'connect', 'pods/exec')
const DENY = rule('Deny', 'connect', 'pods/exec', { message: 'Closed.' })
const LOOKS = rule('Allow', 'connect', 'pods/exec', { when: "oldObject.metadata.name == 'p'" })
const MANY = { when: 'session.writes == 0' }

describe('what is open goes on', () => {
  it.each([
    ['while it is allowed', [ALLOW], admitted()],
    ['by an approval', [HOLD], admitted(APPROVAL)],
    ['by a grant that is in force', [HOLD], admitted(GRANT)],
    ['where the approval came before the rule allowed it', [ALLOW], admitted(APPROVAL)],
    ['while it waits for people', [HOLD], null],
    ['while it is not decided, and a rule looks at an object', [LOOKS], null],
    ['with the object it was let in by', [LOOKS], admitted(null, { oldObject: { metadata: { name: 'p' } } })],
    ['while what the session has done allows it', [rule('Allow', 'connect', 'pods/exec', MANY)], admitted()],
    ['before any policy was read', null, admitted()],
  ] as const)('%s', (_name, rules, how) => {
    expect(looked(rules, how)).toBeNull()
  })

  it('and waits on, where its token ends while people think', () => {
    expect(looked([HOLD], null, { expiresAt: NOW / 1000 - 1 })).toBeNull()
  })
})

describe('what is open ends', () => {
  it.each([
    ['when it is denied', [ALLOW, DENY], admitted(), {}, 'forbidden', /access ended: Closed/],
    [
      'when nothing allows it any more',
      [rule('Allow', 'get', 'pods')],
      admitted(APPROVAL),
      {},
      'forbidden',
      /no policy allows/,
    ],
    ['when it needs people now', [HOLD], admitted(), {}, 'forbidden', /needs approval now/],
    [
      'when its grant has ended',
      [HOLD],
      admitted(GRANT),
      { ended: true },
      'forbidden',
      /the grant it passed by has ended/,
    ],
    ['when a rule looks at what nobody read', [LOOKS], admitted(), {}, 'forbidden', /policies have changed/],
    ['when its token has', [ALLOW], admitted(), { expiresAt: NOW / 1000 }, 'unauthenticated', /expired/],
    ['when it waits, and is denied', [DENY], null, {}, 'forbidden', /Closed/],
    [
      'when its session was',
      [ALLOW],
      admitted(),
      { blocks: [block('b', { session: 's1', reason: 'why' })] },
      'ended',
      /session was ended.*: why/,
    ],
    [
      'when its identity was',
      [ALLOW],
      admitted(),
      { blocks: [block('b', { identity: 'agent' })] },
      'ended',
      /this identity was ended/,
    ],
    [
      'when its connection was, while it waits',
      [HOLD],
      null,
      { blocks: [block('b', { connection: 'prod' })] },
      'ended',
      /this connection/,
    ],
  ] as const)('%s', (_name, rules, how, more, kind, says) => {
    const refusal = looked(rules, how, more)
    expect(refusal?.kind).toBe(kind)
    expect(refusal?.message).toMatch(says)
  })

  it('not by a block of somebody else', () => {
    const blocks = [
      block('a', { session: 's2' }),
      block('b', { identity: 'other' }),
      block('c', { connection: 'test' }),
    ]
    expect(looked([ALLOW], admitted(), { blocks })).toBeNull()
  })
})

describe('when what is masked changes', () => {
  const masks = (spec: Record<string, unknown>, broken = false) =>
    broken
      ? brokenMaskSet('mask policy m cannot be used')
      : compileMasks([
          { name: 'm', document: { apiVersion: 'sallyport/v1', kind: 'MaskPolicy', metadata: { name: 'm' }, spec } },
        ])
  const BEFORE = { layers: { values: false } }
  const AFTER = { layers: { values: true } }
  const watch = judged('watch pods shop', { with: { streaming: true } })
  const get = judged('get pods shop p')
  const exec = { ...judged('connect pods/exec shop p'), upgrade: { kind: 'websocket', protocols: [] } as const }
  const forward = { ...exec, info: { ...exec.info, subresource: 'portforward' } }
  const said = (request: ReturnType<typeof judged>, spec: Record<string, unknown>, broken = false, letIn = true) =>
    masksEnded(
      { upgrade: null, ...request },
      { admitted: letIn ? admitted() : null, masks: masks(BEFORE).rulesFor(watch.identity, 'prod') },
      masks(spec, broken),
    )?.message ?? null
  it.each<[string, ReturnType<typeof said>, string | null]>([
    ['a watch ends', said(watch, AFTER), 'access ended: what is masked has changed; run the command again'],
    ['an exec ends', said(exec, AFTER), 'access ended: what is masked has changed; run the command again'],
    ['what cannot be known any more ends it', said(exec, AFTER, true), 'access ended: mask policy m cannot be used'],
    ['it goes on where it is about somebody else', said(watch, { ...BEFORE, connections: ['prod', 'dev'] }), null],
    ['whatever answers at once goes on', said(get, AFTER), null],
    ['a port-forward goes on', said(forward, AFTER), null],
    ['whoever waits for people goes on waiting', said(exec, AFTER, false, false), null],
  ])('%s', (_name, message, expected) => {
    expect(message).toBe(expected)
  })
  it('nothing ends before it is known what is masked', () => {
    const rules = masks(BEFORE).rulesFor(watch.identity, 'prod')
    expect(masksEnded({ ...watch, upgrade: null }, { admitted: admitted(), masks: rules }, null)).toBe(null)
    expect(masksEnded({ ...watch, upgrade: null }, { admitted: admitted(), masks: null }, masks(AFTER))).toBe(null)
  })
})
