// Cases for policies: what must be allowed, denied or held, written down in YAML and run without a gateway. In: the texts of
// policies and of cases. Out: for each case what was decided and whether that was expected. No I/O, no clock.

import * as v from 'valibot'
import { LineCounter, parseDocument } from 'yaml'
import type { Effect, Facts } from './context.ts'
import { exact, judgeAsked, readAsked } from './decide/asked.ts'
import { compilePolicies, type PolicySet } from './decide/compile.ts'
import { type Problem, problemsOf } from './document/problem.ts'
import { decides, inFile, parseDocuments } from './documents.ts'

/** A file's text, with the name it has for people. */
export interface SourceFile {
  readonly file: string
  readonly text: string
}

export interface CaseResult {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly passed: boolean
  readonly expected: { readonly effect: Effect; readonly rule: string | null }
  /** `unknown`: a condition looks at an object that the case does not give. */
  readonly decided: {
    readonly effect: Effect | 'unknown'
    readonly policy: string
    readonly rule: string
    readonly reason: string
  }
}

export type Tested =
  | { readonly ok: true; readonly results: readonly CaseResult[] }
  /** Each with its file and line. */
  | { readonly ok: false; readonly errors: readonly string[] }

const MAX_FILE_CHARS = 4 * 1024 * 1024

const strings = v.array(v.string())
const identity = v.strictObject({
  username: v.pipe(v.string(), v.minLength(1)),
  groups: v.optional(strings, []),
  uid: v.optional(v.string(), ''),
  extra: v.optional(v.record(v.string(), strings), {}),
  issuer: v.optional(v.string(), ''),
})
const request = v.strictObject({
  verb: v.string(),
  resource: v.string(),
  namespace: v.optional(v.string()),
  name: v.optional(v.string()),
  object: v.optional(v.unknown()),
  oldObject: v.optional(v.unknown()),
  argv: v.optional(strings),
  container: v.optional(v.string()),
  stdin: v.optional(v.boolean()),
  tty: v.optional(v.boolean()),
  ports: v.optional(v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)))),
  options: v.optional(v.unknown()),
  apply: v.optional(v.boolean()),
  dryRun: v.optional(v.boolean()),
})
const many = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0)
const time = v.pipe(
  v.string(),
  v.check(
    (text) => /^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
    'must be a time such as 2026-01-31T12:00:00Z',
  ),
  v.transform((text) => Date.parse(text)),
)
const session = v.strictObject({
  id: v.optional(v.string(), 'case'),
  startedAt: v.optional(time),
  requests: many,
  writes: many,
  deletions: many,
  secretReads: many,
  execBytes: many,
})
const shared = {
  identity: v.optional(identity),
  connection: v.optional(v.string()),
  session: v.optional(session),
  now: v.optional(time),
}
const oneCase = v.strictObject({
  ...shared,
  name: v.pipe(v.string(), v.minLength(1)),
  request,
  expect: v.picklist(['Allow', 'Deny', 'Hold'], 'must be Allow, Deny or Hold'),
  rule: v.optional(v.string()),
})
const caseFile = v.strictObject({
  defaults: v.optional(v.strictObject(shared)),
  cases: v.pipe(v.array(oneCase), v.minLength(1)),
})
type CaseFile = v.InferOutput<typeof caseFile>
type Case = CaseFile['cases'][number]
type Shared = Pick<Case, keyof typeof shared>

/** Where a case says no time. */
const SOME_TIME = Date.UTC(2026, 0, 1, 12)

/**
 * Runs cases. Each takes what it leaves out (`identity`, `connection`, `session`, `now`) from its file's `defaults`. The
 * session's numbers stand for every time a limit names. `rule` is a rule's or limit's name, or POLICY/RULE.
 * @param except built-in deny rules that are switched off
 */
export function testPolicies(
  policies: readonly SourceFile[],
  cases: readonly SourceFile[],
  except: readonly string[] = [],
): Tested {
  const errors: string[] = []
  const documents = policies.flatMap(({ file, text }) => {
    const parsed = parseDocuments(text)
    if (parsed.ok) return parsed.documents.map((one) => ({ ...one, file }))
    errors.push(...parsed.errors.map((error) => `${file}: ${error}`))
    return []
  })
  for (const [index, { kind, name, file }] of documents.entries()) {
    const first = documents.findIndex((other) => other.kind === kind && other.name === name)
    if (first < index) errors.push(`${file}: ${kind} ${name} is in ${documents[first]?.file ?? file} already`)
  }
  const files = cases.map((source) => ({ source, read: readCases(source) }))
  for (const { read } of files) if (!read.ok) errors.push(...read.errors)
  if (errors.length > 0) return { ok: false, errors }
  const set = compilePolicies(
    documents.filter(decides).map(({ name, document }) => ({ name, document, revision: 0 })),
    { denyPackExcept: except },
  )
  const results = files.flatMap(({ source, read }) =>
    read.ok ? read.cases.map(({ line, value, defaults }) => run(set, source.file, line, value, defaults)) : [],
  )
  return { ok: true, results }
}

