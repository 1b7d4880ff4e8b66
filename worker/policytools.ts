// Questions about policies, answered with what is stored: who may do what and why, and what a draft would have decided.
// In: a question of the API's, the documents and the recordings. Out: an answer, or what is wrong with the draft.

import type {
  ExplainAnswer,
  ExplainQuestion,
  RequestRecord,
  SessionSummary,
  SimulateAnswer,
  SimulateQuestion,
} from './api/types.ts'
import { readWhole } from './bytes.ts'
import type { GatewayConfig } from './config.ts'
import type { SessionFacts } from './context.ts'
import { type CompileOptions, compilePolicies, type PolicySet } from './decide/compile.ts'
import { explainPolicies as explain } from './decide/explainpolicies.ts'
import { counting, type RecordedAsk, simulate } from './decide/simulate.ts'
import { DECIDING_KINDS } from './documents.ts'
import { BODY_DEADLINE_MS, MAX_DRY_RUN_BYTES } from './limits.ts'
import { draftSet } from './policydrafts.ts'
import type { Clock, Recordings, Store, StoredDocument } from './ports.ts'

type Answered<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly errors: readonly string[] }

interface Stored {
  readonly config: GatewayConfig
  readonly clock: Clock
  readonly store: Pick<Store, 'documents'>
}

/** Requests judged where a question names no limit. */
const DEFAULT_JUDGED = 1_000
/** Sessions and requests read at once. */
const PAGE = 100

/** Asks the policies in force, or those with a draft in the place of its namesakes. */
export async function explainPolicies(of: Stored, question: ExplainQuestion): Promise<Answered<ExplainAnswer>> {
  const { draft, ...asked } = question
  const made = await setOf(of, draft ?? null, false)
  return made.ok ? explain(made.set, asked, of.clock.now()) : made
}

/** Judges recorded requests by a draft, newest sessions first. */
export async function simulatePolicies(
  of: Stored & { readonly recordings: Recordings },
  question: SimulateQuestion,
): Promise<Answered<SimulateAnswer>> {
  const made = await setOf(of, question.draft, question.alone === true)
  if (!made.ok) return made
  return { ok: true, answer: await simulate(made.set, recordedAsks(of, question), question.limit ?? DEFAULT_JUDGED) }
}

async function setOf(
  { store, config }: Stored,
  draft: string | null,
  alone: boolean,
): Promise<
  { readonly ok: true; readonly set: PolicySet } | { readonly ok: false; readonly errors: readonly string[] }
> {
  const options: CompileOptions = { denyPackExcept: config.denyPackExcept }
  const inForce: StoredDocument[] = []
  if (!alone) for (const kind of DECIDING_KINDS) inForce.push(...(await store.documents(kind)))
  if (draft === null) return { ok: true, set: compilePolicies(inForce, options) }
  return draftSet(draft, inForce, options)
}

async function* recordedAsks(
  { recordings, clock }: { readonly recordings: Recordings; readonly clock: Clock },
  { session: id, connection, since }: SimulateQuestion,
): AsyncGenerator<RecordedAsk> {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
  for await (const session of sessionsOf(recordings, id, connection)) {
    if (connection !== undefined && session.connection !== connection) continue
    if (Date.parse(session.lastAt) < from) {
      // Sorted by their start: an older one may still have lasted longer.
      continue
    }
    yield* asksOf(recordings, clock, session, from)
  }
}

async function* sessionsOf(
  recordings: Recordings,
  id: string | undefined,
  connection: string | undefined,
): AsyncGenerator<SessionSummary> {
  if (id !== undefined) {
    const only = await recordings.session(id)
    if (only !== null) yield only
    return
  }
  let cursor: string | undefined
  do {
    const page = await recordings.sessions({
      limit: PAGE,
      ...(connection === undefined ? {} : { connection }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    yield* page.items
    cursor = page.next
  } while (cursor !== undefined)
}

/** A session's requests in their order, each with what it could be judged by. */
async function* asksOf(
  recordings: Recordings,
  clock: Clock,
  { id, agent, connection, startedAt }: SessionSummary,
  from: number,
): AsyncGenerator<RecordedAsk> {
  let facts: SessionFacts = {
    id,
    startedAt: Date.parse(startedAt),
    requests: 0,
    writes: 0,
    deletions: 0,
    secretReads: 0,
    execBytes: 0,
  }
  // What the gateway asked on the way to a request stands after it, within the same page or the next.
  let cursor: string | undefined
  let waiting: RequestRecord[] = []
  do {
    const page = await recordings.requests(id, { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) })
    cursor = page.next
    waiting.push(...page.items)
    // Of a page's last command more may follow.
    const last = waiting.at(-1)?.command
    const ready = cursor === undefined ? waiting : waiting.filter(({ command }) => command !== last)
    waiting = cursor === undefined ? [] : waiting.filter(({ command }) => command === last)
    for (const record of ready) {
      if (record.of !== undefined || record.decision === undefined) continue
      const asked = ready.filter(({ of }) => of === record.id)
      if (Date.parse(record.at) >= from) {
        yield {
          id: record.id,
          at: Date.parse(record.at),
          identity: agent,
          connection,
          request: record.request,
          decision: record.decision,
          session: facts,
          apply: record.bodies.some(({ kind, mediaType }) => kind === 'request' && mediaType.includes('apply-patch')),
          ...(await objectsOf(recordings, clock, record, asked)),
        }
      }
      if (record.result?.outcome !== 'refused') facts = counting(facts, record.request, record.result?.bytes ?? 0)
    }
  } while (cursor !== undefined)
}

/** As they were recorded, masked. A create or update without a dry run is judged by its own body, which lacks defaults. */
async function objectsOf(
  recordings: Recordings,
  clock: Clock,
  record: RequestRecord,
  asked: readonly RequestRecord[],
): Promise<Pick<RecordedAsk, 'object' | 'oldObject'>> {
  const answerOf = (kind: string): RequestRecord | undefined =>
    asked.find(({ request }) => request.preparatory === kind)
  const dryRun = answerOf('dry-run')
  const read = answerOf('read')
  const whole = record.request.verb === 'create' || record.request.verb === 'update'
  const object =
    dryRun !== undefined
      ? await json(recordings, clock, dryRun.id, 'response')
      : whole
        ? await json(recordings, clock, record.id, 'request')
        : undefined
  const oldObject =
    read === undefined
      ? undefined
      : read.result?.code === 404
        ? null
        : await json(recordings, clock, read.id, 'response')
  return { ...(object === undefined ? {} : { object }), ...(oldObject === undefined ? {} : { oldObject }) }
}

/** A recorded body as JSON; absent when there is none or it is something else. */
async function json(recordings: Recordings, clock: Clock, id: string, kind: 'request' | 'response'): Promise<unknown> {
  const body = await recordings.body(id, kind)
  if (body === null || !body.mediaType.includes('json')) return undefined
  const read = await readWhole(body.bytes, { maxBytes: MAX_DRY_RUN_BYTES, deadlineMs: BODY_DEADLINE_MS }, clock)
  if (!read.ok) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(read.bytes))
  } catch {
    return undefined
  }
}
