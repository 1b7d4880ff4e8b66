import { describe, expect, test } from 'vitest'
import type { Approval, Decision } from '../context.ts'
import { blockOf } from './blocks.ts'
import { compilePolicies } from './compile.ts'
import { countedAs, judgeLimits, pastLimit, type Usage } from './limits.ts'
import { agent, block, judged, policy, rule } from './testing.ts'

describe('a request counts as', () => {
  const exec = { argv: [], container: '', stdin: false, stdout: true, stderr: true, tty: false, ports: [] }
  test.each<[string, ReturnType<typeof judged>, readonly string[]]>([
    ['get', judged('get pods d p'), ['requests']],
    ['create', judged('create pods d'), ['requests', 'writes']],
    ['update', judged('update pods d p'), ['requests', 'writes']],
    ['patch', judged('patch deployments.apps/scale d p'), ['requests', 'writes']],
    ['delete', judged('delete pods d p'), ['requests', 'writes', 'deletions']],
    ['deletecollection', judged('deletecollection pods d'), ['requests', 'writes', 'deletions']],
    ['an eviction', judged('delete pods/eviction d p'), ['requests', 'writes', 'deletions']],
    ['get of a Secret', judged('get secrets d s'), ['requests', 'secretReads']],
    ['list of Secrets', judged('list secrets -'), ['requests', 'secretReads']],
    ['watch of Secrets', judged('watch secrets d'), ['requests', 'secretReads']],
    ['secrets of another group', judged('list secrets.example.com d'), ['requests']],
    ['write of a Secret', judged('create secrets d'), ['requests', 'writes']],
    ['exec', judged('connect pods/exec d p', { with: { exec } }), ['requests', 'execBytes']],
    ['a proxy', judged('connect services/proxy d p'), ['requests']],
    ['can-i', judged('create selfsubjectaccessreviews.authorization.k8s.io'), ['requests']],
    ['whoami', judged('create selfsubjectreviews.authentication.k8s.io'), ['requests']],
    ['a path', judged('post /x'), ['requests']],
    ['a dry run', judged('create pods d', { with: { dryRun: true } }), []],
  ])('%s', (_name, request, expected) => {
    expect(countedAs(request)).toEqual(expected)
  })
})

describe('a limit', () => {
  const limit = (more: object = {}) => ({ name: 'few', count: 'writes', per: 'session', max: 20, ...more })
  const set = (limits: readonly object[], spec: object = {}) =>
    compilePolicies([policy('p', [rule('Allow', '*', '*')], { limits, ...spec })])
  /** Usage that answers `total` to everything and notes what it was asked. */
  const usage = (total: number, asked: unknown[] = []): Usage => ({
    total: (...question) => {
      asked.push(question)
      return total
    },
  })
  const write = judged('create pods d')

  test.each<[string, number, string | null]>([
    ['not yet used up', 19, null],
    ['used up', 20, 'few'],
    ['more than used up', 25, 'few'],
  ])('%s', (_name, total, expected) => {
    expect(judgeLimits(set([limit()]), write, usage(total))?.rule ?? null).toBe(expected)
  })
  test('of none holds the first', () => {
    expect(judgeLimits(set([limit({ max: 0 })]), write, usage(0))?.effect).toBe('Hold')
  })
  test.each<[string, object, ReturnType<typeof judged>, object]>([
    ['a read against writes', {}, judged('get pods d p'), {}],
    ['a dry run', {}, judged('create pods d', { with: { dryRun: true } }), {}],
    ['somebody else', {}, judged('create pods d', { identity: agent('eve', []) }), {}],
    ['another connection', {}, judged('create pods d', { connection: 'dev' }), {}],
    ['another count', { count: 'deletions' }, write, {}],
  ])('is not about %s', (_name, more, request, spec) => {
    expect(judgeLimits(set([limit(more)], spec), request, usage(100))).toBeNull()
  })
  test('asks for what it says', () => {
    const asked: unknown[] = []
    const limits = [limit({ within: '1m' }), limit({ name: 'l2', per: 'identity', within: '24h', count: 'requests' })]
    judgeLimits(set([...limits, limit({ name: 'l3' })]), write, usage(0, asked))
    expect(asked).toEqual([
      ['writes', 'session', 60_000],
      ['requests', 'identity', 86_400_000],
      ['writes', 'session', null],
    ])
  })
  test('is a Hold that names it, says why and carries its approval', () => {
    const approval = { by: [{ groups: ['sre'] }] }
    expect(judgeLimits(set([limit({ within: '90s', approval })]), write, usage(20))).toEqual({
      effect: 'Hold',
      policy: 'p',
      rule: 'few',
      reason: 'the limit of 20 writes per session within 90s is reached',
      revision: 7,
      approval: {
        by: { users: [], groups: ['sre'] },
        count: 1,
        holdForMs: 600_000,
        validForMs: 300_000,
        grant: null,
      },
    })
  })
  test('of one is worded as one', () => {
    expect(judgeLimits(set([limit({ max: 1 })]), write, usage(1))?.reason).toBe(
      'the limit of 1 write per session is reached',
    )
  })
  test('of two that are used up, the first is named', () => {
    expect(judgeLimits(set([limit({ name: 'b' }), limit({ name: 'a' })]), write, usage(20))?.rule).toBe('b')
  })
})

