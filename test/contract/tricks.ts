// The tricks that are refused before anything is sent: a request each, and the Status it must get. Data for abuse.test.ts.

import { gzipSync } from 'node:zlib'
import type { UpgradeOptions } from './socket.ts'
import type { AskOptions } from './world.ts'

export const NS = '/api/v1/namespaces/d'
export const CONFIG_MAP = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c' },
  data: { a: 'b' },
})
export const JSON_TYPE = [['content-type', 'application/json']] as const

/** What a refusal must be. */
interface Refusal {
  readonly status: number
  readonly reason: string
  readonly says?: RegExp
}
const BAD: Refusal = { status: 400, reason: 'BadRequest' }
export const FORBIDDEN: Refusal = { status: 403, reason: 'Forbidden' }
const BUILT_IN: Refusal = { ...FORBIDDEN, says: /built-in/ }
const MEDIA: Refusal = { status: 415, reason: 'UnsupportedMediaType' }
const NOT_ACCEPTABLE: Refusal = { status: 406, reason: 'NotAcceptable' }
export const UNAUTHORIZED: Refusal = { status: 401, reason: 'Unauthorized' }

/** One trick, and how it is refused. */
interface Refused {
  readonly name: string
  readonly target: string
  readonly ask?: AskOptions
  readonly upgrade?: UpgradeOptions
  /** Absent: the agent, who may do everything in namespace `d`. */
  readonly as?: 'narrow'
  readonly is: Refusal
}

const impersonation = (name: string, value = 'system:masters'): AskOptions => ({ headers: [[name, value]] })
export const post = (body: string | Uint8Array, type = 'application/json'): AskOptions => ({
  method: 'POST',
  body,
  headers: [['content-type', type]],
})
export const accept = (value: string): AskOptions => ({ headers: [['accept', value]] })

