// Where this checkout and the runtimes npm brought are.

import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

const packageFolder = (name: string): string =>
  dirname(createRequire(join(ROOT, 'package.json')).resolve(`${name}/package.json`))

/** Bun: this process's own, unless it runs on something else. */
export const BUN = process.versions.bun === undefined ? join(packageFolder('bun'), 'bin', 'bun.exe') : process.execPath
/** The Node of npm (24): the machine's may be older. */
export const NODE = join(ROOT, 'node_modules', '.bin', 'node')
export const DENO = join(ROOT, 'node_modules', '.bin', 'deno')
/** The CLI itself, for commands that start it. */
export const CLI = join(ROOT, 'cli', 'main.ts')
