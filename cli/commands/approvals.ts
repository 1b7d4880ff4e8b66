// approvals list, show, approve, deny, watch: a person answers what waits.

import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import type { Approve, DenyHold, HoldDetail, HoldSummary } from '../../worker/api/types.ts'
import { type Api, connectApi, Refused } from '../api.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { parseDuration, showDuration } from '../duration.ts'
import { colours, columns, print, printJson, printJsonLine, printLines, shortTime, table } from '../output.ts'
import { briefLines, detailText, standing, votesOf } from '../review/detail.ts'
import { safe } from '../safe.ts'
import { elsewhere, limitOf, listed, unshortened } from './listing.ts'

const POLL_MS = 2_000
/** Ids of questions that `watch` remembers having printed: more than a day's. */
const REMEMBERED = 10_000

const OPEN = new Set<HoldSummary['state']>(['collecting', 'pending', 'approved'])

/** An id as typed: whole, or the beginning of one open question's. */
const holdId = (api: Api, typed: string): Promise<string> =>
  unshortened(api.all<HoldSummary>('/api/v1/approvals?open=true&limit=500'), typed, 'open approval')

const detailOf = async (api: Api, id: string): Promise<HoldDetail> =>
  api.get(`/api/v1/approvals/${encodeURIComponent(id)}`)

/** Of a question nobody has approved yet: until it closes; of an approved one: until it may no longer pass. */
function endsIn(hold: HoldSummary, now: number): string {
  if (!OPEN.has(hold.state)) return '-'
  const end = hold.state === 'approved' ? (hold.validUntil ?? hold.expiresAt) : hold.expiresAt
  return showDuration(Date.parse(end) - now)
}

export async function list(invocation: Invocation): Promise<number> {
  const limit = limitOf(invocation)
  const all = invocation.has('all')
  const query = new URLSearchParams({ limit: String(Math.min(limit, 500)) })
  for (const name of ['connection', 'session']) {
    const value = invocation.option(name)
    if (value !== undefined) query.set(name, value)
  }
  const api = await connectApi(invocation.data)
  const ask = (open: string) => listed(api.all<HoldSummary>(`/api/v1/approvals?${query}${open}`), limit)
  // The open ones first, whatever their age.
  const open = await ask('&open=true')
  const shown = new Set(open.map(({ id }) => id))
  const items = all ? [...open, ...(await ask('')).filter(({ id }) => !shown.has(id))].slice(0, limit) : open
  if (invocation.json) {
    printJson({ items })
    return 0
  }
  const now = Date.now()
  const rows = items.map((hold) => [
    hold.id,
    hold.state,
    showDuration(now - Date.parse(hold.openedAt)),
    hold.agent.username,
    hold.connection,
    votesOf(hold),
    endsIn(hold, now),
    `${hold.policy}/${hold.rule}`,
    hold.title,
  ])
  print(table(['ID', 'STATE', 'AGE', 'AGENT', 'CONNECTION', 'VOTES', 'EXPIRES IN', 'RULE', 'TITLE'], rows))
  return 0
}

export async function show(invocation: Invocation): Promise<number> {
  const api = await connectApi(invocation.data)
  const detail = await detailOf(api, await holdId(api, invocation.positionals[0] ?? ''))
  if (invocation.json) printJson(detail)
  else print(detailText(detail, { now: Date.now(), colour: colours(), columns: columns() }))
  return 0
}

/** What `--grant` and `--for` ask; undefined when neither is there. */
function grantAsked(invocation: Invocation): Approve['grant'] {
  const scope = invocation.option('grant')
  const time = invocation.option('for')
  if (scope === undefined && time === undefined) return undefined
  if (scope !== 'namespace' && scope !== 'object') {
    throw new UsageError(scope === undefined ? '--for goes with --grant' : '--grant takes namespace or object')
  }
  if (time === undefined) throw new UsageError('--grant needs --for, e.g. --for 15m')
  const forS = parseDuration(time)
  if (forS === null) throw new UsageError('--for takes a time such as 30s, 15m or 2h')
  return { scope, forS }
}

function checkOffer({ offer }: HoldDetail, grant: NonNullable<Approve['grant']>): void {
  if (offer === undefined) throw new Failure('the rule offers no grant; approve without --grant')
  if (grant.scope === 'object' && offer.object === undefined)
    throw new Failure('this approval names no single object; use --grant namespace')
  if (grant.forS > offer.maxForS) {
    throw new Failure(`the rule offers a grant for at most ${showDuration(offer.maxForS * 1000)}`)
  }
}

