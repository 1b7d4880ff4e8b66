// One part of `sallyport up` as a process: started, waited for, started again when it dies, stopped.
// In: a command line and how readiness shows on its standard output. Its errors go to a log file and are never shown raw.

import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, existsSync, renameSync, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Failure } from '../command.ts'

/** A part that does not become ready by then is broken. Slow machines take a few seconds. */
const READY_MS = 60_000
/** First pause before a part is started again; doubled each time. */
const BACKOFF_MS = 500
const MAX_BACKOFF_MS = 15_000
/** A part that ran this long was well: the pauses begin anew. */
const WELL_AFTER_MS = 30_000
/** Between asking a part to stop and ending it. */
const STOP_MS = 5_000

export interface ServiceOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly logFile: string
  /** True for the line of standard output that says that the part is ready; `at once`: it need only run. */
  readonly ready: ((line: string) => boolean) | 'at once'
  /** Told when the part dies and when it is back. */
  readonly say: (line: string) => void
  /** After a restart, when it is ready again. */
  readonly onRestarted?: () => void
}

/** True for the JSON line `{"ready":true,…}`. */
export function isReadyLine(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'ready' in value && value.ready === true
  } catch {
    return false
  }
}

export class Service {
  readonly #options: ServiceOptions
  readonly #log: WriteStream
  #child: ChildProcess | null = null
  #stopping = false
  #backoffMs = BACKOFF_MS
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(options: ServiceOptions) {
    this.#options = options
    // What was said at the last start is kept, and no more.
    if (existsSync(options.logFile)) renameSync(options.logFile, `${options.logFile}.1`)
    this.#log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 })
    this.#log.on('error', () => undefined)
  }

  /** Resolves when it is ready. @throws Failure when it ends or stays silent instead */
  async start(): Promise<void> {
    await this.#launch()
    this.#backoffMs = BACKOFF_MS
  }

  /** Stops it and starts it again at once, for a changed surrounding. */
  restart(): void {
    this.#child?.kill('SIGTERM')
  }

  /** Asks it to stop, ends it after 5 s; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const child = this.#child
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await gone
      clearTimeout(force)
    }
    this.#log.end()
  }

  #launch(): Promise<void> {
    const { name, command, args, env, logFile, ready } = this.#options
    const startedAt = Date.now()
    // Its own process group, so that Ctrl-C reaches `up` alone; its standard input is the leash (guard.ts).
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...env },
    })
    this.#child = child
    child.stdin?.on('error', () => undefined)
    child.stderr?.on('data', (chunk: Buffer) => this.#log.write(chunk))
    return new Promise((resolve, reject) => {
      let settled = false
      const settle = (error?: Failure) => {
        if (settled) return
        settled = true
        clearTimeout(late)
        if (error === undefined) resolve()
        else reject(error)
      }
      const late = setTimeout(() => {
        child.kill('SIGKILL')
        settle(new Failure(`${name} did not become ready; see ${logFile}`))
      }, READY_MS)
      if (child.stdout !== null) {
        const lines = createInterface({ input: child.stdout })
        lines.on('error', () => undefined)
        lines.on('line', (line) => {
          this.#log.write(`${line}\n`)
          if (ready !== 'at once' && ready(line)) settle()
        })
      }
      if (ready === 'at once') child.on('spawn', () => settle())
      child.on('error', (error) => settle(new Failure(`cannot start ${name}: ${error.message}`)))
      child.on('exit', (code, signal) => {
        const how = signal === null ? `exit code ${code}` : signal
        const wasReady = settled
        settle(new Failure(`${name} ended before it was ready (${how}); see ${logFile}`))
        if (wasReady && !this.#stopping && this.#child === child) this.#again(how, Date.now() - startedAt)
      })
    })
  }

  #again(how: string, ranMs: number): void {
    const { name, say, onRestarted } = this.#options
    if (ranMs > WELL_AFTER_MS) this.#backoffMs = BACKOFF_MS
    const pauseMs = this.#backoffMs
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2)
    say(`${name} ended (${how}); starting it again in ${pauseMs / 1000} s`)
    this.#timer = setTimeout(() => {
      this.#launch().then(
        () => {
          say(`${name} is back`)
          onRestarted?.()
        },
        (error: unknown) => {
          if (!this.#stopping) this.#again(error instanceof Error ? error.message : String(error), 0)
        },
      )
    }, pauseMs)
  }
}
