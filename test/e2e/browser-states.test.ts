// The approving side of the app in a real browser, against an API that is made up: for the moments a real gateway reaches
// rarely. What must never happen: an answer nobody meant, to a request nobody saw, or an agent's words taken for the page's.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { builtApp } from '../../cli/up/app.ts'
import type { HoldDetail } from '../../worker/api/types.ts'
import { gatherComplaints, launch } from './browser.ts'
import { created, type FakeGateway, inMs, question, reviewed, startFakeGateway } from './browser-gateway.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const HOSTILE =
  '<img src=x onerror="document.title=\'owned\'"> [Approve](https://evil.example) https://evil.example \u202edeneppah\u200b'
const OFFER = { maxForS: 1800, namespace: 'shop', object: { group: 'apps', resource: 'deployments', name: 'web' } }

let dist: string
let browser: Browser
let gateway: FakeGateway
let context: BrowserContext | undefined
let page: Page
let complaints: string[]

async function open(options: { width?: number; dark?: boolean } = {}): Promise<Page> {
  await context?.close()
  context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: 860 },
    colorScheme: options.dark === true ? 'dark' : 'light',
  })
  const made = await context.newPage()
  complaints = []
  gatherComplaints(made, complaints)
  return made
}

/** Opens the page of a question and waits until it can be answered, or says why not. */
async function visit(id: string): Promise<void> {
  await page.goto(`${gateway.url}/approvals/${id}`)
  await page.getByTestId('approval-page').waitFor()
}

/** The page asks again every two seconds, and a busy machine is slower. */
const settles = <T>(what: () => T) => expect.poll(what, { timeout: 15_000 })

const approve = () => page.getByRole('button', { name: /^Approve (once|this plan)$/ })
const deny = () => page.getByRole('button', { name: 'Deny' })
const answers = () => gateway.sent.filter(({ path }) => path.startsWith('/api/v1/approvals/'))
const change = (id: string, more: Partial<HoldDetail>) => {
  gateway.state.approvals = gateway.state.approvals.map((hold) => (hold.id === id ? { ...hold, ...more } : hold))
}

beforeAll(async () => {
  dist = await builtApp(() => undefined)
  browser = await launch()
})

afterAll(async () => {
  await browser?.close()
})

beforeEach(async () => {
  gateway = await startFakeGateway(dist)
  page = await open()
})

afterEach(async () => {
  await context?.close()
  await gateway.close()
})

describe('answering', () => {
  it('sends the hash of what is shown, and shows what came of it', async () => {
    await visit('h1')
    await page.getByLabel('Reason').fill('Fits the incident')
    await approve().click()
    await settles(() => page.getByTestId('state').innerText()).toBe('approved')
    expect(await page.getByTestId('outcome').innerText()).toContain('Approved by alice')
    expect(answers()).toEqual([
      {
        method: 'POST',
        path: '/api/v1/approvals/h1/approve',
        body: { seen: question('h1').reviewSha256, reason: 'Fits the incident' },
        csrf: '1',
      },
    ])
    change('h1', { state: 'used', used: 1, closedAt: inMs(0) })
    await settles(() => page.getByTestId('state').innerText()).toBe('carried out')
  })

  it('denies with the reason that was written', async () => {
    await visit('h1')
    await page.getByLabel('Reason').fill('Not\nnow')
    await deny().click()
    await settles(() => page.getByTestId('state').innerText()).toBe('denied')
    expect(answers()).toMatchObject([{ path: '/api/v1/approvals/h1/deny', body: { reason: 'Not now' } }])
    expect(await page.getByTestId('outcome').innerText()).toContain('Not now')
  })

  it('gives a grant for the scope and time that were chosen, and only where one is offered', async () => {
    gateway.state.approvals = [question('h1', { offer: OFFER }), question('h2')]
    await visit('h2')
    await approve().waitFor()
    expect(await page.getByText('Approve as a grant').count()).toBe(0)
    await visit('h1')
    await page.getByText('Approve as a grant').click()
    await page.getByRole('radio', { name: 'namespace "shop"', exact: true }).check()
    await page.getByLabel('For', { exact: true }).selectOption({ label: '30 minutes' })
    await page.getByRole('button', { name: 'Approve for 30 minutes' }).click()
    await settles(() => answers()).toMatchObject([{ body: { grant: { scope: 'namespace', forS: 1800 } } }])
    await page.getByRole('link', { name: 'The grant it opened' }).waitFor()
  })

  it('counts one of two, and leaves who approved a second thought', async () => {
    gateway.state.approvals = [question('h1', { needs: { count: 2, users: [], groups: [] } })]
    await visit('h1')
    await page.getByText('1 more approval is needed').waitFor()
    await approve().click()
    await page.getByTestId('vote').waitFor()
    expect(await page.getByTestId('state').innerText()).toBe('waiting')
    await settles(() => page.getByTestId('why-not').innerText()).toBe('You have approved it. You may still deny it.')
    expect(await approve().isDisabled()).toBe(true)
    await deny().click()
    await settles(() => page.getByTestId('state').innerText()).toBe('denied')
  })

  it('is off, with the reason, where the reader may not answer', async () => {
    const whyNot = 'Nobody approves their own request.'
    gateway.state.approvals = [question('h1', { mayAnswer: false, whyNot, offer: OFFER })]
    await visit('h1')
    await page.getByText(whyNot).waitFor()
    expect(await approve().isDisabled()).toBe(true)
    expect(await deny().isDisabled()).toBe(true)
    expect(await page.getByText('Approve as a grant').count()).toBe(0)
  })
})

