import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseDemoOidcSettings } from '../../demo/oidc/settings.ts'
import { parseConfig } from '../../worker/config.ts'
import { agentKubeconfig } from '../kubeconfig.ts'
import { loadSecrets, loadTls } from './identity.ts'
import { gatewaySettings, providerSettings } from './settings.ts'

let data = ''
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-identity-'))
})
afterEach(() => rm(data, { recursive: true, force: true }))

it('keeps its secrets and its CA from start to start, and renews the server’s certificate', async () => {
  const [secrets, tls] = [await loadSecrets(data), await loadTls(data)]
  const first = new X509Certificate(await readFile(tls.certFile))
  expect(await loadSecrets(data)).toEqual(secrets)
  const again = await loadTls(data)
  expect(again.ca).toBe(tls.ca)
  const second = new X509Certificate(await readFile(again.certFile))
  expect(second.serialNumber).not.toBe(first.serialNumber)
  expect(second.verify(new X509Certificate(tls.ca).publicKey)).toBe(true)
  expect(second.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(second.checkHost('localhost')).toBe('localhost')
})

it.each(['secrets.json', 'login-code', 'ca.key', 'tls.key'])('%s is for the owner alone', async (name) => {
  await loadSecrets(data)
  await loadTls(data)
  expect((await stat(join(data, name))).mode & 0o777).toBe(0o600)
})

it('keeps one login code, in a file of its own too, whoever could read an older one', async () => {
  const { loginCode } = await loadSecrets(data)
  expect(loginCode).toMatch(/^[0-9a-z]{5}-[0-9a-z]{5}$/)
  expect(await readFile(join(data, 'login-code'), 'utf8')).toBe(`${loginCode}\n`)
  await writeFile(join(data, 'login-code'), 'another\n')
  await chmod(join(data, 'login-code'), 0o644)
  expect((await loadSecrets(data)).loginCode).toBe(loginCode)
  expect(await readFile(join(data, 'login-code'), 'utf8')).toBe(`${loginCode}\n`)
  expect((await stat(join(data, 'login-code'))).mode & 0o777).toBe(0o600)
})

it('gives another data folder another login code', async () => {
  expect((await loadSecrets(join(data, 'a'))).loginCode).not.toBe((await loadSecrets(join(data, 'b'))).loginCode)
})

it('gives a data folder without a login code one, and keeps its keys and the tokens they signed', async () => {
  const { loginCode, ...older } = await loadSecrets(data)
  await writeFile(join(data, 'secrets.json'), JSON.stringify(older))
  await mkdir(join(data, 'tokens'))
  const loaded = await loadSecrets(data)
  expect(loaded).toEqual({ ...older, loginCode: loaded.loginCode })
  expect(loaded.loginCode).not.toBe(loginCode)
  expect(await loadSecrets(data)).toEqual(loaded)
  expect((await stat(join(data, 'tokens'))).isDirectory()).toBe(true)
  expect((await stat(join(data, 'secrets.json'))).mode & 0o777).toBe(0o600)
})

it.each([
  ['with a key that is none', { gatewayKey: {} }],
  ['with a login code that is too short', { loginCode: '0' }],
  ['with an empty login code', { loginCode: null }],
])('says so when the secrets are damaged: %s', async (_, change) => {
  await writeFile(join(data, 'secrets.json'), JSON.stringify({ ...(await loadSecrets(data)), ...change }))
  await expect(loadSecrets(data)).rejects.toThrow('is damaged')
})

it('writes settings that the gateway and the provider take', async () => {
  const [secrets, tls] = [await loadSecrets(data), await loadTls(data)]
  const issuer = 'https://127.0.0.1:9001'
  const url = 'https://127.0.0.1:9000'
  const provider = parseDemoOidcSettings(JSON.parse(providerSettings({ issuer, gateway: url, tls, secrets })))
  const gateway = JSON.parse(gatewaySettings({ url, port: 9000, issuer, tls, secrets, appDir: '/app' }))
  const config = parseConfig(gateway.config)
  expect(config.issuers[0]?.audiences).toEqual([provider.audience, provider.app.clientId, provider.cli.clientId])
  expect(config.login?.clientSecret).toBe(provider.app.clientSecret)
  expect(provider.loginCode).toBe(secrets.loginCode)
  expect(provider.app.redirectUri).toBe(`${url}/login/callback`)
  const agent = provider.machines.find((machine) => machine.username === 'agent')
  expect(agent?.groups).toEqual(['ai-agents'])
  const roles = Object.values(config.roles).flat()
  expect(agent?.groups.some((group) => roles.includes(group))).toBe(false)
})

it('writes a kubeconfig that runs the token plugin without a terminal', () => {
  const of = {
    gateway: 'https://g',
    ca: 'PEM',
    connection: 'demo',
    command: '/bun',
    args: ['/main.ts'],
    tokenArgs: ['--data', '/d'],
  }
  const document = JSON.parse(agentKubeconfig(of))
  expect(document.clusters[0].cluster).toEqual({
    server: 'https://g/clusters/demo',
    'certificate-authority-data': Buffer.from('PEM').toString('base64'),
  })
  expect(document.users[0].user.exec).toMatchObject({
    apiVersion: 'client.authentication.k8s.io/v1',
    command: '/bun',
    args: ['/main.ts', 'token', '--connection', 'demo', '--data', '/d'],
    interactiveMode: 'Never',
  })
})
