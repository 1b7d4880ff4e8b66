// A client run by a test: its words gathered, its end awaited. In: a program and its arguments. Out: what it printed and
// how it ended. Never a shell, except where a terminal is asked for: then `script` lends one.

import { type ChildProcess, spawn } from 'node:child_process'

/** Nothing a test runs takes longer, on a slow machine either. */
const LIMIT_MS = 60_000

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Gives it a terminal: standard error comes on standard output then, and lines end in CR LF. */
  readonly tty?: boolean
  readonly limitMs?: number
}

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as bytes. */
  readonly bytes: Buffer
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** A running client. */
export class Running {
  readonly #child: ChildProcess
  readonly #out: Buffer[] = []
  readonly #err: Buffer[] = []
  readonly #command: string
  /** Woken by whatever it prints, and by its end: several may wait for different things. */
  readonly #waiting = new Set<() => void>()
  #over = false
  readonly done: Promise<Result>

  constructor(program: string, args: readonly string[], options: RunOptions = {}) {
    this.#command = [program.split('/').at(-1), ...args].join(' ')
    const [file, words] = options.tty
      ? ['script', ['-qefc', [program, ...args].map(quoted).join(' '), '/dev/null']]
      : [program, args]
    this.#child = spawn(file, words, { env: { ...process.env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stdin?.on('error', () => undefined)
    if (!options.tty) this.#child.stdin?.end(options.stdin ?? '')
    else if (options.stdin !== undefined) this.#child.stdin?.write(options.stdin)
    this.#child.stdout?.on('data', (piece: Buffer) => {
      this.#out.push(piece)
      this.#wake()
    })
    this.#child.stderr?.on('data', (piece: Buffer) => {
      this.#err.push(piece)
      this.#wake()
    })
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), options.limitMs ?? LIMIT_MS)
    this.done = new Promise((resolve, reject) => {
      this.#child.on('error', (error) => {
        this.#over = true
        this.#wake()
        reject(error)
      })
      this.#child.on('close', (code, signal) => {
        clearTimeout(limit)
        this.#over = true
        this.#wake()
        resolve({
          code: code ?? (signal === 'SIGINT' ? 130 : 137),
          stdout: this.stdout,
          stderr: this.stderr,
          bytes: Buffer.concat(this.#out),
        })
      })
    })
  }

  get stdout(): string {
    return Buffer.concat(this.#out).toString('utf8')
  }

  get stderr(): string {
    return Buffer.concat(this.#err).toString('utf8')
  }

  /** Types into its terminal. */
  type(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** What Ctrl-C does, unless another signal is given. */
  interrupt(signal: NodeJS.Signals = 'SIGINT'): void {
    this.#child.kill(signal)
  }

  #wake(): void {
    const woken = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of woken) wake()
  }

  /** Resolves when standard output or standard error holds the pattern. @throws when it ends or says nothing instead */
  async until(pattern: RegExp, limitMs = 30_000): Promise<RegExpExecArray> {
    const giveUpAt = Date.now() + limitMs
    for (;;) {
      const found = pattern.exec(`${this.stdout}\n${this.stderr}`)
      if (found !== null) return found
      const why = this.#over ? 'ended' : Date.now() >= giveUpAt ? `said nothing of it for ${limitMs} ms` : null
      if (why !== null) throw new Error(`${this.#command} ${why}: ${pattern}\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, giveUpAt - Date.now()))
        this.#waiting.add(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return new Running(program, args, options).done
}
