import { gzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import type { RequestInfo } from '../context.ts'
import type { FieldRule, Masking } from './contract.ts'
import { planResponseMask } from './response.ts'
import { DEFAULT_MASK_RULES } from './rules.ts'
import { base64, infoOf, JSON_HEADERS, maskingFor, run } from './testing.ts'

const SECRET = 'Xk9-correct-77-horse'
const MARK = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g
const pods = infoOf({ resource: 'pods', verb: 'list' })
const configmaps = infoOf({ resource: 'configmaps' })
const widgets = infoOf({ apiGroup: 'acme.io', apiVersion: 'v1', apiPrefix: 'apis', resource: 'widgets' })

function masked(body: unknown, info: RequestInfo = pods, masking: Masking = maskingFor(), status = 200): string {
  const plan = planResponseMask({ info, status, headers: JSON_HEADERS, masking })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  return run(plan.transform, typeof body === 'string' ? body : JSON.stringify(body))
}

/** Placeholders as `…`, in base64 as `=…`. */
function shown(text: string): string {
  return text.replace(/4p\+mbWFza2Vk[A-Za-z0-9+/]+={0,2}/g, '=…').replace(MARK, '…')
}

const env = (...entries: unknown[]) => ({ spec: { containers: [{ env: entries, name: 'main' }] } })
const manifest = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: ${SECRET}\n  user: |\n    ${SECRET}-2\ntype: Opaque\n`
const release = (value: string) =>
  btoa(
    String.fromCharCode(
      ...gzipSync(
        new TextEncoder().encode(
          JSON.stringify({ name: 'r', chart: {}, manifest: `kind: Secret\nstringData:\n  password: ${value}\n` }),
        ),
        { mtime: 0 },
      ),
    ),
  )

describe('by structure', () => {
  test.each<[string, RequestInfo, unknown, unknown]>([
    [
      'an env value whose name says secret',
      pods,
      env({ name: 'DB_PASSWORD', value: SECRET }, { name: 'LOG_LEVEL', value: 'info' }),
      env({ name: 'DB_PASSWORD', value: '…' }, { name: 'LOG_LEVEL', value: 'info' }),
    ],
    [
      'a value before its name',
      pods,
      env({ value: SECRET, name: 'DB_PASSWORD' }, { value: 'info', name: 'LOG_LEVEL' }),
      env({ value: '…', name: 'DB_PASSWORD' }, { value: 'info', name: 'LOG_LEVEL' }),
    ],
    [
      'a password beside a name, which is its user’s',
      widgets,
      { spec: { users: [{ name: 'app', password: SECRET }], api: { key: 'left', apiToken: 'Xk9qL2mZ8vT4wB7nR5yD' } } },
      { spec: { users: [{ name: 'app', password: '…' }], api: { key: 'left', apiToken: '…' } } },
    ],
    [
      'what looks made behind an option of one letter, where the program comes later or is the image’s',
      pods,
      {
        spec: {
          containers: [{ args: ['-a', 'Xk9qL2mZ8vT4wB7nR5yD', '-p', '8080', '-w', 'debug'], command: ['redis-cli'] }],
        },
      },
      { spec: { containers: [{ args: ['-a', '…', '-p', '8080', '-w', 'debug'], command: ['redis-cli'] }] } },
    ],
    [
      'init and ephemeral containers, in lists',
      pods,
      { items: [{ spec: { initContainers: [{ env: [{ name: 'API_TOKEN', value: SECRET }] }] } }] },
      { items: [{ spec: { initContainers: [{ env: [{ name: 'API_TOKEN', value: '…' }] }] } }] },
    ],
    [
      'a custom kind of the same form',
      widgets,
      { spec: { parameters: [{ name: 'password', value: SECRET }] } },
      { spec: { parameters: [{ name: 'password', value: '…' }] } },
    ],
    [
      'a reference, a switch, nothing',
      pods,
      env(
        { name: 'A_PASSWORD', value: '$(OTHER)' },
        { name: 'B_PASSWORD', value: '' },
        { name: 'C_PASSWORD', value: 'true' },
      ),
      env(
        { name: 'A_PASSWORD', value: '$(OTHER)' },
        { name: 'B_PASSWORD', value: '' },
        { name: 'C_PASSWORD', value: 'true' },
      ),
    ],
    [
      'env from a Secret stays',
      pods,
      env({ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }),
      env({ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }),
    ],
    [
      'keys of a ConfigMap that say secret',
      configmaps,
      { data: { password: 'hunter2', 'app.conf': 'a=b', user: 'bob' } },
      { data: { password: '…', 'app.conf': 'a=b', user: 'bob' } },
    ],
    [
      'a ConfigMap where others were asked for',
      widgets,
      { kind: 'List', items: [{ kind: 'ConfigMap', data: { password: 'hunter2' } }] },
      { kind: 'List', items: [{ kind: 'ConfigMap', data: { password: '…' } }] },
    ],
    [
      'binary data of a ConfigMap are masked inside',
      configmaps,
      { binaryData: { a: base64(manifest), b: base64('\u0000\u0001nothing') } },
      {
        binaryData: {
          a: base64(manifest.replace(SECRET, 'X').replace(`|\n    ${SECRET}-2`, 'Y')),
          b: base64('\u0000\u0001nothing'),
        },
      },
    ],
    [
      'a Secret where others were asked for, its kind after its data',
      widgets,
      { items: [{ data: { a: base64(SECRET) }, kind: 'Secret', type: 'Opaque' }] },
      { items: [{ data: { a: '=…' }, kind: 'Secret', type: 'Opaque' }] },
    ],
    [
      'the same, its kind first',
      widgets,
      { items: [{ kind: 'Secret', data: { a: base64(SECRET) }, stringData: { b: SECRET } }] },
      { items: [{ kind: 'Secret', data: { a: '=…' }, stringData: { b: '…' } }] },
    ],
    [
      'a Secret where names are expected, and what wants a name beside it',
      widgets,
      {
        details: { data: { a: base64(SECRET) }, kind: 'Secret' },
        spec: {
          details: { env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] },
          related: [{ data: { a: 'aGk=' }, kind: 'Secret' }],
        },
      },
      {
        details: { data: { a: '=…' }, kind: 'Secret' },
        spec: {
          details: { env: [{ name: 'DB_PASSWORD', value: '…' }] },
          related: [{ data: { a: '=…' }, kind: 'Secret' }],
        },
      },
    ],
    [
      'a list of Secrets inside another object, which do not say what they are',
      widgets,
      {
        spec: {
          a: { items: [{ data: { a: base64(SECRET) }, metadata: { name: 'x' } }], kind: 'SecretList' },
          b: { kind: 'SecretList', items: [{ stringData: { a: 'words' } }] },
          c: { items: [{ data: { a: 'words' } }], kind: 'WidgetList' },
          d: { items: [{ data: { a: 'words' } }] },
        },
      },
      {
        spec: {
          a: { items: [{ data: { a: '=…' }, metadata: { name: 'x' } }], kind: 'SecretList' },
          b: { kind: 'SecretList', items: [{ stringData: { a: '…' } }] },
          c: { items: [{ data: { a: 'words' } }], kind: 'WidgetList' },
          d: { items: [{ data: { a: 'words' } }] },
        },
      },
    ],
    [
      'what looks made behind an option of one letter, whatever the container in front runs',
      pods,
      {
        spec: {
          containers: [
            { args: ['x'], command: ['psql'] },
            { args: ['-a', 'Xk9qL2mZ8vT4wB7nR5yD'], command: ['redis-cli'] },
          ],
        },
      },
      {
        spec: {
          containers: [
            { args: ['x'], command: ['psql'] },
            { args: ['-a', '…'], command: ['redis-cli'] },
          ],
        },
      },
    ],
    [
      'arguments under other names, and a number among them',
      widgets,
      {
        spec: {
          extraArgs: ['--password', 'hunter2', '-v'],
          cmd: ['mysql', '-p', 'hunter2'],
          args: ['--password', 123456],
        },
      },
      { spec: { extraArgs: ['--password', '…', '-v'], cmd: ['mysql', '-p', '…'], args: ['--password', '…'] } },
    ],
    [
      'a list called metadata, of names and values, and an object of another kind',
      widgets,
      {
        metadata: { name: 'db-password', namespace: 'password-store', uid: { data: { a: 'aGk=' }, kind: 'Secret' } },
        spec: {
          metadata: [
            { name: 'redisPassword', value: 'hunter2' },
            { name: 'redisHost', value: 'redis' },
          ],
          template: { metadata: { data: { a: 'aGk=' }, kind: 'Secret' } },
        },
      },
      {
        metadata: { name: 'db-password', namespace: 'password-store', uid: { data: { a: '=…' }, kind: 'Secret' } },
        spec: {
          metadata: [
            { name: 'redisPassword', value: '…' },
            { name: 'redisHost', value: 'redis' },
          ],
          template: { metadata: { data: { a: '=…' }, kind: 'Secret' } },
        },
      },
    ],
    [
      'an object where the name of a Secret is expected',
      widgets,
      { spec: { secretName: { password: 'hunter2' }, volumes: [{ secret: { secretName: 'db-password' } }] } },
      { spec: { secretName: { password: '…' }, volumes: [{ secret: { secretName: 'db-password' } }] } },
    ],
    [
      'rows that are none of a Table, of an app behind the API server',
      infoOf({ resource: 'services', subresource: 'proxy' }),
      { rows: [{ id: 'a', value: { password: 'hunter2', secrets: [{ data: { a: 'aGk=' }, kind: 'Secret' }] } }] },
      { rows: [{ id: 'a', value: { password: '…', secrets: [{ data: { a: '=…' }, kind: 'Secret' }] } }] },
    ],
    [
      'a kind that is a Secret by another name, and one that says where a secret is',
      widgets,
      {
        items: [
          { data: { pin: 'MTIzNA==' }, kind: 'ClusterSecret' },
          { kind: 'ExternalSecret', spec: { data: [{ remoteRef: { key: 'prod/db' }, secretKey: 'password' }] } },
        ],
      },
      {
        items: [
          { data: { pin: '=…' }, kind: 'ClusterSecret' },
          { kind: 'ExternalSecret', spec: { data: [{ remoteRef: { key: 'prod/db' }, secretKey: 'password' }] } },
        ],
      },
    ],
    [
      'settings that are said to be secure',
      widgets,
      { spec: { secureJsonData: { httpHeaderValue1: 'hunter2', on: true }, jsonData: { httpHeaderName1: 'X-Org' } } },
      { spec: { secureJsonData: { httpHeaderValue1: '…', on: true }, jsonData: { httpHeaderName1: 'X-Org' } } },
    ],
    [
      'what managedFields say of elements that are called a secret',
      widgets,
      {
        metadata: {
          managedFields: [
            {
              fieldsV1: {
                'f:spec': {
                  'f:passwords': { 'v:"hunter2"': {} },
                  'f:modes': { 'v:"hunter2"': {} },
                  'f:users': { 'k:{"name":"app","password":"hunter2"}': { 'f:name': {} }, 'k:{"name":"db"}': {} },
                },
              },
            },
          ],
        },
      },
      {
        metadata: {
          managedFields: [
            {
              fieldsV1: {
                'f:spec': {
                  'f:passwords': { 'v:"…"': {} },
                  'f:modes': { 'v:"hunter2"': {} },
                  'f:users': { 'k:{"masked":"…"}': { 'f:name': {} }, 'k:{"name":"db"}': {} },
                },
              },
            },
          ],
        },
      },
    ],
    [
      'a Secret deep inside another object',
      widgets,
      { spec: { template: { objects: [{ data: { a: base64(SECRET) }, stringData: { b: SECRET }, kind: 'Secret' }] } } },
      { spec: { template: { objects: [{ data: { a: '=…' }, stringData: { b: '…' }, kind: 'Secret' }] } } },
    ],
    [
      'a list of Secrets where others were asked for',
      widgets,
      { kind: 'SecretList', items: [{ data: { a: base64(SECRET) } }] },
      { kind: 'SecretList', items: [{ data: { a: '=…' } }] },
    ],
    [
      'data of something else stay',
      widgets,
      { data: { a: base64('plain') }, kind: 'Widget' },
      { data: { a: base64('plain') }, kind: 'Widget' },
    ],
    [
      'last-applied of others',
      pods,
      {
        metadata: {
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(
              env({ name: 'DB_PASSWORD', value: SECRET }),
            ),
          },
        },
      },
      {
        metadata: {
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(
              env({ name: 'DB_PASSWORD', value: '…' }),
            ),
          },
        },
      },
    ],
    [
      'a manifest in JSON in a string',
      configmaps,
      { data: { 'x.json': JSON.stringify({ data: { a: base64(SECRET) }, kind: 'Secret' }) } },
      { data: { 'x.json': JSON.stringify({ data: { a: '=…' }, kind: 'Secret' }) } },
    ],
    [
      'a manifest in YAML in a string',
      configmaps,
      { data: { 'x.yaml': manifest } },
      { data: { 'x.yaml': manifest.replace(SECRET, '"…"').replace(`|\n    ${SECRET}-2`, '"…"') } },
    ],
    [
      'a manifest in a script',
      configmaps,
      { data: { 'x.sh': `cat <<EOF | kubectl apply -f -\n${manifest}EOF\n` } },
      {
        data: {
          'x.sh': `cat <<EOF | kubectl apply -f -\n${manifest.replace(SECRET, '"…"').replace(`|\n    ${SECRET}-2`, '"…"')}EOF\n`,
        },
      },
    ],
    [
      'a registry’s credentials',
      configmaps,
      {
        data: {
          'config.json': JSON.stringify({ auths: { 'r.example': { auth: base64(`bob:${SECRET}`), email: 'x' } } }),
        },
      },
      { data: { 'config.json': JSON.stringify({ auths: { 'r.example': { auth: '…', email: 'x' } } }) } },
    ],
    [
      'a registry’s credentials as docker once had them',
      configmaps,
      {
        data: {
          dockercfg: JSON.stringify({ 'r.example': { auth: base64(`bob:${SECRET}`), email: 'x' } }),
          b: '{"auth":"none"}',
        },
      },
      { data: { dockercfg: JSON.stringify({ 'r.example': { auth: '…', email: 'x' } }), b: '{"auth":"none"}' } },
    ],
    [
      'a token that was asked for',
      infoOf({ resource: 'serviceaccounts', subresource: 'token', verb: 'create' }),
      { kind: 'TokenRequest', status: { token: SECRET, expirationTimestamp: '2026-01-01T00:00:00Z' } },
      { kind: 'TokenRequest', status: { token: '…', expirationTimestamp: '2026-01-01T00:00:00Z' } },
    ],
    [
      'a token under review',
      infoOf({ apiGroup: 'authentication.k8s.io', apiPrefix: 'apis', resource: 'tokenreviews', verb: 'create' }),
      { kind: 'TokenReview', spec: { token: SECRET }, status: { authenticated: true } },
      { kind: 'TokenReview', spec: { token: '…' }, status: { authenticated: true } },
    ],
    [
      'ciphertext stays',
      infoOf({ apiGroup: 'bitnami.com', apiPrefix: 'apis', resource: 'sealedsecrets' }),
      { spec: { encryptedData: { password: 'AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq' } } },
      { spec: { encryptedData: { password: 'AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq' } } },
    ],
    [
      'references to secrets stay',
      infoOf({ apiGroup: 'external-secrets.io', apiPrefix: 'apis', resource: 'externalsecrets' }),
      { spec: { data: [{ secretKey: 'password', remoteRef: { key: 'prod/db', property: 'password' } }] } },
      { spec: { data: [{ secretKey: 'password', remoteRef: { key: 'prod/db', property: 'password' } }] } },
    ],
    [
      'a watch event',
      infoOf({ resource: 'pods', verb: 'watch', streaming: true }),
      { type: 'ADDED', object: env({ name: 'DB_PASSWORD', value: SECRET }) },
      { type: 'ADDED', object: env({ name: 'DB_PASSWORD', value: '…' }) },
    ],
    [
      'an object in a Table',
      pods,
      { kind: 'Table', rows: [{ cells: ['p', 1], object: env({ name: 'DB_PASSWORD', value: SECRET }) }] },
      { kind: 'Table', rows: [{ cells: ['p', 1], object: env({ name: 'DB_PASSWORD', value: '…' }) }] },
    ],
  ])('%s', (_name, info, body, expected) => {
    const out = shown(masked(body, info))
    const wanted = JSON.stringify(expected)
    if (wanted.includes('binaryData')) {
      expect(out).not.toContain(base64(SECRET).slice(0, 16))
      expect(atob(JSON.parse(masked(body, info)).binaryData.a)).toMatch(/password: "⟦?.*masked:secret/)
      return
    }
    expect(out).toBe(wanted)
  })
})

test('a release that helm keeps in a ConfigMap is opened, masked and packed again', () => {
  const out = JSON.parse(masked({ data: { release: release(SECRET) } }, configmaps)).data.release
  expect(out).toMatch(/^H4sI/)
  expect(out).not.toBe(release(SECRET))
})

describe('fields of MaskPolicies', () => {
  const fields: readonly FieldRule[] = [
    { name: 'vault-token', path: ['spec', 'token'] },
    { name: 'accounts', path: ['spec', 'accounts', '[*]', 'pin'] },
    { name: 'keys', path: ['status', 'keys', '*'] },
    { name: 'data', path: ['data', 'Plain'] },
    { name: 'note', path: ['metadata', 'annotations', 'acme.io/note'] },
  ]
  const masking = () => maskingFor({ ...DEFAULT_MASK_RULES, revision: 1, fields: () => fields })
  const object = {
    metadata: { annotations: { 'acme.io/note': 'a word', other: 'ordinary' }, name: 'w' },
    spec: {
      token: 'a word',
      accounts: [
        { name: 'x', pin: 4711 },
        { name: 'y', pin: null },
      ],
      other: { count: 3, hint: 'ordinary' },
    },
    status: { keys: { a: 'a word', b: { c: ['a word'] } } },
    data: { plain: 'a word', other: 'ordinary' },
  }
  const expected = {
    metadata: { annotations: { 'acme.io/note': '…', other: 'ordinary' }, name: 'w' },
    spec: {
      token: '…',
      accounts: [
        { name: 'x', pin: '…' },
        { name: 'y', pin: null },
      ],
      other: { count: 3, hint: 'ordinary' },
    },
    status: { keys: { a: '…', b: { c: ['…'] } } },
    data: { plain: '…', other: 'ordinary' },
  }
  test.each<[string, Partial<RequestInfo>, (object: unknown) => unknown]>([
    ['an object', {}, (one) => one],
    ['a list', { verb: 'list' }, (one) => ({ kind: 'WidgetList', items: [one, one] })],
    ['a watch event', { verb: 'watch', streaming: true }, (one) => ({ type: 'ADDED', object: one })],
    ['a Table', {}, (one) => ({ kind: 'Table', rows: [{ cells: ['w'], object: one }] })],
    [
      'a watch event with a Table',
      { verb: 'watch', streaming: true },
      (one) => ({ type: 'ADDED', object: { kind: 'Table', rows: [{ cells: ['w'], object: one }] } }),
    ],
    ['an object with an unknown kind at its end', {}, (one) => ({ ...(one as object), kind: 'Widget' })],
    [
      'last-applied',
      {},
      (one) => ({
        metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(one) } },
      }),
    ],
  ])('%s', (_name, info, wrap) => {
    expect(shown(masked(wrap(object), { ...widgets, ...info }, masking()))).toBe(JSON.stringify(wrap(expected)))
  })
  test('a column called like the field', () => {
    const table = (cell: string) => ({
      columnDefinitions: [{ name: 'Name' }, { name: 'Token' }, { name: 'Age' }],
      rows: [{ cells: ['w', cell, '5d'] }],
    })
    expect(shown(masked(table('a word'), widgets, masking()))).toBe(JSON.stringify(table('…')))
  })
  test('its name stands in the placeholder', () => {
    expect(masked({ spec: { token: 'a word' } }, widgets, masking())).toMatch(/⟦masked:vault-token:/)
  })
  test('the values of a set in managedFields', () => {
    const sets = maskingFor({
      ...DEFAULT_MASK_RULES,
      fields: () => [{ name: 'set', path: ['spec', 'pins'] }],
    })
    const body = {
      metadata: {
        managedFields: [{ fieldsV1: { 'f:spec': { 'f:pins': { 'v:"a word"': {} }, 'f:x': { 'v:"a word"': {} } } } }],
      },
    }
    const out = masked(body, widgets, sets)
    expect(out.match(/a word/g)).toHaveLength(1)
    expect(out).toContain('"f:x":{"v:\\"a word\\""')
  })
})

describe('by pattern, wherever a string stands', () => {
  const TOKEN = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
  test.each<[string, RequestInfo, unknown]>([
    ['an annotation', pods, { metadata: { annotations: { note: `use ${TOKEN}` } } }],
    ['an argument', pods, { spec: { containers: [{ args: ['--token', TOKEN] }] } }],
    ['a label', pods, { metadata: { labels: { a: TOKEN } } }],
    ['an event', infoOf({ resource: 'events' }), { message: `failed with ${TOKEN}`, involvedObject: { name: 'x' } }],
    ['a Table cell', widgets, { kind: 'Table', rows: [{ cells: ['w', TOKEN, 5] }] }],
    ['PartialObjectMetadata', widgets, { kind: 'PartialObjectMetadata', metadata: { annotations: { a: TOKEN } } }],
    ['a Status', pods, { kind: 'Status', message: `bad: ${TOKEN}`, details: { causes: [{ message: TOKEN }] } }],
    ['a key', widgets, { spec: { [TOKEN]: 1 } }],
    ['a key of managedFields', widgets, { metadata: { managedFields: [{ fieldsV1: { [`v:"${TOKEN}"`]: {} } }] } }],
    ['a name', pods, { metadata: { name: TOKEN } }],
    ['a string in a string', configmaps, { data: { a: JSON.stringify({ b: JSON.stringify({ c: [TOKEN] }) }) } }],
    ['base64', configmaps, { data: { a: base64(`token ${TOKEN}`) } }],
    ['binary data', configmaps, { binaryData: { a: base64(`token ${TOKEN}`) } }],
    ['OpenAPI', infoOf({ isResourceRequest: false, path: '/openapi/v2', resource: '' }), { a: { default: TOKEN } }],
    [
      'gzip in base64',
      pods,
      {
        metadata: {
          annotations: { a: btoa(String.fromCharCode(...gzipSync(new TextEncoder().encode(`{"a":"${TOKEN}"}`)))) },
        },
      },
    ],
    ['a dotenv file', configmaps, { data: { env: `A=b\nDB_PASSWORD=${SECRET}\nTOKEN=${TOKEN}\n` } }],
    ['.npmrc', configmaps, { data: { npmrc: `//registry.npmjs.org/:_authToken=${TOKEN}\n` } }],
    [
      'a kubeconfig',
      configmaps,
      { data: { config: `apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    token: ${TOKEN}\n` } },
    ],
  ])('%s', (_name, info, body) => {
    const out = masked(body, info)
    expect(out).not.toContain(TOKEN)
    expect(out).not.toContain(base64(TOKEN).slice(4, 30))
    expect(out.includes('⟦masked:') || out.includes('4p+mbWFza2Vk')).toBe(true)
  })
})