export const REFUSED: readonly Refused[] = [
  {
    name: 'row 1: Connection names Impersonate-User',
    target: `${NS}/pods/p`,
    ask: { headers: [['connection', 'close, Impersonate-User']] },
    is: FORBIDDEN,
  },
  {
    name: 'row 1: Connection names Authorization',
    target: `${NS}/pods/p`,
    ask: { headers: [['connection', 'close, Authorization']] },
    is: BAD,
  },
  {
    name: 'row 1: an upgrade whose Connection names Impersonate-Group',
    target: `${NS}/pods/p/exec?command=id`,
    upgrade: { headers: [['connection', 'Impersonate-Group']] },
    is: FORBIDDEN,
  },
  ...['Impersonate-User', 'Impersonate-Group', 'Impersonate-Uid', 'Impersonate-Extra-scopes', 'impersonate-USER'].map(
    (name): Refused => ({
      name: `row 2: ${name} from the client`,
      target: `${NS}/pods/p`,
      ask: impersonation(name),
      is: FORBIDDEN,
    }),
  ),
  {
    name: 'row 2: Impersonate-User on an exec',
    target: `${NS}/pods/p/exec?command=id`,
    upgrade: { headers: [['impersonate-user', 'admin']] },
    is: FORBIDDEN,
  },
  {
    name: 'row 4: an upgrade where nothing can be upgraded',
    target: '/apis/metrics.k8s.io/v1beta1/pods',
    upgrade: {},
    is: BAD,
  },
  { name: 'row 4: an upgrade of a watch', target: `${NS}/pods?watch=true`, upgrade: {}, is: BAD },
  {
    name: 'row 4: an upgrade of a proxied service',
    target: `${NS}/services/s/proxy/x`,
    upgrade: {},
    is: BAD,
  },
  { name: 'row 6: exec by GET without an upgrade', target: `${NS}/pods/p/exec?command=id`, is: BAD },
  {
    name: 'row 6: exec by GET with get on pods/exec',
    target: `${NS}/pods/p/exec?command=id`,
    upgrade: {},
    as: 'narrow',
    is: { ...FORBIDDEN, says: /connect/ },
  },
  {
    name: 'row 6: exec by POST over SPDY with get on pods/exec',
    target: `${NS}/pods/p/exec?command=whoami`,
    upgrade: { method: 'POST', upgrade: 'SPDY/3.1', protocols: [] },
    as: 'narrow',
    is: { ...FORBIDDEN, says: /connect/ },
  },
  {
    name: 'exec over SPDY that may be, as an old kubectl asks for it',
    target: `${NS}/pods/p/exec?command=whoami`,
    upgrade: { method: 'POST', upgrade: 'SPDY/3.1', protocols: [], headers: [['content-length', '0']] },
    is: { ...BAD, says: /use kubectl 1\.31 or newer/ },
  },
  ...[
    ['an empty segment', '//api/v1/secrets'],
    ['a trailing slash', `${NS}/pods/p/exec/`],
    ['a dot segment', '/api/v1/./secrets'],
    ['a dot-dot segment', `${NS}/pods/../secrets/s`],
  ].map(([what = '', target = '']): Refused => ({ name: `row 7: ${what}`, target, is: BAD })),
  ...[
    ['an escaped letter', `${NS}/pods/p/ex%65c`],
    ['an escaped slash', '/api/v1/namespaces/d%2f..%2fkube-system/secrets'],
    ['an escaped slash in upper case', '/api/v1/namespaces/d%2F..%2Fkube-system/secrets'],
    ['escaped dots', `${NS}/pods/%2e%2e/secrets/s`],
    ['a NUL', `${NS}/pods/p%00`],
    ['a parameter', `${NS}/pods;x=y/p`],
    ['an escaped parameter', `${NS}/pods%3Bx/p`],
    ['a double escape', `${NS}/pods/p%252e`],
    ['a backslash', `${NS}\\secrets`],
    ['an escaped backslash', `${NS}%5Csecrets`],
  ].map(
    ([what = '', target = '']): Refused => ({
      name: `row 8: ${what} in the path`,
      target,
      is: BAD,
    }),
  ),
  {
    name: 'row 8: an escaped letter in the prefix of the connection',
    target: `${NS}/secrets/s`,
    ask: { prefix: '/clusters/t%65st' },
    is: { status: 404, reason: 'NotFound' },
  },
  {
    name: 'row 9: the old watch prefix is a watch',
    target: `/api/v1/watch/namespaces/d/secrets/s`,
    as: 'narrow',
    is: { ...FORBIDDEN, says: /watch/ },
  },
  { name: 'row 9: the old proxy prefix', target: '/api/v1/proxy/namespaces/d/pods/p/x', is: BAD },
  ...[
    ['watch', `${NS}/secrets?watch=false&watch=true`],
    ['dryRun', `${NS}/configmaps?dryRun=All&dryRun=`],
    ['limit', `${NS}/secrets?limit=1&limit=2`],
    ['an escaped name', `${NS}/secrets?watch=0&w%61tch=1`],
    ['container', `${NS}/pods/p/log?container=a&container=b`],
  ].map(([what = '', target = '']): Refused => ({ name: `row 10: ${what} given twice`, target, is: BAD })),
  {
    name: 'row 11: a list narrowed by fieldSelector, with get on the one name',
    target: `${NS}/secrets?fieldSelector=metadata.name%3Ds`,
    as: 'narrow',
    is: { ...FORBIDDEN, says: /list/ },
  },
  ...[
    ['a service', `${NS}/services/https:kubernetes:443/proxy/api/v1/secrets`],
    ['a pod with a port', `${NS}/pods/p:10250/proxy`],
    ['a node', '/api/v1/nodes/n/proxy/exec/d/p/c?cmd=id'],
    ['a node without a path', '/api/v1/nodes/n/proxy'],
  ].map(([what = '', target = '']): Refused => ({ name: `row 12: the proxy of ${what}`, target, is: BUILT_IN })),
  {
    name: 'row 13: a service account token',
    target: `${NS}/serviceaccounts/admin/token`,
    ask: post(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} })),
    is: BUILT_IN,
  },
  ...[
    [
      'as JSON',
      post(JSON.stringify({ kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 't' } })),
    ],
    ['with an escaped type', post('{"kind":"Secret","type":"kubernetes.io/service-account-t\\u006fken"}')],
    ['as YAML', post('kind: Secret\ntype: kubernetes.io/service-account-token\n', 'application/yaml')],
  ].map(
    ([what, ask]): Refused => ({
      name: `row 13: a Secret that asks for a token, ${String(what)}`,
      target: `${NS}/secrets`,
      ask: ask as AskOptions,
      is: BUILT_IN,
    }),
  ),
  {
    name: 'row 13: a Secret that is patched to ask for a token',
    target: `${NS}/secrets/t`,
    ask: {
      method: 'PATCH',
      body: '[{"op":"replace","path":"/type","value":"kubernetes.io/service-account-token"}]',
      headers: [['content-type', 'application/json-patch+json']],
    },
    is: BUILT_IN,
  },
  ...['application/vnd.kubernetes.protobuf', 'application/cbor', 'application/cbor-seq', 'text/html'].map(
    (type): Refused => ({
      name: `row 17: a client that takes only ${type}`,
      target: `${NS}/secrets/s`,
      ask: accept(type),
      is: NOT_ACCEPTABLE,
    }),
  ),
  {
    name: 'row 18: YAML with anchors',
    target: `${NS}/configmaps`,
    ask: post('a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n', 'application/yaml'),
    is: BAD,
  },
  {
    name: 'row 18: YAML with a key twice',
    target: `${NS}/configmaps`,
    ask: post('kind: ConfigMap\nkind: Secret\n', 'application/yaml'),
    is: BAD,
  },
  {
    name: 'row 18: several YAML documents',
    target: `${NS}/configmaps`,
    ask: post('kind: ConfigMap\n---\nkind: Secret\n', 'application/yaml'),
    is: BAD,
  },
  ...['\r', '\u0085', '\u2028', '\u2029'].map(
    (end): Refused => ({
      name: `row 18: a deletion that is a dry run only to who does not end a line at ${JSON.stringify(end)}`,
      target: `${NS}/configmaps/c`,
      ask: {
        ...post(`kind: DeleteOptions\nx: #${end} "\ndryRun: [All]\nz: #${end} "\n`, 'application/yaml'),
        method: 'DELETE',
      },
      is: BAD,
    }),
  ),
  {
    name: 'row 18: a deletion with an option there is not',
    target: `${NS}/configmaps/c`,
    ask: { ...post('{"kind":"DeleteOptions","dryRun":["All"],"dryrun":[]}'), method: 'DELETE' },
    is: BAD,
  },
  {
    name: 'row 18: JSON with a key twice',
    target: `${NS}/configmaps`,
    ask: post('{"kind":"ConfigMap","data":{"a":"b"},"data":{"a":"c"}}'),
    is: BAD,
  },
  {
    name: 'row 18: JSON with a key twice, once escaped',
    target: `${NS}/configmaps`,
    ask: post('{"kind":"ConfigMap","data":{},"d\\u0061ta":{}}'),
    is: BAD,
  },
  { name: 'row 18: JSON that is cut', target: `${NS}/configmaps`, ask: post('{"kind":"ConfigMap"'), is: BAD },
  { name: 'row 18: two JSON values', target: `${NS}/configmaps`, ask: post(`${CONFIG_MAP}${CONFIG_MAP}`), is: BAD },
  {
    name: 'row 18: a compressed body',
    target: `${NS}/configmaps`,
    ask: {
      method: 'POST',
      body: gzipSync(CONFIG_MAP),
      headers: [...JSON_TYPE, ['content-encoding', 'gzip']],
    },
    is: MEDIA,
  },
  ...['application/cbor', 'text/plain', 'application/x-www-form-urlencoded', 'application/json;charset=utf-16'].map(
    (type): Refused => ({
      name: `row 18: a body of type ${type}`,
      target: `${NS}/configmaps`,
      ask: post(CONFIG_MAP, type),
      is: MEDIA,
    }),
  ),
  { name: 'row 18: a GET with a body', target: `${NS}/pods/p`, ask: { body: '{}', headers: JSON_TYPE }, is: BAD },
  {
    name: 'row 22: eviction by one who may not delete the pod',
    target: `${NS}/pods/p/eviction`,
    ask: post('{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}}'),
    as: 'narrow',
    is: { ...FORBIDDEN, says: /delete/ },
  },
  {
    name: 'row 22: DELETE on a collection by one who may delete one',
    target: '/api/v1/namespaces/evict/pods',
    ask: { method: 'DELETE' },
    as: 'narrow',
    is: { ...FORBIDDEN, says: /deletecollection/ },
  },
  {
    name: 'row 28: an upgrade from a foreign Origin',
    target: `${NS}/pods/p/exec?command=id`,
    upgrade: { headers: [['origin', 'https://evil.example']] },
    is: { ...BAD, says: /Origin/ },
  },
  {
    name: 'row 28: a token in the header and another in the subprotocol',
    target: `${NS}/pods/p/exec?command=id`,
    upgrade: { protocols: ['v5.channel.k8s.io', 'base64url.bearer.authorization.k8s.io.eA'] },
    is: BAD,
  },
  {
    name: 'row 28: a token in the query is none',
    target: `${NS}/pods/p?access_token=x`,
    ask: { token: null },
    is: UNAUTHORIZED,
  },
]
