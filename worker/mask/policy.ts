// The MaskPolicy document: its parser, strict in every key. In: a parsed YAML document. Out: a policy whose field paths are
// steps and whose patterns compile, or what is wrong. What is not understood is refused: to leave it out silently would show
// what it hides. No I/O.

import * as v from 'valibot'
import { documentName, type Problem, problemsOf, texts } from '../document/problem.ts'
import { parseFieldPath } from './fieldpath.ts'
import { checkPattern, hasLiteral, MAX_WITHOUT_LITERAL } from './find/custom.ts'
import { BUILT_IN_RULES } from './find/matcher.ts'
import { PATTERN_RULES } from './find/rules/index.ts'

/** Lists of one policy. Each entry is looked at for every object or text: stops a policy that makes the gateway crawl. */
const MAX_FIELDS = 200
const MAX_PATHS = 50
const MAX_NAMES = 50
const MAX_PATTERNS = 100
const MAX_EXCEPTIONS = 50

/** What stands in a placeholder. */
const ruleName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens, at most 63'),
)

/** `NAME[.GROUP]`: whatever is masked in an object is masked in its subresources too. */
const resource = v.pipe(
  v.string(),
  v.regex(
    /^(\*|[a-z0-9][a-z0-9-]*)(\.(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?))?$/,
    'must be RESOURCE[.GROUP] without a subresource, e.g. configmaps, vaults.acme.io, *.acme.io or *',
  ),
)
const resources = v.pipe(v.array(resource), v.minLength(1))

const path = v.pipe(
  v.string(),
  v.regex(/^\/[^*?#%]*\*?$/, 'must be a path that starts with / and has a * at its end only'),
)

const expression = v.pipe(
  v.string('must be text: put the pattern in quotes'),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? checkPattern(dataset.value) : null
    if (message !== null) addIssue({ message })
  }),
)

const fieldPath = v.pipe(
  v.string(),
  v.maxLength(512),
  v.rawTransform(({ dataset, addIssue, NEVER }): readonly string[] => {
    const parsed = parseFieldPath(dataset.value)
    if (parsed.ok) return parsed.steps
    addIssue({ message: parsed.reason })
    return NEVER
  }),
)

const field = v.strictObject({
  name: ruleName,
  resources: v.pipe(
    resources,
    v.check((list) => !list.some(namesSecrets), 'must not be Secrets: all of their values are masked already'),
  ),
  paths: v.pipe(v.array(fieldPath), v.minLength(1), v.maxLength(MAX_PATHS)),
})

const pattern = v.strictObject({ name: ruleName, match: expression })

const BUILT_IN: ReadonlySet<string> = new Set([...BUILT_IN_RULES, ...PATTERN_RULES.map(({ id }) => id)])
const builtIn = v.pipe(
  v.string(),
  v.check((name) => BUILT_IN.has(name), 'is not the name of a built-in pattern rule (docs/masking-rules.md)'),
)

const unreadable = v.pipe(
  v.strictObject({
    resources: v.optional(
      v.pipe(
        resources,
        v.check((list) => !list.some(namesSecrets), 'must not be Secrets: what cannot be read of them is withheld'),
      ),
    ),
    paths: v.optional(v.pipe(v.array(path), v.minLength(1))),
    do: v.picklist(['withhold', 'pass'], 'must be withhold or pass'),
  }),
  v.check(
    (value) => (value.resources === undefined) !== (value.paths === undefined),
    'must have either resources or paths',
  ),
)

const subject = v.pipe(
  v.strictObject({ users: v.optional(texts), groups: v.optional(texts) }),
  v.check((value) => (value.users === undefined) !== (value.groups === undefined), 'must have either users or groups'),
)

const differ = (list: readonly { readonly name: string }[]) =>
  new Set(list.map(({ name }) => name)).size === list.length

const maskPolicy = v.strictObject({
  apiVersion: v.literal('sallyport/v1'),
  kind: v.literal('MaskPolicy'),
  metadata: v.strictObject({ name: documentName }),
  spec: v.strictObject({
    subjects: v.optional(v.pipe(v.array(subject), v.minLength(1))),
    connections: v.optional(texts),
    layers: v.optional(
      v.strictObject({
        structure: v.optional(v.boolean()),
        patterns: v.optional(v.boolean()),
        values: v.optional(v.boolean()),
      }),
    ),
    fields: v.optional(
      v.pipe(
        v.array(field),
        v.maxLength(MAX_FIELDS, `must have at most ${MAX_FIELDS} items`),
        v.check((list) => differ(list), 'must have names that differ'),
      ),
    ),
    names: v.optional(v.pipe(v.array(expression), v.maxLength(MAX_NAMES, `must have at most ${MAX_NAMES} items`))),
    patterns: v.optional(
      v.pipe(
        v.array(pattern),
        v.maxLength(MAX_PATTERNS, `must have at most ${MAX_PATTERNS} items`),
        v.check((list) => differ(list), 'must have names that differ'),
        v.check(
          (list) => list.filter(({ match }) => !hasLiteral(match)).length <= MAX_WITHOUT_LITERAL,
          `must have at most ${MAX_WITHOUT_LITERAL} without a literal of three characters that all they match holds: each of those looks at every byte`,
        ),
      ),
    ),
    off: v.optional(v.array(builtIn)),
    onUnreadable: v.optional(
      v.pipe(v.array(unreadable), v.maxLength(MAX_EXCEPTIONS, `must have at most ${MAX_EXCEPTIONS} items`)),
    ),
  }),
})

/** A MaskPolicy document; its field paths are the steps of a FieldRule (contract.ts). */
export type MaskPolicy = v.InferOutput<typeof maskPolicy>
export type MaskSpec = MaskPolicy['spec']

/** A policy, or every problem with its path. */
export type ParsedMaskPolicy =
  | { readonly ok: true; readonly policy: MaskPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Parses one MaskPolicy document (YAML or JSON, already parsed). */
export function parseMaskPolicy(document: unknown): ParsedMaskPolicy {
  const result = v.safeParse(maskPolicy, document)
  if (!result.success) return { ok: false, problems: problemsOf(result.issues) }
  return { ok: true, policy: result.output }
}

/** True for a document that says it is a MaskPolicy. */
export function isMaskPolicy(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'kind' in document && document.kind === 'MaskPolicy'
}

function namesSecrets(resource: string): boolean {
  return resource === 'secrets' || resource === 'secrets.core'
}
