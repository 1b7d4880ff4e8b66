// The app's files: built when they are not there, or older than what they are made of.

import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../command.ts'
import { withLock } from '../lock.ts'
import { NODE, ROOT } from './runtimes.ts'

const DIST = join(ROOT, 'replay-ui', 'dist')
const CONFIG = join(ROOT, 'replay-ui', 'vite.config.ts')
/** What the app is made of, besides node_modules. */
const SOURCES = ['replay-ui', 'protocol', 'worker/api', 'package-lock.json']

async function newest(path: string): Promise<number> {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  let latest = 0
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules' || entry.name.endsWith('.test.ts')) continue
    latest = Math.max(latest, await newest(join(path, entry.name)))
  }
  return latest
}

/**
 * The folder of the built app.
 * @param say told before a build, which takes some seconds
 * @throws Failure with the end of what the build said
 */
export async function builtApp(say: (line: string) => void): Promise<string> {
  if (await isFresh()) return DIST
  // Two at once would empty each other's folder.
  await withLock(join(ROOT, 'node_modules', '.cache', 'sallyport-app.lock'), async () => {
    if (await isFresh()) return
    say('building the app (some seconds, once)')
    await build()
  })
  return DIST
}

async function isFresh(): Promise<boolean> {
  const page = join(DIST, 'index.html')
  const built = existsSync(page) ? statSync(page).mtimeMs : 0
  const changed = Math.max(...(await Promise.all(SOURCES.map((source) => newest(join(ROOT, source))))))
  return built > 0 && built >= changed
}

async function build(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
    const child = spawn(NODE, [vite, 'build', '--config', CONFIG], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4000)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', (error) => reject(new Failure(`cannot build the app: ${error.message}`)))
    child.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Failure(`the app does not build:\n${said}`))
    })
  })
}
