// The built-in pack's rules on what is written. In: RequestInfo and the parsed body. Out: a Deny, or null. No I/O.

import type { Decision, RequestInfo } from '../context.ts'
import { type PolicySet, packMessage } from './compile.ts'
import { PACK_POLICY } from './pack.ts'

const TOKEN_SECRET = 'kubernetes.io/service-account-token'
const ESCALATION: ReadonlySet<string> = new Set(['escalate', 'bind', 'impersonate'])
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
    return forbid(set, 'service-account-token-secrets', parsed, (text) => text === TOKEN_SECRET)
  }
  const role = info.resource === 'roles' || info.resource === 'clusterroles'
  if (info.apiGroup === 'rbac.authorization.k8s.io' && role) {
    return forbid(set, 'escalate', parsed, (text) => ESCALATION.has(text))
  }
  return null
}

function forbid(
  set: PolicySet,
  rule: 'service-account-token-secrets' | 'escalate',
  parsed: unknown,
  is: (text: string) => boolean,
): Decision | null {
  const reason = packMessage(set, rule)
  if (reason === null || !holdsString(parsed, is)) return null
  return { effect: 'Deny', policy: PACK_POLICY, rule, reason, revision: set.revision }
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
