// Loads what one command showed. In: the API and a command. Out: a script for the player, the plain text, the requests.
// Bounded: requests per command, bodies per command, bytes per body and per recording.

import {
  bodiesWanted,
  type Chunk,
  type Exchange,
  MAX_BODY_BYTES,
  renderCommand,
} from '../../../protocol/transcript/render.ts'
import type { CommandSummary, RequestRecord } from '../../../worker/api/types.ts'
import type { Api } from '../api/client.ts'
import { printedScript, recordedScript, type Script } from '../player/script.ts'
import { plainRecording } from './plain.ts'

/** Where the shown text comes from. */
export type Source = 'exact' | 'reconstructed' | 'recording'

export interface Loaded {
  readonly script: Script
  readonly chunks: readonly Chunk[]
  readonly source: Source
}

/** What is asked of the API. */
type RecordingApi = Pick<Api, 'requests' | 'body' | 'stream'>

const MAX_REQUESTS = 600
const MAX_BODIES = 100
const PARALLEL = 4
/** A recording is held in memory while it plays. */
const MAX_RECORDING_BYTES = 32 * 1024 * 1024
const NOTHING = { bytes: new Uint8Array(0), cut: false }

/** Loads and renders one command. Throws `ApiError`. */
export async function loadCommand(api: RecordingApi, command: CommandSummary): Promise<Loaded> {
  const requests = await loadRequests(api, command)
  if (command.stream !== undefined) {
    const recorded = await loadRecording(api, command, requests, command.stream)
    if (recorded) return recorded
  }
  const chunks = renderCommand(await loadExchanges(api, requests))
  const source = chunks.some((chunk) => chunk.kind === 'exact') ? 'exact' : 'reconstructed'
  return { script: printedScript(command.title, chunks), chunks, source }
}

async function loadRequests(api: RecordingApi, command: CommandSummary): Promise<RequestRecord[]> {
  const out: RequestRecord[] = []
  let cursor: string | undefined
  do {
    const page = await api.requests(command.session, command.id, cursor)
    out.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined && out.length < MAX_REQUESTS)
  return out
}

async function loadRecording(
  api: RecordingApi,
  command: CommandSummary,
  requests: readonly RequestRecord[],
  stream: string,
): Promise<Loaded | undefined> {
  const record = requests.find((request) => request.id === stream)
  const code = record?.result?.code
  if (code !== undefined && code !== 101 && code !== 200) return undefined
  // Of one that runs there may be nothing yet.
  const begun = record?.result !== undefined || (record?.bodies.some((body) => body.kind === 'stream') ?? true)
  const { bytes, cut } = begun ? await api.stream(stream, MAX_RECORDING_BYTES) : NOTHING
  if (bytes.length === 0 && record?.result !== undefined && record.result.outcome !== 'ok') return undefined
  const tty = record?.request.exec?.tty ?? false
  const text = plainRecording(bytes)
  const chunks: Chunk[] = [{ text, kind: 'exact' }]
  const exitCode = record?.result?.exitCode ?? 0
  const epilogue = exitCode === 0 ? '' : `command terminated with exit code ${exitCode}\n`
  if (epilogue !== '') chunks.push({ text: epilogue, kind: 'reconstructed' })
  if (cut) chunks.push({ text: '… the rest of the recording is not shown\n', kind: 'reconstructed', note: true })
  return { script: recordedScript(command.title, bytes, tty, epilogue), chunks, source: 'recording' }
}

async function loadExchanges(api: RecordingApi, records: readonly RequestRecord[]): Promise<Exchange[]> {
  const wanted = bodiesWanted(records)
  const bodies = new Map<number, Partial<Exchange>>()
  const queue = records.flatMap((record, i) => {
    return wanted[i] && record.bodies.some((body) => body.kind === 'response') ? [i] : []
  })
  queue.length = Math.min(queue.length, MAX_BODIES)
  const worker = async () => {
    for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
      const record = records[i]
      if (!record) continue
      const { bytes, cut } = await api.body(record.id, 'response', MAX_BODY_BYTES)
      bodies.set(i, { response: bytes, cut })
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return records.map((record, i) => ({
    request: record.request,
    ...(record.result && { result: record.result }),
    ...bodies.get(i),
  }))
}
