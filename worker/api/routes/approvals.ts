// Holds and grants: what waits for people, what they answer, what they have allowed for a time. An answer goes to the hub of
// the hold's connection, which alone judges and records it; these rows find the hub and say what became of it.

import * as v from 'valibot'
import type { Review } from '../../../protocol/review.ts'
import type { HoldRecord, Vote } from '../../ports.ts'
import { problemsOf, strictBody } from '../body.ts'
import { grantSummary, holdSummary, offerOf } from '../hold.ts'
import { cursor, filterOf, ID, limit, limitOf, text } from '../listing.ts'
import { json, problem } from '../problem.ts'
import { type Call, callerOf, param, type QueryParameter, type Route, readJson } from '../route.ts'
import { storedAs } from '../secret.ts'
import type { CommandSummary, HoldDetail } from '../types.ts'
import type { RecordView } from '../views.ts'
import { reason } from '../words.ts'

/** A hash, a reason of 1,000 characters and a grant. */
const MAX_JSON_BYTES = 16 * 1024
/** The longest a grant may be asked for; a rule's own limit may be shorter. */
const MAX_GRANT_S = 24 * 60 * 60
/** Commands shown before the held one. */
const COMMANDS_BEFORE = 10

const approve = strictBody({
  seen: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  reason: v.exactOptional(reason),
  grant: v.exactOptional(
    v.strictObject({
      scope: v.picklist(['namespace', 'object']),
      forS: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_GRANT_S)),
    }),
  ),
})
const deny = strictBody({ reason: v.exactOptional(reason) })

const open: QueryParameter = {
  name: 'open',
  type: 'enum',
  values: ['true', 'false'],
  description: '`true`: only what is open. `false` or absent: everything.',
}
const noHold = () => problem(404, 'There is no approval of this id.')
const noGrant = () => problem(404, 'There is no grant of this id.')

async function list(call: Call): Promise<Response> {
  const { holds, clock } = call.deps
  const caller = callerOf(call)
  const filter = filterOf(call, { connection: 'connection', session: 'session', cursor: 'cursor' })
  const onlyOpen = call.query.get('open') === 'true' ? { open: true } : {}
  const page = await holds.holds({ ...filter, ...onlyOpen, limit: limitOf(call) })
  const now = clock.now()
  return json({ ...page, items: page.items.map((hold) => holdSummary(hold, caller, now)) })
}

async function find(call: Call): Promise<{ readonly record: HoldRecord; readonly review: string } | null> {
  const id = param(call, 'id')
  return ID.test(id) ? call.deps.holds.hold(id) : null
}

/** The last commands of the session that began before the hold was opened, without the held one; oldest first. */
async function commandsBefore(call: Call, hold: HoldRecord): Promise<readonly CommandSummary[]> {
  const page = { until: hold.openedAt, limit: COMMANDS_BEFORE + 1 }
  const { items } = await call.deps.recordings.commands(hold.session, page)
  return items.filter(({ id }) => id !== hold.command).slice(-COMMANDS_BEFORE)
}

async function detail(call: Call, view: RecordView): Promise<Response> {
  const found = await find(call)
  if (found === null) return noHold()
  const { record } = found
  await view(call, 'hold', record.id)
  // What is shown must be what an approval names: a review that was changed behind the gateway's back is not shown.
  if (storedAs(found.review) !== record.reviewSha256) {
    return problem(500, 'What is stored of this approval does not match its hash, so it is not shown.')
  }
  const review: Review = JSON.parse(found.review)
  const [before, notices] = await Promise.all([commandsBefore(call, record), call.deps.holds.notices(record.id)])
  const offer = offerOf(record)
  const body: HoldDetail = {
    ...holdSummary(record, callerOf(call), call.deps.clock.now()),
    review,
    reviewSha256: record.reviewSha256,
    before,
    ...(offer === undefined ? {} : { offer }),
    notices: notices.map(({ channel, state, attempts }) => ({ channel, state, attempts })),
  }
  return json(body)
}

