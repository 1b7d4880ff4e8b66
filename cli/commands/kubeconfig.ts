// kubeconfig CONNECTION: prints one for an agent.

import { resolve } from 'node:path'
import { type Invocation, UsageError } from '../command.ts'
import { agentKubeconfig } from '../kubeconfig.ts'
import { print } from '../output.ts'
import { readAgentState, readCliState } from '../state.ts'
import { BUN, CLI } from '../up/runtimes.ts'

export async function kubeconfig(invocation: Invocation): Promise<number> {
  const [connection = ''] = invocation.positionals
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(connection))
    throw new UsageError(`${connection} is no name of a connection`)
  const data = resolve(invocation.data)
  const { url, ca } = (await readAgentState(data)) ?? (await readCliState(data))
  const idTokenFile = invocation.option('id-token-file')
  const tokenArgs = ['--data', data, ...(idTokenFile === undefined ? [] : ['--id-token-file', resolve(idTokenFile)])]
  print(agentKubeconfig({ gateway: url, ca, connection, command: BUN, args: [CLI], tokenArgs }))
  return 0
}
