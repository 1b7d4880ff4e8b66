import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { inClusterTarget } from './incluster.ts'
import { kubeconfigTarget } from './kubeconfig.ts'
import { TargetError } from './target.ts'

let dir: string
let now = 0
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connector-target-'))
  await writeFile(join(dir, 'ca.pem'), CA)
})
afterAll(() => rm(dir, { recursive: true }))
beforeEach(() => {
  now = 1_000_000
})

const CA = '-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n'
const b64 = (text: string) => Buffer.from(text).toString('base64')

type Fields = Record<string, unknown>

async function target(parts: {
  cluster?: Fields
  user?: Fields
  context?: string
  allowInsecure?: boolean
  more?: Fields
}) {
  const path = join(dir, 'config')
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    contexts: [
      { name: 'main', context: { cluster: 'c', user: 'u' } },
      { name: 'second', context: { cluster: 'other', user: 'u' } },
      { name: 'broken', context: { cluster: 'missing', user: 'u' } },
    ],
    clusters: [
      {
        name: 'c',
        cluster: { server: 'https://k.example:6443', 'certificate-authority-data': b64(CA), ...parts.cluster },
      },
      { name: 'other', cluster: { server: 'https://other.example/base/' } },
    ],
    users: [{ name: 'u', user: parts.user ?? { token: 'secret-token' } }],
    ...parts.more,
  }
  await writeFile(path, stringify(document))
  return kubeconfigTarget({
    path,
    ...(parts.context === undefined ? {} : { context: parts.context }),
    allowInsecure: parts.allowInsecure ?? false,
    env: process.env,
    now: () => now,
  })
}

describe('kubeconfig: where', () => {
  test('the current context, its server, port, name and CA', async () => {
    const { host, port, basePath, tls } = await target({})
    expect({ host, port, basePath }).toEqual({ host: 'k.example', port: 6443, basePath: '' })
    expect(tls).toEqual({ ALPNProtocols: ['http/1.1'], ca: CA, servername: 'k.example' })
  })

  test('another context; a path prefix loses its slash, the port its absence', async () => {
    const { host, port, basePath, tls } = await target({ context: 'second' })
    expect({ host, port, basePath, ca: tls?.ca }).toEqual({
      host: 'other.example',
      port: 443,
      basePath: '/base',
      ca: undefined,
    })
  })

  test('a CA file relative to the kubeconfig', async () => {
    const cluster = { 'certificate-authority-data': '', 'certificate-authority': 'ca.pem' }
    expect((await target({ cluster })).tls?.ca).toBe(CA)
  })

  test('tls-server-name is what is verified, and an address sends no SNI', async () => {
    expect((await target({ cluster: { 'tls-server-name': 'kubernetes' } })).tls?.servername).toBe('kubernetes')
    expect((await target({ cluster: { server: 'https://10.0.0.1:6443' } })).tls?.servername).toBeUndefined()
    const v6 = await target({ cluster: { server: 'https://[fd00::1]:6443' } })
    expect([v6.host, v6.tls?.servername]).toEqual(['fd00::1', undefined])
  })

  test('insecure-skip-tls-verify only when it was asked for', async () => {
    const cluster = { 'insecure-skip-tls-verify': true, 'certificate-authority-data': '' }
    await expect(target({ cluster })).rejects.toThrow(/--allow-insecure-cluster/)
    expect((await target({ cluster, allowInsecure: true })).tls?.rejectUnauthorized).toBe(false)
  })

  test('plain http only when it was asked for', async () => {
    const cluster = { server: 'http://127.0.0.1:8001', 'certificate-authority-data': '' }
    await expect(target({ cluster })).rejects.toThrow(/--allow-insecure-cluster/)
    expect((await target({ cluster, allowInsecure: true })).tls).toBeNull()
  })
})

