import { describe, expect, test } from 'vitest'
import { parseTarget } from './path.ts'
import { requestInfo } from './requestinfo.ts'

function infoOf(method: string, raw: string) {
  const target = parseTarget(raw)
  return target.ok ? requestInfo(method, target.value) : target
}

// The rows of k8s.io/apiserver/pkg/endpoints/request/requestinfo_test.go, with `connect` where ours differs.
// method, target, verb, prefix, group, version, namespace, resource, subresource, name, parts
const KUBERNETES: readonly (readonly [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
])[] = [
  ['GET', '/api/v1/namespaces', 'list', 'api', '', 'v1', '', 'namespaces', '', '', 'namespaces'],
  ['GET', '/api/v1/namespaces/other', 'get', 'api', '', 'v1', 'other', 'namespaces', '', 'other', 'namespaces/other'],
  ['GET', '/api/v1/namespaces/other/pods', 'list', 'api', '', 'v1', 'other', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/namespaces/other/pods/foo', 'get', 'api', '', 'v1', 'other', 'pods', '', 'foo', 'pods/foo'],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get', 'api', '', 'v1', 'other', 'pods', '', 'foo', 'pods/foo'],
  ['GET', '/api/v1/pods', 'list', 'api', '', 'v1', '', 'pods', '', '', 'pods'],
  ['HEAD', '/api/v1/pods', 'list', 'api', '', 'v1', '', 'pods', '', '', 'pods'],
  ['PATCH', '/api/v1/namespaces/new', 'patch', 'api', '', 'v1', 'new', 'namespaces', '', 'new', 'namespaces/new'],
  ['GET', '/api/v1/watch/pods', 'watch', 'api', '', 'v1', '', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/pods?watch=true', 'watch', 'api', '', 'v1', '', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/pods?watch=false', 'list', 'api', '', 'v1', '', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/watch/namespaces/other/pods', 'watch', 'api', '', 'v1', 'other', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/namespaces/other/pods?watch=1', 'watch', 'api', '', 'v1', 'other', 'pods', '', '', 'pods'],
  ['GET', '/api/v1/namespaces/other/pods?watch=0', 'list', 'api', '', 'v1', 'other', 'pods', '', '', 'pods'],
  [
    'GET',
    '/api/v1/namespaces/o/pods/foo/status',
    'get',
    'api',
    '',
    'v1',
    'o',
    'pods',
    'status',
    'foo',
    'pods/foo/status',
  ],
  [
    'GET',
    '/api/v1/namespaces/o/pods/f/proxy/s',
    'connect',
    'api',
    '',
    'v1',
    'o',
    'pods',
    'proxy',
    'f',
    'pods/f/proxy/s',
  ],
  [
    'PUT',
    '/api/v1/namespaces/o/finalize',
    'update',
    'api',
    '',
    'v1',
    'o',
    'namespaces',
    'finalize',
    'o',
    'namespaces/o/finalize',
  ],
  [
    'PUT',
    '/api/v1/namespaces/o/status',
    'update',
    'api',
    '',
    'v1',
    'o',
    'namespaces',
    'status',
    'o',
    'namespaces/o/status',
  ],
  ['PATCH', '/api/v1/namespaces/other/pods/foo', 'patch', 'api', '', 'v1', 'other', 'pods', '', 'foo', 'pods/foo'],
  ['DELETE', '/api/v1/namespaces/other/pods/foo', 'delete', 'api', '', 'v1', 'other', 'pods', '', 'foo', 'pods/foo'],
  ['POST', '/api/v1/namespaces/other/pods', 'create', 'api', '', 'v1', 'other', 'pods', '', '', 'pods'],
  ['DELETE', '/api/v1/nodes', 'deletecollection', 'api', '', 'v1', '', 'nodes', '', '', 'nodes'],
  ['DELETE', '/api/v1/namespaces', 'deletecollection', 'api', '', 'v1', '', 'namespaces', '', '', 'namespaces'],
  ['DELETE', '/api/v1/namespaces/other/pods', 'deletecollection', 'api', '', 'v1', 'other', 'pods', '', '', 'pods'],
  [
    'DELETE',
    '/apis/extensions/v1/namespaces/o/pods',
    'deletecollection',
    'apis',
    'extensions',
    'v1',
    'o',
    'pods',
    '',
    '',
    'pods',
  ],
  [
    'POST',
    '/apis/extensions/v1/namespaces/other/pods',
    'create',
    'apis',
    'extensions',
    'v1',
    'other',
    'pods',
    '',
    '',
    'pods',
  ],
  [
    'POST',
    '/apis/ext/v1beta3/namespaces/other/pods',
    'create',
    'apis',
    'ext',
    'v1beta3',
    'other',
    'pods',
    '',
    '',
    'pods',
  ],
  // ours
  [
    'POST',
    '/api/v1/namespaces/d/pods/p/eviction',
    'delete',
    'api',
    '',
    'v1',
    'd',
    'pods',
    'eviction',
    'p',
    'pods/p/eviction',
  ],
  ['GET', '/api/v1/namespaces/d/pods/p/exec', 'connect', 'api', '', 'v1', 'd', 'pods', 'exec', 'p', 'pods/p/exec'],
  [
    'POST',
    '/api/v1/namespaces/d/pods/p/attach',
    'connect',
    'api',
    '',
    'v1',
    'd',
    'pods',
    'attach',
    'p',
    'pods/p/attach',
  ],
  [
    'GET',
    '/api/v1/namespaces/d/pods/p/portforward',
    'connect',
    'api',
    '',
    'v1',
    'd',
    'pods',
    'portforward',
    'p',
    'pods/p/portforward',
  ],
  [
    'DELETE',
    '/api/v1/namespaces/d/services/https:k:443/proxy/api/v1/secrets',
    'connect',
    'api',
    '',
    'v1',
    'd',
    'services',
    'proxy',
    'https:k:443',
    'services/https:k:443/proxy/api/v1/secrets',
  ],
  [
    'GET',
    '/api/v1/namespaces/d/pods/p:10250/proxy',
    'connect',
    'api',
    '',
    'v1',
    'd',
    'pods',
    'proxy',
    'p:10250',
    'pods/p:10250/proxy',
  ],
  [
    'GET',
    '/api/v1/nodes/n/proxy/exec/d/p/c',
    'connect',
    'api',
    '',
    'v1',
    '',
    'nodes',
    'proxy',
    'n',
    'nodes/n/proxy/exec/d/p/c',
  ],
  [
    'GET',
    '/apis/x.io/v1/namespaces/d/things/t/proxy',
    'connect',
    'apis',
    'x.io',
    'v1',
    'd',
    'things',
    'proxy',
    't',
    'things/t/proxy',
  ],
  ['GET', '/api/v1/watch/namespaces/d/secrets', 'watch', 'api', '', 'v1', 'd', 'secrets', '', '', 'secrets'],
  [
    'GET',
    '/api/v1/namespaces/d/secrets?fieldSelector=metadata.name%3Ds',
    'list',
    'api',
    '',
    'v1',
    'd',
    'secrets',
    '',
    '',
    'secrets',
  ],
  [
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node',
    'get',
    'apis',
    'rbac.authorization.k8s.io',
    'v1',
    '',
    'clusterroles',
    '',
    'system:node',
    'clusterroles/system:node',
  ],
  [
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    'get',
    'apis',
    'rbac.authorization.k8s.io',
    'v1',
    '',
    'clusterroles',
    '',
    'system:node',
    'clusterroles/system:node',
  ],
]