type ReadCases =
  | {
      readonly ok: true
      readonly cases: readonly { readonly line: number; readonly value: Case; readonly defaults: Shared }[]
    }
  | { readonly ok: false; readonly errors: readonly string[] }

function readCases({ file, text }: SourceFile): ReadCases {
  const refuse = (...errors: readonly string[]): ReadCases => ({
    ok: false,
    errors: errors.map((error) => `${file}: ${error}`),
  })
  if (text.length > MAX_FILE_CHARS) return refuse(`the file is longer than ${MAX_FILE_CHARS} characters`)
  const lines = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: true, strict: true, prettyErrors: true, lineCounter: lines })
  if (document.errors.length > 0) return refuse(...document.errors.map(({ message }) => message))
  let value: unknown
  try {
    // Cases often share an object. Aliases are counted: a billion laughs is no test.
    value = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'it cannot be read')
  }
  const parsed = v.safeParse(caseFile, value)
  const place = (problem: Problem) => inFile(text, lines, document, problem)
  if (!parsed.success) return refuse(...problemsOf(parsed.issues).map(place))
  const { cases, defaults = {} } = parsed.output
  const problems = cases.flatMap((one, index) => missingIn(one, defaults).map((problem) => at(index, problem)))
  if (problems.length > 0) return refuse(...problems.map(place))
  return {
    ok: true,
    cases: cases.map((one, index) => ({ value: one, defaults, line: lineOf(document, lines, index) })),
  }
}

function at(index: number, { path, ...rest }: Problem): Problem {
  return { ...rest, path: ['cases', index, ...path] }
}

/** What a case must have by itself or by its defaults, and whether its request can be asked. */
function missingIn(one: Case, defaults: Shared): readonly Problem[] {
  const problems: Problem[] = []
  for (const key of ['identity', 'connection'] as const) {
    if (one[key] === undefined && defaults[key] === undefined)
      problems.push({ path: [], message: `has no ${key}, and there is no default` })
  }
  const asked = readAsked(one.request)
  if (!asked.ok) problems.push({ path: ['request'], message: asked.error })
  return problems
}

function lineOf(document: ReturnType<typeof parseDocument>, lines: LineCounter, index: number): number {
  const node = document.getIn(['cases', index], true)
  const start =
    typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? node.range[0] : 0
  return lines.linePos(typeof start === 'number' ? start : 0).line
}

function run(set: PolicySet, file: string, line: number, one: Case, defaults: Shared): CaseResult {
  const expected = { effect: one.expect, rule: one.rule ?? null }
  const decided = decide(set, one, defaults)
  const named = one.rule === undefined || one.rule === decided.rule || one.rule === `${decided.policy}/${decided.rule}`
  return { file, line, name: one.name, passed: decided.effect === one.expect && named, expected, decided }
}

function decide(set: PolicySet, one: Case, defaults: Shared): CaseResult['decided'] {
  const who = one.identity ?? defaults.identity
  const asked = readAsked(one.request)
  const connection = one.connection ?? defaults.connection
  if (who === undefined || connection === undefined || !asked.ok) throw new Error('the case was not checked')
  const { issuer, ...user } = who
  const now = one.now ?? defaults.now ?? SOME_TIME
  const { startedAt = now, ...numbers } = one.session ?? defaults.session ?? v.parse(session, {})
  const { object, oldObject, options } = one.request
  const facts: Facts = {
    now,
    session: { ...numbers, startedAt },
    ...(object === undefined ? {} : { object: exact(object) }),
    ...(oldObject === undefined ? {} : { oldObject: exact(oldObject) }),
    ...(options === undefined ? {} : { options: exact(options) }),
  }
  const verdict = judgeAsked(set, { ...asked.request, connection, identity: { user, issuer, expiresAt: 0 } }, facts)
  if (!verdict.decided) {
    const reason = `it depends on ${[...verdict.needs].join(' and ')}: give the case one, or null where there is none`
    return { effect: 'unknown', policy: '', rule: '', reason }
  }
  const { effect, policy, rule, reason } = verdict.decision
  return { effect, policy, rule, reason }
}
