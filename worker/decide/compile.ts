// Policies, compiled: an index by verb and resource, so that a thousand rules cost no more than the few that can match.
// In: policy documents. Out: a PolicySet. No I/O, no clock.

import type { Approval, Effect } from '../context.ts'
import { type Problem, problemText } from '../document/problem.ts'
import type { StoredDocument } from '../ports.ts'
import { DEFAULT_APPROVAL } from './approval.ts'
import { type Block, isBlock, parseBlock } from './block.ts'
import type { Condition } from './cel/condition.ts'
import { BODY_RULES, PACK_POLICY, packRules, UNKNOWN_CONNECT } from './pack.ts'
import { type AccessLimit, type AccessRule, parsePolicy } from './policy.ts'

/** Whom rules and limits are about, and where. Null: everybody, everywhere. */
export interface Scoped {
  readonly users: ReadonlySet<string> | null
  readonly groups: ReadonlySet<string>
  readonly connections: ReadonlySet<string> | null
}

/** One rule, ready to be asked. A null field does not restrict. */
export interface CompiledRule extends Scoped {
  readonly effect: Effect
  readonly policy: string
  readonly rule: string
  /** Its place among all rules: the pack, then by policy name, then by place in the file. */
  readonly order: number
  readonly message: string
  readonly namespaces: ReadonlySet<string> | null
  readonly names: ReadonlySet<string> | null
  readonly when: Condition | null
  /** Of a Hold; {@link DEFAULT_APPROVAL} on others. */
  readonly approval: Approval
  /** As it was written. */
  readonly source: AccessRule
}

/** One limit, ready to be asked. */
export interface CompiledLimit extends Scoped, Pick<AccessLimit, 'count' | 'per' | 'max'> {
  readonly policy: string
  readonly name: string
  /** Null: in all. */
  readonly withinMs: number | null
  readonly approval: Approval
}

/** The rules found under one key, each list in their order. */
export type Bucket = Readonly<Record<Effect, CompiledRule[]>>

/** Policies in force. Made by {@link compilePolicies}, asked by `decide`. */
export interface PolicySet {
  /** Highest revision among the documents; 0 when there are none. */
  readonly revision: number
  /** Set when a document cannot be used or read: then everything is refused with this reason. */
  readonly broken: string | null
  /** By {@link resourceKey}. */
  readonly byResource: ReadonlyMap<string, Bucket>
  /** By verb; each with its path or prefix. */
  readonly byPath: ReadonlyMap<string, readonly { readonly pattern: string; readonly rule: CompiledRule }[]>
  /** In the order of policy names and places in the file. */
  readonly limits: readonly CompiledLimit[]
  /** By name. */
  readonly blocks: readonly Block[]
  /** Every rule in its order, the pack's first. */
  readonly rules: readonly CompiledRule[]
  /** Names of the pack's rules that are switched off. */
  readonly packExcept: ReadonlySet<string>
}

export interface CompileOptions {
  /** Names of built-in deny rules that are switched off. */
  readonly denyPackExcept?: readonly string[]
}

/** The index key of a verb and a resource pattern; each part may be `*`. */
export function resourceKey(verb: string, group: string, resource: string, subresource: string): string {
  return `${verb} ${group}/${resource}/${subresource}`
}

/** No subresource may be any subresource only where the resource itself is `*`, as in RBAC: `**` is "with or without". */
export const ANY_OR_NONE = '**'

/**
 * Compiles the newest revision of every AccessPolicy and Block, told apart by the `kind` within the document. A document that does not parse breaks the whole set, since it may
 * have been the one that denies.
 * @throws Error when `denyPackExcept` names a rule that does not exist
 */
