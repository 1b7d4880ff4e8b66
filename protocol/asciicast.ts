// Writes asciicast v3 (docs.asciinema.org/manual/asciicast/v3): a header line, then one JSON array per event,
// [seconds since the event before, code, data]. In: recorded streams and rendered text, in order. Out: lines, each with its
// newline. Terminal sequences that reach beyond the screen are left out. No I/O. No clock.

import type { StreamRecord } from './recording.ts'
import { TerminalFilter } from './terminal.ts'

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

/** A recorded terminal larger than this was not recorded by us. */
const MAX_SIDE = 1000

/** One cast. Times are milliseconds on any one clock; one that goes backwards is taken as no time at all. */
export class Asciicast {
  #lastMs: number
  #size: TerminalSize = { cols: 0, rows: 0 }

  constructor(startMs: number) {
    this.#lastMs = startMs
  }

  /** How large the terminal is by now. */
  get size(): TerminalSize {
    return this.#size
  }

  /** When the last event was. */
  get atMs(): number {
    return this.#lastMs
  }

  /** The first line. */
  header(header: CastHeader): string {
    const { cols, rows, timestamp, title, command, idleTimeLimitSeconds } = header
    this.#size = { cols, rows }
    return line({
      version: 3,
      term: { cols, rows, type: 'xterm-256color' },
      ...(timestamp !== undefined && { timestamp: Math.floor(timestamp) }),
      ...(idleTimeLimitSeconds !== undefined && { idle_time_limit: idleTimeLimitSeconds }),
      ...(command !== undefined && { command }),
      ...(title !== undefined && { title }),
    })
  }

  /** Text that the terminal shows, as it is; '' for no text. */
  output(atMs: number, text: string): string {
    return text === '' ? '' : this.#event(atMs, 'o', text)
  }

  /** Text that was typed; '' for no text. */
  input(atMs: number, text: string): string {
    return text === '' ? '' : this.#event(atMs, 'i', text)
  }

  /** A named place, which players list. */
  marker(atMs: number, label: string): string {
    return this.#event(atMs, 'm', label)
  }

  resize(atMs: number, size: TerminalSize): string {
    this.#size = size
    return this.#event(atMs, 'r', `${size.cols}x${size.rows}`)
  }

  /** The exit status of the recorded program; the last event of its cast. */
  exit(atMs: number, status: number): string {
    return this.#event(atMs, 'x', String(status))
  }

  #event(atMs: number, code: string, data: string): string {
    const now = Math.max(this.#lastMs, Math.round(atMs))
    const interval = (now - this.#lastMs) / 1000
    this.#lastMs = now
    return line([interval, code, data])
  }
}

export interface RecordingOptions {
  /** When the stream opened. */
  readonly startMs: number
  /** True: the bytes already move the cursor themselves. False: line ends get their carriage return. */
  readonly tty: boolean
  /** Whether what was typed is written too: it may hold what the terminal never showed. */
  readonly input: boolean
}

/** One recorded exec or attach in a cast. UTF-8 and sequences that are split over records come out whole. */
export class CastRecording {
  readonly #cast: Asciicast
  readonly #options: RecordingOptions
  readonly #decoders = new Map<number, TextDecoder>()
  readonly #filter = new TerminalFilter()

  constructor(cast: Asciicast, options: RecordingOptions) {
    this.#cast = cast
    this.#options = options
  }

  /** The lines of the next records. The status channel is left out: `exit` is the caller's to write. */
  *events(records: Iterable<StreamRecord>): Generator<string> {
    for (const { t, channel, payload } of records) {
      const atMs = this.#options.startMs + t
      if (channel === 4) {
        const size = terminalSize(payload)
        if (size !== undefined) yield this.#cast.resize(atMs, size)
      } else if (channel >= 0 && channel <= 2) {
        const text = this.#decoder(channel).decode(payload, { stream: true })
        const event = this.#text(atMs, channel, text)
        if (event !== '') yield event
      }
    }
  }

  /** What a cut last character left behind. */
  *end(): Generator<string> {
    for (const [channel, decoder] of this.#decoders) {
      const event = this.#text(this.#cast.atMs, channel, decoder.decode())
      if (event !== '') yield event
    }
  }

  #decoder(channel: number): TextDecoder {
    const decoder = this.#decoders.get(channel) ?? new TextDecoder()
    this.#decoders.set(channel, decoder)
    return decoder
  }

  #text(atMs: number, channel: number, text: string): string {
    if (channel === 0) return this.#options.input ? this.#cast.input(atMs, text) : ''
    return this.#cast.output(atMs, this.#filter.write(this.#options.tty ? text : terminalLines(text)))
  }
}

export interface TerminalSize {
  readonly cols: number
  readonly rows: number
}

/** `{"Width": …, "Height": …}` of a resize record; absent for anything else, and for what no terminal is. */
export function terminalSize(payload: Uint8Array): TerminalSize | undefined {
  try {
    const size: unknown = JSON.parse(new TextDecoder().decode(payload))
    if (typeof size !== 'object' || size === null || !('Width' in size) || !('Height' in size)) return undefined
    const [cols, rows] = [Number(size.Width), Number(size.Height)]
    const valid = (side: number) => Number.isInteger(side) && side > 0 && side <= MAX_SIDE
    return valid(cols) && valid(rows) ? { cols, rows } : undefined
  } catch {
    return undefined
  }
}

/** Line ends as a terminal needs them. */
export function terminalLines(text: string): string {
  return text.replaceAll(/\r?\n/g, '\r\n')
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
