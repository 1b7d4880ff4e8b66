// What a row of the table is, and how one is run and judged. In: command lines with {places}. Out: failed expectations.

import { expect } from 'vitest'
import type { Installation, Version } from './installation.ts'
import type { Result, Running, RunOptions } from './process.ts'

/** What a client must print and how it must end. Text must occur, a RegExp must match. */
export interface Want {
  /** Default 0. */
  readonly code?: number
  readonly out?: readonly (string | RegExp)[]
  readonly err?: readonly (string | RegExp)[]
  /** Must occur in neither. */
  readonly not?: readonly (string | RegExp)[]
}

interface Row {
  readonly only?: Version
  readonly on?: 'demo' | 'real'
}

/** One command of the table. */
export interface CommandRow extends Row, Want {
  /** A command line: words, 'single-quoted words', {places} of the door. Starts with kubectl or helm. */
  readonly run: string
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly tty?: boolean
  /** Where an old real cluster must answer otherwise. */
  readonly real?: Want
}

/** A row that needs more than one command line. */
export interface ScriptRow extends Row {
  readonly name: string
  readonly check: (door: Door) => Promise<void>
}

export type TableRow = CommandRow | ScriptRow

/** Splits a command line into words; single quotes keep spaces, as in a shell. */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const match of line.matchAll(/(?:[^\s']|'[^']*')+/g)) words.push(match[0].replace(/'([^']*)'/g, '$1'))
  return words
}

/** The clients of one version at one installation, with what they work on. */
export class Door {
  readonly installation: Installation
  readonly version: Version
  /** {name} in a command line → value. */
  readonly places: Readonly<Record<string, string>>
  readonly real: boolean

  constructor(installation: Installation, version: Version, places: Readonly<Record<string, string>>) {
    this.installation = installation
    this.version = version
    this.places = places
    this.real = installation.connection === 'local'
  }

  /** Puts values into {places}. @throws for one that is not known */
  fill(text: string): string {
    return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => this.places[name] ?? whole)
  }

  #words(line: string): { tool: 'kubectl' | 'helm'; args: string[] } {
    const [tool, ...args] = wordsOf(this.fill(line))
    if (tool !== 'kubectl' && tool !== 'helm') throw new Error(`a row runs kubectl or helm: ${line}`)
    return { tool, args }
  }

  #options({ stdin, env, ...options }: RunOptions): RunOptions {
    const filled = Object.entries(env ?? {}).map(([name, value]) => [name, this.fill(value)])
    return {
      ...options,
      ...(typeof stdin === 'string' ? { stdin: this.fill(stdin) } : stdin === undefined ? {} : { stdin }),
      env: Object.fromEntries(filled),
    }
  }

  /** Runs a command line to its end. */
  run(line: string, options: RunOptions = {}): Promise<Result> {
    const { tool, args } = this.#words(line)
    return this.installation[tool](this.version, args, this.#options(options))
  }

  /** Leaves a command line running. */
  start(line: string, options: RunOptions = {}): Running {
    const { tool, args } = this.#words(line)
    return this.installation.start(tool, this.version, args, this.#options(options))
  }

  /** Runs a command line that must succeed. @returns its standard output */
  async must(line: string, options: RunOptions = {}): Promise<string> {
    const result = await this.run(line, options)
    this.judge(result, {})
    return result.stdout
  }

  /** Compares what a client did with what it should have done. */
  judge(result: Result, want: Want): void {
    const { code, stdout, stderr } = result
    const all = `exit code ${code}\n${stdout}\n--\n${stderr}`
    expect(code, all).toBe(want.code ?? 0)
    const holds = (text: string, pattern: string | RegExp): boolean =>
      typeof pattern === 'string' ? text.includes(this.fill(pattern)) : pattern.test(text)
    for (const pattern of want.out ?? []) expect(holds(stdout, pattern), `${pattern} on stdout of:\n${all}`).toBe(true)
    for (const pattern of want.err ?? []) expect(holds(stderr, pattern), `${pattern} on stderr of:\n${all}`).toBe(true)
    for (const pattern of want.not ?? []) {
      expect(holds(`${stdout}\n${stderr}`, pattern), `${pattern} must not be in:\n${all}`).toBe(false)
    }
  }

  /** Runs a row. @throws when it does not do as it should */
  async row(row: TableRow): Promise<void> {
    if ('check' in row) return row.check(this)
    const { run, stdin, env, tty, real } = row
    const result = await this.run(run, {
      ...(stdin === undefined ? {} : { stdin }),
      ...(env === undefined ? {} : { env }),
      ...(tty === undefined ? {} : { tty }),
    })
    this.judge(result, this.real && real !== undefined ? real : row)
  }

  /** False for rows of the other client or the other kind of cluster. */
  has(row: TableRow): boolean {
    if (row.only !== undefined && row.only !== this.version) return false
    return row.on === undefined || (row.on === 'real') === this.real
  }
}
