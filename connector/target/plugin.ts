// Exec credential plugins (client.authentication.k8s.io/v1 and v1beta1), as client-go runs them: `aws eks get-token` and the like.
// In: the plugin's configuration. Out: a token or a client certificate, cached until it expires. Output is never logged.

import { spawn } from 'node:child_process'
import { dirname, isAbsolute, resolve } from 'node:path'
import * as v from 'valibot'
import { MAX_PLUGIN_OUTPUT_BYTES, PLUGIN_TIMEOUT_MS } from '../limits.ts'
import { type Credentials, TargetError } from './target.ts'

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const

/** `users[].user.exec` of a kubeconfig. */
export const execConfig = v.object({
  apiVersion: v.picklist(VERSIONS),
  command: v.pipe(v.string(), v.minLength(1)),
  args: v.optional(v.nullable(v.array(v.string()))),
  env: v.optional(v.nullable(v.array(v.object({ name: v.string(), value: v.string() })))),
  installHint: v.optional(v.string()),
  provideClusterInfo: v.optional(v.boolean()),
  interactiveMode: v.optional(v.string()),
})

/** What a plugin that asked for it is told of the cluster, in KUBERNETES_EXEC_INFO. */
export interface ClusterInfo {
  readonly server: string
  readonly 'tls-server-name'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  /** PEM, base64. */
  readonly 'certificate-authority-data'?: string
  readonly config?: unknown
}

const credential = v.object({
  apiVersion: v.string(),
  kind: v.literal('ExecCredential'),
  status: v.object({
    token: v.optional(v.string()),
    clientCertificateData: v.optional(v.string()),
    clientKeyData: v.optional(v.string()),
    expirationTimestamp: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  }),
})

/** A credential is taken as expired this much before it says so: a request that is on its way must still find it valid. */
const EARLY_MS = 10_000

export interface PluginOptions {
  readonly config: v.InferOutput<typeof execConfig>
  readonly cluster: ClusterInfo
  /** Folder of the kubeconfig: a relative command with a slash is relative to it. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** Runs a plugin when a credential is needed and none is valid. Concurrent callers share one run. */
export class CredentialPlugin {
  readonly #options: PluginOptions
  #cached: { readonly credentials: Credentials; readonly expiresAt: number } | null = null
  #running: Promise<Credentials> | null = null
  #ranAt = Number.NEGATIVE_INFINITY

  constructor(options: PluginOptions) {
    this.#options = options
  }

  credentials(): Promise<Credentials> {
    const cached = this.#cached
    if (cached !== null && this.#options.now() < cached.expiresAt) return Promise.resolve(cached.credentials)
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** The API server refused the credential. False when it is brand new: running the plugin again will not help. */
  refuse(): boolean {
    if (this.#options.now() - this.#ranAt < REFRESH_AT_MOST_EVERY_MS) return false
    this.#cached = null
    return true
  }

  async #run(): Promise<Credentials> {
    const { config, now } = this.#options
    this.#ranAt = now()
    const output = await this.#spawn()
    const parsed = v.safeParse(credential, jsonOf(output))
    if (!parsed.success) throw new TargetError(`the credential plugin ${config.command} printed no ExecCredential`)
    if (parsed.output.apiVersion !== config.apiVersion) {
      throw new TargetError(
        `the credential plugin ${config.command} answered in another version than ${config.apiVersion}`,
      )
    }
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = parsed.output.status
    if ((cert === undefined) !== (key === undefined)) {
      throw new TargetError(
        `the credential plugin ${config.command} gave a certificate without its key, or the reverse`,
      )
    }
    if ((token === undefined || token === '') && cert === undefined) {
      throw new TargetError(`the credential plugin ${config.command} gave no credential`)
    }
    if (token !== undefined && !/^[\x21-\x7e]*$/.test(token)) {
      throw new TargetError(`the credential plugin ${config.command} gave a token with characters that are not allowed`)
    }
    const credentials: Credentials = {
      ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    }
    const expiresAt =
      expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp) - EARLY_MS
    this.#cached = { credentials, expiresAt }
    return credentials
  }

  #spawn(): Promise<string> {
    const { config, folder, cluster } = this.#options
    const command =
      config.command.includes('/') && !isAbsolute(config.command) ? resolve(folder, config.command) : config.command
    const env: Record<string, string> = {}
    for (const [name, value] of Object.entries(this.#options.env)) if (value !== undefined) env[name] = value
    for (const { name, value } of config.env ?? []) env[name] = value
    env.KUBERNETES_EXEC_INFO = JSON.stringify({
      apiVersion: config.apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false, ...(config.provideClusterInfo === true ? { cluster } : {}) },
    })
    return new Promise((resolveOutput, reject) => {
      const child = spawn(command, config.args ?? [], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      const chunks: Buffer[] = []
      let length = 0
      const fail = (why: string): void => {
        clearTimeout(timer)
        child.kill('SIGKILL')
        const hint = config.installHint === undefined ? '' : `; ${config.installHint.slice(0, 500)}`
        reject(new TargetError(`the credential plugin ${config.command} ${why}${hint}`))
      }
      const timer = setTimeout(() => fail('did not finish in time'), PLUGIN_TIMEOUT_MS)
      child.stdout.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > MAX_PLUGIN_OUTPUT_BYTES) fail('printed too much')
        else chunks.push(chunk)
      })
      // What a plugin says on stderr may quote its secrets: it is read, so that the plugin is not blocked, and dropped.
      child.stderr.resume()
      child.on('error', () => fail('could not be started'))
      child.on('close', (code) => {
        clearTimeout(timer)
        if (code === 0) resolveOutput(Buffer.concat(chunks).toString('utf8'))
        else fail(code === null ? 'was stopped' : `ended with exit code ${code}`)
      })
    })
  }
}

const REFRESH_AT_MOST_EVERY_MS = 5_000

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The folder relative commands and files of a kubeconfig are relative to. */
export function folderOf(kubeconfigPath: string): string {
  return dirname(resolve(kubeconfigPath))
}
