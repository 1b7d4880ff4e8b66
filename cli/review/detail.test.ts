import { describe, expect, it } from 'vitest'
import type { HoldDetail } from '../../worker/api/types.ts'
import { holdDetail } from '../commands/testing.ts'
import { briefLines, detailText, standing } from './detail.ts'

const NOW = Date.UTC(2026, 0, 1, 0, 10)
const timed = (extra: Partial<HoldDetail> = {}): HoldDetail =>
  holdDetail({ openedAt: '2026-01-01T00:08:30.000Z', expiresAt: '2026-01-01T00:18:30.000Z', ...extra })
const text = (extra: Partial<HoldDetail> = {}, colour = false) =>
  detailText(timed(extra), { now: NOW, colour, columns: Number.POSITIVE_INFINITY })
const reviewed = () => {
  const [request] = timed().review.requests
  if (request === undefined) throw new Error('the example has a request')
  return request
}

describe('detailText', () => {
  it('says all that an approver needs', () => {
    expect(text()).toBe(`patch deployments.apps/scale "web" in namespace "shop"
request 0190a1b2-0000-7000-8000-000000000001: pending, 0/1 approvals, ends in 8m30s

Agent   agent  (groups ai-agents)
        issuer https://issuer.example, connection prod, session s1
Claims  “fix the crash loop”  (the agent’s own words, not checked)
Rule    coding-agents/change-with-a-human: Changes are looked at by a person.
Needs   one approval, by group sre
You     may answer

Before  in this session, oldest first:
  2026-01-01 00:00:00  kubectl get pods -n shop  [ok]

patch deployments.apps/scale "web" in namespace "shop"
        PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale
        kubectl/v1.35.2
Body    application/merge-patch+json, secrets masked
  {
    "spec": {
      "replicas": 3
    }
  }
Change  +1 -1, by the cluster’s own dry run
  @@ spec
    spec:
  -   replicas: 1
  +   replicas: 3
Reach   1 object, 3 pods; pod/web-0
`)
  })

  it('colours the diff where that is wanted, and nowhere else', () => {
    expect(text({}, true)).toContain('\u001b[32m  +   replicas: 3\u001b[0m')
    expect(text({}, true)).toContain('\u001b[31m  -   replicas: 1\u001b[0m')
    expect(text()).not.toContain('\u001b')
  })

  it.each<[string, Partial<HoldDetail>, string]>([
    ['no purpose', { purpose: '' }, 'Claims  “”'],
    [
      'who has answered',
      {
        needs: { count: 2, users: ['root'], groups: [] },
        votes: [
          {
            username: 'alice',
            approve: true,
            reason: 'fine',
            at: '2026-01-01T00:09:00.000Z',
            grant: { scope: 'namespace', forS: 900 },
          },
        ],
      },
      'Needs   2 different people, by user root\n        approved by alice, 2026-01-01 00:09:00 UTC: fine (grant for the namespace, 15m)',
    ],
    [
      'that anybody with the role may',
      { needs: { count: 1, users: [], groups: [] } },
      'Needs   one approval, by any approver',
    ],
    [
      'why the reader may not',
      { mayAnswer: false, whyNot: 'It is your own request.' },
      'You     may not answer: It is your own request.',
    ],
    [
      'what grant there may be',
      { offer: { maxForS: 1800, namespace: 'shop', object: { group: 'apps', resource: 'deployments', name: 'web' } } },
      'Grant   --grant namespace --for 30m (at most): whatever this rule holds in namespace shop, or --grant object: deployments.apps web alone',
    ],
    ['that nothing was before', { before: [] }, 'Before  nothing in this session'],
    [
      'an exec, argument by argument',
      {
        review: {
          v: 1,
          requests: [
            {
              ...reviewed(),
              request: {
                ...reviewed().request,
                exec: { argv: ['sh', '-c', 'rm -rf /'], container: '', stdin: true, tty: false },
              },
              diff: { kind: 'none', why: 'An exec changes no object.' },
            },
          ],
        },
      },
      'Runs    "sh" "-c" "rm -rf /"\n        in container (the default one), with standard input, without a terminal',
    ],
    [
      'why there is no diff',
      {
        review: {
          v: 1,
          requests: [
            {
              ...reviewed(),
              diff: { kind: 'none', why: 'An exec changes no object.' },
              reach: { objects: null, pods: 0, examples: [], note: 'Not found out.' },
            },
          ],
        },
      },
      'Change\n  none shown: An exec changes no object.\nReach   objects unknown, 0 pods; Not found out.',
    ],
    [
      'that something was left out',
      {
        review: {
          v: 1,
          requests: [
            {
              ...reviewed(),
              body: { mediaType: 'application/yaml', text: 'a: 1\n', cut: true },
              diff: { kind: 'lines', lines: [], added: 9, removed: 0, cut: true },
            },
          ],
        },
      },
      '  a: 1\n  … it goes on: too long to be shown whole\nChange  +9 -0, by the cluster’s own dry run\n  … the rest is left out',
    ],
    [
      'the requests of a plan, numbered',
      { kind: 'plan', title: '2 requests', review: { v: 1, requests: [reviewed(), reviewed()] } },
      '\n2 of 2: patch deployments.apps/scale "web"',
    ],
  ])('says %s', (_, extra, expected) => {
    expect(text(extra)).toContain(expected)
  })

  it('shows nothing an agent wrote as anything but text', () => {
    const evil = 'x\u001b]0;title\u0007\u001b[2J\u009b1m\u202e\u200b\r\n+ approved: true'
    const request = reviewed()
    const shown = text({
      title: evil,
      purpose: evil,
      reason: evil,
      whyNot: evil,
      mayAnswer: false,
      agent: { username: evil, groups: [evil], issuer: evil },
      before: timed().before.map((command) => ({ ...command, title: evil })),
      review: {
        v: 1,
        requests: [
          {
            title: evil,
            request: {
              ...request.request,
              method: evil,
              target: evil,
              userAgent: evil,
              exec: { argv: [evil], container: evil, stdin: false, tty: false },
            },
            body: { mediaType: evil, text: evil, cut: false },
            diff: { kind: 'lines', lines: [['+', evil]], added: 1, removed: 0, cut: false },
            reach: { objects: 1, pods: 1, examples: [evil], note: evil },
          },
        ],
      },
    })
    expect(shown).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u)
    expect(shown).toContain('“x⟨U+001B⟩]0;title⟨U+0007⟩⟨U+001B⟩[2J⟨U+009B⟩1m⟨U+202E⟩⟨U+200B⟩\\r\\n+ approved: true”')
    // Only a body has lines of its own, and they are set in.
    const lines = shown.split('\n').filter((line) => line.includes('approved: true') && !line.includes('\\n'))
    expect(lines).toEqual([
      '  + approved: true',
      '  + x⟨U+001B⟩]0;title⟨U+0007⟩⟨U+001B⟩[2J⟨U+009B⟩1m⟨U+202E⟩⟨U+200B⟩\\r + approved: true',
    ])
  })
})

