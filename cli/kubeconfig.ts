// A kubeconfig for an agent: one connection through the gateway, tokens from `sallyport token`. In: facts. Out: YAML's JSON. No I/O.

export interface AgentKubeconfig {
  readonly gateway: string
  /** PEM; absent: the gateway's certificate is a public one. */
  readonly ca: string | undefined
  readonly connection: string
  /** What runs the CLI, and its first arguments; absolute. */
  readonly command: string
  readonly args: readonly string[]
  /** Arguments of `sallyport token` beside the connection. */
  readonly tokenArgs: readonly string[]
}

/** kubectl reads JSON as YAML; keys in the order kubectl itself writes them. */
export function agentKubeconfig(of: AgentKubeconfig): string {
  const { gateway, ca, connection, command, args, tokenArgs } = of
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: connection,
        cluster: {
          server: `${gateway}/clusters/${connection}`,
          ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
        },
      },
    ],
    users: [
      {
        name: 'agent',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command,
            args: [...args, 'token', '--connection', connection, ...tokenArgs],
            interactiveMode: 'Never',
            installHint:
              'sallyport is not where it was when this kubeconfig was written; write it again: sallyport kubeconfig',
            provideClusterInfo: false,
          },
        },
      },
    ],
    contexts: [{ name: connection, context: { cluster: connection, user: 'agent' } }],
    'current-context': connection,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
