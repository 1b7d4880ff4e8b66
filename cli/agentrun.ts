// Which run of an agent a kubectl belongs to, from its ancestors: agents start `sh -c 'kubectl …'` anew for each command, so
// clients, wrappers and one-command shells are passed over; what remains is the agent, a script or a person's shell.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

/** A process as far as this needs it. */
export interface Ancestor {
  readonly pid: number
  readonly parent: number
  /** Tells a process from a later one with the same pid. */
  readonly started: string
  readonly argv: readonly string[]
}

/** More generations than any agent has; stops a loop. */
const MAX_GENERATIONS = 32
const PASSED_OVER = new Set(
  'kubectl helm k9s kustomize stern flux timeout env xargs nice nohup time sudo stdbuf setsid watch parallel make tee script strace'.split(
    ' ',
  ),
)
const SHELLS = new Set('sh bash dash zsh ash ksh fish busybox'.split(' '))

/** `sallyport plan` as npm, node and Bun run it: it carries a kubectl. */
const OURS = /(?:^|\/)(?:sallyport|cli\/bin\.js|cli\/main\.ts)$/

/** True for a process that only carries a command of somebody else's. */
export function isCarrier(argv: readonly string[]): boolean {
  const name = basename(argv[0] ?? '').replace(/^-/, '')
  if (PASSED_OVER.has(name) || argv.slice(0, 2).some((argument) => OURS.test(argument))) return true
  // npm writes its command line anew, as one argument.
  if (/^npm exec (?:@\S+ )?sallyport(?: |$)/.test(argv.join(' ')) || (name === 'npx' && argv[1] === 'sallyport'))
    return true
  // `sh -c`, `bash -lc`: one command. `bash`, `bash script.sh`: a run of their own.
  const operand = argv.findIndex((argument, index) => index > 0 && !argument.startsWith('-'))
  const flags = argv.slice(1, operand === -1 ? argv.length : operand)
  return SHELLS.has(name) && flags.some((flag) => /^-[a-z]*c$/i.test(flag))
}

const nameOf = ({ pid, started }: Ancestor): string => `pid ${pid} started ${started}`
const sameCommand = (a: Ancestor, b: Ancestor): boolean => a.argv.join('\0') === b.argv.join('\0')

/**
 * The first ancestor that is no carrier; the topmost one when all are. A shell forks itself for `$(…)` and pipes: such copies,
 * which have its arguments, count as the shell.
 */
export async function runAmong(first: number, look: (pid: number) => Promise<Ancestor | null>): Promise<string> {
  let found: Ancestor | null = null
  let pid = first
  for (let generation = 0; generation < MAX_GENERATIONS && pid > 1; generation += 1) {
    const ancestor = await look(pid)
    if (ancestor === null) break
    if (found !== null && !isCarrier(found.argv) && !sameCommand(found, ancestor)) break
    found = ancestor
    pid = ancestor.parent
  }
  return found === null ? `pid ${first}` : nameOf(found)
}

async function lookInProc(pid: number): Promise<Ancestor | null> {
  try {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ])
    // The second field is the name in parentheses, which may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      pid,
      parent: Number(fields[1]),
      started: fields[19] ?? '',
      argv: command.split('\0').filter((part) => part !== ''),
    }
  } catch {
    return null
  }
}

async function lookByPs(pid: number): Promise<Ancestor | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=,lstart=,args=', '-p', String(pid)])
    const found = /^\s*(\d+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(stdout.trimEnd())
    if (found === null) return null
    return { pid, parent: Number(found[1]), started: found[2] ?? '', argv: (found[3] ?? '').split(' ') }
  } catch {
    return null
  }
}

/** A name for the agent run that process `pid` belongs to; the same for all its kubectl runs while it lives. */
export function agentRun(pid: number): Promise<string> {
  return runAmong(pid, process.platform === 'linux' ? lookInProc : lookByPs)
}
