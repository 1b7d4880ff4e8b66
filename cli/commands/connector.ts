// connector: run one; enrol, list, revoke.

import { main as runConnector } from '../../connector/main.ts'
import type { ConnectorSummary, Enrolment } from '../../worker/api/types.ts'
import { connectApi } from '../api.ts'
import { type Invocation, UsageError } from '../command.ts'
import { print, printJson, shortTime, table } from '../output.ts'

const VALUES = ['gateway', 'gateway-ca', 'connection', 'state', 'code', 'kubeconfig', 'context'] as const

export async function connector(invocation: Invocation): Promise<number> {
  for (const name of ['gateway', 'connection', 'state'] as const) {
    if (invocation.option(name) === undefined) throw new UsageError(`--${name} is missing`)
  }
  if ((invocation.option('kubeconfig') === undefined) === !invocation.has('in-cluster')) {
    throw new UsageError('give either --kubeconfig or --in-cluster')
  }
  const argv: string[] = []
  for (const name of VALUES) {
    const value = invocation.option(name)
    if (value !== undefined) argv.push(`--${name}`, value)
  }
  for (const name of ['in-cluster', 'read-only']) if (invocation.has(name)) argv.push(`--${name}`)
  for (const namespace of invocation.options('deny-namespace')) argv.push('--deny-namespace', namespace)
  return runConnector(argv)
}

export async function enrol(invocation: Invocation): Promise<number> {
  const [connection = ''] = invocation.positionals
  const api = await connectApi(invocation.data)
  const made = await api.send<Enrolment>('POST', `/api/v1/connections/${encodeURIComponent(connection)}/enrolments`)
  if (made === null) throw new Error('the gateway answered nothing')
  if (invocation.json) {
    printJson({ id: made.code, ...made })
    return 0
  }
  print(`A code for one connector of ${made.connection}, good until ${shortTime(made.expiresAt)} UTC. Next to the cluster, run:

  sallyport connector --gateway ${api.url} --connection ${made.connection} --state ./connector --kubeconfig FILE \\
    --code ${made.code}${api.ca === undefined ? '' : ' \\\n    --gateway-ca CA_FILE'}
`)
  return 0
}

export async function list(invocation: Invocation): Promise<number> {
  const api = await connectApi(invocation.data)
  const items: ConnectorSummary[] = []
  for await (const item of api.all<ConnectorSummary>('/api/v1/connectors')) items.push(item)
  if (invocation.json) printJson({ items })
  else {
    const state = (item: ConnectorSummary) => (item.revokedAt !== undefined ? 'revoked' : item.live ? 'live' : 'away')
    const rows = items.map((item) => [item.id, state(item), shortTime(item.createdAt), item.connections.join(',')])
    print(table(['ID', 'STATE', 'ENROLLED', 'CONNECTIONS'], rows))
  }
  return 0
}

export async function revoke(invocation: Invocation): Promise<number> {
  const [id = ''] = invocation.positionals
  const api = await connectApi(invocation.data)
  await api.send('DELETE', `/api/v1/connectors/${encodeURIComponent(id)}`)
  print(`connector ${id} revoked\n`)
  return 0
}