describe('past a limit', () => {
  const by = (...groups: string[]): Approval => ({
    by: { users: [], groups },
    count: 1,
    holdForMs: 600_000,
    validForMs: 300_000,
    grant: null,
  })
  const held = (rule: string, approval: Approval): Decision => ({
    effect: 'Hold',
    policy: 'p',
    rule,
    reason: `held by ${rule}`,
    revision: 1,
    approval,
  })
  const allowed: Decision = { effect: 'Allow', policy: 'p', rule: 'work', reason: 'allowed', revision: 1 }
  const grant = { maxForMs: 1000 }

  test('what is allowed is held by the limit', () => {
    expect(pastLimit(allowed, held('limit', by('sre')))).toEqual(held('limit', by('sre')))
  })
  test('what is held anyway is held by the limit, whose grants are not the rule’s', () => {
    const decision = pastLimit(held('rule', { ...by('sre', 'dba'), grant }), held('limit', { ...by('sre'), count: 2 }))
    expect(decision).toEqual(held('limit', { ...by('sre'), count: 2 }))
  })
  test('what is held anyway passes by no grant of the limit, which the people of the rule have not given', () => {
    const decision = pastLimit(held('rule', { ...by('sre'), grant }), held('limit', { ...by('sre'), grant }))
    expect(decision.approval?.grant).toBeNull()
  })
  test('what nobody may answer is denied, and both are named', () => {
    const decision = pastLimit(held('rule', by('dba')), held('limit', by('sre')))
    expect(decision).toMatchObject({
      effect: 'Deny',
      rule: 'limit',
      reason: expect.stringContaining('policy p, rule rule'),
    })
    expect(decision.approval).toBeUndefined()
  })
})

describe('a block', () => {
  const set = compilePolicies([
    block('b', { identity: 'agent', reason: 'It deletes too much.' }),
    block('a', { connection: 'prod' }),
    block('c', { session: 's1' }),
  ])
  const ask = (username: string, connection: string, session: string) =>
    blockOf(set, { identity: agent(username), connection, session })
  test.each<[string, [string, string, string], string | null]>([
    ['the identity', ['agent', 'dev', 's2'], 'b'],
    ['the connection', ['eve', 'prod', 's2'], 'a'],
    ['the session', ['eve', 'dev', 's1'], 'c'],
    ['the first by name where several do', ['agent', 'prod', 's1'], 'a'],
    ['nobody else', ['eve', 'dev', 's2'], null],
    ['no user called like the session', ['s1', 'dev', 's2'], null],
    ['no connection called like the user', ['eve', 'agent', 's2'], null],
  ])('stops %s', (_name, asked, expected) => {
    expect(ask(...asked)?.name ?? null).toBe(expected)
  })
  test('says why', () => {
    expect(ask('agent', 'dev', 's2')).toEqual({
      name: 'b',
      kind: 'identity',
      value: 'agent',
      reason: 'It deletes too much.',
    })
  })
  test.each([
    ['of two things', { identity: 'a', session: 's' }],
    ['of nothing', { reason: 'x' }],
    ['of an unknown thing', { group: 'g' }],
    ['of an empty name', { identity: '' }],
  ])('%s breaks the set', (_name, spec) => {
    expect(compilePolicies([block('b', spec)]).broken).toContain('block b cannot be used')
  })
})
