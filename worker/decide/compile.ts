// Policies, compiled: an index by verb and resource, so that a thousand rules cost no more than the few that can match.
// In: policy documents. Out: a PolicySet. No I/O, no clock.

import type { StoredDocument } from '../ports.ts'
import { BODY_RULES, PACK_POLICY, packRules, UNKNOWN_CONNECT } from './pack.ts'
import { type AccessRule, parsePolicy } from './policy.ts'

/** One rule, ready to be asked. A null field does not restrict. */
export interface CompiledRule {
  readonly effect: 'Allow' | 'Deny'
  readonly policy: string
  readonly rule: string
  readonly message: string
  readonly users: ReadonlySet<string> | null
  readonly groups: ReadonlySet<string>
  readonly connections: ReadonlySet<string> | null
  readonly namespaces: ReadonlySet<string> | null
  readonly names: ReadonlySet<string> | null
}

/** The rules found under one key, each list in the order of policies and rules. */
export interface Bucket {
  readonly Deny: CompiledRule[]
  readonly Allow: CompiledRule[]
}

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
 * Compiles the newest revision of every AccessPolicy. A document that does not parse breaks the whole set, since it may
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
  const add = (source: AccessRule, compiled: CompiledRule) => {
    for (const verb of new Set(source.verbs)) {
      for (const pattern of new Set(source.resources ?? [])) {
        const key = patternKey(verb, pattern)
        const bucket = byResource.get(key) ?? { Deny: [], Allow: [] }
        bucket[compiled.effect].push(compiled)
        byResource.set(key, bucket)
      }
      for (const pattern of new Set(source.paths ?? [])) {
        const entries = byPath.get(verb) ?? []
        entries.push({ pattern, rule: compiled })
        byPath.set(verb, entries)
      }
    }
  }
  for (const rule of packRules(except)) add(rule, compileRule(PACK_POLICY, rule, null, new Set(), null))
  let broken: string | null = null
  for (const { name, document } of [...documents].sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const parsed = parsePolicy(document)
    if (!parsed.ok) {
      broken ??= `policy ${name} cannot be used: ${parsed.problems[0] ?? 'it does not parse'}`
      continue
    }
    const { metadata, spec } = parsed.policy
    const users = spec.subjects.flatMap((subject) => subject.users ?? [])
    const groups = spec.subjects.flatMap((subject) => subject.groups ?? [])
    for (const rule of spec.rules) {
      const everybody = users.includes('*') || groups.includes('*')
      const who = everybody ? null : new Set(users)
      add(rule, compileRule(metadata.name, rule, who, new Set(groups), setOf(spec.connections)))
    }
  }
  const revision = documents.reduce((highest, document) => Math.max(highest, document.revision), 0)
  return { revision, broken, byResource, byPath, packExcept: new Set(except) }
}

function compileRule(
  policy: string,
  rule: AccessRule,
  users: ReadonlySet<string> | null,
  groups: ReadonlySet<string>,
  connections: ReadonlySet<string> | null,
): CompiledRule {
  return {
    effect: rule.effect === 'Allow' ? 'Allow' : 'Deny',
    policy,
    rule: rule.name,
    message: rule.message ?? '',
    users,
    groups,
    connections,
    namespaces: setOf(rule.namespaces),
    names: rule.names === undefined ? null : new Set(rule.names),
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
