// The cluster the connector runs in, by its pod's service account (kubernetes.io: "Accessing the API from within a Pod").
// In: two environment variables and three files. Out: a Target whose token is read again when it rotates.

import { join } from 'node:path'
import { RotatingFile, readText } from './files.ts'
import { type Target, TargetError } from './target.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface InClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
  /** Where the service account is mounted; absent: where Kubernetes mounts it. */
  readonly folder?: string
}

/** @throws {TargetError} when this is not a pod with a service account */
export async function inClusterTarget(options: InClusterOptions): Promise<Target> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = options.env
  if (host === undefined || host === '' || port === undefined || !/^[0-9]{1,5}$/.test(port)) {
    throw new TargetError('not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set')
  }
  const folder = options.folder ?? FOLDER
  const ca = await readText(join(folder, 'ca.crt'))
  const token = new RotatingFile(join(folder, 'token'), options.now)
  await token.text()
  let refusedText: string | null = null
  let last = ''
  return {
    host,
    port: Number(port),
    basePath: '',
    tls: { ca, ALPNProtocols: ['http/1.1'] },
    async credentials() {
      last = await token.text()
      return { authorization: `Bearer ${last}` }
    },
    refuse() {
      // Once per token: a token that was read again and is refused again will not get better.
      if (refusedText === last) return false
      refusedText = last
      token.forget()
      return true
    },
  }
}
