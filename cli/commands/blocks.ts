// block, blocks list, unblock, sessions end: the kill switch.

import type { BlockSummary, NewBlock, SessionSummary } from '../../worker/api/types.ts'
import { type Api, connectApi } from '../api.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { print, printJson, shortTime, table } from '../output.ts'
import { safe } from '../safe.ts'
import { elsewhere } from './listing.ts'

async function throwSwitch(api: Api, invocation: Invocation, block: NewBlock): Promise<number> {
  const reason = invocation.option('reason')
  const made = await api.post<BlockSummary>('/api/v1/blocks', { ...block, ...(reason === undefined ? {} : { reason }) })
  if (invocation.json) printJson({ id: made.name, ...made })
  else {
    print(
      `${made.kind} ${safe(made.value)} is blocked: its requests are refused and its streams end within five seconds\n`,
    )
    print(`to undo: sallyport unblock ${safe(made.name)}${elsewhere(invocation)}\n`)
  }
  return 0
}

export async function block(invocation: Invocation): Promise<number> {
  const [kind, value = ''] = invocation.positionals
  if (kind !== 'session' && kind !== 'identity' && kind !== 'connection')
    throw new UsageError(`cannot block ${kind}: there are session, identity and connection`)
  return throwSwitch(await connectApi(invocation.data), invocation, { kind, value })
}

export async function endSession(invocation: Invocation): Promise<number> {
  const api = await connectApi(invocation.data)
  // Asked first, so that a slip of the hand blocks no session that is not there.
  const { id }: SessionSummary = await api.get(
    `/api/v1/sessions/${encodeURIComponent(invocation.positionals[0] ?? '')}`,
  )
  return throwSwitch(api, invocation, { kind: 'session', value: id })
}

/** Every block in force, in the shape that is printed: `id` is its name. */
async function blocksOf(api: Api): Promise<(BlockSummary & { readonly id: string })[]> {
  const items = []
  for await (const item of api.all<BlockSummary>('/api/v1/blocks')) items.push({ id: item.name, ...item })
  return items
}

export async function list(invocation: Invocation): Promise<number> {
  return showBlocks(await connectApi(invocation.data), undefined, invocation.json)
}

/** @param name only this one */
export async function showBlocks(api: Api, name: string | undefined, json: boolean): Promise<number> {
  const items = (await blocksOf(api)).filter((item) => name === undefined || item.name === name)
  const [only] = items
  if (name !== undefined && only === undefined) throw new Failure(`there is no block ${name}`)
  if (json) printJson(name === undefined ? { items } : only)
  else {
    const rows = items.map(({ name, kind, value, by, at, reason }) => [name, kind, value, by, shortTime(at), reason])
    print(table(['NAME', 'KIND', 'VALUE', 'BY', 'AT', 'REASON'], rows))
  }
  return 0
}

export async function removeBlock(api: Api, name: string): Promise<void> {
  await api.send('DELETE', `/api/v1/blocks/${encodeURIComponent(name)}`)
}

export async function unblock(invocation: Invocation): Promise<number> {
  const [name = ''] = invocation.positionals
  await removeBlock(await connectApi(invocation.data), name)
  print(`block ${safe(name)} lifted\n`)
  return 0
}