test('descriptions of OpenAPI are not searched: they are megabytes, and hold no object', () => {
  const info = infoOf({ isResourceRequest: false, path: '/openapi/v3/api/v1', resource: '' })
  const token = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
  const body = (inner: string) =>
    JSON.stringify({ a: { description: `as ${token}`, properties: { description: { default: inner } } } })
  expect(shown(masked(body(token), info))).toBe(body('…'))
})

describe('files of credentials', () => {
  const PEM = `-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\nKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQJAIJLixBy2qpFoS4DSmoEm\n-----END RSA PRIVATE KEY-----\n`
  const PASSWORD = 'Xk9correct77horseZ'
  test.each([
    [
      'a kubeconfig with a key',
      `apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    client-key-data: ${base64(PEM)}\n`,
    ],
    ['a kubeconfig with a token', `apiVersion: v1\nkind: Config\nusers:\n- name: b\n  user:\n    token: ${PASSWORD}\n`],
    [
      'a kubeconfig in JSON',
      JSON.stringify({ users: [{ name: 'a', user: { token: PASSWORD, 'client-key-data': base64(PEM) } }] }),
    ],
    ['docker’s config', JSON.stringify({ auths: { 'r.example': { auth: base64(`bob:${PASSWORD}`) } } })],
    ['.npmrc', `//r.example/:_authToken=${PASSWORD}\n`],
    ['netrc', `machine r.example login bob password ${PASSWORD}\n`],
    ['dotenv', `NAME=bob\nDB_PASSWORD=${PASSWORD}\nexport API_KEY="${PASSWORD}"\n`],
    ['properties', `spring.datasource.password=${PASSWORD}\n`],
    ['git’s credentials', `https://bob:${PASSWORD}@git.example\n`],
  ])('%s', (_name, file) => {
    for (const info of [configmaps, widgets]) {
      const out = masked({ data: { file } }, info)
      for (const form of [
        PASSWORD,
        base64(PASSWORD).slice(0, 20),
        base64(`bob:${PASSWORD}`).slice(0, 20),
        base64(PEM).slice(40, 60),
      ]) {
        expect(out).not.toContain(form)
      }
      expect(out).toContain('⟦masked:')
    }
  })
})