describe('RequestInfo of resources', () => {
  test.each(KUBERNETES)(
    '%s %s is %s',
    (method, target, verb, prefix, group, version, ns, resource, sub, name, parts) => {
      const info = infoOf(method, target)
      expect(info).toMatchObject({
        ok: true,
        value: {
          isResourceRequest: true,
          verb,
          apiPrefix: prefix,
          apiGroup: group,
          apiVersion: version,
          namespace: ns,
          resource,
          subresource: sub,
          name,
          parts: parts.split('/'),
        },
      })
    },
  )
})

describe('RequestInfo of other paths', () => {
  test.each([
    ['GET', '/', 'get', []],
    ['GET', '/api', 'get', ['api']],
    ['GET', '/api/v1', 'get', ['api', 'v1']],
    ['GET', '/api/v1/', 'get', ['api', 'v1']],
    ['GET', '/apis/group/version', 'get', ['apis', 'group', 'version']],
    ['GET', '/apis/group/version/', 'get', ['apis', 'group', 'version']],
    ['GET', '/badprefix/version/resource', 'get', ['badprefix', 'version', 'resource']],
    ['HEAD', '/healthz', 'head', ['healthz']],
    ['OPTIONS', '/version', 'options', ['version']],
    ['POST', '/metrics', 'post', ['metrics']],
    ['PUT', '/x', 'put', ['x']],
    ['GET', '/openapi/v3/apis/apps/v1?hash=AB%3D%3D', 'get', ['openapi', 'v3', 'apis', 'apps', 'v1']],
  ])('%s %s is no resource', (method, target, verb, parts) => {
    expect(infoOf(method, target)).toMatchObject({ ok: true, value: { isResourceRequest: false, verb, parts } })
  })
})

