// People answering in the app what real clients ask: the question as it appears, the answer as kubectl gets it.

import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { machineIdToken } from '../../cli/exchange.ts'
import { gatherComplaints, launch, logInAs } from './browser.ts'
import { type Installation, startInstallation } from './installation.ts'
import type { Running } from './process.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const HOSTILE = '<img src=x onerror="document.title=\'owned\'"> [Approve](https://evil.example) https://evil.example'
/** Longer than any step of a test waits: kubectl stays until it is answered. */
const KUBECTL_MS = 120_000

/** Hold beats the Allow of the policy that `up` begins with. The administrator is a subject too: for a request of their own. */
const POLICY = `
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: ask}
spec:
  subjects: [{groups: [ai-agents]}, {users: [local-admin]}]
  connections: ["*"]
  rules:
  - {name: look, effect: Allow, verbs: [get, list, watch], resources: ["*"]}
  - {name: discover, effect: Allow, verbs: [get], paths: [/api, "/api/*", /apis, "/apis/*", "/openapi/*", /version]}
  - name: change-with-a-person
    effect: Hold
    verbs: [create, update, patch]
    resources: [deployments.apps, deployments.apps/scale, configmaps]
    namespaces: [shop]
    message: Changes in shop are looked at by a person.
    approval: {by: [{groups: [sre]}], grant: {maxFor: 30m}}
  - name: into-pods-with-a-person
    effect: Hold
    verbs: [connect]
    resources: [pods/exec]
    namespaces: [shop]
    approval: {by: [{groups: [sre]}]}
`

let folder: string
let installation: Installation
let browser: Browser
let context: BrowserContext
let page: Page
const running: Running[] = []
const complaints: string[] = []

/** The pages ask again every two seconds, and a busy machine is slower. */
const settles = <T>(what: () => T) => expect.poll(what, { timeout: 30_000 })

async function newContext(options: { width?: number; dark?: boolean } = {}): Promise<BrowserContext> {
  return browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: options.width ?? 1440, height: 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
  })
}

/** kubectl of the agent, left running: it waits for its answer. */
function kubectl(session: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const started = installation.start('kubectl', 'v35', args, {
    env: { SALLYPORT_SESSION: session, ...env },
    limitMs: KUBECTL_MS,
  })
  running.push(started)
  return started
}

/** Opens the question whose row says so, from the inbox. */
async function openQuestion(text: string | RegExp): Promise<void> {
  await page.goto(`${installation.url}/approvals`)
  const row = page.getByTestId('approval').filter({ hasText: text }).first()
  await row.waitFor({ timeout: 60_000 })
  await row.click()
  await page.getByTestId('approval-page').waitFor()
}

const state = () => page.getByTestId('state').innerText()
const approve = () => page.getByRole('button', { name: /^Approve (once|this plan)$/ })

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

/** Logs a person of the demo's provider in, by the page they were sent to. */
async function logIn(as: Page, person: RegExp): Promise<void> {
  await as.getByRole('link', { name: /log in/i }).click()
  await logInAs(as, person, installation.folder)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-approvals-'))
  installation = await startInstallation()
  const policy = join(folder, 'policy.yaml')
  await writeFile(policy, POLICY)
  const applied = await installation.cli(['apply', '-f', policy])
  expect(applied.code, applied.stderr).toBe(0)
  browser = await launch()
  context = await newContext()
  page = await context.newPage()
  gatherComplaints(page, complaints)
  await page.goto(/https:\S+\/login\/link\?code=\S+/.exec(installation.said())?.[0] ?? '')
  await page.waitForURL(/\/sessions$/)
})