test('binary data of a ConfigMap whose key says secret', () => {
  const binaryData = { 'db-password': base64(SECRET), logo: base64('a picture') }
  const wanted = `{"kind":"ConfigMap","binaryData":{"db-password":"=…","logo":"${base64('a picture')}"}}`
  expect(shown(masked({ kind: 'ConfigMap', binaryData }, configmaps))).toBe(wanted)
})

describe('layers', () => {
  const layers = (off: Partial<typeof DEFAULT_MASK_RULES.layers>) =>
    maskingFor({ ...DEFAULT_MASK_RULES, layers: { ...DEFAULT_MASK_RULES.layers, ...off } })
  const body = env(
    { name: 'DB_PASSWORD', value: 'plain-word' },
    { name: 'A', value: `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}` },
  )
  test('structure off: only what looks like a secret is masked', () => {
    const out = masked(body, pods, layers({ structure: false, values: false }))
    expect(out).not.toContain('ghp_')
    expect(masked({ data: { a: base64('plain-word') } }, infoOf(), layers({ structure: false }))).toContain(
      base64('plain-word'),
    )
  })
  test('patterns off: only what structure says', () => {
    expect(shown(masked(body, pods, layers({ patterns: false })))).toContain(
      '{"name":"DB_PASSWORD","value":"…"},{"name":"A","value":"ghp_',
    )
  })
})

