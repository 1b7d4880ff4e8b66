// Questions about policies: who may do what and why, and what a draft would have decided. Nothing is changed and nothing is sent
// to a cluster.

import * as v from 'valibot'
import { problemsOf, strictBody } from '../body.ts'
import type { PolicyAnswer } from '../deps.ts'
import { ID } from '../listing.ts'
import { json, problem } from '../problem.ts'
import { type Call, type Route, readJson } from '../route.ts'
import type { RecordView } from '../views.ts'

/** A draft of the largest file that may be applied, its line ends escaped in JSON, and two objects. */
const MAX_JSON_BYTES = 2 * 1024 * 1024
const MAX_DRAFT_CHARS = 1024 * 1024
/** Every viewer may ask, and all conditions of a draft are compiled and asked: a file of policies is a few kilobytes. */
const MAX_EXPLAINED_CHARS = 128 * 1024
/** Deeper than any Kubernetes object; what reads it may recurse. */
const MAX_DEPTH = 128
/** Recorded requests that one question may judge. */
const MAX_SIMULATED = 10_000

const name = v.pipe(v.string(), v.maxLength(253))
const draftOf = (max: number) => v.pipe(v.string(), v.maxLength(max, `must have at most ${max} characters`))
const object = v.pipe(
  v.unknown(),
  v.check((value) => !deeperThan(value, MAX_DEPTH), `must not be nested more than ${MAX_DEPTH} deep`),
)

const explainQuestion = strictBody({
  username: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
  groups: v.pipe(v.array(v.pipe(v.string(), v.maxLength(1024))), v.maxLength(1000, 'must have at most 1000 items')),
  connection: v.pipe(v.string(), v.minLength(1), v.maxLength(253)),
  verb: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(32))),
  resource: v.exactOptional(v.pipe(v.string(), v.maxLength(2048))),
  namespace: v.exactOptional(name),
  name: v.exactOptional(name),
  object: v.exactOptional(object),
  oldObject: v.exactOptional(object),
  argv: v.exactOptional(v.pipe(v.array(v.string()), v.maxLength(1000, 'must have at most 1000 items'))),
  draft: v.exactOptional(draftOf(MAX_EXPLAINED_CHARS)),
})

const simulateQuestion = strictBody({
  draft: draftOf(MAX_DRAFT_CHARS),
  alone: v.exactOptional(v.boolean()),
  session: v.exactOptional(v.pipe(v.string(), v.regex(ID))),
  connection: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(253))),
  since: v.exactOptional(
    v.pipe(
      v.string(),
      v.check((time) => RFC_3339.test(time) && !Number.isNaN(Date.parse(time)), 'must be a time as of RFC 3339'),
    ),
  ),
  limit: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SIMULATED))),
})
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Whether lists and objects stand in one another more than `depth` times. Without recursion: the value comes from outside. */
function deeperThan(value: unknown, depth: number): boolean {
  let level: readonly object[] = isObject(value) ? [value] : []
  for (let at = 0; at < depth; at++) {
    level = level.flatMap((each) => Object.values(each).filter(isObject))
    if (level.length === 0) return false
  }
  return true
}

function answered<T>(result: PolicyAnswer<T>): Response {
  return result.ok ? json(result.answer) : problem(422, result.errors.slice(0, 20).join('\n'))
}

async function explain(call: Call): Promise<Response> {
  const body = await readJson(call, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const parsed = v.safeParse(explainQuestion, body.value)
  if (!parsed.success) return problem(422, problemsOf(parsed.issues))
  return answered(await call.deps.explainPolicies(parsed.output))
}

async function simulate(call: Call, view: RecordView): Promise<Response> {
  const body = await readJson(call, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const parsed = v.safeParse(simulateQuestion, body.value)
  if (!parsed.success) return problem(422, problemsOf(parsed.issues))
  const { session, connection } = parsed.output
  // The answer tells what recorded requests were.
  await view(call, 'simulation', session ?? connection ?? '*')
  return answered(await call.deps.simulatePolicies(parsed.output))
}

/** The rows. @param view records readings */
export function policyRoutes(view: RecordView): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/policies/explain',
      access: 'viewer',
      operationId: 'explainPolicies',
      summary: 'Whether an identity may do something, and which rules say so.',
      body: { mediaType: 'application/json', schema: 'ExplainQuestion', maxBytes: MAX_JSON_BYTES },
      response: { status: 200, schema: 'ExplainAnswer' },
      handle: explain,
    },
    {
      method: 'POST',
      path: '/api/v1/policies/simulate',
      access: 'admin',
      operationId: 'simulatePolicies',
      summary: 'Recorded requests judged by a draft: every decision that would change.',
      body: { mediaType: 'application/json', schema: 'SimulateQuestion', maxBytes: MAX_JSON_BYTES },
      response: { status: 200, schema: 'SimulateAnswer' },
      handle: (call) => simulate(call, view),
    },
  ]
}
