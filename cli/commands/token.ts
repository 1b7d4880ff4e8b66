// token: kubectl's exec credential plugin (client.authentication.k8s.io). Out: one ExecCredential on standard output.
// kubectl keeps nothing between runs, so a file does: one token for all runs of one agent run, renewed in the same session.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import * as v from 'valibot'
import { agentRun } from '../agentrun.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { ExchangeRefused, exchange, type Granted, machineIdToken } from '../exchange.ts'
import { withLock } from '../lock.ts'
import { print } from '../output.ts'
import { readAgentState, readCliState, readIfThere, writeWhole } from '../state.ts'

/** A token with less left is renewed before it is used. */
const RENEW_MS = 60_000
/**
 * A token is renewed while it is still good for so long: an exec that waits for a person stands in its handshake, where no
 * client can bring a newer one. The default hold is 10 minutes.
 */
const LAST_MS = 11 * 60_000
/** A provider whose tokens never last that long is not asked for each command. */
const KEPT_AT_LEAST_MS = 30_000

const kept = v.object({
  token: v.string(),
  expiresAt: v.number(),
  renewAt: v.optional(v.number(), 0),
  session: v.optional(v.string()),
})
const execInfo = v.object({
  apiVersion: v.picklist(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
})

interface Source {
  readonly url: string
  readonly ca: string | undefined
  /** Fetches the identity provider's token. */
  readonly idToken: () => Promise<string>
}

async function sourceOf(invocation: Invocation, data: string): Promise<Source> {
  const file = invocation.option('id-token-file')
  const environment = process.env.SALLYPORT_ID_TOKEN
  const gateway = invocation.option('gateway')
  const caFile = invocation.option('ca')
  const agent = await readAgentState(data)
  const known = gateway === undefined ? (agent ?? (await readCliState(data))) : null
  const url = (gateway ?? known?.url ?? '').replace(/\/+$/, '')
  if (!URL.canParse(url)) throw new UsageError('--gateway takes a URL')
  const ca = caFile === undefined ? known?.ca : await readFile(caFile, 'utf8')
  if (file !== undefined) return { url, ca, idToken: async () => (await readFile(file, 'utf8')).trim() }
  if (environment !== undefined && environment !== '') return { url, ca, idToken: async () => environment }
  if (agent !== null && agent.url === url) {
    return { url, ca, idToken: () => machineIdToken(agent.machine.url, agent.machine.secret, agent.ca) }
  }
  throw new Failure('there is no identity provider token: give --id-token-file FILE or SALLYPORT_ID_TOKEN')
}

async function readKept(path: string): Promise<v.InferOutput<typeof kept> | null> {
  const text = await readIfThere(path)
  if (text === null) return null
  try {
    return v.parse(kept, JSON.parse(text))
  } catch {
    return null
  }
}

/** Renews in the session of the token before; begins a new session when the gateway takes that one no more. */
async function renew(source: Source, audience: string, purpose: string, before: string | undefined): Promise<Granted> {
  const idToken = await source.idToken()
  const extra: Record<string, string> = purpose === '' ? {} : { purpose }
  if (before === undefined) return exchange(source, idToken, audience, extra)
  try {
    return await exchange(source, idToken, audience, { ...extra, session_token: before })
  } catch (error) {
    if (error instanceof ExchangeRefused && error.description.startsWith('session_token')) {
      return exchange(source, idToken, audience, extra)
    }
    throw error
  }
}

function execCredential(token: string, expiresAt: number): string {
  let apiVersion = 'client.authentication.k8s.io/v1'
  const info = process.env.KUBERNETES_EXEC_INFO
  if (info !== undefined) {
    try {
      apiVersion = v.parse(execInfo, JSON.parse(info)).apiVersion
    } catch {
      throw new Failure('this client speaks a version of the exec credential API that is not v1 or v1beta1')
    }
  }
  const expirationTimestamp = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z')
  return `${JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token, expirationTimestamp } })}\n`
}

export async function token(invocation: Invocation): Promise<number> {
  const connection = invocation.option('connection')
  if (connection === undefined) throw new UsageError('--connection is missing')
  const purpose = invocation.option('purpose') ?? process.env.SALLYPORT_PURPOSE ?? ''
  const data = resolve(invocation.data)
  const source = await sourceOf(invocation, data)
  const audience = `${source.url}/clusters/${connection}`
  const run = process.env.SALLYPORT_SESSION ?? (await agentRun(process.ppid))
  const key = createHash('sha256')
    .update(JSON.stringify([audience, run, purpose]))
    .digest('hex')
    .slice(0, 32)
  const path = join(data, 'tokens', `${key}.json`)
  const fresh = (found: v.InferOutput<typeof kept> | null) =>
    found !== null && Date.now() < found.renewAt && found.expiresAt - Date.now() >= RENEW_MS
  let found = await readKept(path)
  if (!fresh(found)) {
    // Several kubectl at once must not open several sessions: one renews, the others read what it wrote.
    found = await withLock(`${path}.lock`, async () => {
      const again = await readKept(path)
      if (again !== null && fresh(again)) return again
      const renewed = await renew(source, audience, purpose, again?.token)
      const renewAt = Math.max(Date.now() + KEPT_AT_LEAST_MS, renewed.expiresAt - LAST_MS)
      const granted = { ...renewed, renewAt }
      await writeWhole(path, `${JSON.stringify(granted)}\n`)
      return granted
    })
  }
  if (found === null) throw new Failure('no token could be had')
  print(invocation.has('plain') ? `${found.token}\n` : execCredential(found.token, found.expiresAt))
  return 0
}
