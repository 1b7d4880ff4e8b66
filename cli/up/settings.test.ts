import { expect, it } from 'vitest'
import { PEOPLE } from '../../demo/oidc/people.ts'
import { parseDemoOidcSettings } from '../../demo/oidc/settings.ts'
import { rolesOf } from '../../worker/api/caller.ts'
import { parseConfig } from '../../worker/config.ts'
import type { Secrets } from './identity.ts'
import { gatewaySettings, providerSettings } from './settings.ts'

const word = 'x'.repeat(40)
const secrets: Secrets = {
  gatewayKey: { kty: 'OKP', crv: 'Ed25519', x: word, d: word, kid: 'k' },
  oidcKey: { kty: 'EC', crv: 'P-256', x: word, y: word, d: word, kid: 'k', alg: 'ES256', use: 'sig' },
  cookieSecret: word,
  loginCode: '01234-abcde',
  appClientSecret: word,
  agentSecret: word,
  adminSecret: word,
}
const tls = { ca: 'CA', certFile: 'c', keyFile: 'k' }
const issuer = 'https://127.0.0.1:2'
const url = 'https://127.0.0.1:1'
const { config } = JSON.parse(gatewaySettings({ url, port: 1, issuer, tls, secrets, appDir: 'dist' }))
const { roles } = parseConfig(config)
const { machines } = parseDemoOidcSettings(JSON.parse(providerSettings({ issuer, gateway: url, tls, secrets })))

it.each([
  ['the agent has no role at all', 'agent', []],
  ['the local administrator has them all', 'local-admin', ['viewer', 'approver', 'admin']],
  ['Alice, of the group sre, may approve', 'alice', ['viewer', 'approver']],
  ['Bob may look', 'bob', ['viewer']],
])('%s', (_, username, expected) => {
  const machine = machines.find((one) => one.username === username)
  const person = PEOPLE.find((one) => one.id === username)
  expect(rolesOf(machine?.groups ?? person?.groups ?? ['nobody'], roles)).toEqual(expected)
})

it('lets the local administrator answer what asks for the group sre', () => {
  expect(machines.find(({ username }) => username === 'local-admin')?.groups).toContain('sre')
})

it('knows everybody it names', () => {
  expect([...machines.map(({ username }) => username), ...PEOPLE.map(({ id }) => id)].sort()).toEqual([
    'agent',
    'alice',
    'bob',
    'local-admin',
  ])
})
