// A shell over one simulated container: just-bash with files in memory, no network, no host. Bounded in time and bytes.

import { Bash, type BashExecResult, InMemoryFs } from 'just-bash'
import type { Cluster } from '../cluster.ts'
import { type KubeObject, textAt } from '../json.ts'
import { commandsOf, type Inside, SHELL_ONLY } from './commands.ts'
import { baseFiles, commandLine, containerSpec, environment, mountedFiles } from './files.ts'

/** Bytes a container's files may take. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

/** Bytes one command may print. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** How long one command may run. */
const MAX_RUN_MS = 10 * 60_000

/** What a command left behind. */
export interface Outcome {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly exitCode: number
}

/** State that carries over from line to line of an interactive shell. */
export interface ShellState {
  env: Record<string, string>
  cwd: string
}

/** A word as the shell takes it, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** A result's text as bytes: `bytes` results, and those with a NUL, are latin1-shaped; the rest is text. */
function outputBytes(text: string, kind: BashExecResult['stdoutKind']): Uint8Array {
  const binary = kind === 'bytes' || (kind === undefined && text.includes('\0') && !/[^\u0000-\u00ff]/.test(text))
  return Buffer.from(text, binary ? 'latin1' : 'utf8')
}

/** The files and commands of one container; made on first use. */
export class PodShell {
  readonly #cluster: Cluster
  readonly #container: string
  readonly #bash: Bash
  readonly inside: Inside & { size: { columns: number; rows: number } }

  constructor(cluster: Cluster, pod: KubeObject, container: string) {
    this.#cluster = cluster
    this.#container = container
    this.inside = {
      hostname: textAt(pod, 'spec', 'hostname') || pod.metadata.name,
      argv: commandLine(pod, container),
      size: { columns: 80, rows: 24 },
    }
    this.#bash = new Bash({
      fs: new InMemoryFs(baseFiles(pod)),
      cwd: textAt(containerSpec(pod, container), 'workingDir') || '/',
      customCommands: commandsOf(this.inside),
      // Its own second line of defence patches globals of the whole process, which a server must not have, and Bun has
      // not. What can be run is the interpreter and its commands only: no JavaScript, no Python, no network.
      defenseInDepth: false,
      processInfo: { pid: 42, ppid: 1, uid: 0, gid: 0 },
      executionLimits: {
        maxOutputSize: MAX_OUTPUT_BYTES,
        maxStringLength: MAX_OUTPUT_BYTES,
        maxFileSystemBytes: MAX_FILE_BYTES,
        maxExecutionTimeMs: MAX_RUN_MS,
      },
    })
  }

  /** The state a new session starts with; mounted secrets and config maps are brought up to date. */
  async begin(pod: KubeObject): Promise<ShellState> {
    const { files, directories } = mountedFiles(this.#cluster, pod, this.#container)
    const { fs } = this.#bash
    for (const path of directories) await fs.mkdir(path, { recursive: true })
    for (const [path, bytes] of files) {
      await fs.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true })
      await fs.writeFile(path, bytes)
    }
    return {
      env: environment(this.#cluster, pod, this.#container),
      cwd: textAt(containerSpec(pod, this.#container), 'workingDir') || '/',
    }
  }

  /** True when a command of that name can be run. */
  async has(name: string, state: ShellState): Promise<boolean> {
    if (name.includes('/'))
      return (await this.#bash.fs.exists(name)) || /^\/(usr\/)?(local\/)?s?bin\/[\w.-]+$/.test(name)
    const found = await this.#bash.exec('command -v "$DEMO_LOOKUP"', {
      env: { ...state.env, DEMO_LOOKUP: name },
      cwd: state.cwd,
      replaceEnv: true,
    })
    return found.exitCode === 0
  }

  /** True when the text is a whole command, false while a quote, block or here-document is open. */
  isComplete(text: string): boolean {
    if (/(\\|\||&&)\n$/.test(text)) return false
    try {
      this.#bash.transform(text)
      return true
    } catch (error) {
      const why = error instanceof Error ? error.message : ''
      const line = Number(/at (\d+):/.exec(why)?.[1] ?? '0')
      return !/EOF|here-?doc/i.test(why) && line <= text.split('\n').length - 1
    }
  }

  /** Runs an argv as `exec` would, without a shell in between. */
  async run(argv: readonly string[], state: ShellState, stdin: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const [command = '', ...args] = argv
    const name = /^\/(usr\/)?(local\/)?s?bin\/([\w.-]+)$/.exec(command)?.[3] ?? command
    return this.#exec([name, ...args].map(quoted).join(' '), state, stdin, signal)
  }

  /** Runs a line of shell and carries its variables and directory over. */
  async line(text: string, state: ShellState, signal: AbortSignal): Promise<Outcome> {
    return this.#exec(text, state, new Uint8Array(), signal)
  }

  async #exec(text: string, state: ShellState, stdin: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const exported = Object.keys(state.env).filter((name) => /^[A-Za-z_]\w*$/.test(name) && !SHELL_ONLY.has(name))
    try {
      const result = await this.#bash.exec(`export ${exported.join(' ')}\n${text}`, {
        env: state.env,
        replaceEnv: true,
        cwd: state.cwd,
        signal,
        rawScript: true,
        stdin: Buffer.from(stdin).toString('latin1'),
        stdinKind: 'bytes',
      })
      state.env = { ...result.env }
      state.cwd = result.env.PWD ?? state.cwd
      return {
        stdout: outputBytes(result.stdout, result.stdoutKind),
        stderr: Buffer.from(result.stderr, 'utf8'),
        exitCode: result.exitCode,
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : 'failed'
      return { stdout: new Uint8Array(), stderr: Buffer.from(`sh: ${why}\n`), exitCode: 2 }
    }
  }
}
