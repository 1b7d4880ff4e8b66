// The AccessPolicy document: its parser, strict in every key. In: a parsed YAML document. Out: a policy, or what is wrong.
// Keys that later gateways understand (`when`, `approval`, `limits`, effect Hold) are refused by name: to leave a
// condition out silently would allow what it forbids. No I/O.

import * as v from 'valibot'

const VERBS = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'connect'],
  ...['post', 'put', 'head', 'options', '*'],
] as const
const NOT_YET = 'is not yet supported by this gateway'

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(253))
const texts = v.pipe(v.array(text), v.minLength(1))
const reserved = (key: string) =>
  v.optional(v.custom<never>(() => false, `${key} ${NOT_YET}; a rule must not lose its condition, so it is refused`))

const effect = v.pipe(
  v.picklist(['Allow', 'Deny', 'Hold'], 'must be Allow or Deny'),
  v.check((value) => value !== 'Hold', `Hold ${NOT_YET}: use Allow or Deny`),
)

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
    effect,
    verbs: v.pipe(v.array(v.picklist(VERBS, `must be one of ${VERBS.join(', ')}`)), v.minLength(1)),
    resources: v.optional(v.pipe(v.array(resource), v.minLength(1))),
    names: v.optional(texts),
    namespaces: v.optional(texts),
    paths: v.optional(v.pipe(v.array(path), v.minLength(1))),
    message: v.optional(v.pipe(v.string(), v.maxLength(1000))),
    when: reserved('when'),
    approval: reserved('approval'),
  }),
  v.check(
    (value) => (value.resources === undefined) !== (value.paths === undefined),
    'must have either resources or paths',
  ),
  v.check(
    (value) => value.paths === undefined || (value.names === undefined && value.namespaces === undefined),
    'must not have names or namespaces beside paths',
  ),
)

const subject = v.pipe(
  v.strictObject({ users: v.optional(texts), groups: v.optional(texts) }),
  v.check((value) => (value.users === undefined) !== (value.groups === undefined), 'must have either users or groups'),
)

const accessPolicy = v.strictObject({
  apiVersion: v.literal('sallyport/v1'),
  kind: v.literal('AccessPolicy'),
  metadata: v.strictObject({
    name: v.pipe(
      v.string(),
      v.regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be a DNS name in lower case'),
      v.check((name) => name !== 'built-in', 'built-in is the name of the built-in deny pack'),
    ),
  }),
  spec: v.strictObject({
    subjects: v.pipe(v.array(subject), v.minLength(1)),
    connections: texts,
    rules: v.pipe(
      v.array(rule),
      v.minLength(1),
      v.check((rules) => new Set(rules.map(({ name }) => name)).size === rules.length, 'must have names that differ'),
    ),
    limits: reserved('limits'),
  }),
})

type AccessPolicy = v.InferOutput<typeof accessPolicy>
export type AccessRule = AccessPolicy['spec']['rules'][number]

/** A policy, or one line per problem: the path in the document and what is expected there. */
export type ParsedPolicy =
  | { readonly ok: true; readonly policy: AccessPolicy }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Parses one AccessPolicy document (YAML or JSON, already parsed). */
export function parsePolicy(document: unknown): ParsedPolicy {
  const result = v.safeParse(accessPolicy, document)
  if (result.success) return { ok: true, policy: result.output }
  return {
    ok: false,
    problems: result.issues.map((issue) => {
      const where = v.getDotPath(issue) ?? '(document)'
      if (issue.type === 'strict_object' && issue.expected === 'never') return `${where}: is not a known key`
      if (issue.type === 'strict_object' && issue.received === 'undefined') return `${where}: is missing`
      return `${where}: ${issue.message}`
    }),
  }
}
