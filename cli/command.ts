// What a command of the CLI is, and how a command line becomes a call of one. In: argv. Out: parsed values or a usage error.
// No I/O.

import { parseArgs } from 'node:util'

/** One option. `value`: the placeholder in the help; absent: a switch. */
interface Option {
  readonly name: string
  readonly short?: string
  readonly value?: string
  readonly many?: boolean
  readonly help: string
}

/** What a command is called with. */
export interface Invocation {
  readonly positionals: readonly string[]
  /** The value of an option; for one given several times, the last. */
  readonly option: (name: string) => string | undefined
  readonly options: (name: string) => readonly string[]
  readonly has: (name: string) => boolean
  /** What stands behind `--`; null: there was none, or the command takes none. */
  readonly rest: readonly string[] | null
  /** The data folder, as given or `.sallyport`. */
  readonly data: string
  readonly json: boolean
}

export interface Command {
  /** Words as typed: `['sessions', 'list']`. */
  readonly words: readonly string[]
  /** In the order they are typed; `[NAME]` may be left out, `FILE…` is one or more and comes last. */
  readonly positionals?: readonly string[]
  /** What `-- …` is, where the command takes it: `ARGV…`. */
  readonly rest?: string
  readonly summary: string
  /** More for `--help`, plain lines. */
  readonly details?: string
  readonly options?: readonly Option[]
  /** Takes `-o json`. */
  readonly listing?: boolean
  /** Loaded only when called, so that `sallyport token` starts quickly. Resolves with the exit code. */
  readonly run: (invocation: Invocation) => Promise<number>
}

/** The command line is not understood. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** It was understood and cannot be done. Exit code 1; the message is all that is shown. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

const DATA: Option = { name: 'data', value: 'DIR', help: 'where the state is (default .sallyport)' }
const HELP: Option = { name: 'help', short: 'h', help: 'this text' }
const OUTPUT: Option = { name: 'output', short: 'o', value: 'json', help: 'print JSON' }

function optionsOf(command: Command): readonly Option[] {
  return [...(command.options ?? []), ...(command.listing === true ? [OUTPUT] : []), DATA, HELP]
}

/** The command whose words begin the arguments, the longest first; null when there is none. */
export function findCommand(commands: readonly Command[], argv: readonly string[]): Command | null {
  const matching = commands.filter(({ words }) => words.every((word, index) => argv[index] === word))
  return matching.sort((a, b) => b.words.length - a.words.length)[0] ?? null
}

/** @returns null when help was asked for */
export function parseInvocation(command: Command, argv: readonly string[]): Invocation | null {
  const options = optionsOf(command)
  const spec = Object.fromEntries(
    options.map(({ name, short, value }) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: true as const,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  )
  const typed = argv.slice(command.words.length)
  const end = command.rest === undefined ? -1 : typed.indexOf('--')
  const rest = end === -1 ? null : typed.slice(end + 1)
  let parsed: { values: Record<string, (string | boolean)[] | undefined>; positionals: string[] }
  try {
    const args = end === -1 ? typed : typed.slice(0, end)
    parsed = parseArgs({ args, options: spec, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? (error.message.split('. ')[0] ?? '') : 'the arguments are not understood',
    )
  }
  const { values, positionals } = parsed
  if (values.help !== undefined) return null
  const texts = (name: string) => (values[name] ?? []).filter((value) => typeof value === 'string')
  for (const { name, many } of options) {
    if (many !== true && (values[name]?.length ?? 0) > 1) throw new UsageError(`--${name} is given twice`)
  }
  const wanted = command.positionals ?? []
  const needed = wanted.filter((name) => !name.startsWith('['))
  if (positionals.length < needed.length)
    throw new UsageError(`${needed.slice(positionals.length).join(' ')} is missing`)
  const endless = wanted.at(-1)?.includes('…') === true
  if (positionals.length > wanted.length && !endless)
    throw new UsageError(`unexpected argument ${positionals[wanted.length]}`)
  const output = command.listing === true ? texts('output').at(-1) : undefined
  if (output !== undefined && output !== 'json') throw new UsageError('-o takes json')
  return {
    positionals,
    option: (name) => texts(name).at(-1),
    options: texts,
    has: (name) => values[name] !== undefined,
    rest,
    data: texts('data').at(-1) ?? '.sallyport',
    json: output === 'json',
  }
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const rest = command.rest === undefined ? [] : [`[-- ${command.rest}]`]
  const usage = ['sallyport', ...command.words, ...(command.positionals ?? []), '[options]', ...rest].join(' ')
  const rows = optionsOf(command).map(({ name, short, value, many, help }) => {
    const left = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
    return [left, many === true ? `${help} (may be repeated)` : help] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  const details = command.details === undefined ? '' : `\n${command.details.trim()}\n`
  return `${command.summary}\n\nUsage: ${usage}\n${details}\nOptions:\n${rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n')}\n`
}

/** The help of all of them; of those that begin with `words` when there are any. */
export function overview(commands: readonly Command[], words: readonly string[] = []): string {
  const shown = commands.filter((command) => words.every((word, index) => command.words[index] === word))
  const rows = shown.map(
    (command) => [[...command.words, ...(command.positionals ?? [])].join(' '), command.summary] as const,
  )
  const width = Math.max(...rows.map(([left]) => left.length))
  return `Usage: sallyport COMMAND [options]\n\nCommands:\n${rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n')}\n\nsallyport COMMAND --help tells more of each. Exit codes: 0 done, 1 refused or failed, 2 usage.\n`
}
