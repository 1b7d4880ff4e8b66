// The connector of `sallyport up`: its key is kept with the data, one for each address of the gateway. In: the API. Out: where
// the state is, and a code when it has yet to enrol. Keys of addresses that are gone are revoked.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { ConnectorSummary, Enrolment } from '../../worker/api/types.ts'
import type { Api } from '../api.ts'
import { Failure } from '../command.ts'
import { readIfThere } from '../state.ts'

const state = v.object({ id: v.string(), gateway: v.string() })

async function enrolledIn(folder: string): Promise<v.InferOutput<typeof state> | null> {
  const text = await readIfThere(join(folder, 'connector.json'))
  if (text === null) return null
  try {
    return v.parse(state, JSON.parse(text))
  } catch {
    return null
  }
}

/** @returns `code` when the connector must enrol */
export async function prepareConnector(
  api: Api,
  data: string,
  connection: string,
  gateway: string,
): Promise<{ readonly state: string; readonly code: string | undefined }> {
  const known = new Set<string>()
  for await (const { id, revokedAt } of api.all<ConnectorSummary>('/api/v1/connectors')) {
    if (revokedAt === undefined) known.add(id)
  }
  const folders = join(data, 'connectors')
  const mine = join(folders, `${connection}-${new URL(gateway).port}`)
  const names = await readdir(folders).catch(() => [])
  for (const name of names) {
    const folder = join(folders, name)
    if (!name.startsWith(`${connection}-`) || folder === mine) continue
    const old = await enrolledIn(folder)
    if (old !== null && known.has(old.id)) await api.send('DELETE', `/api/v1/connectors/${encodeURIComponent(old.id)}`)
    await rm(folder, { recursive: true, force: true })
  }
  const present = await enrolledIn(mine)
  if (present !== null && present.gateway === gateway && known.has(present.id)) return { state: mine, code: undefined }
  // Never enrolled, or with a database that is no more: begin with a new key.
  await rm(mine, { recursive: true, force: true })
  const made = await api.send<Enrolment>('POST', `/api/v1/connections/${connection}/enrolments`)
  if (made === null) throw new Failure('the gateway gave no enrolment code')
  return { state: mine, code: made.code }
}