test.each<[string, Parameters<typeof target>[0], RegExp]>([
  ['a proxy', { cluster: { 'proxy-url': 'http://p' } }, /proxy/],
  ['a server that is no URL', { cluster: { server: 'k.example' } }, /not a URL/],
  ['a server with another scheme', { cluster: { server: 'ftp://k' } }, /https/],
  ['a server with a user', { cluster: { server: 'https://a:b@k' } }, /no user/],
  ['CA data that is no PEM', { cluster: { 'certificate-authority-data': b64('x') } }, /PEM/],
  ['a CA and no verification', { cluster: { 'insecure-skip-tls-verify': true }, allowInsecure: true }, /both/],
  [
    'a CA file that is missing',
    { cluster: { 'certificate-authority-data': '', 'certificate-authority': 'no.pem' } },
    /cannot read/,
  ],
  ['an unknown context', { context: 'nope' }, /no context nope/],
  ['a context without its cluster', { context: 'broken' }, /no cluster missing/],
  ['no current context', { more: { 'current-context': '' } }, /--context/],
  ['a user name and password', { user: { username: 'a', password: 'hunter2' } }, /no longer/],
  ['an auth-provider', { user: { 'auth-provider': { name: 'gcp' } } }, /exec plugin/],
  ['impersonation', { user: { token: 't', as: 'admin' } }, /impersonates/],
  ['a certificate without its key', { user: { 'client-certificate-data': b64(CA) } }, /without its key/],
  [
    'an exec plugin and a token',
    { user: { token: 't', exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'x' } } },
    /keep one/,
  ],
  [
    'an exec plugin of an unknown version',
    { user: { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } } },
    /exec\.apiVersion/,
  ],
])('kubeconfig with %s is refused in words', async (_name, parts, words) => {
  const error = await target(parts).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(TargetError)
  expect(String(error)).toMatch(words)
  expect(String(error)).not.toContain('hunter2')
})

test('a file that is no YAML is refused without its content', async () => {
  await writeFile(join(dir, 'bad'), 'token: "secret\n  x: [')
  const error = await kubeconfigTarget({ path: join(dir, 'bad'), allowInsecure: false, env: {}, now: () => 0 }).catch(
    String,
  )
  expect(error).toMatch(/is not YAML/)
  expect(error).not.toContain('secret')
})

describe('kubeconfig: with what', () => {
  test('a token', async () => {
    const t = await target({})
    expect(await t.credentials()).toEqual({ authorization: 'Bearer secret-token' })
    expect(t.refuse()).toBe(false)
  })

  test('a client certificate, from data or files', async () => {
    await writeFile(join(dir, 'key.pem'), '-----BEGIN PRIVATE KEY-----\n')
    const user = { 'client-certificate': 'ca.pem', 'client-key': join(dir, 'key.pem') }
    expect(await (await target({ user })).credentials()).toEqual({ cert: CA, key: '-----BEGIN PRIVATE KEY-----\n' })
    const data = { 'client-certificate-data': b64(CA), 'client-key-data': b64(CA) }
    expect(await (await target({ user: data })).credentials()).toEqual({ cert: CA, key: CA })
  })

  test('a token file wins over a token and is read again when it rotates', async () => {
    const file = join(dir, 'token')
    await writeFile(file, 'first\n')
    const t = await target({ user: { token: 'x', tokenFile: 'token' } })
    expect(await t.credentials()).toEqual({ authorization: 'Bearer first' })
    await writeFile(file, 'second-token\n')
    expect(await t.credentials()).toEqual({ authorization: 'Bearer first' })
    now += 1_000
    expect(await t.credentials()).toEqual({ authorization: 'Bearer second-token' })
  })

  test('a 401 reads the file again at once, but only once for the same token', async () => {
    const file = join(dir, 'token401')
    await writeFile(file, 'first')
    const t = await target({ user: { tokenFile: file } })
    await t.credentials()
    await writeFile(file, 'second!')
    expect(t.refuse()).toBe(true)
    expect(await t.credentials()).toEqual({ authorization: 'Bearer second!' })
    expect(t.refuse()).toBe(true)
    await t.credentials()
    expect(t.refuse()).toBe(false)
  })
})

describe('in the cluster', () => {
  test('needs the environment and the mounted files', async () => {
    await expect(inClusterTarget({ env: {}, now: () => now })).rejects.toThrow(/not in a cluster/)
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
    await expect(inClusterTarget({ env, now: () => now, folder: join(dir, 'none') })).rejects.toThrow(/cannot read/)
  })

  test('speaks to the service with a token that rotates', async () => {
    await writeFile(join(dir, 'ca.crt'), CA)
    await writeFile(join(dir, 'token'), 'one')
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
    const t = await inClusterTarget({ env, now: () => now, folder: dir })
    expect(t).toMatchObject({ host: '10.96.0.1', port: 443, tls: { ca: CA } })
    expect(await t.credentials()).toEqual({ authorization: 'Bearer one' })
    await writeFile(join(dir, 'token'), 'two-two')
    now += 1_000
    expect(await t.credentials()).toEqual({ authorization: 'Bearer two-two' })
  })
})

