// A kubeconfig as client-go reads one (k8s.io/client-go/tools/clientcmd/api/v1): one context becomes a Target.
// In: the file. Out: where and with what; or words for a person about what is not supported. Holds secrets, logs none.

import { isAbsolute, resolve } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { RotatingFile, readText } from './files.ts'
import { type ClusterInfo, CredentialPlugin, execConfig, folderOf } from './plugin.ts'
import { type Credentials, type Target, TargetError } from './target.ts'

const text = v.optional(v.nullable(v.string()))

const cluster = v.object({
  server: v.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': v.optional(v.boolean()),
  'tls-server-name': text,
  'proxy-url': text,
  extensions: v.optional(v.nullable(v.array(v.object({ name: v.string(), extension: v.unknown() })))),
})

const user = v.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'auth-provider': v.optional(v.unknown()),
  exec: v.optional(v.nullable(execConfig)),
})
type User = v.InferOutput<typeof user>

const kubeconfig = v.object({
  'current-context': text,
  contexts: v.nullable(
    v.array(
      v.object({ name: v.string(), context: v.object({ cluster: v.string(), user: v.optional(v.string(), '') }) }),
    ),
  ),
  clusters: v.nullable(v.array(v.object({ name: v.string(), cluster: v.unknown() }))),
  users: v.optional(v.nullable(v.array(v.object({ name: v.string(), user: v.unknown() })))),
})

export interface KubeconfigOptions {
  readonly path: string
  /** Absent: the file's current context. */
  readonly context?: string
  /** Without it a cluster with `insecure-skip-tls-verify` is refused: whoever sits in between would get the credentials. */
  readonly allowInsecure: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** @throws {TargetError} for a person: what is missing, wrong or not supported; never a credential */
export async function kubeconfigTarget(options: KubeconfigOptions): Promise<Target> {
  const { path } = options
  const config = parsed(kubeconfig, yamlOf(await readText(path), path), path)
  const contextName = options.context ?? config['current-context'] ?? ''
  if (contextName === '') throw new TargetError(`${path} has no current context; name one with --context`)
  const context = config.contexts?.find(({ name }) => name === contextName)?.context
  if (context === undefined) throw new TargetError(`${path} has no context ${contextName}`)
  const rawCluster = config.clusters?.find(({ name }) => name === context.cluster)?.cluster
  if (rawCluster === undefined) throw new TargetError(`${path} has no cluster ${context.cluster}`)
  const rawUser = config.users?.find(({ name }) => name === context.user)?.user ?? {}
  const folder = folderOf(path)
  const where = parsed(cluster, rawCluster, `${path}: cluster ${context.cluster}`)
  const who = parsed(user, rawUser, `${path}: user ${context.user}`)
  const address = await addressOf(where, folder, options)
  const source = await credentialsOf(who, folder, options, address.info)
  return {
    host: address.host,
    port: address.port,
    basePath: address.basePath,
    tls: address.tls,
    credentials: source.credentials,
    refuse: source.refuse,
  }
}

function yamlOf(source: string, path: string): unknown {
  try {
    return parse(source, { maxAliasCount: 100 })
  } catch {
    throw new TargetError(`${path} is not YAML`)
  }
}

function parsed<T extends v.GenericSchema>(schema: T, value: unknown, where: string): v.InferOutput<T> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const issue = result.issues[0]
  throw new TargetError(`${where}: ${v.getDotPath(issue) ?? 'the document'} is not as expected`)
}

/** Data in the file wins over a file's name, as in client-go. */
async function pem(data: string | null | undefined, file: string | null | undefined, folder: string, what: string) {
  if (data !== null && data !== undefined && data !== '') {
    const decoded = Buffer.from(data, 'base64').toString('utf8')
    if (!decoded.includes('-----BEGIN ')) throw new TargetError(`${what} is not base64 of PEM`)
    return decoded
  }
  if (file === null || file === undefined || file === '') return undefined
  const content = await readText(isAbsolute(file) ? file : resolve(folder, file))
  if (!content.includes('-----BEGIN ')) throw new TargetError(`${file} is not PEM`)
  return content
}