describe('by value', () => {
  test('what was masked by structure is found again, in the same body and later', () => {
    const masking = maskingFor()
    masked({ items: [{ data: { password: base64(SECRET) } }] }, infoOf({ verb: 'list' }), masking)
    expect(masking.values.size).toBeGreaterThan(0)
    expect(masked({ spec: { note: `it is ${SECRET}` } }, widgets, masking)).not.toContain(SECRET)
    const both = masked(
      { ...env({ name: 'X_PASSWORD', value: 'another-horse-77' }), status: { message: 'got another-horse-77' } },
      pods,
      maskingFor(),
    )
    expect(both).not.toContain('another-horse-77')
  })
  test('but not in names of objects', () => {
    const masking = maskingFor()
    masked({ data: { password: base64(SECRET) } }, infoOf(), masking)
    expect(masking.values.size).toBeGreaterThan(0)
    const body = {
      metadata: { name: SECRET, namespace: SECRET, labels: { [SECRET]: 'x' }, ownerReferences: [{ name: SECRET }] },
      involvedObject: { name: SECRET },
    }
    expect(masked(body, widgets, masking)).toBe(JSON.stringify(body))
  })
  test('nor in the name of a key that is referred to', () => {
    const masking = maskingFor()
    masked({ data: { password: base64(SECRET) } }, infoOf(), masking)
    const body = env({ name: 'A', valueFrom: { secretKeyRef: { name: 'db', key: SECRET } } })
    expect(masked(body, pods, masking)).toBe(JSON.stringify(body))
    expect(masked(env({ name: 'A', value: SECRET }), pods, masking)).not.toContain(SECRET)
  })
  test('what stands in a release and in last-applied is noted too', () => {
    const masking = maskingFor()
    masked({ data: { release: btoa(release(SECRET)) } }, infoOf(), masking)
    expect(masked({ spec: { note: SECRET } }, widgets, masking)).not.toContain(SECRET)
  })
})

