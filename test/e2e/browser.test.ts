// The app in a real browser, on recordings that real clients made: login, list, replay, what is hostile in a recording.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatherComplaints, launch, logInAs } from './browser.ts'
import { type Installation, startInstallation } from './installation.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const HOSTILE = '<img src=x onerror="document.title=\'owned\'">'

let installation: Installation
let browser: Browser
let context: BrowserContext
let page: Page
const complaints: string[] = []

async function newContext(options: { width?: number; dark?: boolean } = {}): Promise<BrowserContext> {
  return browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: options.width ?? 1440, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
  })
}

/** Serious accessibility violations of the page as it stands. */
async function violations(of: Page): Promise<string[]> {
  // A script tag would be blocked by the page's policy, which is as it should be.
  await of.evaluate(AXE)
  return of.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations: found } = await axe.run()
    return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
  })
}

beforeAll(async () => {
  installation = await startInstallation()
  const env = { SALLYPORT_SESSION: 'browser', SALLYPORT_PURPOSE: `Find out why web is slow ${HOSTILE}` }
  const run = (args: string[], stdin?: string) =>
    installation.kubectl('v35', args, { env, ...(stdin === undefined ? {} : { stdin }) })
  await run(['get', 'pods', '-n', 'shop'])
  await run(['scale', 'deployment/web', '-n', 'shop', '--replicas=4'])
  await run(['get', 'secret', 'db-credentials', '-n', 'shop', '-o', 'yaml'])
  await run(['delete', 'namespace', 'shop'])
  await run(['create', 'configmap', 'hostile', '-n', 'shop', `--from-literal=note=${HOSTILE}`])
  await run(['get', 'configmap', 'hostile', '-n', 'shop', '-o', 'yaml'])
  // A title, a clipboard write, a link, a letter two billion times: none may reach the reader's terminal.
  await run(
    ['exec', '-i', '-n', 'shop', 'deployment/web', '--', 'sh', '-c', 'cat; exit 3'],
    'line from the pod\n\u001b]0;owned\u0007\u001b]52;c;b3duZWQ=\u0007\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007\u001b[2147483647b\n',
  )
  browser = await launch()
  context = await newContext()
  page = await context.newPage()
  gatherComplaints(page, complaints)
})

afterAll(async () => {
  await browser?.close()
  await installation?.close()
})

const link = (): string => {
  const found = /https:\S+\/login\/link\?code=\S+/.exec(installation.said())?.[0]
  if (found === undefined) throw new Error('up printed no login link')
  return found
}