const NS = '/api/v1/namespaces/d'

describe('a target is refused', () => {
  test.each([
    ['with an empty segment', '//api/v1/secrets'],
    ['with an empty segment inside', '/api/v1//secrets'],
    ['with two slashes at its end', '/version//'],
    ['with a slash behind a subresource', `${NS}/pods/p/exec/`],
    ['with a slash behind a collection', `${NS}/pods/`],
    ['with a slash behind a proxied path', `${NS}/pods/p/proxy/`],
    ['with a . segment', '/api/v1/./secrets'],
    ['with a .. segment', '/api/v1/namespaces/../secrets'],
    ['with an encoded .. segment', '/api/v1/namespaces/%2E%2E/secrets'],
    ['with a half encoded .. segment', '/api/v1/namespaces/.%2e/secrets'],
    ['with an encoded letter', `${NS}/pods/p/ex%65c`],
    ['with an encoded hyphen', `${NS}/pods/p%2D1`],
    ['with an encoded slash', '/api/v1/namespaces/d%2f..%2fkube-system/secrets'],
    ['with an encoded slash in upper case', '/api/v1/namespaces/d%2Fx/secrets'],
    ['with an encoded backslash', `${NS}/pods/p%5Cx`],
    ['with an encoded NUL', `${NS}/pods/p%00`],
    ['with an encoded line break', `${NS}/pods/p%0A`],
    ['with an encoded DEL', `${NS}/pods/p%7F`],
    ['with an encoded percent sign', `${NS}/pods/p%2565`],
    ['with an encoded semicolon', `${NS}/pods/p%3Bx`],
    ['with an escape in lower case', `${NS}/pods/p%3a`],
    ['with half an escape', `${NS}/pods/p%3`],
    ['with a broken escape', `${NS}/pods/p%zz`],
    ['with an escape that is not UTF-8', `${NS}/pods/p%FF`],
    ['with an overlong UTF-8 slash', `${NS}/pods/p%C0%AF`],
    ['with a semicolon', `${NS}/pods;x/p`],
    ['with a backslash', `${NS}\\pods`],
    ['with a fragment', `${NS}/pods#x`],
    ['with a space', `${NS}/pods p`],
    ['with a control', `${NS}/pods\u0001`],
    ['with a non-ASCII letter', `${NS}/pods/é`],
    ['in absolute form', 'https://gateway/api/v1/pods'],
    ['in asterisk form', '*'],
    ['that is empty', ''],
    ['with too many segments', `/x${'/a'.repeat(64)}`],
    ['of the old proxy prefix', '/api/v1/proxy/namespaces/other/pods/foo'],
    ['of the old proxy prefix in a group', '/apis/x.io/v1/proxy/things/foo'],
    ['that watches nothing', '/api/v1/watch'],
    ['that watches a subresource', `/api/v1/watch/namespaces/d/pods/p/exec`],
    ['with a semicolon in its query', `${NS}/pods?watch=false;watch=true`],
    ['with two watch parameters', `${NS}/pods?watch=false&watch=true`],
    ['with two dryRun parameters', `${NS}/pods?dryRun=All&dryRun=`],
    ['with a parameter twice, once escaped', `${NS}/pods?dryRun=All&dry%52un=`],
    ['with an unknown parameter twice', `${NS}/pods?x=1&x=2`],
    ['with a broken escape in its query', `${NS}/pods?x=%`],
    ['with a query escape that is not UTF-8', `${NS}/pods?x=%FF`],
    ['with an empty parameter', `${NS}/pods?&watch=true`],
    ['with a port that is no number', `${NS}/pods/p/portforward?ports=x`],
    ['with a port past 65535', `${NS}/pods/p/portforward?ports=65536`],
  ])('%s', (_name, target) => {
    expect(infoOf('GET', target)).toMatchObject({ ok: false, refusal: { kind: 'malformed' } })
  })

  test.each([
    ['TRACE on a resource', 'TRACE', `${NS}/pods`],
    ['OPTIONS on a resource', 'OPTIONS', `${NS}/pods`],
    ['a method in lower case', 'get', `${NS}/pods`],
    ['CONNECT', 'CONNECT', '/version'],
    ['a watch that is a DELETE', 'DELETE', `/api/v1/watch/namespaces/d/pods`],
    ['a method that is a property of every object', 'constructor', '/version'],
  ])('with method-not-allowed: %s', (_name, method, target) => {
    expect(infoOf(method, target)).toMatchObject({ ok: false, refusal: { kind: 'method-not-allowed' } })
  })

  test('one past the length limit, and not at it', () => {
    const at = `/version?x=${'a'.repeat(512 * 1024 - 11)}`
    expect(infoOf('GET', at).ok).toBe(true)
    expect(infoOf('GET', `${at}a`).ok).toBe(false)
  })
})

