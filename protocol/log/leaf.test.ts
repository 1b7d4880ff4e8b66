// Golden vectors: made with Python's json and hashlib, keys sorted by their UTF-16 form, as RFC 8785 section 3.2.3 says.

import { createHash } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import type { Leaf } from './event.ts'
import { bodyHash, encodeLeaf, leafHash, leafText, parseLeaf, type Sha256 } from './leaf.ts'

const small: Leaf = {
  wprev: '',
  wseq: 1,
  writer: 'w',
  v: 1,
  type: 'view',
  id: '0190a000-0000-7000-8000-000000000001',
  ts: '2026-01-02T03:04:05.006Z',
}
const full: Leaf = {
  v: 1,
  type: 'request.intent',
  id: '0190a000-0000-7000-8000-000000000002',
  ts: '2026-01-02T03:04:05.006Z',
  session: 's',
  command: 'c',
  actor: { username: 'agent', groups: ['ai-agents', 'dev'], issuer: 'https://id.example', uid: 'u1' },
  connection: 'prod',
  request: {
    method: 'GET',
    target: '/api/v1/namespaces/shop/pods/web/exec?command=sh',
    verb: 'connect',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: 'exec',
    namespace: 'shop',
    name: 'web',
    userAgent: 'kubectl/v1.35.2 "quoted" \u00e9\u4e16\u{1f600}',
    kubectlCommand: 'kubectl exec',
    exec: { argv: ['sh', '-c', 'echo "a\\b"\n\u0001'], container: '', stdin: true, tty: false },
    preparatory: 'dry-run',
  },
  decision: { effect: 'Allow', policy: 'p', rule: 'r', reason: 'because', revision: 7 },
  mask: {
    count: 3,
    rules: { b: 1, a: 2, '\u20ac': 0, '\u{1f600}': 0, '\ufb33': 0 },
    places: [
      { rule: 'secret', at: 'items[].data["a\u20ac"]', count: 2 },
      { rule: 'value', at: 'stdout', count: 1 },
    ],
    withheld: 'why',
  },
  res: {
    outcome: 'failed',
    code: 404,
    reason: 'NotFound',
    message: 'no',
    durationMs: 12.5,
    bytes: 0,
    exitCode: 1,
  },
  ref: '0190a000-0000-7000-8000-000000000001',
  data: { z: true, a: 1e21, m: 'x' },
  body: { kind: 'request', seq: 0, mediaType: 'application/json', bytes: 2, sha256: 'ab' },
  writer: 'w',
  wseq: 2,
  wprev: '00',
}
const PLACES_TEXT =
  '"places":[{"at":"items[].data[\\"a\u20ac\\"]","count":2,"rule":"secret"},{"at":"stdout","count":1,"rule":"value"}],'
const FULL_TEXT =
  '{"actor":{"groups":["ai-agents","dev"],"issuer":"https://id.example","uid":"u1","username":"agent"},"body":{"bytes":2,"kind":"request","mediaType":"application/json","seq":0,"sha256":"ab"},"command":"c","connection":"prod","data":{"a":1e+21,"m":"x","z":true},"decision":{"effect":"Allow","policy":"p","reason":"because","revision":7,"rule":"r"},"id":"0190a000-0000-7000-8000-000000000002","mask":{"count":3,"places":[{"at":"items[].data[\\"a\u20ac\\"]","count":2,"rule":"secret"},{"at":"stdout","count":1,"rule":"value"}],"rules":{"a":2,"b":1,"\u20ac":0,"\u{1f600}":0,"\ufb33":0},"withheld":"why"},"ref":"0190a000-0000-7000-8000-000000000001","request":{"exec":{"argv":["sh","-c","echo \\"a\\\\b\\"\\n\\u0001"],"container":"","stdin":true,"tty":false},"group":"","kubectlCommand":"kubectl exec","method":"GET","name":"web","namespace":"shop","preparatory":"dry-run","resource":"pods","subresource":"exec","target":"/api/v1/namespaces/shop/pods/web/exec?command=sh","userAgent":"kubectl/v1.35.2 \\"quoted\\" \u00e9\u4e16\u{1f600}","verb":"connect","version":"v1"},"res":{"bytes":0,"code":404,"durationMs":12.5,"exitCode":1,"message":"no","outcome":"failed","reason":"NotFound"},"session":"s","ts":"2026-01-02T03:04:05.006Z","type":"request.intent","v":1,"wprev":"00","writer":"w","wseq":2}'
/** As leaves were before places were recorded. */
const WITHOUT_PLACES_TEXT = FULL_TEXT.replace(PLACES_TEXT, '')

const native: Sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

describe('leaf', () => {
  it.each([
    [
      'small',
      small,
      '{"id":"0190a000-0000-7000-8000-000000000001","ts":"2026-01-02T03:04:05.006Z","type":"view","v":1,"wprev":"","writer":"w","wseq":1}',
      '81edf89880bbb4ba43a272910b863370a8e9386d32d02cd8bd05a5b3460d2e31',
    ],
    ['every field', full, FULL_TEXT, 'caf9e584d12f6e8671c79de3ef1ed52a97668052e1d9de537aaaa35dcca85d09'],
    [
      'a mask without places',
      { ...full, mask: { count: 3, rules: full.mask?.rules ?? {}, withheld: 'why' } },
      WITHOUT_PLACES_TEXT,
      '622e964e1ad22fd7222a0fe842240a22c1641a54b817bf1aee2dc0e5fd7d6b2f',
    ],
  ])('%s: canonical text and hash', (_, leaf, text, hash) => {
    expect(leafText(leaf)).toBe(text)
    expect(bytesToHex(leafHash(encodeLeaf(leaf)))).toBe(hash)
    expect(bytesToHex(leafHash(encodeLeaf(leaf), native))).toBe(hash)
    expect(leafText(parseLeaf(text))).toBe(text)
  })

  it('is the same whatever order the fields were given in', () => {
    const turned = parseLeaf(JSON.stringify(Object.fromEntries(Object.entries(full).reverse())))
    expect(leafText(turned)).toBe(FULL_TEXT)
  })

  it('leaves out what is no part of the format', () => {
    const more: Leaf = Object.assign({}, small, { secret: 'x' })
    expect(leafText(more)).toBe(leafText(small))
  })

  it('replaces lone surrogates, which canonical JSON forbids', () => {
    expect(leafText({ ...small, ref: 'a\ud800b' })).toContain('"ref":"a\ufffdb"')
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses the number %s', (value) => {
    expect(() => leafText({ ...small, data: { value } })).toThrow(RangeError)
  })

  it('hashes a body behind its salt', () => {
    const hash = bodyHash(Uint8Array.of(1, 2, 3), new TextEncoder().encode('hello'))
    expect(bytesToHex(hash)).toBe('0e3917fabba251fe7276e92a8d5d912611dc833b4820874e83fad87fe87220ad')
  })

  it.each(['null', '[]', '{"v":2,"type":"view","id":"x","wseq":1}', '{"v":1}'])(
    'does not read %s as a leaf',
    (text) => {
      expect(() => parseLeaf(text)).toThrow()
    },
  )
})