/** Fetches what is asked and says it, so that the answer is to what was shown. */
async function question(invocation: Invocation): Promise<{ readonly api: Api; readonly detail: HoldDetail }> {
  const api = await connectApi(invocation.data)
  const detail = await detailOf(api, await holdId(api, invocation.positionals[0] ?? ''))
  if (!invocation.json) printLines(briefLines(detail))
  if (!detail.mayAnswer) throw new Failure(`you may not answer: ${detail.whyNot ?? `it is ${detail.state}`}`)
  return { api, detail }
}

function outcome(hold: HoldSummary, said: string, invocation: Invocation): string {
  if (hold.state === 'pending') return `${said}; it waits for more: ${votesOf(hold)} approvals\n`
  if (hold.state !== 'approved') return `${said}\n`
  const grant =
    hold.grant === undefined ? '' : `\nto end the grant: sallyport grants end ${hold.grant}${elsewhere(invocation)}`
  const valid = hold.validUntil === undefined ? '' : `; it may pass until ${shortTime(hold.validUntil)} UTC`
  return `${said}${valid}${grant}\n`
}

export async function approve(invocation: Invocation): Promise<number> {
  const grant = grantAsked(invocation)
  const reason = invocation.option('reason')
  const { api, detail } = await question(invocation)
  if (grant !== undefined) checkOffer(detail, grant)
  const answer: Approve = {
    seen: detail.reviewSha256,
    ...(reason === undefined ? {} : { reason }),
    ...(grant === undefined ? {} : { grant }),
  }
  const hold = await api.post<HoldSummary>(`/api/v1/approvals/${encodeURIComponent(detail.id)}/approve`, answer)
  if (invocation.json) printJson(hold)
  else print(outcome(hold, 'approved', invocation))
  return 0
}

export async function deny(invocation: Invocation): Promise<number> {
  const reason = invocation.option('reason')
  const { api, detail } = await question(invocation)
  const answer: DenyHold = reason === undefined ? {} : { reason }
  const hold = await api.post<HoldSummary>(`/api/v1/approvals/${encodeURIComponent(detail.id)}/deny`, answer)
  if (invocation.json) printJson(hold)
  else print(outcome(hold, 'denied', invocation))
  return 0
}

/** Ends at Ctrl-C, or when the gateway no longer takes the login. */
export async function watch(invocation: Invocation, pollMs = POLL_MS): Promise<number> {
  const stopping = new AbortController()
  // The parent forwards a signal that the terminal has sent to both: it may come twice.
  const stop = () => stopping.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const seen = new Map<string, string>()
  let [reached, trouble] = [false, '']
  try {
    while (!stopping.signal.aborted) {
      try {
        // Read anew each time: `up` renews the token in the file.
        const api = await connectApi(invocation.data)
        const items = await listed(api.all<HoldSummary>('/api/v1/approvals?open=true&limit=500'), REMEMBERED)
        for (const hold of items.reverse()) report(hold, seen, invocation)
        reached = true
        trouble = ''
      } catch (error) {
        const refused = error instanceof Refused && (error.status === 401 || error.status === 403)
        if (!(error instanceof Failure) || refused || !reached) throw error
        // A gateway that is started again comes back.
        if (error.message !== trouble) process.stderr.write(`sallyport: ${safe(error.message)}; trying again\n`)
        trouble = error.message
      }
      await pause(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
    return 0
  } finally {
    process.removeListener('SIGINT', stop)
    process.removeListener('SIGTERM', stop)
  }
}

/** Prints a question that is new. */
function report(hold: HoldSummary, seen: Map<string, string>, invocation: Invocation): void {
  if (hold.state === 'collecting' || seen.has(hold.id)) return
  const [oldest] = seen.keys()
  if (seen.size >= REMEMBERED && oldest !== undefined) seen.delete(oldest)
  seen.set(hold.id, hold.state)
  if (invocation.json) {
    printJsonLine(hold)
    return
  }
  printLines([
    `${shortTime(hold.openedAt)}  ${safe(hold.agent.username)} on ${safe(hold.connection)}: ${safe(hold.title)}`,
    ...(hold.purpose === undefined ? [] : [`  claims: “${safe(hold.purpose)}”`]),
    `  ${hold.id}  ${standing(hold, Date.now())}`,
    hold.mayAnswer
      ? `  sallyport approvals show ${hold.id}${elsewhere(invocation)}`
      : `  you may not answer: ${safe(hold.whyNot ?? 'the gateway does not say why')}`,
  ])
}