describe('what a request carries', () => {
  test('argv is decoded exactly, in order, with repeats', () => {
    const info = infoOf(
      'GET',
      `${NS}/pods/p/exec?command=sh&command=-c&command=echo+%22a%20b%22+%26%26+%C3%A9&command=&container=c&stdin=true&stdout=1&tty=0`,
    )
    expect(info).toMatchObject({
      ok: true,
      value: {
        streaming: true,
        exec: {
          argv: ['sh', '-c', 'echo "a b" && é', ''],
          container: 'c',
          stdin: true,
          stdout: true,
          stderr: false,
          tty: false,
        },
      },
    })
  })
  test.each([
    ['ports of a port-forward', 'portforward?ports=80&ports=443,8080', [80, 443, 8080]],
    ['no ports', 'portforward', []],
  ])('%s', (_name, end, ports) => {
    expect(infoOf('GET', `${NS}/pods/p/${end}`)).toMatchObject({ ok: true, value: { exec: { ports } } })
  })
  test.each([
    ['a followed log streams', `${NS}/pods/p/log?follow=true`, true],
    ['a log does not stream', `${NS}/pods/p/log`, false],
    ['a log that says it does not follow does not stream', `${NS}/pods/p/log?follow=false`, false],
    ['a watch streams', `${NS}/pods?watch`, true],
    ['a list does not stream', `${NS}/pods`, false],
  ])('%s', (_name, target, streaming) => {
    expect(infoOf('GET', target)).toMatchObject({ ok: true, value: { streaming } })
  })
  test.each([
    ['All', true],
    ['', false],
    ['all', false],
  ])('dryRun=%s', (value, dryRun) => {
    expect(infoOf('POST', `${NS}/pods?dryRun=${value}`)).toMatchObject({ ok: true, value: { dryRun } })
  })
  test('path and query stay as they came', () => {
    const target = '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode?pretty=tr%75e'
    expect(infoOf('GET', target)).toMatchObject({
      value: { path: '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode', query: 'pretty=tr%75e' },
    })
  })
})
