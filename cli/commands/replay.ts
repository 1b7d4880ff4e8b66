// sessions replay: plays a session's asciicast in this terminal, with its timing. What reaches beyond the screen is left out.

import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { RECOVER, TerminalFilter } from '../../protocol/terminal.ts'
import { connectApi } from '../api.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'

/** Back to the main screen, cursor shown, colours off, whatever the recording left behind. */
const RESET = `\u001b[?1049l${RECOVER}\u001b[?25h\u001b[r`

function number(invocation: Invocation, name: string, fallback: number): number {
  const text = invocation.option(name)
  const value = text === undefined ? fallback : Number(text)
  if (!Number.isFinite(value) || value < 0 || (name === 'speed' && value === 0))
    throw new UsageError(`--${name} takes a positive number`)
  return value
}

/** One event of an asciicast v3: seconds since the one before, code, data. */
export function parseEvent(
  line: string,
): { readonly wait: number; readonly code: string; readonly data: string } | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (!Array.isArray(value)) return null
  const [wait, code, data]: unknown[] = value
  if (typeof wait !== 'number' || wait < 0 || typeof code !== 'string' || typeof data !== 'string') return null
  return { wait, code, data }
}

async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  if (rest !== '') yield rest
}

export async function replay(invocation: Invocation): Promise<number> {
  const speed = number(invocation, 'speed', 1)
  const idleLimit = number(invocation, 'idle-limit', 2)
  const api = await connectApi(invocation.data)
  const id = encodeURIComponent(invocation.positionals[0] ?? '')
  const { stream } = await api.open(`/api/v1/sessions/${id}/export?format=asciicast`)
  const tty = process.stdout.isTTY === true
  const stop = () => {
    if (tty) process.stdout.write(RESET)
    process.exit(130)
  }
  process.once('SIGINT', stop)
  let first = true
  let filter = new TerminalFilter()
  for await (const line of linesOf(stream)) {
    if (first) {
      first = false
      if (!line.startsWith('{')) throw new Failure('the gateway answered with something that is no asciicast')
      continue
    }
    const event = parseEvent(line)
    if (event === null) continue
    const waitS = Math.min(event.wait, idleLimit) / speed
    if (waitS > 0) await pause(waitS * 1000)
    // A new command begins on a clean line, whatever the one before left open.
    if (event.code === 'm') filter = new TerminalFilter()
    if (event.code === 'o') process.stdout.write(filter.write(event.data))
  }
  if (tty) process.stdout.write(RESET)
  process.removeListener('SIGINT', stop)
  return 0
}
