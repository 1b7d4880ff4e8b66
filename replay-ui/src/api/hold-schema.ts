// What the API answers about questions to people, grants and blocks, checked at the door like everything else.

import * as v from 'valibot'
import type { BlockSummary, GrantSummary, HoldDetail, HoldSummary } from '../../../worker/api/types.ts'
import { command, count, recordedRequest, strings, time } from './schema.ts'

const object = v.object({ group: v.string(), resource: v.string(), name: v.string() })

const vote = v.object({
  username: v.string(),
  approve: v.boolean(),
  reason: v.string(),
  at: time,
  grant: v.exactOptional(v.object({ scope: v.picklist(['namespace', 'object']), forS: count })),
})

const summary = {
  id: v.string(),
  kind: v.picklist(['request', 'plan']),
  state: v.picklist([
    'collecting',
    'pending',
    'approved',
    'denied',
    'expired',
    'withdrawn',
    'used',
    'spoiled',
    'superseded',
  ]),
  connection: v.string(),
  session: v.string(),
  command: v.string(),
  agent: v.object({ username: v.string(), groups: strings, issuer: v.string() }),
  purpose: v.exactOptional(v.string()),
  policy: v.string(),
  rule: v.string(),
  reason: v.string(),
  title: v.string(),
  requests: count,
  used: count,
  openedAt: time,
  expiresAt: time,
  validUntil: v.exactOptional(time),
  closedAt: v.exactOptional(time),
  votes: v.array(vote),
  needs: v.object({ count, users: strings, groups: strings }),
  mayAnswer: v.boolean(),
  whyNot: v.exactOptional(v.string()),
  grant: v.exactOptional(v.string()),
}

export const hold: v.GenericSchema<unknown, HoldSummary> = v.object(summary)

const diff = v.variant('kind', [
  v.object({
    kind: v.literal('lines'),
    lines: v.array(v.tuple([v.picklist([' ', '+', '-', '@']), v.string()])),
    added: count,
    removed: count,
    cut: v.boolean(),
  }),
  v.object({ kind: v.literal('none'), why: v.string() }),
])

const reviewed = v.object({
  title: v.string(),
  request: recordedRequest,
  body: v.exactOptional(v.object({ mediaType: v.string(), text: v.string(), cut: v.boolean() })),
  diff,
  reach: v.object({
    objects: v.nullable(count),
    pods: v.nullable(count),
    examples: strings,
    note: v.exactOptional(v.string()),
  }),
})

export const holdDetail: v.GenericSchema<unknown, HoldDetail> = v.object({
  ...summary,
  review: v.object({ v: v.literal(1), requests: v.array(reviewed) }),
  reviewSha256: v.string(),
  before: v.array(command),
  offer: v.exactOptional(v.object({ maxForS: count, namespace: v.string(), object: v.exactOptional(object) })),
  notices: v.array(
    v.object({ channel: v.string(), state: v.picklist(['waiting', 'sent', 'given-up']), attempts: count }),
  ),
})

export const grant: v.GenericSchema<unknown, GrantSummary> = v.object({
  id: v.string(),
  hold: v.string(),
  connection: v.string(),
  agent: v.object({ username: v.string(), issuer: v.string() }),
  policy: v.string(),
  rule: v.string(),
  namespace: v.string(),
  object: v.exactOptional(object),
  approvers: strings,
  openedAt: time,
  expiresAt: time,
  endedAt: v.exactOptional(time),
  endedBy: v.exactOptional(v.string()),
  uses: count,
})

export const block: v.GenericSchema<unknown, BlockSummary> = v.object({
  name: v.string(),
  kind: v.picklist(['session', 'identity', 'connection']),
  value: v.string(),
  reason: v.string(),
  by: v.string(),
  at: time,
})
