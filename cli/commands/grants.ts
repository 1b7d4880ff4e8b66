// grants list, end: approvals that cover a scope for a time.

import type { GrantSummary } from '../../worker/api/types.ts'
import { connectApi } from '../api.ts'
import type { Invocation } from '../command.ts'
import { showDuration } from '../duration.ts'
import { print, printJson, table } from '../output.ts'
import { limitOf, listed, unshortened } from './listing.ts'

/** `namespace shop`, or the one object: `deployments.apps shop/web`. */
function scopeOf({ namespace, object }: GrantSummary): string {
  if (object === undefined) return namespace === '' ? 'outside namespaces' : `namespace ${namespace}`
  const kind = object.group === '' ? object.resource : `${object.resource}.${object.group}`
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${object.name}`
}

function endOf(grant: GrantSummary, now: number): string {
  if (grant.endedAt !== undefined) return grant.endedBy === undefined ? 'ended' : `ended by ${grant.endedBy}`
  const left = Date.parse(grant.expiresAt) - now
  return left <= 0 ? 'expired' : showDuration(left)
}

export async function list(invocation: Invocation): Promise<number> {
  const limit = limitOf(invocation)
  const api = await connectApi(invocation.data)
  const open = invocation.has('all') ? '' : '&open=true'
  const items = await listed(api.all<GrantSummary>(`/api/v1/grants?limit=${Math.min(limit, 500)}${open}`), limit)
  if (invocation.json) {
    printJson({ items })
    return 0
  }
  const now = Date.now()
  const rows = items.map((grant) => [
    grant.id,
    grant.agent.username,
    grant.connection,
    scopeOf(grant),
    String(grant.uses),
    endOf(grant, now),
    grant.approvers.join(', '),
    `${grant.policy}/${grant.rule}`,
  ])
  print(table(['ID', 'AGENT', 'CONNECTION', 'SCOPE', 'USES', 'EXPIRES IN', 'APPROVED BY', 'RULE'], rows))
  return 0
}

export async function end(invocation: Invocation): Promise<number> {
  const api = await connectApi(invocation.data)
  const grants = api.all<GrantSummary>('/api/v1/grants?open=true&limit=500')
  const id = await unshortened(grants, invocation.positionals[0] ?? '', 'grant')
  await api.send('DELETE', `/api/v1/grants/${encodeURIComponent(id)}`)
  print(`grant ${id} ended\n`)
  return 0
}