afterAll(async () => {
  for (const one of running) one.interrupt('SIGKILL')
  await browser?.close()
  await installation?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('approving in the app', () => {
  it('a held kubectl scale is counted, shown and approved; kubectl finishes by itself', async () => {
    const scale = kubectl('scale', ['scale', 'deployment/web', '-n', 'shop', '--replicas=7'], {
      SALLYPORT_PURPOSE: `Give web room ${HOSTILE}`,
    })
    await settles(() => page.title()).toMatch(/^\(1\) /)
    await openQuestion(/web/)
    expect(await page.getByTestId('purpose').innerText()).toContain('<img src=x onerror=')
    const diff = await page.getByTestId('diff').innerText()
    expect(diff).toMatch(/-\s*replicas: \d/)
    expect(diff).toMatch(/\+\s*replicas: 7/)
    expect(await page.getByTestId('target').innerText()).toContain('/apis/apps/v1/namespaces/shop/deployments/web')
    expect(await page.locator('main img').count()).toBe(0)
    expect(await page.locator('a[href*="evil"]').count()).toBe(0)
    expect(await page.title()).not.toBe('owned')
    await approve().click()
    const { code, stdout, stderr } = await scale.done
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('scaled')
    await settles(state).toBe('carried out')
    const replicas = await installation.admin(['get', 'deploy', 'web', '-n', 'shop', '-o', 'jsonpath={.spec.replicas}'])
    expect(replicas.stdout).toBe('7')
  })

  it('the session shows what was held and who let it pass', async () => {
    await page.getByRole('link', { name: 'See it in the session' }).click()
    await page.waitForURL(/\/sessions\/.+command=/)
    await page.getByTestId('command').first().waitFor()
    const held = page.getByTestId('held').filter({ visible: true }).first()
    await settles(() => held.innerText()).toContain('Approved by local-admin')
    await held.getByRole('link').click()
    await page.waitForURL(/\/approvals\//)
  })

  it('a hostile annotation stays text in the diff; a denial says why in kubectl’s error', async () => {
    const annotate = kubectl('annotate', ['annotate', 'deployment/web', '-n', 'shop', `note=${HOSTILE}\u202e`])
    await openQuestion(/web/)
    const diff = await page.getByTestId('diff').innerText()
    expect(diff).toContain('<img src=x onerror=')
    expect(diff).toContain('⟨U+202E⟩')
    expect(await page.locator('main img').count()).toBe(0)
    expect(await page.locator('a[href*="evil"]').count()).toBe(0)
    await page.getByLabel('Reason').fill('Not before the freeze ends')
    await page.getByRole('button', { name: 'Deny' }).click()
    const { code, stderr } = await annotate.done
    expect(code).toBe(1)
    expect(stderr).toContain('Not before the freeze ends')
    await settles(state).toBe('denied')
  })

  it('an exec is shown word by word, held in its handshake, and runs once it is approved', async () => {
    const script = 'echo one\necho two'
    const exec = kubectl('exec', ['exec', '-n', 'shop', 'deployment/web', '--', 'sh', '-c', script])
    await openQuestion(/exec/)
    const words = page.getByTestId('word')
    expect(await words.allInnerTexts()).toEqual(['sh', '-c', 'echo one\\n\necho two'])
    expect(await page.getByTestId('exec').innerText()).toContain('these words and nothing else')
    await approve().click()
    const { code, stdout, stderr } = await exec.done
    expect(code, stderr).toBe(0)
    expect(stdout).toBe('one\ntwo\n')
  })

  it('a grant lets the next one through without a question, until it is ended', async () => {
    const first = kubectl('grant', ['scale', 'deployment/web', '-n', 'shop', '--replicas=3'])
    await openQuestion(/web/)
    await page.getByText('Approve as a grant').click()
    await page.getByRole('radio', { name: 'namespace "shop"', exact: true }).check()
    await page.getByRole('button', { name: /^Approve for / }).click()
    expect((await first.done).code).toBe(0)
    const second = await kubectl('grant', ['scale', 'deployment/web', '-n', 'shop', '--replicas=4']).done
    expect(second.code, second.stderr).toBe(0)
    await page.goto(`${installation.url}/approvals?tab=grants`)
    const grant = page.getByTestId('grant').first()
    await settles(() => grant.innerText()).toMatch(/[12] uses?/)
    await page.getByRole('button', { name: 'End' }).click()
    await page.getByText(/^ended .* by local-admin$/).waitFor()
    const third = kubectl('grant', ['scale', 'deployment/web', '-n', 'shop', '--replicas=5'])
    await openQuestion(/web/)
    await settles(state).toBe('waiting')
    third.interrupt()
    await settles(state).toBe('withdrawn')
  })

  it('a dry run of a folder is one plan, approved once', async () => {
    const files = ['one', 'two', 'three'].map((name) => ({
      path: join(folder, `${name}.yaml`),
      text: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plan-${name}, namespace: shop}\ndata: {of: ${name}}\n`,
    }))
    for (const { path, text } of files) await writeFile(path, text)
    const names = files.flatMap(({ path }) => ['-f', path])
    const dry = await kubectl('plan', ['apply', '--dry-run=server', ...names]).done
    expect(dry.code, dry.stderr).toBe(0)
    await openQuestion(/3 requests/)
    await settles(state).toBe('waiting')
    expect(await page.getByTestId('planned').count()).toBe(3)
    expect(await page.getByTestId('plan-totals').innerText()).toMatch(/^3 requests: 3 (create|patch)$/)
    await approve().click()
    await settles(state).toBe('approved')
    const applied = await kubectl('plan', ['apply', ...names]).done
    expect(applied.code, applied.stderr).toBe(0)
    await settles(state).toBe('carried out')
  })

  it('nobody answers a request of their own', async () => {
    const machine = v.object({ machine: v.object({ url: v.string() }), ca: v.string() })
    const agent = v.parse(machine, JSON.parse(await readFile(join(installation.folder, 'agent.json'), 'utf8')))
    const secrets = v.parse(
      v.object({ adminSecret: v.string() }),
      JSON.parse(await readFile(join(installation.folder, 'secrets.json'), 'utf8')),
    )
    // The cluster knows nothing of this user yet.
    const binding = ['create', 'clusterrolebinding', 'own', '--clusterrole=cluster-admin', '--user=local-admin']
    const bound = await installation.admin(binding)
    expect(bound.code, bound.stderr).toBe(0)
    const SALLYPORT_ID_TOKEN = await machineIdToken(agent.machine.url, secrets.adminSecret, agent.ca)
    const own = kubectl('own', ['scale', 'deployment/web', '-n', 'shop', '--replicas=9'], { SALLYPORT_ID_TOKEN })
    await openQuestion(/local-admin/)
    await settles(() => page.getByTestId('why-not').innerText()).not.toBe('')
    expect(await approve().isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Deny' }).isDisabled()).toBe(true)
    own.interrupt()
    await settles(state).toBe('withdrawn')
  })

  it('a deep link leads through the login; a viewer sees the question and may not answer it, an approver may', async () => {
    const scale = kubectl('deep link', ['scale', 'deployment/api', '-n', 'shop', '--replicas=1'])
    await openQuestion(/"api"/)
    const link = page.url()
    const viewer = await newContext()
    const bob = await viewer.newPage()
    await bob.goto(link)
    await logIn(bob, /bob/i)
    await bob.waitForURL(link)
    await bob.getByTestId('why-not').waitFor()
    expect(await bob.getByRole('button', { name: 'Approve once' }).isDisabled()).toBe(true)
    await viewer.close()
    const approver = await newContext({ width: 390, dark: true })
    const alice = await approver.newPage()
    gatherComplaints(alice, complaints)
    await alice.goto(link)
    await logIn(alice, /alice/i)
    await alice.waitForURL(link)
    await alice.getByRole('button', { name: 'Approve once' }).click()
    expect((await scale.done).code).toBe(0)
    await approver.close()
    await settles(state).toBe('carried out')
    expect(await page.getByTestId('vote').innerText()).toContain('alice')
  })

  it('a session is ended from its page, and the agent is told why', async () => {
    const before = await kubectl('ended', ['get', 'pods', '-n', 'shop']).done
    expect(before.code, before.stderr).toBe(0)
    await page.goto(`${installation.url}/sessions`)
    await page.getByTestId('session').first().click()
    await page.getByRole('button', { name: 'End session' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('Wrong cluster')
    await dialog.getByRole('button', { name: 'End the session' }).click()
    await page.getByTestId('ended').waitFor()
    await settles(async () => (await kubectl('ended', ['get', 'pods', '-n', 'shop']).done).stderr).toContain(
      'Wrong cluster',
    )
    await page.getByRole('link', { name: 'Blocks' }).click()
    await page.getByRole('button', { name: 'Lift' }).click()
    await page.getByText('Nothing is blocked').waitFor()
  })

  it('is accessible, light and dark, wide and narrow', async () => {
    const scale = kubectl('axe', ['scale', 'deployment/checkout', '-n', 'shop', '--replicas=6'])
    await openQuestion(/"checkout"/)
    const question = new URL(page.url()).pathname
    const storageState = await context.storageState()
    for (const dark of [false, true]) {
      for (const width of [1440, 390]) {
        const other = await browser.newContext({
          ignoreHTTPSErrors: true,
          viewport: { width, height: 900 },
          colorScheme: dark ? 'dark' : 'light',
          storageState,
        })
        const looked = await other.newPage()
        gatherComplaints(looked, complaints)
        for (const path of ['/approvals', '/approvals?tab=closed', '/approvals?tab=grants', question]) {
          await looked.goto(`${installation.url}${path}`)
          await looked.locator('h1').first().waitFor()
          await looked.waitForLoadState('networkidle')
          expect(await violations(looked), `${path} ${width} ${dark}`).toEqual([])
          expect(await looked.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), path).toBe(
            true,
          )
        }
        await other.close()
      }
    }
    scale.interrupt()
    await settles(state).toBe('withdrawn')
  })

  it('broke no rule of its own content security policy, and threw nothing', () => {
    // A login that is not there yet is asked for once.
    expect(complaints.filter((text) => !/401|Unauthorized/.test(text))).toEqual([])
  })
})
