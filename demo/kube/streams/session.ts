// Runs what an exec asks for in a simulated container: a command, a script on stdin, or an interactive shell.
// In: argv, the session's channels, the shell. Out: an exit code.

import type { PodShell, ShellState } from '../pods/shell.ts'
import type { Channels } from './channels.ts'
import { madeOutput } from './made.ts'
import { cooked, Terminal } from './terminal.ts'

/** What is run and how. */
export interface SessionSpec {
  readonly argv: readonly string[]
  readonly stdin: boolean
  readonly tty: boolean
}

/** A command whose name the container does not know; the message is the runtime's. */
export class NoSuchCommand extends Error {}

const SHELLS = /^(\/(usr\/)?bin\/)?(sh|bash|ash)$/

/** Commands that read their input when they are given no file. */
const READERS = new Set([
  'cat',
  'tee',
  'sort',
  'wc',
  'grep',
  'sed',
  'awk',
  'tr',
  'head',
  'tail',
  'uniq',
  'cut',
  'base64',
  'gzip',
  'gunzip',
  'md5sum',
  'sha256sum',
  'jq',
  'yq',
  'xargs',
  'tac',
  'rev',
  'nl',
  'read',
  'while',
  'od',
])

function readsInput(argv: readonly string[]): boolean {
  const name = (argv[0] ?? '').replace(/^.*\//, '')
  if (SHELLS.test(argv[0] ?? '')) {
    const at = argv.indexOf('-c')
    const script = at < 0 ? '' : (argv[at + 1] ?? '')
    return script
      .split(/;|&&|\|\||\n/)
      .map((part) =>
        (part.split('|')[0] ?? '')
          .replace(/\d?>{1,2}\s*\S+/g, '')
          .trim()
          .split(/\s+/),
      )
      .some((words) => readsInput(words))
  }
  if (name === 'tar') return /x/.test(argv[1] ?? '') || argv.includes('-x')
  if (!READERS.has(name)) return false
  const operands = argv.slice(1).filter((word) => !word.startsWith('-') || word === '-')
  if (name === 'read' || name === 'while' || name === 'xargs' || name === 'tee' || operands.includes('-')) return true
  return (
    operands.length <=
    (['grep', 'sed', 'awk', 'tr', 'jq', 'yq'].includes(name)
      ? name === 'tr'
        ? 2
        : 1
      : /^(head|tail|cut)$/.test(name)
        ? 1
        : 0)
  )
}

function isBareShell(argv: readonly string[]): boolean {
  return SHELLS.test(argv[0] ?? '') && argv.slice(1).every((word) => /^-[il]+$/.test(word))
}

/** `exit` or `exit N`, as a line of its own. */
function exitOf(line: string, last: number): number | undefined {
  const match = /^\s*exit(?:\s+(\d+))?\s*;?\s*$/.exec(line)
  return match === null ? undefined : match[1] === undefined ? last : Number(match[1]) & 255
}

async function script(channels: Channels, shell: PodShell, state: ShellState): Promise<number> {
  let buffer = ''
  let code = 0
  const decoder = new TextDecoder()
  const runLine = async (text: string): Promise<boolean> => {
    const ending = exitOf(text, code)
    if (ending !== undefined) {
      code = ending
      return true
    }
    const outcome = await shell.line(text, state, channels.signal)
    code = outcome.exitCode
    await channels.stdout(outcome.stdout)
    await channels.stderr(outcome.stderr)
    return false
  }
  for (let piece = await channels.stdin.next(); piece !== null; piece = await channels.stdin.next()) {
    buffer += decoder.decode(piece, { stream: true })
    let from = 0
    for (let end = buffer.indexOf('\n', from); end >= 0; end = buffer.indexOf('\n', from)) {
      const line = buffer.slice(0, end + 1)
      if (shell.isComplete(line)) {
        buffer = buffer.slice(end + 1)
        from = 0
        if (line.trim() !== '' && (await runLine(line))) return code
      } else from = end + 1
    }
  }
  if (buffer.trim() !== '') await runLine(buffer)
  return code
}

async function interactive(channels: Channels, shell: PodShell, state: ShellState): Promise<number> {
  const terminal = new Terminal()
  const say = (text: string) => channels.stdout(Buffer.from(text, 'utf8'))
  const prompt = () => say(`${state.cwd} # `)
  let code = 0
  let buffer = ''
  let running: AbortController | undefined
  let done = false
  const lines: string[] = []
  let working: Promise<void> = Promise.resolve()
  const runLine = async (line: string): Promise<void> => {
    const text = `${buffer}${line}\n`
    if (!shell.isComplete(text)) {
      buffer = text
      await say('> ')
      return
    }
    buffer = ''
    const ending = exitOf(text, code)
    if (ending !== undefined) {
      code = ending
      done = true
      channels.stdin.end()
      return
    }
    if (text.trim() !== '') {
      const aborter = new AbortController()
      running = aborter
      const outcome = await shell.line(text, state, AbortSignal.any([aborter.signal, channels.signal]))
      running = undefined
      code = aborter.signal.aborted ? 130 : outcome.exitCode
      await channels.stdout(cooked(outcome.stdout))
      if (!aborter.signal.aborted) await channels.stdout(cooked(outcome.stderr))
    }
    await prompt()
  }
  const work = async (): Promise<void> => {
    for (let line = lines.shift(); line !== undefined && !done; line = lines.shift()) await runLine(line)
  }
  await prompt()
  for (let piece = await channels.stdin.next(); piece !== null && !done; piece = await channels.stdin.next()) {
    const { echo, events } = terminal.type(piece)
    if (echo !== '') await say(echo)
    for (const event of events) {
      if (event.type === 'line') lines.push(event.text)
      else if (event.type === 'interrupt') {
        buffer = ''
        if (running === undefined) await prompt()
        else running.abort()
      } else if (event.type === 'clear') await say(`\x1b[H\x1b[2J${state.cwd} # ${terminal.pending}`)
      else if (running === undefined) {
        await say('\r\n')
        return code
      }
    }
    working = working.then(work)
    working.catch(() => undefined)
  }
  await working
  return code
}

async function echoInput(channels: Channels, tty: boolean): Promise<number> {
  const terminal = new Terminal()
  for (let piece = await channels.stdin.next(); piece !== null; piece = await channels.stdin.next()) {
    if (!tty) {
      await channels.stdout(piece)
      continue
    }
    const { echo, events } = terminal.type(piece)
    if (echo !== '') await channels.stdout(Buffer.from(echo, 'utf8'))
    for (const event of events) {
      if (event.type === 'line') await channels.stdout(Buffer.from(`${event.text}\r\n`, 'utf8'))
      else if (event.type === 'interrupt') return 130
      else if (event.type === 'end') return 0
    }
  }
  return 0
}

/** Runs a session to its end and answers its exit code. Throws NoSuchCommand, and what the channels throw. */
export async function runSession(
  spec: SessionSpec,
  channels: Channels,
  shell: PodShell,
  state: ShellState,
): Promise<number> {
  const { argv, stdin, tty } = spec
  channels.onResize((size) => {
    shell.inside.size.columns = size.columns
    shell.inside.size.rows = size.rows
  })
  const command = argv[0] ?? ''
  if (!(await shell.has(command, state))) {
    throw new NoSuchCommand(
      `exec: "${command}": ${command.includes('/') ? `stat ${command}: no such file or directory` : 'executable file not found in $PATH'}`,
    )
  }
  if (isBareShell(argv)) {
    if (tty && stdin) return interactive(channels, shell, state)
    if (stdin) return script(channels, shell, state)
    return 0
  }
  if (stdin && /(^|\/)cat$/.test(command) && argv.slice(1).every((word) => word === '-'))
    return echoInput(channels, tty)
  const aborter = new AbortController()
  if (tty) watchInterrupt(channels, aborter)
  const pieces = madeOutput(argv)
  if (pieces !== undefined) {
    for (const piece of pieces) {
      if (channels.signal.aborted || aborter.signal.aborted) break
      await channels.stdout(tty ? cooked(piece) : piece)
    }
    return aborter.signal.aborted ? 130 : 0
  }
  const input = stdin && readsInput(argv) && !tty ? await channels.stdin.all() : new Uint8Array()
  const outcome = await shell.run(argv, state, input, AbortSignal.any([aborter.signal, channels.signal]))
  if (tty) {
    await channels.stdout(cooked(outcome.stdout))
    await channels.stdout(cooked(outcome.stderr))
    return aborter.signal.aborted ? 130 : outcome.exitCode
  }
  await channels.stdout(outcome.stdout)
  await channels.stderr(outcome.stderr)
  return outcome.exitCode
}

function watchInterrupt(channels: Channels, aborter: AbortController): void {
  const watch = async () => {
    for (let piece = await channels.stdin.next(); piece !== null; piece = await channels.stdin.next()) {
      if (piece.includes(3)) aborter.abort()
    }
  }
  watch().catch(() => undefined)
}
