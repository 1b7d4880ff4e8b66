import { describe, expect, test } from 'vitest'
import { checkUpstream, clientHeaders } from './headers.ts'

const RESOURCE = { masked: false, info: { isResourceRequest: true } }

describe('response headers', () => {
  test.each([
    ['Content-Type', 'application/json', true],
    ['Content-Length', '12', true],
    ['Warning', '299 - "deprecated"', true],
    ['Audit-Id', 'x', true],
    ['Retry-After', '1', true],
    ['X-Kubernetes-Pf-Flowschema-Uid', 'x', true],
    ['Set-Cookie', 'a=b', false],
    ['Location', 'https://evil.example.com', false],
    ['WWW-Authenticate', 'Basic', false],
    ['ETag', '"x"', false],
    ['Transfer-Encoding', 'chunked', false],
    ['Connection', 'close', false],
    ['Content-Encoding', 'gzip', false],
    ['Strict-Transport-Security', 'max-age=1', false],
    ['Access-Control-Allow-Origin', '*', false],
    ['Upgrade', 'websocket', false],
    ['Warning', '299 - "a\r\nset-cookie: x"', false],
    ['Warning', '299 - "caf\xe9"', true],
    ['Warning', '299 - "⟦beyond what a header can hold⟧"', false],
  ])('%s: %s passes: %s', (name, value, passes) => {
    const names = clientHeaders([[name, value]], RESOURCE).map(([field]) => field)
    expect(names.includes(name.toLowerCase())).toBe(passes)
  })
  test('warnings keep their number and order', () => {
    const upstream: [string, string][] = [
      ['warning', '299 - "a"'],
      ['warning', '299 - "b"'],
    ]
    expect(clientHeaders(upstream, RESOURCE).filter(([name]) => name === 'warning')).toEqual(upstream)
  })
  test('a masked body has no known length', () => {
    const headers = clientHeaders([['content-length', '12']], { ...RESOURCE, masked: true })
    expect(headers.map(([name]) => name)).not.toContain('content-length')
  })
  test('OpenAPI may be kept by the client, resources may not', () => {
    const upstream: [string, string][] = [
      ['etag', '"x"'],
      ['cache-control', 'public'],
    ]
    const openapi = clientHeaders(upstream, { masked: false, info: { isResourceRequest: false } })
    expect(openapi).toContainEqual(['etag', '"x"'])
    expect(openapi).toContainEqual(['cache-control', 'public'])
    expect(clientHeaders(upstream, RESOURCE)).toContainEqual(['cache-control', 'no-cache, private'])
  })
})

describe('upstream answers', () => {
  test.each([
    [200, true],
    [201, true],
    [304, true],
    [403, true],
    [404, true],
    [409, true],
    [429, true],
    [503, true],
    [101, false],
    [103, false],
    [301, false],
    [302, false],
    [307, false],
    [308, false],
    [401, false],
    [600, false],
  ])('%i goes on: %s', (status, goesOn) => {
    const refusal = checkUpstream(status)
    expect(refusal === null).toBe(goesOn)
    if (refusal !== null) expect(refusal.kind).toBe('upstream')
  })
})