async function addressOf(where: v.InferOutput<typeof cluster>, folder: string, options: KubeconfigOptions) {
  const proxy = where['proxy-url'] ?? ''
  if (proxy !== '') {
    throw new TargetError(
      'the kubeconfig asks for a proxy (proxy-url), which is not supported; run the connector next to the cluster',
    )
  }
  let url: URL
  try {
    url = new URL(where.server)
  } catch {
    throw new TargetError('the server of the kubeconfig is not a URL')
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TargetError('the server must be an https URL')
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new TargetError('the server URL must have no user, query or fragment')
  }
  const insecure = where['insecure-skip-tls-verify'] === true
  if ((insecure || url.protocol === 'http:') && !options.allowInsecure) {
    throw new TargetError(
      'the kubeconfig does not verify the API server (http or insecure-skip-tls-verify); pass --allow-insecure-cluster if that is meant',
    )
  }
  const ca = await pem(
    where['certificate-authority-data'],
    where['certificate-authority'],
    folder,
    'certificate-authority-data',
  )
  if (insecure && ca !== undefined) {
    throw new TargetError('the kubeconfig has both a certificate authority and insecure-skip-tls-verify')
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const named = where['tls-server-name'] ?? ''
  const servername = named !== '' ? named : /^[0-9.]+$|:/.test(host) ? undefined : host
  const standard = url.protocol === 'https:' ? 443 : 80
  const config = where.extensions?.find(({ name }) => name === EXEC_EXTENSION)?.extension
  const info: ClusterInfo = {
    server: where.server,
    ...(named === '' ? {} : { 'tls-server-name': named }),
    ...(insecure ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(config === undefined ? {} : { config }),
  }
  const tls = {
    ALPNProtocols: ['http/1.1'],
    ...(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
    ...(insecure ? { rejectUnauthorized: false } : {}),
  }
  return {
    host,
    port: url.port === '' ? standard : Number(url.port),
    basePath: url.pathname.replace(/\/+$/, ''),
    tls: url.protocol === 'https:' ? tls : null,
    info,
  }
}

/** Where client-go looks for a plugin's own settings. */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec'

interface CredentialSource {
  readonly credentials: () => Promise<Credentials>
  readonly refuse: () => boolean
}

function present(value: string | null | undefined): value is string {
  return value !== null && value !== undefined && value !== ''
}

async function credentialsOf(
  who: User,
  folder: string,
  options: KubeconfigOptions,
  info: ClusterInfo,
): Promise<CredentialSource> {
  if (present(who.username) || present(who.password)) {
    throw new TargetError('the kubeconfig uses a user name and password, which Kubernetes no longer takes')
  }
  if (who['auth-provider'] !== undefined && who['auth-provider'] !== null) {
    throw new TargetError('the kubeconfig uses an auth-provider, which client-go removed; use an exec plugin')
  }
  if (present(who.as)) throw new TargetError('the kubeconfig impersonates (as), which the connector does itself')
  const cert = await pem(who['client-certificate-data'], who['client-certificate'], folder, 'client-certificate-data')
  const key = await pem(who['client-key-data'], who['client-key'], folder, 'client-key-data')
  if ((cert === undefined) !== (key === undefined)) {
    throw new TargetError('the kubeconfig has a client certificate without its key, or the reverse')
  }
  const fixed: Credentials = cert === undefined || key === undefined ? {} : { cert, key }
  if (who.exec !== undefined && who.exec !== null) {
    if (present(who.token) || present(who.tokenFile) || cert !== undefined) {
      throw new TargetError('the kubeconfig user has an exec plugin and other credentials; keep one of them')
    }
    const plugin = new CredentialPlugin({ config: who.exec, cluster: info, folder, env: options.env, now: options.now })
    return { credentials: () => plugin.credentials(), refuse: () => plugin.refuse() }
  }
  if (present(who.tokenFile)) {
    // client-go lets tokenFile win over token.
    const file = new RotatingFile(
      isAbsolute(who.tokenFile) ? who.tokenFile : resolve(folder, who.tokenFile),
      options.now,
    )
    let last = ''
    let refused: string | null = null
    return {
      async credentials() {
        last = await file.text()
        return { ...fixed, authorization: `Bearer ${last}` }
      },
      refuse() {
        if (refused === last) return false
        refused = last
        file.forget()
        return true
      },
    }
  }
  const constant: Credentials = present(who.token) ? { ...fixed, authorization: `Bearer ${who.token.trim()}` } : fixed
  return { credentials: () => Promise.resolve(constant), refuse: () => false }
}
