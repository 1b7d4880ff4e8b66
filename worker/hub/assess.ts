// The decision, with everything it may look at: the request, the objects, what the session has done. In: an Authenticated
// request and its body. Out: Decided and what to send, or why not. Nothing but reads and dry runs reaches the cluster here.

import { streamProtocols } from '../classify/upgrade.ts'
import type { Authenticated, Decided, Decision, Facts, Outcome, Refusal } from '../context.ts'
import { blockOf } from '../decide/blocks.ts'
import { judgeBody } from '../decide/body.ts'
import type { PolicySet } from '../decide/compile.ts'
import { decide } from '../decide/decide.ts'
import { forbidden } from '../decide/explain.ts'
import { judgeLimits, pastLimit } from '../decide/limits.ts'
import { strictBody } from '../mask/strict.ts'
import type { TakenBody } from './body.ts'
import { optionsOf } from './deleteoptions.ts'
import { type Gathered, type Gathering, gather, readQuestion } from './gather.ts'
import { numbersOf } from './history.ts'
import type { Passage } from './passage.ts'
import { type Answer, ask } from './preparatory.ts'
import { type GivenAnswer, openSession } from './record.ts'

/** What may go on, or why not. */
export type Assessed =
  | {
      readonly ok: true
      readonly decided: Decided
      /** As it is recorded: for protobuf the JSON the API server made of it. */
      readonly body: TakenBody | null
      readonly facts: Facts
      readonly gathering: Gathering
    }
  | {
      readonly ok: false
      readonly decided: Decided
      readonly body: TakenBody | null
      readonly refusal: Refusal
      /** The API server's own refusal, which the client gets instead of ours. */
      readonly given?: GivenAnswer
    }

/** The decision under which something is recorded that had to be asked first. */
export function undecided(set: PolicySet): Decision {
  return {
    effect: 'Allow',
    policy: '',
    rule: '',
    reason: 'asked before the decision, which looks at the object',
    revision: set.revision,
  }
}

/** Judges a request. Decides what can be decided before anything is asked. */
export async function assess(
  passage: Passage,
  request: Authenticated,
  taken: TakenBody | null,
  set: PolicySet,
): Promise<Assessed> {
  const { hub, visit, counting } = passage
  const unread = taken?.format === 'protobuf' ? null : taken
  let decided: Decided = { ...request, decision: undecided(set) }
  const no = (refusal: Refusal, decision: Decision = decided.decision): Extract<Assessed, { ok: false }> => ({
    ok: false,
    decided: { ...decided, decision },
    body: unread,
    refusal,
  })
  const failed = (gathered: Extract<Gathered, { ok: false }>): Extract<Assessed, { ok: false }> =>
    'given' in gathered
      ? { ...no({ kind: 'upstream', message: 'the API server refused it' }), given: gathered.given }
      : no(gathered.refusal)

  const block = blocked(request, visit.session, set)
  if (block !== null) return no(block.refusal, block.decision)

  const gathering = gather(passage, decided, taken)
  const options = optionsOf(request.info, taken)
  let facts: Facts = { now: hub.clock.now(), session: counting.facts(), ...(options === undefined ? {} : { options }) }
  let decision: Decision | null = null
  // Two rounds at most: there are two objects, and each is asked for once.
  for (let round = 0; decision === null; round += 1) {
    const verdict = decide(set, request, facts)
    if (verdict.decided) decision = verdict.decision
    else if (round > 2) throw new Error('a decision asks for what it was given')
    else {
      for (const need of verdict.needs) {
        const got = await gathering[need]()
        if (!got.ok) return failed(got)
        facts = { ...facts, [need]: got.value.value }
      }
      facts = { ...facts, session: counting.facts() }
    }
  }
  decided = { ...request, decision }
  if (decision.effect === 'Deny') return no(forbidden(decision, request), decision)

  if (request.upgrade !== null) {
    // Only now: kubectl repeats a refused WebSocket as SPDY and shows the second answer, so both are judged alike first.
    const protocols = streamProtocols(decided)
    if (!protocols.ok) return no(protocols.refusal)
  }
  let body = taken
  if (taken !== null && taken.format === 'protobuf' && !isDeleteOptions(taken.value)) {
    const got = await gathering.object()
    if (!got.ok) return failed(got)
    const read = gathering.dryRun === null ? null : readDryRun(gathering.dryRun)
    if (read === null || !read.ok) return no(read?.refusal ?? UNREAD)
    body =
      taken.restored === undefined ? read.value : { ...read.value, restored: { ...taken.restored, from: read.value } }
  }
  if (body !== null) {
    const judged = judgeBody(set, request.info, body.value)
    if (judged !== null) return no(forbidden(judged, request), judged)
    // What is written may be said otherwise than what is stored: a patch that copies, a value that is filled in.
    const stored = facts.object === undefined ? null : judgeBody(set, request.info, facts.object)
    if (stored !== null) return no(forbidden(stored, request), stored)
  }
  if (decision.requires === 'exists') {
    const exists =
      facts.oldObject === undefined ? await mustExist(passage, decided, set) : wasThere(decided, facts, set)
    if (!exists.ok) return no(exists.refusal, exists.refusal.decision ?? decision)
  }
  // While the cluster was asked, other requests of the session went on: what conditions say of it is asked once more, in the
  // same step in which this one is counted.
  const session = counting.facts()
  if (decision.effect === 'Allow' && !isSame(session, facts.session)) {
    facts = { ...facts, session }
    const verdict = decide(set, request, facts)
    const now = verdict.decided ? verdict.decision : gone(set)
    decision = now.effect === 'Allow' && now.requires !== decision.requires ? gone(set) : now
    decided = { ...request, decision }
    if (decision.effect === 'Deny') return no(forbidden(decision, request), decision)
  }
  // Judged anew, it is counted already.
  if (!request.info.dryRun && !counting.reserved) {
    const limited = judgeLimits(set, request, counting)
    if (limited !== null) decided = { ...decided, decision: pastLimit(decision, limited) }
    if (decided.decision.effect === 'Deny') return no(forbidden(decided.decision, request), decided.decision)
    if (decided.decision.effect === 'Allow') counting.reserve(numbersOf(request))
  }
  return { ok: true, decided, body, facts, gathering }
}

