import { expect, test } from 'vitest'
import type { RequestHead } from '../protocol/tunnel/head.ts'
import { checkRequest } from './check.ts'
import { requestHead } from './testing.ts'

const open = { readOnly: false, denyNamespaces: [] }
const NS = '/api/v1/namespaces/d'
const user = requestHead().user

test.each<[string, Partial<RequestHead>]>([
  ['a read', {}],
  [
    'a write with the headers a client sends',
    {
      method: 'PATCH',
      headers: [
        ['content-type', 'application/merge-patch+json'],
        ['user-agent', 'kubectl/v1.35'],
        ['kubectl-command', 'kubectl patch'],
        ['kubectl-session', 'x'],
      ],
    },
  ],
  ['every legal character of a target', { target: `${NS}/pods?a=!"$%&'()*+,-./:;<=>?@[]^_\`{|}~` }],
  ['exec', { target: `${NS}/pods/p/exec?command=sh`, upgrade: { protocols: ['v5.channel.k8s.io'] } }],
  ['an identity beyond ASCII', { user: { ...user, username: 'jürgen', groups: ['группа'] } }],
])('%s passes', (_name, over) => {
  expect(checkRequest(requestHead(over), open)).toBeNull()
})

test.each<[string, Partial<RequestHead>]>([
  ['no id', { id: '' }],
  ['an id with a newline', { id: `${requestHead().id}\n` }],
  ['a receipt for another request', { receipt: { id: '01890a5d-ac96-774b-bcce-b302099a8058', leaf: 'ab'.repeat(32) } }],
  ['a receipt without a leaf', { receipt: { id: requestHead().id, leaf: '' } }],
  ['a receipt whose leaf is no hash', { receipt: { id: requestHead().id, leaf: 'AB'.repeat(32) } }],
  ['an unknown method', { method: 'CONNECT' }],
  ['a method with a space', { method: 'GET /x HTTP/1.1\r\nA:' }],
  ['an absolute target', { target: 'https://other/api' }],
  ['a target with a space', { target: '/api/v1 HTTP/1.1' }],
  ['a target with CR LF', { target: '/api\r\nHost: other' }],
  ['a target with a fragment', { target: '/api#x' }],
  ['a target beyond ASCII', { target: '/apiä' }],
  ['an empty path segment', { target: '//api/v1/secrets' }],
  ['an encoded dot segment', { target: '/api/v1/%2e%2e/v1/secrets' }],
  ['an encoded slash', { target: `${NS}%2f..%2fkube-system/secrets` }],
  ['an encoding that is none', { target: '/api/%zz' }],
  ['a dot segment', { target: '/api/v1/../v1/secrets' }],
  ['Authorization', { headers: [['authorization', 'Bearer x']] }],
  ['Impersonate-User', { headers: [['impersonate-user', 'admin']] }],
  ['Impersonate-Extra-x', { headers: [['impersonate-extra-x', 'y']] }],
  ['Connection', { headers: [['connection', 'impersonate-user']] }],
  ['Upgrade', { headers: [['upgrade', 'websocket']] }],
  ['Host', { headers: [['host', 'other']] }],
  ['Transfer-Encoding', { headers: [['transfer-encoding', 'chunked']] }],
  ['X-Forwarded-For', { headers: [['x-forwarded-for', '1']] }],
  ['X-Remote-User', { headers: [['x-remote-user', 'admin']] }],
  ['Accept-Encoding', { headers: [['accept-encoding', 'gzip']] }],
  ['Audit-ID', { headers: [['audit-id', 'x']] }],
  ['a header name in capitals', { headers: [['Accept', 'x']] }],
  ['a header value with CR LF', { headers: [['accept', 'x\r\nImpersonate-User: admin']] }],
  ['nobody to impersonate', { user: { ...user, username: '' } }],
  ['a user name with LF', { user: { ...user, username: 'a\nImpersonate-Group: system:masters' } }],
  ['a group with CR', { user: { ...user, groups: ['a\rb'] } }],
  ['a group that loses a space on the way', { user: { ...user, groups: [' system:masters'] } }],
  ['a user name that loses a space on the way', { user: { ...user, username: 'admin ' } }],
  ['an extra value with NUL', { user: { ...user, extra: { k: ['a\0'] } } }],
  ['an extra without a name', { user: { ...user, extra: { '': ['a'] } } }],
  [
    'an upgrade of a list',
    { target: '/apis/metrics.k8s.io/v1beta1/pods', upgrade: { protocols: ['v5.channel.k8s.io'] } },
  ],
  [
    'an upgrade by POST',
    { method: 'POST', target: `${NS}/pods/p/exec`, upgrade: { protocols: ['v5.channel.k8s.io'] } },
  ],
])('%s is refused', (_name, over) => {
  expect(checkRequest(requestHead(over), open)).toEqual(expect.any(String))
})

const readOnly = { readOnly: true, denyNamespaces: [] }
test.each<[string, Partial<RequestHead>, boolean]>([
  ['GET', {}, true],
  ['HEAD', { method: 'HEAD' }, true],
  ['POST', { method: 'POST' }, false],
  ['DELETE', { method: 'DELETE' }, false],
  ['exec, though a GET', { target: `${NS}/pods/p/exec`, upgrade: { protocols: ['v5.channel.k8s.io'] } }, false],
  ['exec, encoded', { target: `${NS}/pods/p/ex%65c` }, false],
  ['exec without an upgrade', { target: `${NS}/pods/p/exec` }, false],
  ['a GET through a proxy', { target: `${NS}/services/s/proxy/x` }, false],
])('--read-only and %s: %#', (_name, over, passes) => {
  expect(checkRequest(requestHead(over), readOnly) === null).toBe(passes)
})

const denied = { readOnly: false, denyNamespaces: ['kube-system', 'x'] }
test.each<[string, string, boolean]>([
  ['another namespace', `${NS}/pods`, true],
  ['the namespace', '/api/v1/namespaces/kube-system/pods', false],
  ['the second one given', '/apis/apps/v1/namespaces/x/deployments', false],
  ['the namespace, encoded', '/api/v1/namespaces/kube%2Dsystem/pods', false],
  ['all namespaces, encoded', '/api/v1/secret%73', false],
  ['the namespace itself', '/api/v1/namespaces/kube-system', false],
  ['an old watch path', '/api/v1/watch/namespaces/kube-system/secrets', false],
  ['all namespaces', '/api/v1/secrets', false],
  ['all namespaces of a group', '/apis/apps/v1/deployments?limit=1', false],
  ['all namespaces of an unknown kind', '/apis/example.com/v1/things', false],
  ['all namespaces by an old watch path', '/api/v1/watch/secrets', false],
  ['the list of namespaces', '/api/v1/namespaces', true],
  ['nodes', '/api/v1/nodes', true],
  ['a kubelet, which runs commands in any pod of its node', '/api/v1/nodes/n/proxy/run/kube-system/p/c', false],
  ['a kubelet by its port', '/api/v1/nodes/n:10250/proxy/pods', false],
  ['discovery', '/apis/apps/v1', true],
  ['version', '/version', true],
])('--deny-namespace and %s: %#', (_name, target, passes) => {
  expect(checkRequest(requestHead({ target }), denied) === null).toBe(passes)
})
