// Output that is made as it is read: `yes`, `cat /dev/zero`, `head -c N /dev/urandom`, `seq N`. Nothing is held but one
// piece, however much is asked for, so that a slow client slows the command.

import { made, sizeOf } from '../pods/commands.ts'

/** Bytes made at once. */
const PIECE_BYTES = 32 * 1024

const DEVICE = /^\/dev\/(zero|urandom|random)$/

function* bytes(device: string, length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= PIECE_BYTES) yield made(device, Math.min(left, PIECE_BYTES))
}

function* repeated(line: string): Generator<Uint8Array> {
  const piece = Buffer.from(`${line}\n`.repeat(Math.max(1, Math.ceil(PIECE_BYTES / (line.length + 1)))))
  for (;;) yield piece
}

function* numbers(from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at <= to; at += 5000) {
    yield Buffer.from(Array.from({ length: Math.min(5000, to - at + 1) }, (_, i) => `${at + i}\n`).join(''))
  }
}

/** The pieces of such a command; absent for every other one. */
export function madeOutput(argv: readonly string[]): Generator<Uint8Array> | undefined {
  const [command = '', ...args] = argv
  const name = command.replace(/^.*\//, '')
  if (name === 'yes') return repeated(args.join(' ') || 'y')
  if (name === 'cat' && args.length === 1 && DEVICE.test(args[0] ?? ''))
    return bytes(args[0] ?? '', Number.POSITIVE_INFINITY)
  if (name === 'head' && DEVICE.test(args.at(-1) ?? '')) {
    const count = args[0] === '-c' ? args[1] : /^-c(.+)$/.exec(args[0] ?? '')?.[1]
    return count === undefined ? undefined : bytes(args.at(-1) ?? '', sizeOf(count))
  }
  if (name === 'seq' && args.length > 0 && args.length < 3 && args.every((arg) => /^\d{1,15}$/.test(arg))) {
    return numbers(args.length === 1 ? 1 : Number(args[0]), Number(args.at(-1)))
  }
  return undefined
}
