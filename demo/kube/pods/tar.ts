// tar, as `kubectl cp` uses it: create to stdout, extract from stdin, over the in-memory files. Binary safe.
// Formats read: ustar, pax paths, GNU long names. Links are made as files of their own; devices are left out.

import type { IFileSystem } from 'just-bash'

const BLOCK = 512

/** Bytes one archive may unpack to. */
const MAX_TAR_BYTES = 64 * 1024 * 1024

/** Path depth and entries an archive may have. */
const MAX_ENTRIES = 10_000

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function field(text: string, length: number): Uint8Array {
  const out = new Uint8Array(length)
  out.set(encoder.encode(text).subarray(0, length))
  return out
}

function octal(value: number, length: number): Uint8Array {
  return field(
    `${Math.floor(value)
      .toString(8)
      .padStart(length - 1, '0')}\0`,
    length,
  )
}

function headerBlock(name: Uint8Array, size: number, type: string, mode: number, mtime: number): Uint8Array {
  const out = new Uint8Array(BLOCK)
  out.set(name.subarray(0, 100), 0)
  out.set(octal(mode & 0o7777, 8), 100)
  out.set(octal(0, 8), 108)
  out.set(octal(0, 8), 116)
  out.set(octal(size, 12), 124)
  out.set(octal(mtime, 12), 136)
  out.fill(32, 148, 156)
  out.set(encoder.encode(type), 156)
  out.set(encoder.encode('ustar\x0000'), 257)
  out.set(encoder.encode('root'), 265)
  out.set(encoder.encode('root'), 297)
  const sum = out.reduce((total, byte) => total + byte, 0)
  out.set(encoder.encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return out
}

function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK)
  out.set(bytes)
  return out
}

function entry(name: string, content: Uint8Array, type: string, mode: number, mtime: number): Uint8Array[] {
  const raw = encoder.encode(name)
  const long =
    raw.length > 100
      ? [headerBlock(encoder.encode('././@LongLink'), raw.length + 1, 'L', 0, 0), padded(Uint8Array.from([...raw, 0]))]
      : []
  return [...long, headerBlock(raw, content.length, type, mode, mtime), padded(content)]
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

/** An archive of some paths. Names are stored without a leading slash. Throws when a path is not there. */
export async function createTar(fs: IFileSystem, cwd: string, paths: readonly string[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let total = 0
  const visit = async (path: string, name: string): Promise<void> => {
    const stat = await fs.stat(path)
    const mtime = Math.max(0, stat.mtime.getTime() / 1000)
    if (stat.isDirectory) {
      pieces.push(...entry(`${name.replace(/\/$/, '')}/`, new Uint8Array(), '5', stat.mode, mtime))
      for (const child of (await fs.readdir(path)).sort())
        await visit(`${path === '/' ? '' : path}/${child}`, `${name.replace(/\/$/, '')}/${child}`)
      return
    }
    const content = await fs.readFileBuffer(path)
    total += content.length
    if (total > MAX_TAR_BYTES || pieces.length > MAX_ENTRIES * 2) throw new Error('too much for the simulated tar')
    pieces.push(...entry(name, content, '0', stat.mode, mtime))
  }
  for (const path of paths) await visit(fs.resolvePath(cwd, path), path.replace(/^\/+/, '') || '.')
  pieces.push(new Uint8Array(BLOCK * 2))
  return joined(pieces)
}

function textOf(block: Uint8Array, from: number, length: number): string {
  const part = block.subarray(from, from + length)
  const end = part.indexOf(0)
  return decoder.decode(end < 0 ? part : part.subarray(0, end))
}

function paxPath(content: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(decoder.decode(content))?.[1]
}

/** Unpacks an archive below a directory. Throws on a path that leads out of it, and on a broken archive. */
export async function extractTar(fs: IFileSystem, dir: string, bytes: Uint8Array): Promise<void> {
  let at = 0
  let longName: string | undefined
  let entries = 0
  while (at + BLOCK <= bytes.length) {
    const block = bytes.subarray(at, at + BLOCK)
    at += BLOCK
    if (block.every((byte) => byte === 0)) break
    const size = Number.parseInt(textOf(block, 124, 12).trim() || '0', 8)
    if (!Number.isInteger(size) || size < 0 || at + size > bytes.length) throw new Error('Unexpected EOF in archive')
    if (++entries > MAX_ENTRIES) throw new Error('too many entries')
    const content = bytes.slice(at, at + size)
    at += Math.ceil(size / BLOCK) * BLOCK
    const type = textOf(block, 156, 1) || '0'
    if (type === 'L') {
      longName = textOf(content, 0, content.length)
      continue
    }
    if (type === 'x' || type === 'g') {
      if (type === 'x') longName = paxPath(content) ?? longName
      continue
    }
    const prefix = textOf(block, 257, 5) === 'ustar' ? textOf(block, 345, 155) : ''
    const short = textOf(block, 0, 100)
    const name = longName ?? (prefix === '' ? short : `${prefix}/${short}`)
    longName = undefined
    if (name.split('/').includes('..')) throw new Error(`${name}: Path contains '..'`)
    const path = fs.resolvePath(dir, name.replace(/^\/+/, '').replace(/\/+$/, '') || '.')
    const mode = Number.parseInt(textOf(block, 100, 8).trim() || '644', 8)
    if (type === '5') await fs.mkdir(path, { recursive: true })
    else if (type === '0' || type === '7') {
      await fs.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true })
      await fs.writeFile(path, content)
      await fs.chmod(path, mode & 0o7777)
    }
  }
}

/** What a tar command line asks for. */
export interface TarCommand {
  readonly mode: 'create' | 'extract' | 'list' | 'none'
  readonly file: string
  readonly dir: string
  readonly paths: readonly string[]
}

/** Reads `cf - path`, `-xmf - -C dir`, `xf - -C dir`, `--no-same-owner` and the like. */
export function parseTar(args: readonly string[]): TarCommand {
  let mode: TarCommand['mode'] = 'none'
  let file = '-'
  let dir = '.'
  const paths: string[] = []
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? ''
    const letters = word.startsWith('--')
      ? ''
      : i === 0
        ? word.replace(/^-/, '')
        : word.startsWith('-') && word.length > 1
          ? word.slice(1)
          : ''
    if (letters !== '') {
      for (const letter of letters) {
        if (letter === 'c') mode = 'create'
        else if (letter === 'x') mode = 'extract'
        else if (letter === 't') mode = 'list'
        else if (letter === 'f') file = args[++i] ?? '-'
        else if (letter === 'C') dir = args[++i] ?? '.'
      }
    } else if (word === '--directory') dir = args[++i] ?? '.'
    else if (!word.startsWith('--')) paths.push(word)
  }
  return { mode, file, dir, paths }
}
