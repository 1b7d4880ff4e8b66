// Commands the simulated shell lacks or answers differently: who and where one is, devices of zeros, tar.

import { type Command, defineCommand, type ExecResult } from 'just-bash'
import { GIT_VERSION } from '../version.ts'
import { createTar, extractTar, parseTar } from './tar.ts'

/** Bytes a command may make up. */
const MAX_MADE_BYTES = 64 * 1024 * 1024

/** Variables of the shell itself, which a real environment would not show. */
export const SHELL_ONLY = new Set([
  'IFS',
  'OSTYPE',
  'MACHTYPE',
  'HOSTTYPE',
  'OPTIND',
  'SHELLOPTS',
  'BASHOPTS',
  'OLDPWD',
  '?',
  'BASH_VERSION',
  'BASHPID',
  'PPID',
])

const said = (stdout: string, exitCode = 0): ExecResult => ({ stdout, stderr: '', exitCode })
const failed = (stderr: string, exitCode = 1): ExecResult => ({ stdout: '', stderr, exitCode })
const bytesOut = (bytes: Uint8Array): ExecResult => ({
  stdout: Buffer.from(bytes).toString('latin1'),
  stderr: '',
  exitCode: 0,
  stdoutKind: 'bytes',
})

/** `20M` in bytes; 0 for what is no size. */
export function sizeOf(text: string): number {
  const match = /^(\d+)([kKmMgG]?)B?$/.exec(text)
  const unit = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match?.[2] ?? '').toLowerCase()] ?? 1
  return Number(match?.[1] ?? '0') * unit
}

/** Bytes as a device gives them: zeros, or random ones. */
export function made(device: string, length: number): Uint8Array {
  const out = new Uint8Array(length)
  if (device !== '/dev/zero')
    for (let i = 0; i < length; i += 65_536) crypto.getRandomValues(out.subarray(i, Math.min(i + 65_536, length)))
  return out
}

/** What the commands know of the container they run in. */
export interface Inside {
  readonly hostname: string
  readonly argv: string
  /** Terminal size, as last heard. */
  readonly size: { columns: number; rows: number }
}

/** The commands of one container. */
export function commandsOf(inside: Inside): Command[] {
  return [
    defineCommand('id', async () => said('uid=0(root) gid=0(root) groups=0(root)\n')),
    defineCommand('whoami', async () => said('root\n')),
    defineCommand('hostname', async () => said(`${inside.hostname}\n`)),
    defineCommand('uname', async (args) =>
      said(args.includes('-a') ? `Linux ${inside.hostname} none ${GIT_VERSION} demo simulated\n` : 'Linux\n'),
    ),
    defineCommand('ps', async () =>
      said(`PID   USER     TIME  COMMAND\n    1 root      0:00 ${inside.argv}\n   42 root      0:00 ps\n`),
    ),
    defineCommand('df', async () =>
      said(
        'Filesystem           1K-blocks      Used Available Use% Mounted on\nmemory                   65536      1024     64512   2% /\n',
      ),
    ),
    defineCommand('stty', async (args) =>
      said(args.includes('size') ? `${inside.size.rows} ${inside.size.columns}\n` : ''),
    ),
    defineCommand('tty', async () => said('/dev/pts/0\n')),
    defineCommand('env', async (args, ctx) => {
      if (args.length > 0 && ctx.origCommand !== undefined) return ctx.origCommand(args)
      return said(
        [...ctx.env]
          .filter(([key]) => !SHELL_ONLY.has(key))
          .map(([key, value]) => `${key}=${value}\n`)
          .join(''),
      )
    }),
    defineCommand('yes', async (args) => said(`${args.join(' ') || 'y'}\n`.repeat(100_000))),
    defineCommand('dd', async (args) => {
      const options = new Map(args.map((arg) => [arg.split('=')[0] ?? '', arg.slice(arg.indexOf('=') + 1)]))
      const length = Math.min(sizeOf(options.get('bs') ?? '512') * Number(options.get('count') ?? '1'), MAX_MADE_BYTES)
      if (options.has('of')) return failed('dd: the simulated dd writes to stdout only\n')
      return {
        ...bytesOut(made(options.get('if') ?? '/dev/zero', length)),
        stderr: `${length} bytes copied (simulated)\n`,
      }
    }),
    defineCommand('head', async (args, ctx) => {
      const device = args.find((arg) => arg === '/dev/zero' || arg === '/dev/urandom' || arg === '/dev/random')
      const count = args[args.indexOf('-c') + 1] ?? /^-c(.+)$/.exec(args[0] ?? '')?.[1] ?? '0'
      if (device !== undefined)
        return bytesOut(made(device, Math.min(MAX_MADE_BYTES, sizeOf(/^-c(.+)$/.exec(args[0] ?? '')?.[1] ?? count))))
      return ctx.origCommand === undefined ? failed('head: not available\n') : ctx.origCommand(args)
    }),
    defineCommand('tar', async (args, ctx) => {
      const command = parseTar(args)
      const dir = ctx.fs.resolvePath(ctx.cwd, command.dir)
      try {
        if (command.mode === 'create') {
          const archive = await createTar(ctx.fs, dir, command.paths)
          if (command.file === '-') return bytesOut(archive)
          await ctx.fs.writeFile(ctx.fs.resolvePath(ctx.cwd, command.file), archive)
          return said('')
        }
        if (command.mode === 'extract') {
          const archive =
            command.file === '-'
              ? Buffer.from(`${ctx.stdin}`, 'latin1')
              : await ctx.fs.readFileBuffer(ctx.fs.resolvePath(ctx.cwd, command.file))
          await extractTar(ctx.fs, dir, archive)
          return said('')
        }
        return ctx.origCommand === undefined ? failed('tar: not available\n') : ctx.origCommand([...args])
      } catch (error) {
        return failed(
          `tar: ${error instanceof Error ? error.message : 'failed'}\ntar: Exiting with failure status due to previous errors\n`,
          2,
        )
      }
    }),
  ]
}
