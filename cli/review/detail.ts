// A question as whoever answers it reads it in a terminal. In: a HoldDetail, the time. Out: lines. Everything in it that an agent
// may have written goes through safe(); the only escape sequences are our own colours, and only where asked for. No I/O.

import type { Diff, Reach, ReviewedRequest } from '../../protocol/review.ts'
import type { HoldDetail, HoldSummary } from '../../worker/api/types.ts'
import { showDuration } from '../duration.ts'
import { fold } from '../fold.ts'
import { shortTime } from '../output.ts'
import { safe, safeLines } from '../safe.ts'
import { indentJson } from './indent.ts'

interface Look {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly colour: boolean
  /** Width of the terminal; Infinity: there is none. */
  readonly columns: number
}

/** One line before it is broken and coloured. */
type Line = string | readonly [colour: keyof typeof SGR, text: string]

const SGR = { green: 32, red: 31, cyan: 36, bold: 1 } as const

function drawn(line: Line, { colour, columns }: Look): readonly string[] {
  if (typeof line === 'string') return fold(line, columns)
  const [name, text] = line
  return fold(text, columns).map((part) => (colour ? `\u001b[${SGR[name]}m${part}\u001b[0m` : part))
}

const until = (time: string, now: number): string => showDuration(Date.parse(time) - now)

/** `1/2`: approvals given and needed. */
export function votesOf(hold: HoldSummary): string {
  return `${hold.votes.filter(({ approve }) => approve).length}/${hold.needs.count}`
}

/** Where a question stands, and until when. */
export function standing(hold: HoldSummary, now: number): string {
  switch (hold.state) {
    case 'collecting':
      return 'collecting: the dry run goes on'
    case 'pending':
      return `pending, ${votesOf(hold)} approvals, ends in ${until(hold.expiresAt, now)}`
    case 'approved':
      return hold.validUntil === undefined
        ? `approved, ${hold.used} of ${hold.requests} passed`
        : `approved, ${hold.used} of ${hold.requests} passed, ends in ${until(hold.validUntil, now)}`
    case 'spoiled':
      return 'spoiled: the object changed after it was shown'
    case 'superseded':
      return 'superseded: a newer plan took its place'
    default:
      return hold.state
  }
}

function approversOf({ needs }: HoldSummary): string {
  const named = [
    ...needs.users.map((user) => `user ${safe(user)}`),
    ...needs.groups.map((group) => `group ${safe(group)}`),
  ]
  const who = named.length === 0 ? 'any approver' : named.join(' or ')
  return needs.count === 1 ? `one approval, by ${who}` : `${needs.count} different people, by ${who}`
}

function diffLines(diff: Diff): readonly Line[] {
  if (diff.kind === 'none') return [`  none shown: ${safe(diff.why)}`]
  const lines = diff.lines.map(([mark, text]): Line => {
    const shown = `  ${mark === '@' ? '@@' : mark} ${safeLines(text).join(' ')}`.trimEnd()
    if (mark === '+') return ['green', shown]
    if (mark === '-') return ['red', shown]
    return mark === '@' ? ['cyan', shown] : shown
  })
  return diff.cut ? [...lines, '  … the rest is left out'] : lines
}

function reachText({ objects, pods, examples, note }: Reach): string {
  const count = (number: number | null, one: string, many: string) =>
    number === null ? `${many} unknown` : `${number} ${number === 1 ? one : many}`
  const parts = [`${count(objects, 'object', 'objects')}, ${count(pods, 'pod', 'pods')}`]
  if (examples.length > 0) parts.push(examples.map(safe).join(', '))
  if (note !== undefined) parts.push(safe(note))
  return parts.join('; ')
}

function bodyLines({ mediaType, text, cut }: NonNullable<ReviewedRequest['body']>): string[] {
  const laidOut = /json/.test(mediaType) ? (indentJson(text) ?? text) : text
  const lines = safeLines(laidOut).map((line) => `  ${line}`.trimEnd())
  if (lines.at(-1) === '') lines.pop()
  return [
    `Body    ${safe(mediaType)}, secrets masked`,
    ...lines,
    ...(cut ? ['  … it goes on: too long to be shown whole'] : []),
  ]
}

/** Argument by argument: a space inside one parts nothing. */
const argvText = (argv: readonly string[]): string => argv.map((argument) => safe(JSON.stringify(argument))).join(' ')

