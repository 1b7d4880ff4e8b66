// For tests: requests, policies and facts in few words. Not part of the gateway.

import type { Facts, RequestInfo, SessionFacts, Verb } from '../context.ts'
import { readObject } from './cel/json.ts'
import type { Judged } from './scope.ts'

export const SESSION: SessionFacts = {
  id: 's1',
  startedAt: Date.UTC(2026, 0, 1, 12),
  requests: 0,
  writes: 0,
  deletions: 0,
  secretReads: 0,
  execBytes: 0,
}

/** An object as the hub reads it: integers are BigInt. */
export function asRead(object: unknown): unknown {
  const read = readObject(new TextEncoder().encode(JSON.stringify(object)))
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

/** Facts, with `object` and `oldObject` given as JSON values. */
export function facts(known: Partial<Facts> = {}): Facts {
  const objects = {
    ...('object' in known ? { object: asRead(known.object) } : {}),
    ...('oldObject' in known ? { oldObject: asRead(known.oldObject) } : {}),
  }
  return { now: Date.UTC(2026, 0, 1, 12, 30), session: SESSION, ...known, ...objects }
}

export function agent(username = 'agent', groups: readonly string[] = ['ai-agents']): Judged['identity'] {
  return { user: { username, uid: '', groups, extra: {} }, issuer: 'https://idp.example.com', expiresAt: 0 }
}

/** `VERB RESOURCE[.GROUP][/SUB] [NAMESPACE] [NAME]`, `-` for an absent namespace; or `VERB /PATH`. */
export function judged(text: string, over: Partial<Judged> & { readonly with?: Partial<RequestInfo> } = {}): Judged {
  const { with: more = {}, ...rest } = over
  const [verb = '', what = '', namespace = '-', name = ''] = text.split(' ')
  const isResourceRequest = !what.startsWith('/')
  const [head = '', subresource = ''] = isResourceRequest ? what.split('/') : []
  const [resource = '', ...group] = head.split('.')
  const body = isResourceRequest && ['create', 'update', 'patch'].includes(verb)
  const info: RequestInfo = {
    isResourceRequest,
    path: isResourceRequest ? '/x' : what,
    query: '',
    verb: verb as Verb,
    apiPrefix: 'api',
    apiGroup: group.join('.'),
    apiVersion: 'v1',
    namespace: namespace === '-' ? '' : namespace,
    resource,
    subresource,
    name,
    parts: [],
    streaming: false,
    dryRun: false,
    ...more,
  }
  return { identity: agent(), connection: 'prod', info, method: 'GET', bodyFormat: body ? 'json' : 'none', ...rest }
}

/** A stored AccessPolicy for `ai-agents` on `prod`. */
export function policy(name: string, rules: readonly unknown[], spec: Readonly<Record<string, unknown>> = {}) {
  return {
    name,
    revision: 7,
    document: {
      apiVersion: 'sallyport/v1',
      kind: 'AccessPolicy',
      metadata: { name },
      spec: { subjects: [{ groups: ['ai-agents'] }], connections: ['prod'], rules, ...spec },
    },
  }
}

/** A stored Block. */
export function block(name: string, spec: Readonly<Record<string, string>>) {
  return { name, revision: 7, document: { apiVersion: 'sallyport/v1', kind: 'Block', metadata: { name }, spec } }
}

/** A rule named like its effect in lower case. */
export function rule(effect: 'Allow' | 'Deny' | 'Hold', verbs: string, resources: string, more: object = {}) {
  return { name: effect.toLowerCase(), effect, verbs: verbs.split(' '), resources: resources.split(' '), ...more }
}
