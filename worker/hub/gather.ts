// What a decision may look at beside the request: what would be stored, and how the object stands. Asked for only when a
// rule looks at it, at most once a round. In: a request. Out: the objects, for conditions (exact) and for people (masked).

import { upstreamHeaders } from '../classify/headers.ts'
import type { Authenticated, Decided, HeaderList, Outcome, Refusal } from '../context.ts'
import { readObject } from '../decide/cel/json.ts'
import { checkUpstream } from '../reply/headers.ts'
import { objectPath } from './binding.ts'
import type { TakenBody } from './body.ts'
import { canBeTried } from './dryrun.ts'
import { answerHeaders } from './headers.ts'
import { type Passage, type Response, refuse } from './passage.ts'
import { type Answer, ask, dryRunTarget } from './preparatory.ts'
import { type GivenAnswer, openSession } from './record.ts'

/** An object of the cluster, twice. */
export interface Known {
  /** For conditions; integers are BigInt. Null: there is none. Must not leave the hub. */
  readonly value: unknown
  /** The same, masked, as JSON bytes; null when there is none or it cannot be masked. */
  readonly masked: Uint8Array | null
}

/** Why nothing was learned: the API server's own refusal (the client gets it), or ours. */
export type Gathered =
  | { readonly ok: true; readonly value: Known }
  | Extract<Outcome<never>, { ok: false }>
  | { readonly ok: false; readonly given: GivenAnswer }

export interface Gathering {
  /** By the API server's own dry run. */
  object(): Promise<Gathered>
  /** By reading it. */
  oldObject(): Promise<Gathered>
  /** The JSON the dry run answered; null before {@link Gathering.object}. */
  readonly dryRun: Answer | null
}

const NOTHING: Gathered = { ok: true, value: { value: null, masked: null } }

const UNTRIABLE: Refusal = {
  kind: 'forbidden',
  message:
    'what this request would do cannot be tried out, since the API server passes over its dry run, and a rule or its body needs that',
}

/** @param decided carries the decision under which the questions are recorded */
export function gather(passage: Passage, decided: Decided, body: TakenBody | null): Gathering {
  let object: Gathered | null = null
  let oldObject: Gathered | null = null
  let dryRun: Answer | null = null

  async function askDryRun(): Promise<Gathered> {
    if (body === null) return NOTHING
    if (!canBeTried(decided.info)) return { ok: false, refusal: UNTRIABLE }
    await openSession(passage)
    const answer = await ask(passage, decided, {
      kind: 'dry-run',
      method: decided.method,
      target: dryRunTarget(decided),
      headers: asJson(upstreamHeaders(decided)),
      body: body.bytes,
    })
    if (!answer.ok) return answer
    dryRun = answer.value
    // It would refuse the request itself in the same words.
    if (answer.value.status >= 300) {
      return { ok: false, given: { by: 'cluster', answer: passOn(passage, decided, answer.value) } }
    }
    return known(answer.value, 'the API server’s dry run did not answer JSON; nothing was changed')
  }

  async function read(): Promise<Gathered> {
    const path = objectPath(decided.info)
    if (path === null) return NOTHING
    await openSession(passage)
    const answer = await ask(passage, decided, { ...readQuestion(decided, path), kind: 'read' })
    if (!answer.ok) return answer
    if (answer.value.status === 404) return NOTHING
    if (answer.value.status >= 300) {
      return {
        ok: false,
        refusal: {
          kind: 'forbidden',
          message: `a rule for this request looks at the object as it stands, and the API server answered ${answer.value.status} when it was read as ${decided.identity.user.username}; whoever may change it should be allowed to get it`,
        },
      }
    }
    return known(answer.value, 'the object could not be read: the API server did not answer JSON')
  }

  return {
    async object() {
      object ??= await askDryRun()
      return object
    },
    async oldObject() {
      oldObject ??= await read()
      return oldObject
    },
    get dryRun() {
      return dryRun
    },
  }
}

/** A read of the request's own object. */
export function readQuestion({ info }: Authenticated, path: string) {
  return {
    method: 'GET',
    target: path,
    headers: [['accept', 'application/json']] as HeaderList,
    body: null,
    info: {
      ...info,
      verb: 'get',
      path,
      query: '',
      subresource: path === info.path ? info.subresource : '',
      streaming: false,
      dryRun: false,
    },
  } as const
}

function asJson(headers: HeaderList): HeaderList {
  return headers.map(([name, value]) => [name, name === 'accept' ? 'application/json' : value] as const)
}

function known(answer: Answer, otherwise: string): Gathered {
  const read = readObject(answer.bytes)
  if (!read.ok) return { ok: false, refusal: { kind: 'upstream', message: otherwise } }
  return { ok: true, value: { value: read.value, masked: answer.masked } }
}

/** The API server's refusal of a dry run, masked, as the answer to the request it was run for. */
function passOn(passage: Passage, decided: Decided, answer: Answer): Response {
  const unfit = checkUpstream(answer.status)
  if (unfit !== null) return refuse(decided, unfit)
  if (answer.masked === null) {
    return refuse(decided, {
      kind: 'withheld',
      message: 'the cluster’s answer was withheld because it cannot be masked',
    })
  }
  const headers = answerHeaders(passage, decided, answer.headers)
  return { kind: 'response', status: answer.status, headers, body: answer.masked }
}