/** What an answer is to, in short: the titles, and the command of an exec. */
export function briefLines({ title, review, agent, connection }: HoldDetail): readonly string[] {
  const [only] = review.requests
  const requests = review.requests.length > 1 ? review.requests.map((one) => `  ${safe(one.title)}`) : []
  const exec = only?.request.exec === undefined ? [] : [`  runs ${argvText(only.request.exec.argv)}`]
  return [safe(title), ...requests, ...exec, `  asked by ${safe(agent.username)} on ${safe(connection)}`]
}

function requestLines(reviewed: ReviewedRequest, place: string): readonly Line[] {
  const { request, body, diff, reach, title } = reviewed
  const change =
    diff.kind === 'lines' ? `Change  +${diff.added} -${diff.removed}, by the cluster’s own dry run` : 'Change'
  const exec =
    request.exec === undefined
      ? []
      : [
          `Runs    ${argvText(request.exec.argv)}`,
          `        in container ${safe(request.exec.container) || '(the default one)'}, ${request.exec.stdin ? 'with' : 'without'} standard input, ${request.exec.tty ? 'with' : 'without'} a terminal`,
        ]
  return [
    '',
    ['bold', `${place}${safe(title)}`],
    `        ${safe(request.method)} ${safe(request.target)}`,
    `        ${safe(request.userAgent)}`,
    ...exec,
    ...(body === undefined ? [] : bodyLines(body)),
    change,
    ...diffLines(diff),
    `Reach   ${reachText(reach)}`,
  ]
}

function offerText(detail: HoldDetail): string[] {
  const { offer } = detail
  if (offer === undefined) return []
  const namespace = offer.namespace === '' ? 'outside namespaces' : `in namespace ${safe(offer.namespace)}`
  const object =
    offer.object === undefined
      ? ''
      : `, or --grant object: ${safe(offer.object.resource)}${offer.object.group === '' ? '' : `.${safe(offer.object.group)}`} ${safe(offer.object.name)} alone`
  return [
    `Grant   --grant namespace --for ${showDuration(offer.maxForS * 1000)} (at most): whatever this rule holds ${namespace}${object}`,
  ]
}

/** The whole question. */
export function detailText(detail: HoldDetail, look: Look): string {
  const { agent, votes, before, review, notices } = detail
  const many = review.requests.length > 1
  const lines: readonly Line[] = [
    ['bold', safe(detail.title)],
    `${detail.kind === 'plan' ? 'plan' : 'request'} ${detail.id}: ${standing(detail, look.now)}`,
    '',
    `Agent   ${safe(agent.username)}${agent.groups.length === 0 ? '' : `  (groups ${agent.groups.map(safe).join(', ')})`}`,
    `        issuer ${safe(agent.issuer)}, connection ${safe(detail.connection)}, session ${safe(detail.session)}`,
    `Claims  ${detail.purpose === undefined ? 'no purpose' : `“${safe(detail.purpose)}”`}  (the agent’s own words, not checked)`,
    `Rule    ${safe(detail.policy)}/${safe(detail.rule)}${detail.reason === '' ? '' : `: ${safe(detail.reason)}`}`,
    `Needs   ${approversOf(detail)}`,
    ...votes.map(
      (vote) =>
        `        ${vote.approve ? 'approved' : 'denied'} by ${safe(vote.username)}, ${shortTime(vote.at)} UTC${vote.reason === '' ? '' : `: ${safe(vote.reason)}`}${vote.grant === undefined ? '' : ` (grant for the ${vote.grant.scope}, ${showDuration(vote.grant.forS * 1000)})`}`,
    ),
    `You     ${detail.mayAnswer ? 'may answer' : `may not answer: ${safe(detail.whyNot ?? 'the gateway does not say why')}`}`,
    ...offerText(detail),
    ...(notices.length === 0
      ? []
      : [`Told    ${notices.map(({ channel, state }) => `${safe(channel)} (${state})`).join(', ')}`]),
    '',
    before.length === 0 ? 'Before  nothing in this session' : 'Before  in this session, oldest first:',
    ...before.map(({ startedAt, title, outcome }) => `  ${shortTime(startedAt)}  ${safe(title)}  [${outcome}]`),
    ...review.requests.flatMap((request, index) =>
      requestLines(request, many ? `${index + 1} of ${review.requests.length}: ` : ''),
    ),
  ]
  return `${lines.flatMap((line) => drawn(line, look)).join('\n')}\n`
}
