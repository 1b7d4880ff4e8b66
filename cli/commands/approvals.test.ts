import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watch } from './approvals.ts'
import { fakeGateway, holdDetail, Problem } from './testing.ts'

let gateway: Awaited<ReturnType<typeof fakeGateway>>
const HOLD = holdDetail()
const OTHER = holdDetail({ id: '0190a1b2-0000-7000-8000-0000000000ff', state: 'approved', validUntil: HOLD.expiresAt })
const CLOSED = holdDetail({ id: '0190a1b2-0000-7000-8000-000000000002', state: 'denied' })
const PATH = `/api/v1/approvals/${HOLD.id}`

beforeEach(async () => {
  gateway = await fakeGateway()
  gateway.answers.set('GET /api/v1/approvals', (target: string) => ({
    items: target.includes('open=true') ? [HOLD] : [CLOSED, HOLD],
  }))
  gateway.answers.set(`GET ${PATH}`, HOLD)
  gateway.answers.set(`POST ${PATH}/approve`, { ...HOLD, state: 'approved', validUntil: '2026-01-01T00:20:00.000Z' })
  gateway.answers.set(`POST ${PATH}/deny`, { ...HOLD, state: 'denied' })
})
afterEach(() => gateway.close())

describe('approvals list', () => {
  it('shows what is open', async () => {
    expect(await gateway.run('approvals', 'list')).toBe(0)
    const [heads, row, none] = gateway.out().split('\n')
    expect(heads).toMatch(/^ID +STATE +AGE +AGENT +CONNECTION +VOTES +EXPIRES IN +RULE +TITLE$/)
    expect(row).toMatch(
      /^0190a1b2-0000-7000-8000-000000000001 +pending +1m3\ds +agent +prod +0\/1 +8m\d+s +coding-agents\/change-with-a-human +patch deployments\.apps\/scale "web" in namespace "shop"$/,
    )
    expect(none).toBe('')
  })

  it('--all shows the open ones first and none twice', async () => {
    expect(await gateway.run('approvals', 'list', '--all', '-o', 'json', '--connection', 'prod')).toBe(0)
    const { items } = JSON.parse(gateway.out())
    expect(items.map(({ id }: { id: string }) => id)).toEqual([HOLD.id, CLOSED.id])
    expect(Object.keys(items[0])[0]).toBe('id')
    expect(gateway.asked.map(({ target }) => target)).toEqual([
      '/api/v1/approvals?limit=50&connection=prod&open=true',
      '/api/v1/approvals?limit=50&connection=prod',
    ])
  })

  it('prints nothing that a terminal would obey', async () => {
    gateway.answers.set('GET /api/v1/approvals', {
      items: [{ ...HOLD, title: 'a\u001b[2J\u202e\n', purpose: '\u009b' }],
    })
    await gateway.run('approvals', 'list')
    await gateway.run('approvals', 'list', '-o', 'json')
    expect(gateway.out()).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u)
  })
})

describe('an id', () => {
  it.each([
    ['whole', HOLD.id],
    ['the beginning of an open one', '0190a1b2-0000-7000-8000-0000000000'],
    ['one character', '0'],
  ])('may be %s', async (_, typed) => {
    expect(await gateway.run('approvals', 'show', typed)).toBe(0)
    expect(gateway.out()).toContain('ends in 8m')
  })

  it('that begins two is refused, and both are named', async () => {
    gateway.answers.set('GET /api/v1/approvals', { items: [HOLD, OTHER] })
    expect(await gateway.run('approvals', 'approve', '0190')).toBe(1)
    expect(gateway.err()).toBe(`sallyport: 0190 begins more than one open approval:\n${HOLD.id}\n${OTHER.id}\n`)
    expect(gateway.asked.filter(({ method }) => method === 'POST')).toEqual([])
  })

  it('that begins none is left to the gateway', async () => {
    expect(await gateway.run('approvals', 'show', 'ffff')).toBe(1)
    expect(gateway.err()).toBe('sallyport: There is nothing here.\n')
  })
})