describe('the app', () => {
  it('sends a stranger to the login page', async () => {
    const stranger = await newContext()
    const other = await stranger.newPage()
    await other.goto(`${installation.url}/sessions`)
    await other.waitForURL(/\/login/)
    await other
      .getByRole('button', { name: /log in/i })
      .or(other.getByRole('link', { name: /log in/i }))
      .first()
      .waitFor()
    await stranger.close()
  })

  it('logs in by the one-time link, which works once', async () => {
    await page.goto(link())
    await page.waitForURL(/\/sessions$/)
    const stranger = await newContext()
    const other = await stranger.newPage()
    await other.goto(link())
    expect(other.url()).not.toMatch(/\/sessions$/)
    await stranger.close()
  })

  it('lists the session, its purpose as text', async () => {
    const row = page.getByTestId('session').first()
    await row.waitFor()
    const text = await row.innerText()
    expect(text).toContain('agent')
    expect(text).toContain(HOSTILE)
    expect(text).toContain('demo')
    expect(await page.title()).not.toBe('owned')
  })

  it('finds sessions by what was done', async () => {
    await page.keyboard.press('/')
    await page.keyboard.type('no such agent anywhere')
    await page.getByTestId('session').first().waitFor({ state: 'detached' })
    await page.getByRole('searchbox').or(page.getByLabel('Search sessions')).first().fill('')
    await page.getByTestId('session').first().waitFor()
  })

  it('replays the commands in order, each named as it was typed', async () => {
    await page.getByTestId('session').first().click()
    await page.waitForURL(/\/sessions\/[0-9a-f-]+/)
    const commands = page.getByTestId('command')
    await commands.first().waitFor()
    const titles = (await commands.allInnerTexts()).join('\n')
    expect(titles).toContain('kubectl get pods -n shop')
    expect(titles).toContain('kubectl scale')
    expect(titles).toMatch(/kubectl delete (ns|namespace) shop/)
    expect(titles).toContain('kubectl exec')
    await page.getByTestId('terminal').locator('.xterm').first().waitFor()
  })

  /** What the plain text of a command says, once it says what is expected. */
  const transcriptOf = async (title: RegExp, expected: RegExp): Promise<string> => {
    await page.getByTestId('command').filter({ hasText: title }).first().click()
    const transcript = page.getByTestId('transcript')
    await expect.poll(() => transcript.innerText(), { timeout: 20_000 }).toMatch(expected)
    const text = await transcript.innerText()
    expect(text).toMatch(title)
    return text
  }

  it('shows what kubectl printed, as plain text too', async () => {
    await page.keyboard.press('t')
    await transcriptOf(/get pods -n shop/, /NAME\s+READY\s+STATUS/)
  })

  it('shows a denial with the rule that made it', async () => {
    await transcriptOf(/delete (ns|namespace) shop/, /Forbidden/)
    const decision = page.getByTestId('decision').filter({ hasText: 'Deny' }).first()
    await decision.waitFor()
    expect(await decision.innerText()).toContain('coding-agents')
  })

  it('shows no secret value, in any pane', async () => {
    await transcriptOf(/get secrets? .*db-credentials/, /password: /)
    const { stdout } = await installation.admin([
      'get',
      'secret',
      'db-credentials',
      '-n',
      'shop',
      '-o',
      'jsonpath={.data.password}',
    ])
    const html = await page.content()
    expect(stdout.length).toBeGreaterThan(8)
    expect(html).not.toContain(stdout)
    expect(html).not.toContain(Buffer.from(stdout, 'base64').toString('utf8'))
  })

  it('tells what was masked where: of a request, and by rule of the session', async () => {
    const masks = page.getByTestId('masks').filter({ hasText: 'data.password' }).first()
    await masks.waitFor()
    expect(await masks.innerText()).toMatch(/secret × \d/)
    const total = page.getByTestId('session-masks')
    await total.locator('summary').click()
    expect(await total.innerText()).toMatch(/\d+ masks\s+(?:\S+\s+\d+\s+)*secret\s+\d+/)
    await total.locator('summary').click()
    await page.getByText('Response body').last().click()
    const placeholder = page.locator('.body-text mark').first()
    await placeholder.waitFor()
    expect(await placeholder.innerText()).toMatch(/^⟦masked:secret:[0-9a-f]{12}⟧$/)
  })

  it('shows along the timeline and in the list where masks struck, jumps there, and lists only those', async () => {
    const current = () => page.locator('[data-testid=command][aria-current=true]').innerText()
    const listed = page.getByTestId('command')
    const struck = page.getByTestId('command-masks')
    const filter = page.getByTestId('mask-filter')
    await page.getByTestId('command-masks').filter({ hasText: 'data.password' }).first().waitFor()
    expect(await page.getByTestId('mask-marks').locator('rect').count()).toBe(await struck.count())
    const all = await listed.count()
    await listed.first().click()
    await page.keyboard.press('f')
    await expect.poll(() => listed.count()).toBeLessThan(all)
    expect(await struck.count()).toBe(await listed.count())
    const counts = await struck.locator('> span:not(.mask-words):not(.sr)').allInnerTexts()
    const total = counts.reduce((sum, count) => sum + Number(count), 0)
    expect(await page.getByTestId('session-masks').innerText()).toMatch(new RegExp(`^${total} masks?`))
    await filter.selectOption('secret')
    await page.getByTestId('next-mask').click()
    await expect.poll(current).toMatch(/get secrets? .*db-credentials/)
    const mark = page.getByTestId('transcript').locator('mark[data-current]')
    await expect.poll(() => mark.innerText()).toMatch(/^4p\+mbWFza2Vk/)
    const told = page.locator('.toast')
    await expect.poll(() => told.innerText()).toMatch(/^Masked by secret.*, 1 of \d+ here$/)
    const first = await mark.innerText()
    await page.keyboard.press('m')
    await expect.poll(() => told.innerText()).toMatch(/, 2 of \d+ here$/)
    await page.keyboard.press('M')
    await expect.poll(() => mark.innerText()).toBe(first)
    await page.keyboard.press('f')
    await expect.poll(() => listed.count()).toBe(all)
  })

  it('shows hostile text as text', async () => {
    await transcriptOf(/get (cm|configmaps?) hostile/, /onerror/)
    expect(await page.title()).not.toBe('owned')
  })

  it('plays an exec, and swallows the sequences that would leave the terminal', async () => {
    const text = await transcriptOf(/kubectl exec/, /line from the pod/)
    expect(text).not.toContain('owned')
    await page.keyboard.press('t')
    await page.getByTestId('terminal').locator('.xterm').first().waitFor()
    expect(await page.title()).not.toBe('owned')
    expect(await page.getByTestId('terminal').locator('a').count()).toBe(0)
  })

  it('moves by keyboard, and tells how', async () => {
    const current = () => page.locator('[data-testid=command][aria-current=true]').innerText()
    await page.getByTestId('command').first().click()
    const first = await current()
    await page.keyboard.press('j')
    await expect.poll(current).not.toBe(first)
    await page.keyboard.press('k')
    await expect.poll(current).toBe(first)
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('goes to the next denial, and a link comes back to it', async () => {
    await page.getByTestId('command').first().click()
    await page.keyboard.press('n')
    const current = page.locator('[data-testid=command][aria-current=true]')
    await expect.poll(() => current.innerText()).toMatch(/delete (ns|namespace) shop/)
    const url = page.url()
    const again = await context.newPage()
    gatherComplaints(again, complaints)
    await again.goto(url)
    const there = again.locator('[data-testid=command][aria-current=true]')
    await expect.poll(() => there.innerText()).toMatch(/delete (ns|namespace) shop/)
    await again.close()
  })

  it('is accessible, light and dark, wide and narrow', async () => {
    expect(await violations(page)).toEqual([])
    const state = await context.storageState()
    const phone = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      storageState: state,
    })
    const small = await phone.newPage()
    gatherComplaints(small, complaints)
    await small.goto(`${installation.url}/sessions`)
    await small.getByTestId('session').first().waitFor()
    expect(await violations(small)).toEqual([])
    expect(await small.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
    await small.getByTestId('session').first().click()
    await small.getByTestId('terminal').locator('.xterm').first().waitFor()
    expect(await violations(small)).toEqual([])
    await small.getByRole('button', { name: 'Commands' }).click()
    await small.getByTestId('command').first().waitFor()
    expect(await violations(small)).toEqual([])
    await phone.close()
  })

  it('logs in by the organisation’s provider and out again', async () => {
    const person = await newContext()
    const other = await person.newPage()
    await other.goto(`${installation.url}/login`)
    await other
      .getByRole('button', { name: /log in/i })
      .or(other.getByRole('link', { name: /log in/i }))
      .first()
      .click()
    const code = other.getByLabel('Login code')
    await code.waitFor()
    expect(await violations(other)).toEqual([])
    await code.fill('00000-00000')
    await code.press('Enter')
    expect(await other.getByRole('alert').innerText()).toBe('This is not the login code.')
    expect(await violations(other)).toEqual([])
    await logInAs(other, /alice/i, installation.folder)
    await other.waitForURL(/\/sessions/)
    await other.getByTestId('session').first().waitFor()
    await other.getByRole('button', { name: /log out/i }).click()
    await other.waitForURL(/\/login/)
    await other.goto(`${installation.url}/sessions`)
    await other.waitForURL(/\/login/)
    await person.close()
  })

  it('broke no rule of its own content security policy, and threw nothing', () => {
    expect(complaints.filter((text) => !/401|Unauthorized/.test(text))).toEqual([])
  })
})