describe('an answer nobody meant', () => {
  it('no key gives one', async () => {
    await visit('h1')
    await settles(() => approve().isEnabled()).toBe(true)
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
    // All but those that lead away from the page: a, d, g, u and ?.
    const keys = ['Enter', 'Space', 'Escape', ...'bcefhilmnopqrstvwxyz0123456789+-<>./AYN', 'j', 'k', 'y']
    for (const key of keys) await page.keyboard.press(key)
    expect(answers()).toEqual([])
    expect(await page.getByTestId('state').innerText()).toBe('waiting')
  })

  it('the second click of a double click finds the buttons off', async () => {
    // Time stands still for what takes that long.
    await page.addInitScript(() => {
      const later = window.setTimeout.bind(window)
      const held: (() => void)[] = []
      Object.assign(window, {
        setTimeout: (run: () => void, ms?: number) => (ms === 700 ? held.push(run) : later(run, ms)),
        elapse: () => {
          for (const run of held) run()
        },
      })
    })
    await visit('h1')
    await approve().waitFor()
    await approve().dblclick({ force: true })
    await deny().dblclick({ force: true })
    expect(await approve().isDisabled()).toBe(true)
    await page.evaluate('elapse()')
    await settles(() => approve().isEnabled()).toBe(true)
    expect(answers()).toEqual([])
  })

  it('what is read does not change under the hand', async () => {
    await visit('h1')
    await settles(() => approve().isEnabled()).toBe(true)
    const other = reviewed({ diff: created('spec:\n  replicas: 500') })
    change('h1', { review: { v: 1, requests: [other] }, reviewSha256: 'b'.repeat(64) })
    await page.getByText('This request has changed since you opened it.').waitFor()
    expect(await page.getByTestId('diff').innerText()).toContain('replicas: 12')
    expect(await approve().isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Show what it is now' }).click()
    await settles(() => page.getByTestId('diff').innerText()).toContain('replicas: 500')
    await approve().click()
    await settles(() => answers()).toMatchObject([{ body: { seen: 'b'.repeat(64) } }])
  })

  it('after a 409 it says so, and shows how things stand', async () => {
    await visit('h1')
    await settles(() => approve().isEnabled()).toBe(true)
    gateway.state.conflict = 'The plan has grown since.'
    await approve().click()
    const failure = page.getByTestId('answer-failure')
    await failure.waitFor()
    expect(await failure.innerText()).toContain('Your answer was not counted.')
    expect(await failure.innerText()).toContain('The plan has grown since.')
    expect(await page.getByTestId('state').innerText()).toBe('waiting')
  })
})

describe('a late answer', () => {
  it('is told that it came too late, and what others had answered', async () => {
    await visit('h1')
    await settles(() => approve().isEnabled()).toBe(true)
    // The page does not know yet.
    await page.route('**/api/v1/approvals/h1', (route) => route.abort())
    const votes = [{ username: 'bob', approve: true, reason: '', at: inMs(0) }]
    change('h1', { state: 'used', used: 1, votes, closedAt: inMs(0), mayAnswer: false })
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.unrouteAll()
    await settles(() => page.getByTestId('answer-failure').innerText()).toContain('Your answer was not counted.')
    await settles(() => page.getByTestId('outcome').innerText()).toContain('Approved by bob')
    expect(await page.getByRole('button', { name: 'Deny' }).count()).toBe(0)
  })

  it('an unknown id is said to be unknown', async () => {
    await page.goto(`${gateway.url}/approvals/nowhere`)
    await page.getByText('There is no such thing here').waitFor()
  })
})

describe('what an agent chose', () => {
  it('is text: no markup, no link, nothing unseen', async () => {
    const exec = { argv: ['sh', '-c', 'ls\nrm -rf / #\u202e', '', HOSTILE], container: 'app', stdin: true, tty: true }
    const request = { ...reviewed().request, verb: 'connect', subresource: 'exec', name: 'web-1', exec }
    const none = { kind: 'none', why: `An exec changes no object. ${HOSTILE}` } as const
    const note = `nothing ${HOSTILE}`
    const reach = { objects: null, pods: 1, examples: [`Pod/${HOSTILE}`], note }
    const title = `connect pods/exec "${HOSTILE}"`
    gateway.state.approvals = [
      question('h1', {
        purpose: HOSTILE,
        reason: HOSTILE,
        agent: { username: HOSTILE, groups: [HOSTILE], issuer: HOSTILE },
        before: question('h').before.map((command) => ({ ...command, title: HOSTILE })),
        review: { v: 1, requests: [reviewed({ title, request, diff: none, reach })] },
      }),
    ]
    await visit('h1')
    const words = page.getByTestId('word')
    expect(await words.count()).toBe(5)
    expect(await words.nth(2).innerText()).toBe('ls\\n\nrm -rf / #⟨U+202E⟩')
    expect(await words.nth(3).innerText()).toBe('empty')
    expect(await page.getByTestId('purpose').innerText()).toContain('<img src=x onerror=')
    expect(await page.getByTestId('purpose').innerText()).toContain('⟨U+202E⟩deneppah⟨U+200B⟩')
    const seen = await page.evaluate(() => ({
      images: document.querySelectorAll('main img').length,
      away: [...document.querySelectorAll('a')].filter((a) => a.origin !== window.location.origin).length,
      styled: document.querySelectorAll('main [style]').length,
      unseen: /[\u202e\u200b]/.test(document.body.innerText + document.title),
      title: document.title,
    }))
    expect(seen).toMatchObject({ images: 0, away: 0, styled: 0, unseen: false })
    expect(seen.title).toContain('<img')
    await page.goto(`${gateway.url}/approvals`)
    await page.getByTestId('approval').waitFor()
    expect(await page.getByTestId('approval').innerText()).toContain('<img src=x')
    expect(await page.locator('main img').count()).toBe(0)
    expect(await page.title()).not.toBe('owned')
    expect(complaints).toEqual([])
  })

  it('cannot push the answer out of sight, however long it is', async () => {
    const long = `${'x'.repeat(5000)}\n`.repeat(40)
    gateway.state.approvals = [
      question('h1', { purpose: long, review: { v: 1, requests: [reviewed({ title: long })] } }),
    ]
    await visit('h1')
    const main = page.locator('.page')
    expect(await main.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true)
    const box = await approve().boundingBox()
    expect(box !== null && box.y + box.height < 860).toBe(true)
    await page
      .getByRole('button', { name: /Show [\d,]+ more characters/ })
      .first()
      .click()
    expect(await main.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true)
  })
})

describe('a plan', () => {
  const names = Array.from({ length: 12 }, (_, at) => `service-${at}`)
  const plan = () =>
    question('h1', {
      kind: 'plan',
      review: {
        v: 1,
        requests: names.map((name) =>
          reviewed({
            title: `create services "${name}" in namespace "shop"`,
            request: { ...reviewed().request, method: 'POST', verb: 'create', resource: 'services', name },
            diff: created(`kind: Service\nmetadata:\n  name: ${name}\n${'  a: b\n'.repeat(20)}`),
            reach: { objects: 1, pods: 0, examples: [] },
          }),
        ),
      },
    })

  it('is one list with its totals, and one answer', async () => {
    gateway.state.approvals = [plan()]
    await visit('h1')
    expect(await page.getByTestId('plan-totals').innerText()).toBe('12 requests: 12 create')
    const planned = page.getByTestId('planned')
    expect(await planned.count()).toBe(12)
    expect(await planned.first().getAttribute('open')).not.toBeNull()
    expect(await planned.last().getAttribute('open')).toBeNull()
    await page.getByRole('button', { name: 'Open all' }).click()
    expect(await planned.last().getByTestId('diff').innerText()).toContain('service-11')
    await page.keyboard.press('j')
    await approve().click()
    await settles(() => page.getByTestId('outcome').innerText()).toContain('0 of 12 requests')
    expect(answers()).toHaveLength(1)
  })
})

describe('the inbox', () => {
  it('counts on every page and in the title, and announces what is new once', async () => {
    await page.goto(`${gateway.url}/sessions`)
    await settles(() => page.title()).toBe('(1) Sessions · Sallyport')
    expect(await page.getByTestId('waiting').innerText()).toContain('1')
    const news = page.locator('[aria-live=polite]')
    expect(await news.innerText()).toBe('')
    gateway.state.approvals = [question('h2'), ...gateway.state.approvals]
    await settles(() => page.title()).toBe('(2) Sessions · Sallyport')
    expect(await news.textContent()).toBe('A new question waits for approval.')
    change('h1', { state: 'withdrawn', closedAt: inMs(0) })
    change('h2', { state: 'used', closedAt: inMs(0) })
    await settles(() => page.title()).toBe('Sessions · Sallyport')
  })

  it('is worked by keyboard', async () => {
    gateway.state.approvals = [
      question('h1', { title: 'first', expiresAt: inMs(60_000) }),
      question('h2', { title: 'second' }),
      question('h3', { title: 'of others', mayAnswer: false, whyNot: 'no' }),
    ]
    await page.goto(`${gateway.url}/sessions`)
    await page.getByTestId('approvals-link').waitFor()
    await page.keyboard.press('a')
    await page.getByTestId('approval').nth(2).waitFor()
    const focused = () => page.evaluate(() => document.activeElement?.querySelector('.approval-title')?.textContent)
    await page.keyboard.press('j')
    expect(await focused()).toBe('first')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    expect(await focused()).toBe('of others')
    await page.keyboard.press('k')
    expect(await focused()).toBe('second')
    // The next answer of the API must not take the focus away.
    await page.waitForResponse((response) => response.url().includes('open=true'))
    expect(await focused()).toBe('second')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/approvals\/h2$/)
    await page.getByTestId('approval-page').waitFor()
    await page.keyboard.press('u')
    await page.waitForURL(/\/approvals$/)
    await page.keyboard.press('/')
    await page.keyboard.type('others')
    await settles(() => page.getByTestId('approval').count()).toBe(1)
    await page.keyboard.press('Escape')
    await settles(() => page.getByTestId('approval').count()).toBe(3)
  })

  it('shows what is closed, and what became of it', async () => {
    const votes = [{ username: 'bob', approve: true, reason: '', at: inMs(-60_000) }]
    gateway.state.approvals = [question('h1', { state: 'used', used: 1, closedAt: inMs(0), votes, mayAnswer: false })]
    await page.goto(`${gateway.url}/approvals`)
    await page.getByText('Nothing waits for an answer').waitFor()
    await page.getByRole('link', { name: 'Closed' }).click()
    const row = page.getByTestId('approval')
    await row.waitFor()
    expect(await row.innerText()).toContain('carried out')
    expect(await row.innerText()).toContain('bob')
  })

  it('says when the gateway does not answer, and a deep link comes back after a login', async () => {
    await page.goto(`${gateway.url}/approvals`)
    await page.getByTestId('approval').waitFor()
    await page.route('**/api/v1/approvals*', (route) => route.abort())
    await page.getByText('The gateway does not answer at the moment.').waitFor({ timeout: 20_000 })
    await page.unrouteAll()
    const stranger = await open()
    const detail = { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'Log in first.' }
    await stranger.route('**/api/v1/**', (route) => route.fulfill({ status: 401, json: detail }))
    await stranger.goto(`${gateway.url}/approvals/h1`)
    await stranger.waitForURL(/\/login\?return=%2Fapprovals%2Fh1/)
  })
})

