// MaskPolicies, compiled: what all that are about an identity on a connection say together. In: policy documents. Out: a
// MaskSet. No I/O, no clock.

import { sha256 } from '@noble/hashes/sha2.js'
import type { Identity, RequestInfo } from '../context.ts'
import { type Problem, problemText } from '../document/problem.ts'
import type { StoredDocument } from '../ports.ts'
import type { FieldRule, MaskRules } from './contract.ts'
import { type MaskPolicy, type MaskSpec, parseMaskPolicy } from './policy.ts'
import { DEFAULT_MASK_RULES } from './rules.ts'

/** The MaskPolicies in force, asked for each request. */
export interface MaskSet {
  /** Set when a document cannot be used or read: then everything is refused with this reason. */
  readonly broken: string | null
  /** The same object for everybody of whom the same policies speak. Not to be asked while it is broken. */
  rulesFor(identity: Identity, connection: string): MaskRules
}

interface Scoped {
  readonly users: ReadonlySet<string> | null
  readonly groups: ReadonlySet<string>
  readonly connections: ReadonlySet<string> | null
  readonly spec: MaskSpec
}

/** A set that refuses everything. */
export function brokenMaskSet(reason: string): MaskSet {
  return {
    broken: reason,
    rulesFor() {
      throw new Error('a set that cannot be used was asked')
    },
  }
}

/**
 * Compiles the newest revision of every MaskPolicy. A document that does not parse breaks the whole set: it may have been the
 * one that hides. Never throws.
 */
export function compileMasks(documents: readonly Pick<StoredDocument, 'name' | 'document'>[]): MaskSet {
  const policies: Scoped[] = []
  for (const { name, document } of [...documents].sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const parsed = parseMaskPolicy(document)
    if (!parsed.ok) return brokenMaskSet(unusable(name, parsed.problems))
    policies.push(scoped(parsed.policy))
  }
  // By which of the policies speak: of a few policies there are few sums.
  const sums = new Map<string, MaskRules>()
  return {
    broken: null,
    rulesFor(identity, connection) {
      const speaking = policies.filter((policy) => isAbout(policy, identity, connection))
      if (speaking.length === 0) return DEFAULT_MASK_RULES
      const key = speaking.map((policy) => policies.indexOf(policy)).join()
      const known = sums.get(key)
      if (known !== undefined) return known
      const sum = unite(speaking.map(({ spec }) => spec))
      if (sums.size >= MAX_SUMS) sums.clear()
      sums.set(key, sum)
      return sum
    },
  }
}

/** What these MaskPolicies say together, whoever they are about. @throws for one that does not parse: parse them first */
export function uniteMasks(documents: readonly Pick<StoredDocument, 'name' | 'document'>[]): MaskRules {
  const specs = documents.map(({ name, document }) => {
    const parsed = parseMaskPolicy(document)
    if (!parsed.ok) throw new Error(unusable(name, parsed.problems))
    return parsed.policy.spec
  })
  return specs.length === 0 ? DEFAULT_MASK_RULES : unite(specs)
}

function unusable(name: string, [problem]: readonly Problem[]): string {
  return `mask policy ${name} cannot be used: ${problem === undefined ? 'it does not parse' : problemText(problem)}`
}

function scoped({ spec }: MaskPolicy): Scoped {
  const users = spec.subjects?.flatMap((subject) => subject.users ?? []) ?? ['*']
  const groups = spec.subjects?.flatMap((subject) => subject.groups ?? []) ?? []
  const { connections } = spec
  return {
    users: users.includes('*') || groups.includes('*') ? null : new Set(users),
    groups: new Set(groups),
    connections: connections === undefined || connections.includes('*') ? null : new Set(connections),
    spec,
  }
}

function isAbout({ users, groups, connections }: Scoped, { user }: Identity, connection: string): boolean {
  if (connections !== null && !connections.has(connection)) return false
  return users === null || users.has(user.username) || user.groups.some((group) => groups.has(group))
}

/** What several policies say together. */
function unite(specs: readonly MaskSpec[]): MaskRules {
  const said = specs.map(({ layers }) => layers)
  // Off only if somebody says so and nobody says on.
  const on = (layer: keyof MaskRules['layers']): boolean => {
    const words = said.map((one) => one?.[layer])
    return words.includes(true) || !words.includes(false)
  }
  const fields = specs.flatMap((spec) => spec.fields ?? [])
  const exceptions = specs.map((spec) => spec.onUnreadable ?? [])
  const byResource = new Map<string, readonly FieldRule[]>()
  return {
    revision: revisionOf(specs),
    layers: { structure: on('structure'), patterns: on('patterns'), values: on('values') },
    fields(info) {
      if (!info.isResourceRequest || fields.length === 0) return NO_FIELDS
      const key = `${info.apiGroup}/${info.resource}`
      const known = byResource.get(key)
      if (known !== undefined) return known
      const found = fields
        .filter(({ resources }) => resources.some((resource) => isOf(resource, info)))
        .flatMap(({ name, paths }) => paths.map((path): FieldRule => ({ name, path })))
      // The names come from agents.
      if (byResource.size < MAX_RESOURCES) byResource.set(key, found)
      return found
    },
    names: [...new Set(specs.flatMap((spec) => spec.names ?? []))],
    patterns: specs.flatMap((spec) => spec.patterns ?? []),
    off: new Set(specs.flatMap((spec) => spec.off ?? [])),
    onUnreadable(info) {
      if (info.isResourceRequest && info.resource === 'secrets' && info.apiGroup === '') return 'withhold'
      // Of one policy its first word counts; of several, pass.
      const words = exceptions.map((list) => list.find((one) => isExcepted(one, info))?.do)
      if (words.includes('pass')) return 'pass'
      return words.includes('withhold') ? 'withhold' : DEFAULT_MASK_RULES.onUnreadable(info)
    },
  }
}

/** Sums kept in mind. Stops a policy for each of ten thousand people from filling memory; made anew they are the same. */
const MAX_SUMS = 1000
const NO_FIELDS: readonly FieldRule[] = []
/** Resources whose fields are kept in mind; a cluster has a few hundred. */
const MAX_RESOURCES = 1000

function isExcepted({ resources, paths }: NonNullable<MaskSpec['onUnreadable']>[number], info: RequestInfo): boolean {
  if (info.isResourceRequest) return resources?.some((resource) => isOf(resource, info)) === true
  return (
    paths?.some((path) => (path.endsWith('*') ? info.path.startsWith(path.slice(0, -1)) : info.path === path)) === true
  )
}

/** Whether a request is for what `RESOURCE[.GROUP]` means, or for a subresource of it. `*` is every resource of every group. */
function isOf(pattern: string, { resource, apiGroup }: RequestInfo): boolean {
  const dot = pattern.indexOf('.')
  const name = dot < 0 ? pattern : pattern.slice(0, dot)
  if (name !== '*' && name !== resource) return false
  if (dot < 0) return name === '*' || apiGroup === ''
  const group = pattern.slice(dot + 1)
  return group === '*' || apiGroup === (group === 'core' ? '' : group)
}

/** The same for the same content, in every process; never that of the built-in rules. */
function revisionOf(specs: readonly MaskSpec[]): number {
  const content = specs.map(({ subjects: _subjects, connections: _connections, ...rest }) => rest)
  const hash = sha256(new TextEncoder().encode(JSON.stringify(content)))
  return hash.subarray(0, 6).reduce((number, byte) => number * 256 + byte, 1)
}