/** A refusal that needs no look at the cluster. */
export interface Denied {
  readonly refusal: Refusal
  readonly decision: Decision
}

const NUMBERS = ['requests', 'writes', 'deletions', 'secretReads', 'execBytes'] as const

function isSame(one: Facts['session'], other: Facts['session']): boolean {
  return NUMBERS.every((number) => one[number] === other[number])
}

function gone({ revision }: PolicySet): Decision {
  const reason = 'the session has gone on meanwhile, and a condition looks at that; run the command again'
  return { effect: 'Deny', policy: '', rule: '', reason, revision }
}

/** What a block says to a request; null: none is for it. */
function blocked(request: Authenticated, session: string, set: PolicySet): Denied | null {
  const block = blockOf(set, { identity: request.identity, connection: request.connection, session })
  if (block === null) return null
  const reason = endedMessage(block)
  const decision: Decision = { effect: 'Deny', policy: block.name, rule: 'block', reason, revision: set.revision }
  return { refusal: { kind: 'ended', message: reason, decision }, decision }
}

/** Whether a request is refused whatever its object is. */
export function deniedOutright(passage: Passage, request: Authenticated, set: PolicySet): Denied | null {
  const block = blocked(request, passage.visit.session, set)
  if (block !== null) return block
  const verdict = decide(set, request, { now: passage.hub.clock.now(), session: passage.counting.facts() })
  if (!verdict.decided || verdict.decision.effect !== 'Deny') return null
  return { refusal: forbidden(verdict.decision, request), decision: verdict.decision }
}

/** Whether the policies let the agent read what the hub would read on its behalf; what people would have to be asked about counts. */
export function mayRead(
  passage: Passage,
  request: Authenticated,
  set: PolicySet,
  info: Authenticated['info'],
): boolean {
  const facts = { now: passage.hub.clock.now(), session: passage.counting.facts() }
  const verdict = decide(set, { ...request, info, bodyFormat: 'none' }, facts)
  return !verdict.decided || verdict.decision.effect !== 'Deny'
}

/** What whoever was stopped is told. */
export function endedMessage(block: { readonly kind: string; readonly name: string; readonly reason: string }): string {
  const what =
    block.kind === 'session' ? 'this session' : block.kind === 'identity' ? 'this identity' : 'this connection'
  const why = block.reason === '' ? '' : `: ${block.reason}`
  return `${what} was ended by a person${why}; ask the people who run this gateway before going on (block ${block.name})`
}

const UNREAD: Refusal = { kind: 'upstream', message: 'what the body holds could not be found out; nothing was changed' }

/** An object that is updated or applied by one who may not create must be there. */
async function mustExist(passage: Passage, decided: Decided, set: PolicySet): Promise<Outcome<null>> {
  await openSession(passage)
  const question = { ...readQuestion(decided, decided.info.path), kind: 'exists' } as const
  const answer = await ask(passage, decided, question)
  if (!answer.ok) return answer
  if (answer.value.status === 404) return wouldCreate(decided, set)
  if (answer.value.status >= 300) {
    return {
      ok: false,
      refusal: {
        kind: 'upstream',
        message: `whether the object exists could not be found out: the API server answered ${answer.value.status}`,
      },
    }
  }
  return { ok: true, value: null }
}

function wasThere(decided: Decided, { oldObject }: Facts, set: PolicySet): Outcome<null> {
  return oldObject === null ? wouldCreate(decided, set) : { ok: true, value: null }
}

function wouldCreate(decided: Decided, set: PolicySet): Extract<Outcome<null>, { ok: false }> {
  const reason = 'it would create an object, and no policy allows create here'
  const decision: Decision = { effect: 'Deny', policy: '', rule: '', reason, revision: set.revision }
  return { ok: false, refusal: forbidden(decision, decided) }
}

function isDeleteOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'DeleteOptions'
}

/** The JSON the API server made of a protobuf body. */
function readDryRun(answer: Answer): Outcome<TakenBody> {
  const strict = strictBody('json', answer.bytes)
  if (!strict.ok) {
    return {
      ok: false,
      refusal: { kind: 'upstream', message: 'the API server’s dry run did not answer JSON; nothing was changed' },
    }
  }
  return { ok: true, value: { bytes: answer.bytes, format: 'json', value: strict.value } }
}
