// What a terminal has to be told to replay one command, and when. In: the command's title and its output or recording.
// Out: a script, times in milliseconds from its start. No clock, no I/O, no UI.

import { terminalLines, terminalSize } from '../../../protocol/asciicast.ts'
import { decodeRecords, type StreamRecord } from '../../../protocol/recording.ts'
import type { Chunk } from '../../../protocol/transcript/render.ts'

export type Action =
  | { readonly kind: 'write'; readonly data: string | Uint8Array }
  | { readonly kind: 'resize'; readonly cols: number; readonly rows: number }

export interface ScriptEvent {
  readonly at: number
  readonly action: Action
}

export interface Script {
  /** In order of time. */
  readonly events: readonly ScriptEvent[]
  /** When the command's own output begins: after the typing. */
  readonly outputAt: number
  readonly duration: number
}

const KEY_MS = 22
const MAX_TYPING_MS = 900
const ENTER_MS = 260
/** Time to take in an output that came at once. */
const READ_MS = 900
/** xterm keeps what is written to it in memory: larger pieces than this are handed over one after the other. */
const PIECE = 64 * 1024
/** A frame of a slow screen. */
const MOMENT_MS = 8
/** Writes of one recording that a page can hold. */
const MAX_MOMENTS = 100_000
const MAX_COLS = 500
const MAX_ROWS = 200

const PROMPT = '\x1b[1;32m$\x1b[0m '
const DIM = '\x1b[3;90m'
const RESET = '\x1b[0m'
/** Soft reset and the normal screen. Not mode 1049: leaving that restores a cursor that was never saved, over what is there. */
const RECOVER = '\x1b[!p\x1b[?1047l'
/** Whatever could leave a terminal other than it was: escapes, character sets, C1 controls. */
const CONTROLS = /[\x0e\x0f\x1b\x80-\x9f]/

/** The title as it is typed at a prompt. `lineEnd` is when Enter is pressed. */
function typing(title: string): { events: ScriptEvent[]; end: number } {
  const keys = [...printable(title)]
  const step = Math.min(KEY_MS, MAX_TYPING_MS / Math.max(1, keys.length))
  const events: ScriptEvent[] = [{ at: 0, action: { kind: 'write', data: PROMPT } }]
  keys.forEach((key, i) => {
    events.push({ at: Math.round((i + 1) * step), action: { kind: 'write', data: key } })
  })
  const end = Math.round(keys.length * step) + ENTER_MS
  events.push({ at: end, action: { kind: 'write', data: '\r\n' } })
  return { events, end }
}

/** A command whose output was reconstructed, or is a log: typed, then printed at once. */
export function printedScript(title: string, chunks: readonly Chunk[]): Script {
  const { events, end } = typing(title)
  for (const chunk of chunks) {
    const text = chunk.note ? `${DIM}${chunk.text.replace(/\n$/, '')}${RESET}\n` : chunk.text
    for (let at = 0; at < text.length; at += PIECE) {
      events.push({ at: end, action: { kind: 'write', data: terminalLines(text.slice(at, at + PIECE)) } })
    }
    // A log is what the client saw: it may hide what is said or played after it.
    if (!chunk.note && CONTROLS.test(chunk.text)) events.push({ at: end, action: { kind: 'write', data: RECOVER } })
  }
  const last = chunks.at(-1)
  if (last && !last.text.endsWith('\n')) events.push({ at: end, action: { kind: 'write', data: '\r\n' } })
  return { events, outputAt: end, duration: end + READ_MS }
}

/**
 * A recorded exec or attach: typed, then played as it went. `tty`: the bytes already move the cursor themselves.
 * `epilogue`: what the client itself said at the end.
 */
export function recordedScript(title: string, recording: Uint8Array, tty: boolean, epilogue = ''): Script {
  const { events, end } = typing(title)
  let last = 0
  const moment = momentOf(recording)
  let parts: Uint8Array[] = []
  let began = 0
  const flush = () => {
    if (parts.length > 0) events.push({ at: end + began, action: { kind: 'write', data: joined(parts) } })
    parts = []
  }
  for (const record of decodeRecords(recording)) {
    const action = actionOf(record, tty)
    last = Math.max(last, record.t)
    if (action?.kind !== 'write' || last - began >= moment) flush()
    if (action?.kind === 'resize') events.push({ at: end + last, action })
    if (action?.kind !== 'write') continue
    if (parts.length === 0) began = last
    parts.push(action.data)
  }
  flush()
  events.push({ at: end + last, action: { kind: 'write', data: `${RECOVER}\r\n${terminalLines(epilogue)}` } })
  return { events, outputAt: end, duration: end + last + READ_MS }
}

/** What comes within it is one write: nobody sees the difference, and a program may write letter by letter for hours. */
function momentOf(recording: Uint8Array): number {
  let last = 0
  for (const { t } of decodeRecords(recording)) last = Math.max(last, t)
  return Math.max(MOMENT_MS, Math.ceil(last / MAX_MOMENTS))
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only) return only
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

type Shown = { readonly kind: 'write'; readonly data: Uint8Array } | Extract<Action, { readonly kind: 'resize' }>

function actionOf(record: StreamRecord, tty: boolean): Shown | undefined {
  if (record.channel === 4) return resizeOf(record.payload)
  if (record.channel === 1 || record.channel === 2) {
    return { kind: 'write', data: tty ? record.payload : crlfBytes(record.payload) }
  }
  return undefined
}

function resizeOf(payload: Uint8Array): Shown | undefined {
  const size = terminalSize(payload)
  return size && { kind: 'resize', cols: Math.min(size.cols, MAX_COLS), rows: Math.min(size.rows, MAX_ROWS) }
}

function crlfBytes(bytes: Uint8Array): Uint8Array {
  // By index: an iterator takes seconds for what a recording may hold.
  let lines = 0
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 10) lines++
  const out = new Uint8Array(bytes.length + lines)
  for (let i = 0, at = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte === 10) out[at++] = 13
    out[at++] = byte
  }
  return out
}

/** A title never carries control sequences into the terminal. */
function printable(title: string): string {
  return title.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�')
}