describe('approvals approve', () => {
  it('says what it is, and names what was seen', async () => {
    expect(await gateway.run('approvals', 'approve', HOLD.id, '--reason', 'looks fine')).toBe(0)
    expect(gateway.out()).toBe(
      'patch deployments.apps/scale "web" in namespace "shop"\n  asked by agent on prod\napproved; it may pass until 2026-01-01 00:20:00 UTC\n',
    )
    expect(gateway.asked.at(-1)?.body).toEqual({ seen: HOLD.reviewSha256, reason: 'looks fine' })
  })

  it('says that it takes more people', async () => {
    const votes = [{ username: 'root', approve: true, reason: '', at: HOLD.openedAt }]
    const needs = { ...HOLD.needs, count: 2 }
    gateway.answers.set(`POST ${PATH}/approve`, { ...HOLD, votes, needs })
    expect(await gateway.run('approvals', 'approve', HOLD.id)).toBe(0)
    expect(gateway.out()).toContain('approved; it waits for more: 1/2 approvals\n')
  })

  it('opens a grant', async () => {
    gateway.answers.set(`GET ${PATH}`, holdDetail({ offer: { maxForS: 1800, namespace: 'shop' } }))
    gateway.answers.set(`POST ${PATH}/approve`, { ...HOLD, state: 'approved', grant: 'g1' })
    expect(await gateway.run('approvals', 'approve', HOLD.id, '--grant', 'namespace', '--for', '15m')).toBe(0)
    expect(gateway.asked.at(-1)?.body).toEqual({ seen: HOLD.reviewSha256, grant: { scope: 'namespace', forS: 900 } })
    expect(gateway.out()).toContain(`approved\nto end the grant: sallyport grants end g1 --data ${gateway.data}\n`)
  })

  it.each([
    ['where the rule offers none', undefined, ['--grant', 'namespace', '--for', '15m'], 1, 'the rule offers no grant'],
    ['longer than offered', 600, ['--grant', 'namespace', '--for', '15m'], 1, 'at most 10m'],
    ['of an object where there is none', 3600, ['--grant', 'object', '--for', '15m'], 1, 'names no single object'],
    ['of no scope', 3600, ['--for', '15m'], 2, '--for goes with --grant'],
    ['of another scope', 3600, ['--grant', 'cluster', '--for', '15m'], 2, '--grant takes namespace or object'],
    ['without a time', 3600, ['--grant', 'object'], 2, '--grant needs --for'],
    ['for no time', 3600, ['--grant', 'object', '--for', 'ever'], 2, '--for takes a time'],
  ])('refuses a grant %s', async (_, maxForS, argv, code, words) => {
    const offer = maxForS === undefined ? {} : { offer: { maxForS, namespace: 'shop' } }
    gateway.answers.set(`GET ${PATH}`, holdDetail(offer))
    expect(await gateway.run('approvals', 'approve', HOLD.id, ...argv)).toBe(code)
    expect(gateway.err()).toContain(words)
    expect(gateway.asked.filter(({ method }) => method === 'POST')).toEqual([])
  })

  it.each([
    [
      'one’s own request',
      holdDetail({ mayAnswer: false, whyNot: 'It is your own request.' }),
      'It is your own request.',
    ],
    ['what is over', CLOSED, 'x'],
  ])('does not answer %s', async (_, hold, why) => {
    gateway.answers.set(`GET ${PATH}`, { ...hold, mayAnswer: false, whyNot: why })
    expect(await gateway.run('approvals', 'approve', HOLD.id)).toBe(1)
    expect(gateway.err()).toBe(`sallyport: you may not answer: ${why}\n`)
    expect(gateway.asked.filter(({ method }) => method === 'POST')).toEqual([])
  })

  it('ends with 1 when the gateway refuses, and says why', async () => {
    gateway.answers.set(`POST ${PATH}/approve`, new Problem(409, 'Somebody has denied it.\u001b[2J'))
    expect(await gateway.run('approvals', 'approve', HOLD.id)).toBe(1)
    expect(gateway.err()).toBe('sallyport: Somebody has denied it.⟨U+001B⟩[2J\n')
  })
})

describe('approvals deny', () => {
  it('sends the reason', async () => {
    expect(await gateway.run('approvals', 'deny', HOLD.id, '--reason', 'not today')).toBe(0)
    expect(gateway.asked.at(-1)).toMatchObject({
      method: 'POST',
      target: `${PATH}/deny`,
      body: { reason: 'not today' },
    })
    expect(gateway.out()).toMatch(/\ndenied\n$/)
  })
  it('needs no reason', async () => {
    expect(await gateway.run('approvals', 'deny', HOLD.id, '-o', 'json')).toBe(0)
    expect(gateway.asked.at(-1)?.body).toEqual({})
    expect(JSON.parse(gateway.out())).toMatchObject({ id: HOLD.id, state: 'denied' })
  })
})

describe('approvals watch', () => {
  const follow = (...argv: string[]) => watch(gateway.invocation(['approvals', 'watch'], ...argv), 1)

  it('prints what is new, once, until Ctrl-C', async () => {
    let polls = 0
    gateway.answers.set('GET /api/v1/approvals', () => {
      polls += 1
      if (polls === 3) process.emit('SIGINT')
      return { items: polls === 1 ? [HOLD] : [holdDetail({ id: 'h2', state: 'collecting' }), OTHER, HOLD] }
    })
    expect(await follow('-o', 'json')).toBe(0)
    const lines = gateway.out().trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).id)).toEqual([HOLD.id, OTHER.id])
    expect(polls).toBe(3)
  })

  it('goes on when the gateway is started again, and says so once', async () => {
    let polls = 0
    gateway.answers.set('GET /api/v1/approvals', () => {
      polls += 1
      if (polls === 4) process.emit('SIGINT')
      return polls === 1 || polls === 4 ? { items: [HOLD] } : new Problem(503, 'Not now.')
    })
    expect(await follow()).toBe(0)
    expect(gateway.err()).toBe('sallyport: Not now.; trying again\n')
    expect(gateway.out().match(/approvals show/g)).toHaveLength(1)
  })

  it.each([
    ['at the first look', [new Problem(503, 'Not now.')]],
    ['when the login is over', [{ items: [] }, new Problem(401, 'Log in again.')]],
  ])('ends with 1 %s', async (_, answers) => {
    const rest = [...answers]
    gateway.answers.set('GET /api/v1/approvals', () => rest.shift())
    await expect(follow()).rejects.toThrow(/^(?:Not now|Log in again)\.$/)
  })
})
