// What the API answers, checked at the door: unknown JSON in, the types of `worker/api/types.ts` out. Unknown fields are dropped.

import * as v from 'valibot'
import type {
  CommandSummary,
  LoginOptions,
  Me,
  Page,
  Problem,
  RequestRecord,
  SessionSummary,
} from '../../../worker/api/types.ts'

export const count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const time = v.pipe(v.string(), v.isoTimestamp())
export const strings = v.array(v.string())

export const loginOptions: v.GenericSchema<unknown, LoginOptions> = v.object({
  oidc: v.exactOptional(v.object({ issuer: v.string(), start: v.string() })),
})

export const me: v.GenericSchema<unknown, Me> = v.object({
  username: v.string(),
  groups: strings,
  roles: v.array(v.picklist(['viewer', 'approver', 'admin'])),
  issuer: v.string(),
})

export const session: v.GenericSchema<unknown, SessionSummary> = v.object({
  id: v.string(),
  connection: v.string(),
  agent: v.object({ username: v.string(), groups: strings, issuer: v.string() }),
  purpose: v.exactOptional(v.string()),
  userAgent: v.string(),
  startedAt: time,
  lastAt: time,
  commands: count,
  requests: count,
  denials: count,
  holds: count,
  masks: count,
  maskRules: v.exactOptional(v.record(v.string(), count)),
  live: v.boolean(),
})

const mask = v.object({
  count,
  rules: v.record(v.string(), v.number()),
  places: v.exactOptional(v.array(v.object({ rule: v.string(), at: v.string(), count }))),
  withheld: v.exactOptional(v.string()),
})

export const command: v.GenericSchema<unknown, CommandSummary> = v.object({
  id: v.string(),
  session: v.string(),
  title: v.string(),
  startedAt: time,
  endedAt: time,
  requests: count,
  denials: count,
  holds: count,
  masks: count,
  mask: v.exactOptional(mask),
  outcome: v.picklist(['ok', 'refused', 'failed', 'cancelled', 'unknown', 'running']),
  stream: v.exactOptional(v.string()),
})

export const recordedRequest = v.object({
  method: v.string(),
  target: v.string(),
  verb: v.string(),
  group: v.string(),
  version: v.string(),
  resource: v.string(),
  subresource: v.string(),
  namespace: v.string(),
  name: v.string(),
  userAgent: v.string(),
  kubectlCommand: v.exactOptional(v.string()),
  exec: v.exactOptional(v.object({ argv: strings, container: v.string(), stdin: v.boolean(), tty: v.boolean() })),
  preparatory: v.exactOptional(v.picklist(['dry-run', 'exists', 'read', 'reach'])),
})

export const request: v.GenericSchema<unknown, RequestRecord> = v.object({
  id: v.string(),
  session: v.string(),
  command: v.string(),
  at: time,
  request: recordedRequest,
  decision: v.exactOptional(
    v.object({
      effect: v.picklist(['Allow', 'Deny', 'Hold']),
      policy: v.string(),
      rule: v.string(),
      reason: v.string(),
      revision: v.number(),
    }),
  ),
  hold: v.exactOptional(v.string()),
  grant: v.exactOptional(v.string()),
  mask: v.exactOptional(mask),
  result: v.exactOptional(
    v.object({
      outcome: v.picklist(['ok', 'refused', 'failed', 'cancelled', 'unknown']),
      code: v.number(),
      reason: v.exactOptional(v.string()),
      message: v.exactOptional(v.string()),
      durationMs: v.number(),
      bytes: v.number(),
      exitCode: v.exactOptional(v.number()),
    }),
  ),
  bodies: v.array(
    v.object({ kind: v.picklist(['request', 'response', 'stream']), mediaType: v.string(), bytes: v.number() }),
  ),
  leaf: v.string(),
})

export const problem: v.GenericSchema<unknown, Problem> = v.object({
  type: v.literal('about:blank'),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
})

/** A page of a listing. */
export function pageOf<T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, Page<T>> {
  return v.object({ items: v.array(item), next: v.exactOptional(v.string()) })
}
