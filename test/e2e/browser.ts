// A real Chromium for the app's test. The set-up installs Debian's where it can, else names what is missing in one line.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

function findChromium(): string | null {
  const named = process.env.CHROMIUM
  if (named !== undefined && named !== '') return named
  return CANDIDATES.find((path) => existsSync(path)) ?? null
}

/** Where Chromium is; installed as root on Debian when it is nowhere. @throws one line that says what to do */
export function ensureChromium(): string {
  const found = findChromium()
  if (found !== null) return found
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env, stdio: 'ignore' })
    const installed = findChromium()
    if (installed !== null) return installed
  }
  throw new Error('the app’s test needs a Chromium: apt-get install chromium, or name one in CHROMIUM')
}

/** Starts it headless. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: ensureChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A cluster's Pods come and go with interfaces of their own, which Chromium takes for another network; the app asks again. */
const OTHER_NETWORK = 'net::ERR_NETWORK_CHANGED'

/** Gathers what a page throws and what the browser says went wrong on it. */
export function gatherComplaints(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes(OTHER_NETWORK)) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
}

/** On the login page of the demo's provider: says who one is and gives the login code of the data folder. */
export async function logInAs(page: Page, person: RegExp, folder: string): Promise<void> {
  await page.getByRole('radio', { name: person }).check()
  await page.getByLabel('Login code').fill((await readFile(join(folder, 'login-code'), 'utf8')).trim())
  await page.keyboard.press('Enter')
}