async function answer(
  call: Call,
  given: Pick<Vote, 'approve' | 'reason'> & Pick<Vote, 'seen' | 'grant'>,
): Promise<Response> {
  const found = await find(call)
  if (found === null) return noHold()
  const caller = callerOf(call)
  const answered = await call.deps.answerHold(found.record.connection, found.record.id, {
    username: caller.username,
    issuer: caller.issuer,
    groups: caller.groups,
    approver: caller.roles.includes('approver'),
    ...given,
  })
  if (!answered.ok) return problem(answered.status, answered.detail)
  return json(holdSummary(answered.hold, caller, call.deps.clock.now()))
}

async function approveHold(call: Call): Promise<Response> {
  const body = await readJson(call, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const parsed = v.safeParse(approve, body.value)
  if (!parsed.success) return problem(422, problemsOf(parsed.issues))
  const { seen, reason: why = '', grant } = parsed.output
  const asked = grant === undefined ? {} : { grant: { scope: grant.scope, forMs: grant.forS * 1000 } }
  return answer(call, { approve: true, reason: why, seen, ...asked })
}

async function denyHold(call: Call): Promise<Response> {
  const body = await readJson(call, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const parsed = v.safeParse(deny, body.value)
  if (!parsed.success) return problem(422, problemsOf(parsed.issues))
  return answer(call, { approve: false, reason: parsed.output.reason ?? '' })
}

async function listGrants(call: Call): Promise<Response> {
  const { holds, clock } = call.deps
  const onlyOpen = call.query.get('open') === 'true' ? { open: true } : {}
  const page = await holds.grants({
    ...filterOf(call, { cursor: 'cursor' }),
    ...onlyOpen,
    now: clock.now(),
    limit: limitOf(call),
  })
  return json({ ...page, items: page.items.map(grantSummary) })
}

async function endGrant(call: Call): Promise<Response> {
  const id = param(call, 'id')
  const { holds, clock } = call.deps
  const grant = ID.test(id) ? await holds.grant(id) : null
  if (grant === null) return noGrant()
  if (!(await call.deps.endGrant(grant.connection, id, callerOf(call).username))) {
    // It is over already, by another hand or by time; or the hub does not know it, which must not look like success.
    const now = await holds.grant(id)
    const over = now !== null && (now.endedAt !== null || now.expiresAt <= clock.now())
    if (!over) return problem(409, 'The grant could not be ended. Try again.')
  }
  return new Response(null, { status: 204 })
}

/** The rows. @param view records readings */
export function approvalRoutes(view: RecordView): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/approvals',
      access: 'viewer',
      operationId: 'listApprovals',
      summary: 'What waits or has waited for people, newest first.',
      query: [
        open,
        text('connection', 'Only this connection.'),
        text('session', 'Only this session, by id.'),
        cursor,
        limit,
      ],
      response: { status: 200, schema: 'HoldPage' },
      handle: list,
    },
    {
      method: 'GET',
      path: '/api/v1/approvals/{id}',
      access: 'viewer',
      operationId: 'getApproval',
      summary: 'One question to people, with everything they are shown.',
      response: { status: 200, schema: 'HoldDetail' },
      handle: (call) => detail(call, view),
    },
    {
      method: 'POST',
      path: '/api/v1/approvals/{id}/approve',
      access: 'approver',
      operationId: 'approveApproval',
      summary: 'Approves what was seen, once or as a grant.',
      body: { mediaType: 'application/json', schema: 'Approve', maxBytes: MAX_JSON_BYTES },
      response: { status: 200, schema: 'HoldSummary' },
      handle: approveHold,
    },
    {
      method: 'POST',
      path: '/api/v1/approvals/{id}/deny',
      access: 'approver',
      operationId: 'denyApproval',
      summary: 'Denies it. One denial ends the question.',
      body: { mediaType: 'application/json', schema: 'DenyHold', maxBytes: MAX_JSON_BYTES },
      response: { status: 200, schema: 'HoldSummary' },
      handle: denyHold,
    },
    {
      method: 'GET',
      path: '/api/v1/grants',
      access: 'viewer',
      operationId: 'listGrants',
      summary: 'Approvals for a scope and a time, newest first.',
      query: [open, cursor, limit],
      response: { status: 200, schema: 'GrantPage' },
      handle: listGrants,
    },
    {
      method: 'DELETE',
      path: '/api/v1/grants/{id}',
      access: 'approver',
      operationId: 'endGrant',
      summary: 'Ends a grant. What passes by it now is stopped.',
      response: { status: 204 },
      handle: endGrant,
    },
  ]
}