export function compilePolicies(
  documents: readonly Pick<StoredDocument, 'name' | 'revision' | 'document'>[],
  options: CompileOptions = {},
): PolicySet {
  const except = options.denyPackExcept ?? []
  const byResource = new Map<string, Bucket>()
  const byPath = new Map<string, { pattern: string; rule: CompiledRule }[]>()
  const rules: CompiledRule[] = []
  const limits: CompiledLimit[] = []
  const blocks: Block[] = []
  const add = (policy: string, source: AccessRule, scoped: Scoped) => {
    const rule = compileRule(policy, source, scoped, rules.length)
    rules.push(rule)
    for (const verb of new Set(source.verbs)) {
      for (const key of new Set((source.resources ?? []).map((pattern) => patternKey(verb, pattern)))) {
        const bucket = byResource.get(key) ?? { Deny: [], Hold: [], Allow: [] }
        bucket[rule.effect].push(rule)
        byResource.set(key, bucket)
      }
      for (const pattern of new Set(source.paths ?? [])) {
        const entries = byPath.get(verb) ?? []
        entries.push({ pattern, rule })
        byPath.set(verb, entries)
      }
    }
  }
  for (const rule of packRules(except)) add(PACK_POLICY, rule, EVERYBODY)
  let broken: string | null = null
  const unusable = (kind: string, name: string, [problem]: readonly Problem[]) => {
    broken ??= `${kind} ${name} cannot be used: ${problem === undefined ? 'it does not parse' : problemText(problem)}`
  }
  for (const { name, document } of [...documents].sort((one, other) => (one.name < other.name ? -1 : 1))) {
    if (isBlock(document)) {
      const parsed = parseBlock(document)
      if (parsed.ok) blocks.push(parsed.block)
      else unusable('block', name, parsed.problems)
      continue
    }
    const parsed = parsePolicy(document)
    if (!parsed.ok) {
      unusable('policy', name, parsed.problems)
      continue
    }
    const { metadata, spec } = parsed.policy
    const users = spec.subjects.flatMap((subject) => subject.users ?? [])
    const groups = spec.subjects.flatMap((subject) => subject.groups ?? [])
    const everybody = users.includes('*') || groups.includes('*')
    const scoped: Scoped = {
      users: everybody ? null : new Set(users),
      groups: new Set(groups),
      connections: setOf(spec.connections),
    }
    for (const rule of spec.rules) add(metadata.name, rule, scoped)
    for (const { within, approval, name: limit, ...fields } of spec.limits ?? []) {
      limits.push({
        ...scoped,
        ...fields,
        policy: metadata.name,
        name: limit,
        withinMs: within ?? null,
        approval: approval ?? DEFAULT_APPROVAL,
      })
    }
  }
  const revision = documents.reduce((highest, document) => Math.max(highest, document.revision), 0)
  return { revision, broken, byResource, byPath, limits, blocks, rules, packExcept: new Set(except) }
}

const EVERYBODY: Scoped = { users: null, groups: new Set(), connections: null }

function compileRule(policy: string, source: AccessRule, scoped: Scoped, order: number): CompiledRule {
  return {
    ...scoped,
    effect: source.effect,
    policy,
    rule: source.name,
    order,
    message: source.message ?? '',
    namespaces: setOf(source.namespaces),
    names: source.names === undefined ? null : new Set(source.names),
    when: source.when ?? null,
    approval: source.approval ?? DEFAULT_APPROVAL,
    source,
  }
}

/** Null (no restriction) when absent or when it holds `*`. */
function setOf(list: readonly string[] | undefined): ReadonlySet<string> | null {
  return list === undefined || list.includes('*') ? null : new Set(list)
}

/** The key under which `RESOURCE[.GROUP][/SUBRESOURCE]` is found. */
function patternKey(verb: string, pattern: string): string {
  const slash = pattern.indexOf('/')
  const head = slash < 0 ? pattern : pattern.slice(0, slash)
  const dot = head.indexOf('.')
  const resource = dot < 0 ? head : head.slice(0, dot)
  const anything = resource === '*'
  const named = dot < 0 ? (anything ? '*' : '') : head.slice(dot + 1)
  const group = named === 'core' ? '' : named
  const subresource = slash < 0 ? (anything ? ANY_OR_NONE : '') : pattern.slice(slash + 1)
  return resourceKey(verb, group, resource, subresource)
}

/** Whether a rule of the pack that is no plain match is on; its message. */
export function packMessage(
  set: PolicySet,
  name: keyof typeof BODY_RULES | typeof UNKNOWN_CONNECT.name,
): string | null {
  if (set.packExcept.has(name)) return null
  return name === UNKNOWN_CONNECT.name ? UNKNOWN_CONNECT.message : BODY_RULES[name]
}