describe('grants, blocks and the end of a session', () => {
  it('ends a grant', async () => {
    gateway.state.grants = [
      {
        id: 'g1',
        hold: 'h1',
        connection: 'prod',
        agent: { username: 'agent', issuer: 'https://login.example' },
        policy: 'coding-agents',
        rule: 'change-with-a-human',
        namespace: 'shop',
        approvers: ['alice'],
        openedAt: inMs(-60_000),
        expiresAt: inMs(60_000),
        uses: 3,
      },
    ]
    await page.goto(`${gateway.url}/approvals?tab=grants`)
    expect(await page.getByTestId('grant').innerText()).toContain('3 uses')
    await page.getByRole('button', { name: 'End' }).click()
    await page.getByText(/^ended .* by alice$/).waitFor()
    expect(gateway.sent.map(({ method, path }) => `${method} ${path}`)).toEqual(['DELETE /api/v1/grants/g1'])
  })

  it('ends a session after asking once more, shows that it is ended, and lifts the block', async () => {
    await page.goto(`${gateway.url}/sessions/s1`)
    await page.getByRole('button', { name: 'End session' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('Wrong cluster')
    await dialog.getByRole('button', { name: 'End the session' }).click()
    await page.getByTestId('ended').waitFor()
    expect(await page.getByTestId('ended').innerText()).toContain('Wrong cluster')
    expect(gateway.sent).toMatchObject([
      { path: '/api/v1/blocks', body: { kind: 'session', value: 's1', reason: 'Wrong cluster' }, csrf: '1' },
    ])
    await page.getByRole('link', { name: 'Blocks' }).click()
    await page.getByRole('button', { name: 'Lift' }).click()
    await page.getByText('Nothing is blocked').waitFor()
  })

  it('offers neither to whoever only looks', async () => {
    gateway.state.me = { ...gateway.state.me, roles: ['viewer'] }
    gateway.state.blocks = [{ name: 'b', kind: 'identity', value: 'x', reason: '', by: 'bob', at: inMs(0) }]
    await page.goto(`${gateway.url}/sessions/s1`)
    await page.getByTestId('command').first().waitFor()
    expect(await page.getByRole('button', { name: 'End session' }).count()).toBe(0)
    await page.goto(`${gateway.url}/approvals?tab=blocks`)
    await page.getByTestId('block').waitFor()
    expect(await page.getByRole('button', { name: 'Lift' }).isDisabled()).toBe(true)
  })

  it('a session shows what was held, and the way to the question', async () => {
    await page.goto(`${gateway.url}/sessions/s1?command=c3`)
    const held = page.getByTestId('held')
    await held.waitFor()
    await settles(() => held.innerText()).toContain('Waiting for an answer.')
    await held.getByRole('link').click()
    await page.waitForURL(/\/approvals\/h1$/)
  })
})

describe('accessible', () => {
  const violations = async (): Promise<string[]> => {
    // A script tag would be blocked by the page's policy, which is as it should be.
    await page.evaluate(AXE)
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
      const { violations: found } = await axe.run()
      return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
    })
  }

  it.each([
    ['wide and light', { width: 1280 }],
    ['wide and dark', { width: 1280, dark: true }],
    ['narrow and light', { width: 390 }],
    ['narrow and dark', { width: 390, dark: true }],
  ])('%s', async (_, options) => {
    page = await open(options)
    const denied = [{ username: 'bob', approve: false, reason: 'no', at: inMs(0) }]
    gateway.state.approvals = [
      question('h1', { offer: OFFER }),
      question('h2', { kind: 'plan', review: { v: 1, requests: [reviewed(), reviewed()] } }),
      question('h3', { mayAnswer: false, whyNot: 'No.', expiresAt: inMs(30_000) }),
      question('h4', { state: 'denied', mayAnswer: false, closedAt: inMs(0), votes: denied }),
    ]
    const paths = ['', '?tab=closed', '?tab=grants', '?tab=blocks', '/h1', '/h2', '/h3', '/h4']
    for (const path of paths) {
      await page.goto(`${gateway.url}/approvals${path}`)
      await page.locator('h1').first().waitFor()
      await page.waitForLoadState('networkidle')
      if (path === '/h1') await page.getByText('Approve as a grant').click()
      expect(await violations(), path).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), path).toBe(true)
    }
    expect(complaints).toEqual([])
  })
})
