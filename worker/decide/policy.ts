// The AccessPolicy document: its parser, strict in every key. In: a parsed YAML document. Out: a policy with its conditions
// compiled, or what is wrong. What is not understood is refused: to leave it out silently would allow what it forbids.
// No I/O.

import * as v from 'valibot'
import { documentName, type Problem, problemsOf, text, texts } from '../document/problem.ts'
import { approval, duration } from './approval.ts'
import { type Condition, compileCondition } from './cel/condition.ts'

const VERBS = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'connect'],
  ...['post', 'put', 'head', 'options', '*'],
] as const
/** What a limit may count, and over what. */
export const COUNTED = ['requests', 'writes', 'deletions', 'secretReads', 'execBytes'] as const
const SHORTEST_WINDOW_MS = 1_000
const LONGEST_WINDOW_MS = 24 * 3_600_000
/** A condition is a few lines. Stops a parser being kept busy. */
const MAX_WHEN_CHARS = 8_192

/** `NAME[.GROUP][/SUBRESOURCE]`, each of which may be `*`. */
const resource = v.pipe(
  v.string(),
  v.regex(
    /^(\*|[a-z0-9][a-z0-9-]*)(\.(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?))?(\/(\*|[a-z0-9][a-z0-9-]*))?$/,
    'must be RESOURCE[.GROUP][/SUBRESOURCE], e.g. pods, pods/log, deployments.apps, */scale, *.apps or *',
  ),
)
const path = v.pipe(
  v.string(),
  v.regex(/^(\*|\/[^*?#%]*\*?)$/, 'must be * or a path that starts with / and has a * at its end only'),
)

const rule = v.pipe(
  v.strictObject({
    name: text,
    effect: v.picklist(['Allow', 'Deny', 'Hold'], 'must be Allow, Deny or Hold'),
    verbs: v.pipe(v.array(v.picklist(VERBS, `must be one of ${VERBS.join(', ')}`)), v.minLength(1)),
    resources: v.optional(v.pipe(v.array(resource), v.minLength(1))),
    names: v.optional(texts),
    namespaces: v.optional(texts),
    paths: v.optional(v.pipe(v.array(path), v.minLength(1))),
    message: v.optional(v.pipe(v.string(), v.maxLength(1000))),
    when: v.optional(
      v.pipe(
        v.string('must be text: put the condition in quotes'),
        v.maxLength(MAX_WHEN_CHARS, `must not be longer than ${MAX_WHEN_CHARS} characters`),
      ),
    ),
    approval: v.optional(approval),
  }),
  v.check(
    (value) => (value.resources === undefined) !== (value.paths === undefined),
    'must have either resources or paths',
  ),
  v.check(
    (value) => value.paths === undefined || (value.names === undefined && value.namespaces === undefined),
    'must not have names or namespaces beside paths',
  ),
  v.check(
    (value) => value.approval === undefined || value.effect === 'Hold',
    'must not have an approval: only a Hold has one',
  ),
)

const subject = v.pipe(
  v.strictObject({ users: v.optional(texts), groups: v.optional(texts) }),
  v.check((value) => (value.users === undefined) !== (value.groups === undefined), 'must have either users or groups'),
)

const maxWords = 'must be a whole number, 0 or more'
const limit = v.pipe(
  v.strictObject({
    name: text,
    count: v.picklist(COUNTED, `must be one of ${COUNTED.join(', ')}`),
    per: v.picklist(['session', 'identity'], 'must be session or identity'),
    within: v.optional(duration(SHORTEST_WINDOW_MS, LONGEST_WINDOW_MS)),
    max: v.pipe(v.number(maxWords), v.safeInteger(maxWords), v.minValue(0, maxWords)),
    approval: v.optional(approval),
  }),
  v.check((value) => value.per === 'session' || value.within !== undefined, 'must have within: it is per identity'),
)

const differ = (list: readonly { readonly name: string }[]) =>
  new Set(list.map(({ name }) => name)).size === list.length

const accessPolicy = v.strictObject({
  apiVersion: v.literal('sallyport/v1'),
  kind: v.literal('AccessPolicy'),
  metadata: v.strictObject({
    name: v.pipe(
      documentName,
      v.check((name) => name !== 'built-in', 'built-in is the name of the built-in deny pack'),
    ),
  }),
  spec: v.pipe(
    v.strictObject({
      subjects: v.pipe(v.array(subject), v.minLength(1)),
      connections: texts,
      rules: v.pipe(
        v.array(rule),
        v.minLength(1),
        v.check((list) => differ(list), 'must have names that differ'),
      ),
      limits: v.optional(
        v.pipe(
          v.array(limit),
          v.minLength(1),
          v.check((list) => differ(list), 'must have names that differ'),
        ),
      ),
    }),
    // Both are named in decisions, and a grant belongs to one name.
    v.check(
      ({ rules, limits = [] }) => !limits.some(({ name }) => rules.some((other) => other.name === name)),
      'limits must not be named like rules',
    ),
  ),
})

type Parsed = v.InferOutput<typeof accessPolicy>
type ParsedRule = Parsed['spec']['rules'][number]
/** A rule as it is written, its condition compiled. */
export type AccessRule = Omit<ParsedRule, 'when'> & { readonly when?: Condition }
export type AccessLimit = NonNullable<Parsed['spec']['limits']>[number]
/** An AccessPolicy document. */
export type AccessPolicy = Omit<Parsed, 'spec'> & {
  readonly spec: Omit<Parsed['spec'], 'rules'> & { readonly rules: readonly AccessRule[] }
}

/** A policy, or every problem with its path. */
export type ParsedPolicy =
  | { readonly ok: true; readonly policy: AccessPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Parses one AccessPolicy document (YAML or JSON, already parsed) and compiles its conditions. */
export function parsePolicy(document: unknown): ParsedPolicy {
  const result = v.safeParse(accessPolicy, document)
  if (!result.success) return { ok: false, problems: problemsOf(result.issues) }
  const { spec, ...rest } = result.output
  const problems: Problem[] = []
  const rules = spec.rules.map(({ when, ...fields }, index): AccessRule => {
    if (when === undefined) return fields
    const compiled = compileCondition(when)
    if (compiled.ok) return { ...fields, when: compiled.condition }
    for (const { line, column, message } of compiled.problems) {
      problems.push({ path: ['spec', 'rules', index, 'when'], message, at: { line, column } })
    }
    return fields
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, policy: { ...rest, spec: { ...spec, rules } } }
}
