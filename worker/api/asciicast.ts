// A session as an asciicast v3 (docs.asciinema.org/manual/asciicast/v3). In: the recordings. Out: its lines, one at a time.
// exec and attach play with their own timing; other commands are rendered from the recorded responses, as the app does.
// What was typed is left out; sequences that reach beyond the screen are too. Holds one command's text at a time.

import { Asciicast, CastRecording, terminalLines } from '../../protocol/asciicast.ts'
import { decodeRecords, RECORD_HEADER_BYTES } from '../../protocol/recording.ts'
import { RECOVER, TerminalFilter } from '../../protocol/terminal.ts'
import { bodiesWanted, type Exchange, MAX_BODY_BYTES, renderCommand } from '../../protocol/transcript/render.ts'
import { join } from '../bytes.ts'
import type { ByteSource } from '../context.ts'
import type { Recordings } from '../ports.ts'
import type { CommandSummary, RequestRecord, SessionSummary } from './types.ts'

/** What a recording without a size is shown in. */
const COLUMNS = 120
const ROWS = 40
/** Pauses longer than this are shortened by players that heed the header. */
const IDLE_LIMIT_S = 2
/** Read of the log at a time. */
const PAGE = 200
/** Requests of one command that are rendered. More is a watch loop or an informer, not something a person reads. */
const MAX_REQUESTS = 2000
/** Bodies of one command held in memory while it is rendered. */
const MAX_COMMAND_BYTES = 4 * MAX_BODY_BYTES
/** One stream record. The recorder writes far smaller ones; a larger one means a damaged recording. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

async function* all<T>(read: (cursor?: string) => Promise<{ items: readonly T[]; next?: string }>): AsyncGenerator<T> {
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    yield* page.items
    cursor = page.next
  } while (cursor !== undefined)
}

const paging = (cursor: string | undefined) => (cursor === undefined ? { limit: PAGE } : { cursor, limit: PAGE })

/** The beginning of a body, at most `maxBytes`. */
async function beginning(source: ByteSource, maxBytes: number): Promise<{ bytes: Uint8Array; cut: boolean }> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const chunk = await source.read()
    if (chunk === null) return { bytes: join(chunks), cut: false }
    chunks.push(chunk)
    length += chunk.length
    if (length > maxBytes) {
      source.cancel('enough')
      return { bytes: join(chunks).subarray(0, maxBytes), cut: true }
    }
  }
}

async function exchangesOf(requests: readonly RequestRecord[], recordings: Recordings): Promise<Exchange[]> {
  const wanted = bodiesWanted(requests)
  let left = MAX_COMMAND_BYTES
  const exchanges: Exchange[] = []
  for (const [index, record] of requests.entries()) {
    const exchange = { request: record.request, ...(record.result === undefined ? {} : { result: record.result }) }
    const body = wanted[index] === true && left > 0 ? await recordings.body(record.id, 'response') : null
    if (body === null) {
      exchanges.push(exchange)
      continue
    }
    const { bytes, cut } = await beginning(body.bytes, Math.min(left, MAX_BODY_BYTES))
    left -= bytes.length
    exchanges.push({ ...exchange, response: bytes, ...(cut ? { cut } : {}) })
  }
  return exchanges
}

async function* streamEvents(record: RequestRecord, source: ByteSource, cast: Asciicast): AsyncGenerator<string> {
  const tty = record.request.exec?.tty === true
  const recording = new CastRecording(cast, { startMs: Date.parse(record.at), tty, input: false })
  let rest: Uint8Array = new Uint8Array(0)
  for (;;) {
    const chunk = await source.read()
    if (chunk === null) return yield* recording.end()
    rest = rest.length === 0 ? chunk : join([rest, chunk])
    const records = [...decodeRecords(rest)]
    yield* recording.events(records)
    rest = rest.subarray(records.reduce((used, { payload }) => used + RECORD_HEADER_BYTES + payload.length, 0))
    if (rest.length > MAX_RECORD_BYTES) {
      source.cancel('not a recording')
      yield cast.output(cast.atMs, '\r\n[the rest of this recording cannot be read]\r\n')
      return
    }
  }
}

/** Events, and at their end the terminal as it was: what a recording or a log leaves behind must not hide what follows it. */
async function* recovered(events: AsyncGenerator<string>, cast: Asciicast): AsyncGenerator<string> {
  let steered = false
  for await (const event of events) {
    // As JSON writes it.
    steered ||= event.includes('\\u001b')
    yield event
  }
  if (steered) yield cast.output(cast.atMs, `${RECOVER}\r\n`)
}

async function* commandEvents(
  command: CommandSummary,
  recordings: Recordings,
  cast: Asciicast,
): AsyncGenerator<string> {
  const title = new TerminalFilter().write(command.title).replaceAll(/[\r\n\u001b]/g, ' ')
  yield cast.marker(Date.parse(command.startedAt), title)
  const { cols, rows } = cast.size
  if (cols !== COLUMNS || rows !== ROWS) yield cast.resize(cast.atMs, { cols: COLUMNS, rows: ROWS })
  yield cast.output(Date.parse(command.startedAt), `\u001b[1m$ ${title}\u001b[0m\r\n`)
  const requests: RequestRecord[] = []
  const read = (cursor?: string) => recordings.requests(command.session, { ...paging(cursor), command: command.id })
  for await (const record of all(read)) {
    if (requests.length >= MAX_REQUESTS) break
    requests.push(record)
  }
  for (const record of requests) {
    if (!record.bodies.some((body) => body.kind === 'stream')) continue
    const stream = await recordings.body(record.id, 'stream')
    if (stream !== null) yield* recovered(streamEvents(record, stream.bytes, cast), cast)
  }
  const endMs = Date.parse(command.endedAt)
  for (const chunk of renderCommand(await exchangesOf(requests, recordings))) {
    const shown = new TerminalFilter().write(terminalLines(chunk.text))
    if (shown === '') continue
    if (chunk.note === true) yield cast.output(endMs, `\u001b[2m${shown}\u001b[0m`)
    else yield cast.output(endMs, shown.includes('\u001b') ? shown + RECOVER : shown)
  }
  const code = requests.findLast((record) => record.result?.exitCode !== undefined)?.result?.exitCode
  if (code !== undefined && code !== 0) {
    yield cast.output(endMs, `command terminated with exit code ${code}\r\n`)
  }
}

/** The lines of the session's asciicast, each with its newline. */
export async function* writeAsciicast(session: SessionSummary, recordings: Recordings): AsyncGenerator<string> {
  const startMs = Date.parse(session.startedAt)
  const cast = new Asciicast(startMs)
  yield cast.header({
    cols: COLUMNS,
    rows: ROWS,
    timestamp: startMs / 1000,
    idleTimeLimitSeconds: IDLE_LIMIT_S,
    title: `${session.agent.username} on ${session.connection}`,
  })
  for await (const command of all((cursor) => recordings.commands(session.id, paging(cursor)))) {
    yield* commandEvents(command, recordings, cast)
  }
}
