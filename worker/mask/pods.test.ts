import { describe, expect, test } from 'vitest'
import type { RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { maskRequestBody } from './request.ts'
import { planResponseMask } from './response.ts'
import { base64, infoOf, JSON_HEADERS, maskingFor, run } from './testing.ts'

const SECRET = 'Xk9-correct-77-horse'
const SUM = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const MARK = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g
const pods = infoOf({ resource: 'pods', verb: 'list' })
const secrets = infoOf()
const widgets = infoOf({ apiGroup: 'acme.io', apiVersion: 'v1', apiPrefix: 'apis', resource: 'widgets' })

function masked(body: unknown, info: RequestInfo = pods, masking: Masking = maskingFor()): string {
  const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  return run(plan.transform, JSON.stringify(body)).replace(MARK, '…')
}

function recorded(body: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const result = maskRequestBody({ info: pods, format: 'json', bytes, masking: maskingFor() })
  if (!result.ok) throw new Error(result.reason)
  return new TextDecoder().decode(result.masked).replace(MARK, '…')
}

const env = (name: string, value: string) => ({ spec: { containers: [{ env: [{ name, value }] }] } })

test.each([
  ['SECRET_KEY_BASE', 'fake-demo-secret-key-base', '…'],
  ['JWT_SIGNING_KEY', 'fake-demo-signing-key', '…'],
  ['MASTER_KEY', 'sesame', '…'],
  ['PASSWORD1000', 'sesame', '…'],
  ['API_TOKEN', '/var/run/secrets/tokens/api', '/var/run/secrets/tokens/api'],
  ['API_TOKEN', 'https://login.example.com/oauth/authorize', 'https://login.example.com/oauth/authorize'],
  ['API_TOKEN', `https://hooks.example.com/T01/x7Kq92LmPz4RtVw8`, '…'],
  ['API_TOKEN', '/x7Kq92LmPz4RtVw8/x7Kq', '…'],
  ['API_TOKEN', '$(OTHER)', '$(OTHER)'],
  ['API_TOKEN', 'false', 'false'],
])('env %s with %s', (name, value, expected) => {
  expect(masked(env(name, value))).toBe(JSON.stringify(env(name, expected)))
})

test.each(['checksum/secret', 'checksum/config', 'checksum/secret-db', 'app.example/tokenHash'])(
  'the annotation %s stays',
  (name) => {
    const body = { spec: { template: { metadata: { annotations: { [name]: SUM } } } } }
    expect(masked(body)).toBe(JSON.stringify(body))
  },
)

describe('arguments', () => {
  test.each<[string, object, object]>([
    ['an option', { args: ['--token', SECRET, '--port', '80'] }, { args: ['--token', '…', '--port', '80'] }],
    ['of a command', { command: ['app', '--db-password', 'sesame'] }, { command: ['app', '--db-password', '…'] }],
    [
      'two of them',
      { args: ['--password', 'sesame', '--token', SECRET] },
      { args: ['--password', '…', '--token', '…'] },
    ],
    ['an option without a value', { args: ['--password', '--verbose'] }, { args: ['--password', '--verbose'] }],
    ['a short option', { command: ['mysql', '-p', 'sesame'] }, { command: ['mysql', '-p', '…'] }],
    ['with a path', { command: ['/usr/bin/mongosh', '-p', 'sesame'] }, { command: ['/usr/bin/mongosh', '-p', '…'] }],
    ['command and args', { command: ['sshpass'], args: ['-p', 'sesame'] }, { command: ['sshpass'], args: ['-p', '…'] }],
    ['-p of others', { command: ['app', '-p', 'sesame'] }, { command: ['app', '-p', 'sesame'] }],
    [
      'another container',
      { c: [{ args: ['--token'] }, { args: [SECRET.slice(4, 11)] }] },
      { c: [{ args: ['--token'] }, { args: ['correct'] }] },
    ],
    ['a reference', { args: ['--token', '$(TOKEN)'] }, { args: ['--token', '$(TOKEN)'] }],
    ['a file', { args: ['--token-file', '/tmp/x'] }, { args: ['--token-file', '/tmp/x'] }],
  ])('%s', (_name, container, expected) => {
    expect(masked({ spec: { containers: [container] } })).toBe(JSON.stringify({ spec: { containers: [expected] } }))
    expect(masked({ spec: { deep: container } }, widgets)).toBe(JSON.stringify({ spec: { deep: expected } }))
    expect(recorded({ spec: { containers: [container] } })).toBe(JSON.stringify({ spec: { containers: [expected] } }))
  })
})

test('names of Secrets and of their keys stay, whatever is known', () => {
  const masking = maskingFor()
  masked({ data: { password: base64('db-password-7xk2') } }, secrets, masking)
  const known = 'db-password-7xk2'
  const body = {
    spec: {
      imagePullSecrets: [{ name: known }],
      containers: [
        {
          env: [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db-password', key: known } } }],
          envFrom: [{ secretRef: { name: known } }, { configMapRef: { name: known } }],
        },
      ],
      volumes: [
        { name: 'v', secret: { secretName: known, items: [{ key: known, path: known }] } },
        { name: 'w', projected: { sources: [{ configMap: { name: known, items: [{ key: known, path: known }] } }] } },
      ],
    },
  }
  expect(masked(body, pods, masking)).toBe(JSON.stringify(body))
  expect(masked({ spec: { note: known } }, pods, masking)).toBe('{"spec":{"note":"…"}}')
})

test('what looks like a key of some vendor is masked where a name of a Secret stands', () => {
  const key = `ghp_${'a1B2c3D4e5'.repeat(3)}f6G7h8`
  expect(masked({ spec: { volumes: [{ secret: { secretName: key } }] } })).not.toContain(key)
})

test('a copy of a value within last-applied is found by value', () => {
  const masking = maskingFor()
  const applied = JSON.stringify({
    data: { password: base64(SECRET) },
    metadata: { annotations: { 'acme.io/copy': SECRET } },
  })
  const body = {
    data: { password: base64(SECRET) },
    metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': applied } },
  }
  masked(body, secrets, masking)
  expect(masked(body, secrets, masking)).not.toContain('correct-77')
})

describe('columns whose name says secret', () => {
  const table = (name: string, cell: unknown, priority = 0) => ({
    columnDefinitions: [{ name: 'Name' }, { name, priority }, { name: 'Age' }],
    rows: [{ cells: ['w', cell, '5d'] }],
  })
  test.each<[string, unknown, unknown, number]>([
    ['Token', 'sesame', '…', 0],
    ['Password', 'sesame', '…', 1],
    ['Admin Password', 'sesame', '…', 1],
    ['Secret', 'web-tls', 'web-tls', 0],
    ['Secrets', 1, 1, 0],
    ['Token TTL', '5m', '5m', 0],
    ['Token', '', '', 0],
    ['Token', '<none>', '<none>', 0],
    ['Phase', 'Ready', 'Ready', 0],
  ])('%s: %s', (name, cell, expected, priority) => {
    expect(masked(table(name, cell, priority), widgets)).toBe(JSON.stringify(table(name, expected, priority)))
  })
})

describe('numbers', () => {
  test.each([
    ['a card', { card: 4111111111111111 }, { card: '…' }],
    ['no card', { id: 4111111111111112 }, { id: 4111111111111112 }],
    ['milliseconds', { at: 1781234567890 }, { at: 1781234567890 }],
    ['a port', { port: 8443 }, { port: 8443 }],
  ])('%s', (_name, spec, expected) => {
    expect(masked({ spec }, widgets)).toBe(JSON.stringify({ spec: expected }))
  })
  test('a known value', () => {
    const masking = maskingFor()
    masked({ data: { pin_token: base64('739104628513') } }, secrets, masking)
    expect(masked({ spec: { n: 739104628513 } }, widgets, masking)).toBe('{"spec":{"n":"…"}}')
  })
})
