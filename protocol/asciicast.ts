// Writes asciicast v3 (docs.asciinema.org/manual/asciicast/v3): a header line, then one JSON array per event,
// [seconds since the event before, code, data]. In: recorded streams and rendered text, in order. Out: lines. No I/O. No clock.

import type { StreamRecord } from './recording.ts'
import type { Chunk } from './transcript/exchange.ts'

export interface CastHeader {
  readonly cols: number
  readonly rows: number
  /** Unix seconds. */
  readonly timestamp?: number
  readonly title?: string
  readonly command?: string
  /** Players shorten pauses to this. */
  readonly idleTimeLimitSeconds?: number
}

/** `tty`: the bytes already move the cursor themselves; else line ends get their carriage return. */
export interface RecordingOptions {
  /** Milliseconds of the cast at which the recording began. */
  readonly startMs: number
  readonly tty: boolean
}

const MAX_COLS = 1000
const PROMPT = '$ '

/** Stdin, output, and resize, as decoded from one recording. UTF-8 that is split over records comes out whole. */
export class Asciicast {
  #lastMs = 0

  /** The first line. */
  header(header: CastHeader): string {
    const { cols, rows, timestamp, title, command, idleTimeLimitSeconds } = header
    return line({
      version: 3,
      term: { cols, rows, type: 'xterm-256color' },
      ...(timestamp !== undefined && { timestamp: Math.floor(timestamp) }),
      ...(idleTimeLimitSeconds !== undefined && { idle_time_limit: idleTimeLimitSeconds }),
      ...(command !== undefined && { command }),
      ...(title !== undefined && { title }),
    })
  }

  /** Output; '' for no text. Line ends get their carriage return. */
  output(atMs: number, text: string): string {
    return text === '' ? '' : this.#event(atMs, 'o', crlf(text))
  }

  /** A named place, which players list. */
  marker(atMs: number, label: string): string {
    return this.#event(atMs, 'm', label)
  }

  /** The exit status of the recorded program; the last event. */
  exit(atMs: number, status: number): string {
    return this.#event(atMs, 'x', String(status))
  }

  /** A command that has no recording of its own: a marker, the prompt with the title, and the rendered output. */
  command(atMs: number, title: string, chunks: readonly Chunk[]): string {
    const text = chunks.map((chunk) => chunk.text).join('')
    const end = text === '' || text.endsWith('\n') ? '' : '\n'
    return this.marker(atMs, title) + this.output(atMs, `${PROMPT}${title}\n`) + this.output(atMs, text + end)
  }

  /** The events of a recording. Its status channel is left out: `exit` is the caller's to write. */
  *recording(records: Iterable<StreamRecord>, options: RecordingOptions): Generator<string> {
    const decoders = new Map<number, TextDecoder>()
    let lastMs = options.startMs
    for (const record of records) {
      lastMs = Math.max(lastMs, options.startMs + record.t)
      const code = CODES[record.channel]
      if (code !== undefined) {
        const decoder = decoders.get(record.channel) ?? new TextDecoder()
        decoders.set(record.channel, decoder)
        yield this.#text(lastMs, code, decoder.decode(record.payload, { stream: true }), options.tty)
      } else if (record.channel === 4) {
        const size = sizeOf(record.payload)
        if (size !== undefined) yield this.#event(lastMs, 'r', size)
      }
    }
    for (const [channel, decoder] of decoders)
      yield this.#text(lastMs, CODES[channel] ?? 'o', decoder.decode(), options.tty)
  }

  #text(atMs: number, code: string, text: string, tty: boolean): string {
    return text === '' ? '' : this.#event(atMs, code, tty || code === 'i' ? text : crlf(text))
  }

  /** Times that go backwards are taken as no time at all. */
  #event(atMs: number, code: string, data: string): string {
    const now = Math.max(this.#lastMs, Math.round(atMs))
    const interval = (now - this.#lastMs) / 1000
    this.#lastMs = now
    return line([interval, code, data])
  }
}

/** stdin, stdout and stderr by channel number. */
const CODES: Readonly<Record<number, string>> = { 0: 'i', 1: 'o', 2: 'o' }

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}

function crlf(text: string): string {
  return text.replace(/\r?\n/g, '\r\n')
}

/** `80x24` of a resize record; absent for anything else. */
function sizeOf(payload: Uint8Array): string | undefined {
  const match = /"Width":(\d{1,5}).*"Height":(\d{1,5})/.exec(new TextDecoder().decode(payload))
  if (!match) return undefined
  const [cols, rows] = [Number(match[1]), Number(match[2])]
  return cols > 0 && rows > 0 && cols <= MAX_COLS && rows <= MAX_COLS ? `${cols}x${rows}` : undefined
}