describe('exec plugins', () => {
  /** A plugin that counts its runs and prints what the test wants. */
  async function plugin(body: string): Promise<string> {
    const path = join(dir, 'plugin.sh')
    await writeFile(path, `#!/bin/sh\necho run >> "${join(dir, 'runs')}"\n${body}\n`)
    await chmod(path, 0o755)
    await rm(join(dir, 'runs'), { force: true })
    return path
  }
  const runs = async () => {
    const { readFile } = await import('node:fs/promises')
    return (await readFile(join(dir, 'runs'), 'utf8')).split('\n').length - 1
  }
  const exec = (version: string, more: Fields = {}): Fields => ({
    exec: {
      apiVersion: `client.authentication.k8s.io/${version}`,
      command: './plugin.sh',
      interactiveMode: 'Never',
      ...more,
    },
  })
  const credential = (version: string, status: Fields) =>
    JSON.stringify({ apiVersion: `client.authentication.k8s.io/${version}`, kind: 'ExecCredential', status })

  test.each(['v1', 'v1beta1'])(
    '%s: arguments, environment and cluster info arrive, the token comes back',
    async (version) => {
      await plugin(
        `printf '%s' '${credential(version, { token: 'TOKEN' })}' | sed "s/TOKEN/$1-$EXTRA-$(printf %s "$KUBERNETES_EXEC_INFO" | grep -c k.example)/"`,
      )
      const t = await target({
        user: exec(version, { args: ['get-token'], env: [{ name: 'EXTRA', value: 'env' }], provideClusterInfo: true }),
      })
      expect(await t.credentials()).toEqual({ authorization: 'Bearer get-token-env-1' })
    },
  )

  test('without provideClusterInfo the plugin is not told of the cluster', async () => {
    await plugin(
      `printf '%s' '${credential('v1', { token: 'TOKEN' })}' | sed "s/TOKEN/n$(printf %s "$KUBERNETES_EXEC_INFO" | grep -c k.example)/"`,
    )
    expect(await (await target({ user: exec('v1') })).credentials()).toEqual({ authorization: 'Bearer n0' })
  })

  test('its credential is kept until shortly before it expires; callers share one run', async () => {
    await plugin(`echo '${credential('v1', { token: 't', expirationTimestamp: new Date(1_100_000).toISOString() })}'`)
    const t = await target({ user: exec('v1') })
    await Promise.all([t.credentials(), t.credentials()])
    await t.credentials()
    expect(await runs()).toBe(1)
    now = 1_089_999
    await t.credentials()
    expect(await runs()).toBe(1)
    now = 1_090_000
    await t.credentials()
    expect(await runs()).toBe(2)
  })

  test('a 401 runs it again, but not right after it ran', async () => {
    await plugin(`echo '${credential('v1', { token: 't' })}'`)
    const t = await target({ user: exec('v1') })
    await t.credentials()
    expect(t.refuse()).toBe(false)
    now += 5_000
    expect(t.refuse()).toBe(true)
    await t.credentials()
    expect(await runs()).toBe(2)
  })

  test('client certificates are taken as well', async () => {
    await plugin(`echo '${credential('v1', { clientCertificateData: 'C', clientKeyData: 'K' })}'`)
    expect(await (await target({ user: exec('v1') })).credentials()).toEqual({ cert: 'C', key: 'K' })
  })

  test.each([
    ['fails', 'echo secret-in-output; echo secret-in-stderr >&2; exit 3', /exit code 3/],
    ['prints something else', 'echo secret-in-output', /no ExecCredential/],
    ['answers in another version', `echo '${credential('v1beta1', { token: 'secret' })}'`, /another version/],
    ['gives nothing', `echo '${credential('v1', {})}'`, /no credential/],
    [
      'gives a token with a newline',
      `echo '${credential('v1', { token: 'secret\nX: y' }).replaceAll('\\n', '\\\\n')}'`,
      /not allowed|no ExecCredential/,
    ],
    ['gives half a pair', `echo '${credential('v1', { clientCertificateData: 'secret' })}'`, /without its key/],
    ['prints without end', 'yes secret', /too much/],
  ])('one that %s is an error that quotes nothing of it', async (_name, body, words) => {
    await plugin(body)
    const t = await target({ user: exec('v1', { installHint: 'Install it.' }) })
    const error = await t.credentials().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(TargetError)
    expect(String(error)).toMatch(words)
    expect(String(error)).not.toContain('secret')
  })

  test('one that does not exist says so, with its hint', async () => {
    const t = await target({ user: exec('v1', { command: './not-there', installHint: 'Install it.' }) })
    await expect(t.credentials()).rejects.toThrow(/could not be started; Install it/)
  })
})
