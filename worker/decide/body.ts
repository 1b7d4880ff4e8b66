// The built-in pack's rules on what is written. In: RequestInfo and the parsed body. Out: a Deny, or null. No I/O.

import type { Decision, RequestInfo } from '../context.ts'
import { type PolicySet, packMessage } from './compile.ts'
import { PACK_POLICY } from './pack.ts'

const TOKEN_SECRET = 'kubernetes.io/service-account-token'
const ESCALATION: ReadonlySet<string> = new Set(['escalate', 'bind', 'impersonate'])
const ANY: ReadonlySet<string> = new Set(['*'])
/** Where roles are (escalate, bind), and whom one can impersonate. */
const ESCALATING_GROUPS: ReadonlySet<string> = new Set(['*', '', 'rbac.authorization.k8s.io', 'authentication.k8s.io'])
const ESCALATING_RESOURCES: ReadonlySet<string> = new Set([
  ...['*', 'roles', 'clusterroles', 'users', 'groups', 'serviceaccounts', 'uids', 'userextras', 'userextras/*'],
])
const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch'])

/**
 * Judges a body that is written: an object, or a patch in any JSON form. Strings are looked for anywhere in it, so that
 * a JSON patch meets the same rule as an apply. Call it for every create, update and patch with a body, after `decide`.
 * @param parsed what the body means; for protobuf, the JSON of the server's own dry run
 * @returns null when nothing in it is forbidden
 */
export function judgeBody(set: PolicySet, info: RequestInfo, parsed: unknown): Decision | null {
  if (!info.isResourceRequest || !WRITES.has(info.verb)) return null
  if (info.apiGroup === '' && info.resource === 'secrets') {
    return holdsString(parsed, (text) => text === TOKEN_SECRET) ? forbid(set, 'service-account-token-secrets') : null
  }
  const role = info.resource === 'roles' || info.resource === 'clusterroles'
  if (info.apiGroup === 'rbac.authorization.k8s.io' && role) {
    const escalates = holdsString(parsed, (text) => ESCALATION.has(text)) || grantsAnyVerb(parsed)
    return escalates ? forbid(set, 'escalate') : null
  }
  return null
}

function forbid(set: PolicySet, rule: 'service-account-token-secrets' | 'escalate'): Decision | null {
  const reason = packMessage(set, rule)
  if (reason === null) return null
  return { effect: 'Deny', policy: PACK_POLICY, rule, reason, revision: set.revision }
}

/**
 * True when a role grants the verb `*` on what one escalates with: `*` is `escalate`, `bind` and `impersonate` as well. Of a
 * JSON patch it cannot be told where a `*` will stand, nor what a copy brings.
 */
function grantsAnyVerb(parsed: unknown): boolean {
  if (Array.isArray(parsed)) {
    return holdsString(parsed, (text) => text === '*') || parsed.some((one) => copies(one))
  }
  if (typeof parsed !== 'object' || parsed === null || !('rules' in parsed) || !Array.isArray(parsed.rules))
    return false
  return parsed.rules.some((rule: unknown) => {
    if (typeof rule !== 'object' || rule === null) return false
    const { verbs = [], apiGroups = [], resources = [] }: Record<string, unknown> = { ...rule }
    const holds = (list: unknown, names: ReadonlySet<string>) => holdsString(list, (text) => names.has(text))
    return holds(verbs, ANY) && holds(apiGroups, ESCALATING_GROUPS) && holds(resources, ESCALATING_RESOURCES)
  })
}

function copies(operation: unknown): boolean {
  if (typeof operation !== 'object' || operation === null || !('op' in operation)) return false
  return operation.op === 'copy' || operation.op === 'move'
}

/** Walks without recursion: a body nested 100,000 deep must not end the process. */
function holdsString(root: unknown, is: (text: string) => boolean): boolean {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'string') {
      if (is(value)) return true
    } else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value)) open.push(inner)
    }
  }
  return false
}
