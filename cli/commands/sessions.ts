// sessions list, show, export.

import { open } from 'node:fs/promises'
import process from 'node:process'
import type { CommandSummary, HoldSummary, RequestRecord, SessionSummary } from '../../worker/api/types.ts'
import { type Api, connectApi } from '../api.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { print, printJson, printLines, shortTime, table } from '../output.ts'
import { safe } from '../safe.ts'
import { limitOf, listed } from './listing.ts'

/** Holds of one session that `show` names people for. */
const MAX_HOLDS = 1000
/** Holds of other sessions, one call each. */
const MAX_OTHERS = 50

export async function list(invocation: Invocation): Promise<number> {
  const limit = limitOf(invocation)
  const query = new URLSearchParams({ limit: String(Math.min(limit, 500)) })
  for (const [option, parameter] of [
    ['connection', 'connection'],
    ['agent', 'agent'],
    ['query', 'q'],
  ] as const) {
    const value = invocation.option(option)
    if (value !== undefined) query.set(parameter, value)
  }
  const api = await connectApi(invocation.data)
  const items = await listed(api.all<SessionSummary>(`/api/v1/sessions?${query}`), limit)
  if (invocation.json) {
    printJson({ items })
    return 0
  }
  const rows = items.map((item) => [
    item.id,
    shortTime(item.startedAt),
    item.agent.username,
    item.connection,
    String(item.commands),
    String(item.denials),
    String(item.holds),
    String(item.masks),
    `${item.live ? '(live) ' : ''}${item.purpose ?? ''}`,
  ])
  print(table(['ID', 'STARTED', 'AGENT', 'CONNECTION', 'COMMANDS', 'DENIALS', 'HOLDS', 'MASKS', 'PURPOSE'], rows))
  return 0
}

export async function show(invocation: Invocation): Promise<number> {
  const id = encodeURIComponent(invocation.positionals[0] ?? '')
  const api = await connectApi(invocation.data)
  const session: SessionSummary = await api.get(`/api/v1/sessions/${id}`)
  const commands: CommandSummary[] = []
  for await (const command of api.all<CommandSummary>(`/api/v1/sessions/${id}/commands`)) commands.push(command)
  const requests: RequestRecord[] = []
  for await (const request of api.all<RequestRecord>(`/api/v1/sessions/${id}/requests`)) requests.push(request)
  if (invocation.json) {
    const grouped = commands.map((command) => ({
      ...command,
      items: requests.filter((request) => request.command === command.id),
    }))
    printJson({ ...session, items: grouped })
    return 0
  }
  const { agent, connection, purpose, startedAt } = session
  printLines([
    `${safe(agent.username)} on ${safe(connection)}, ${shortTime(startedAt)} UTC${purpose === undefined ? '' : `: ${safe(purpose)}`}`,
  ])
  const named = new Set(requests.flatMap(({ hold }) => hold ?? []))
  const holds = named.size === 0 ? new Map<string, HoldSummary>() : await holdsOf(api, id, named)
  for (const command of commands) {
    printLines(['', `$ ${safe(command.title)}   [${command.outcome}]`])
    for (const request of requests) {
      if (request.command !== command.id || request.request.preparatory !== undefined) continue
      printLines([`  ${line(request)}`])
      if (request.hold !== undefined) printLines([`    ${heldLine(request, holds.get(request.hold))}`])
    }
  }
  return 0
}

/** The session's own, and those of others that its requests passed by: a plan or grant may be older than the session. */
async function holdsOf(
  api: Api,
  session: string,
  named: ReadonlySet<string>,
): Promise<ReadonlyMap<string, HoldSummary>> {
  const own = await listed(api.all<HoldSummary>(`/api/v1/approvals?session=${session}&limit=500`), MAX_HOLDS)
  const found = new Map(own.map((hold) => [hold.id, hold]))
  for (const id of [...named].filter((one) => !found.has(one)).slice(0, MAX_OTHERS)) {
    const hold = await api.get<HoldSummary>(`/api/v1/approvals/${encodeURIComponent(id)}`).catch(() => null)
    if (hold !== null) found.set(id, hold)
  }
  return found
}

/** What it waited in, and who answered. */
function heldLine({ hold, grant }: RequestRecord, found: HoldSummary | undefined): string {
  const how = grant === undefined ? `held (${hold})` : `by grant ${grant} of approval ${hold}`
  if (found === undefined) return safe(how)
  const votes = found.votes.map(({ approve, username, reason }) =>
    safe(`${approve ? 'approved' : 'denied'} by ${username}${reason === '' ? '' : ` (${reason})`}`),
  )
  return [safe(how), ...(votes.length === 0 ? [found.state] : votes)].join(', ')
}

function line({ request, decision, result, mask }: RequestRecord): string {
  const code = result === undefined ? '…' : String(result.code)
  const masked = mask !== undefined && mask.count > 0 ? `, ${mask.count} masked` : ''
  const by =
    decision === undefined
      ? ''
      : `${decision.effect} ${[decision.policy, decision.rule].filter((part) => part !== '').join('/')}`
  const said =
    decision?.effect === 'Deny' ? decision.reason : result?.outcome === 'refused' ? result.message : undefined
  const why = said === undefined ? '' : `: ${said}`
  return safe(`${request.method} ${request.target} ${code}  ${by}${why}${masked}`)
}

export async function exportSession(invocation: Invocation): Promise<number> {
  const format = invocation.option('format') ?? 'ndjson'
  if (format !== 'ndjson' && format !== 'asciicast') throw new UsageError('--format takes asciicast or ndjson')
  const id = encodeURIComponent(invocation.positionals[0] ?? '')
  const api = await connectApi(invocation.data)
  const { stream } = await api.open(`/api/v1/sessions/${id}/export?format=${format}`)
  const to = invocation.option('output')
  if (to === undefined || to === '-') {
    for await (const chunk of stream) {
      if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve))
    }
    return 0
  }
  const file = await open(to, 'w', 0o600).catch((error: unknown) => {
    throw new Failure(`cannot write ${to}: ${error instanceof Error ? error.message : String(error)}`)
  })
  try {
    for await (const chunk of stream) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
  return 0
}
