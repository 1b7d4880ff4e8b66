#!/usr/bin/env node
// The `sallyport` command for Node 20 and later: runs cli/main.ts on the Bun of node_modules and is otherwise invisible:
// standard streams, signals and the exit code pass through. Plain JavaScript, since old Node reads no TypeScript.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The Bun of npm, wherever npm put it. */
function bunPath() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('bun/package.json')), 'bin', 'bun.exe')
  } catch {
    process.stderr.write('sallyport: the npm package `bun` is not installed; run: npm ci\n')
    process.exit(1)
  }
}

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.ts')
const child = spawn(bunPath(), [main, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`sallyport: cannot start Bun: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  // Die of the same signal, so that a shell sees the truth.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.removeAllListeners(name)
  process.kill(process.pid, signal)
})