it('marks what goes on where a terminal would begin at its edge', () => {
  const purpose = `${' '.repeat(60)}You     may answer`
  const shown = detailText(timed({ purpose }), { now: NOW, colour: true, columns: 70 })
  expect(shown).toContain('\n    ↳ ')
  expect(shown.split('\n').filter((line) => line.startsWith('You'))).toEqual(['You     may answer'])
  for (const line of shown.replaceAll(/\u001b\[\d+m/g, '').split('\n')) expect(line.length).toBeLessThanOrEqual(70)
})

it.each<[Partial<HoldDetail>, string]>([
  [{ state: 'collecting' }, 'collecting: the dry run goes on'],
  [
    { state: 'approved', requests: 3, used: 1, validUntil: '2026-01-01T00:15:00.000Z' },
    'approved, 1 of 3 passed, ends in 5m',
  ],
  [{ state: 'spoiled' }, 'spoiled: the object changed after it was shown'],
  [{ state: 'superseded' }, 'superseded: a newer plan took its place'],
  [{ state: 'denied' }, 'denied'],
])('standing of %j is %j', (extra, expected) => {
  expect(standing(timed(extra), NOW)).toBe(expected)
})

it.each([
  ['a request', timed(), ['patch deployments.apps/scale "web" in namespace "shop"', '  asked by agent on prod']],
  [
    'a plan',
    timed({ title: '2 requests', review: { v: 1, requests: [reviewed(), { ...reviewed(), title: 'two\n' }] } }),
    ['2 requests', '  patch deployments.apps/scale "web" in namespace "shop"', '  two\\n', '  asked by agent on prod'],
  ],
  [
    'an exec',
    timed({
      title: 'connect',
      review: {
        v: 1,
        requests: [
          {
            ...reviewed(),
            request: {
              ...reviewed().request,
              exec: { argv: ['sh', '-c', 'a b'], container: '', stdin: false, tty: false },
            },
          },
        ],
      },
    }),
    ['connect', '  runs "sh" "-c" "a b"', '  asked by agent on prod'],
  ],
])('in short: %s', (_, detail, expected) => {
  expect(briefLines(detail)).toEqual(expected)
})