describe('what is quoted', () => {
  test.each([
    [
      'a pod’s change in Go’s syntax',
      'Pod "a" is invalid: spec: Forbidden: pod updates may not change fields\\n  {Name: "DB_PASSWORD", Value: "hunter2"}',
      'Pod "a" is invalid: spec: Forbidden: pod updates may not change fields\\n  {Name: "DB_PASSWORD", Value: "…"}',
    ],
    [
      'a map',
      'x: Invalid value: map[string]string{"password":"hunter2"}',
      'x: Invalid value: map[string]string{"password":"…"}',
    ],
    ['what is no secret', 'spec.replicas: Invalid value: "abc": no', 'spec.replicas: Invalid value: "abc": no'],
  ])('%s', (_name, message, expected) => {
    expect(shown(masked({ kind: 'Status', message }, infoOf({ resource: 'pods' }), maskingFor(), 422))).toBe(
      JSON.stringify({ kind: 'Status', message: expected }),
    )
  })
})

describe('what is made to cost much', () => {
  const list = (one: (i: number) => string, count: number) =>
    `{"a":[${Array.from({ length: count }, (_, i) => one(i)).join()}]}`
  const quoted = (text: string) => JSON.stringify(text)
  test.each([
    ['documents in strings', list(() => quoted('{"aaaaaaaaaaaaa":"bbbbbbbbbbbbb","c":[1,2]}'), 20_000)],
    ['values that wait', list(() => '{"value":"x","data":{"a":"b"}}', 30_000)],
    ['names without end', `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join()}}`],
    ['dashes', `{"a":${quoted(`kind: Secret\n{{\n${'-  '.repeat(300_000)}x\ndata:\n  a: b`)}}`],
    ['blanks before a colon', `{"a":${quoted(`kind: Secret\n{{\ndata:\n  a${' '.repeat(800_000)}x`)}}`],
    ['manifests', list(() => quoted(`kind: Secret\n${'data:\n  a: b\n'.repeat(20)}`), 1000)],
    ['what begins like gzip', list((i) => quoted(`H4sI${'A'.repeat(36)}${String(i).padStart(8, '0')}`), 3000)],
  ])('%s', (_name, body) => {
    expect(masked(body, widgets).length).toBeGreaterThan(0)
  })

  test('strings that look like documents and are none: some thousands', () => {
    const one = () => quoted('[a line that is in brackets as some tools log them]')
    expect(masked(list(one, 2000), widgets)).toBe(list(one, 2000))
    expect(() => masked(list(one, 30_000), widgets)).toThrow(expect.objectContaining({ code: 'CANNOT_MASK' }))
  })

  test('a short manifest, or packed one, is looked into though it is short', () => {
    expect(shown(masked({ a: 'kind: Secret\nstringData:\n  a: b\n' }, widgets))).toBe(
      JSON.stringify({ a: 'kind: Secret\nstringData:\n  a: "…"\n' }),
    )
  })
})
