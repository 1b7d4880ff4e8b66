import { gzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { decodeBase64 } from './base64.ts'
import {
  HELM3_WITH_SECRET,
  HELM3_WITHOUT_SECRET,
  HELM4_WITH_SECRET,
  HELM4_WITHOUT_SECRET,
} from './fixtures/releases.ts'
import { gunzipBounded } from './gunzip.ts'
import { maskRelease } from './helm.ts'
import { Masker } from './placeholder.ts'
import { base64, infoOf, KEY, run, transformFor } from './testing.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const bytesOf = (text: string) => decodeBase64(encoder.encode(text))!

/** `data.release` decoded once, as maskRelease takes it. */
const packed = (release: unknown) =>
  encoder.encode(
    btoa(
      String.fromCharCode(
        ...gzipSync(encoder.encode(typeof release === 'string' ? release : JSON.stringify(release)), { mtime: 0 }),
      ),
    ),
  )

function unpacked(value: string): string {
  return decoder.decode(gunzipBounded(bytesOf(decoder.decode(bytesOf(value))), 1 << 24)!)
}

function maskedText(release: unknown): string {
  const out = maskRelease(packed(release), new Masker(KEY))
  return out === 'unchanged' || out === 'unreadable' ? out : unpacked(out)
}

const releaseOf = (manifest: string, more: object = {}) => ({
  name: 'r',
  chart: { metadata: { name: 'c' } },
  manifest,
  version: 1,
  ...more,
})
const SECRET = 'hunter2-correct-horse'

describe('releases of real helm', () => {
  test.each([
    ['3', HELM3_WITHOUT_SECRET],
    ['4', HELM4_WITHOUT_SECRET],
  ])('helm %s: without a Secret only what looks like a password is masked', (_version, release) => {
    const body = JSON.stringify({ data: { release }, kind: 'Secret', type: 'helm.sh/release.v1' })
    const out = unpacked(JSON.parse(run(transformFor(infoOf()), body)).data.release)
    expect(out.replace(/⟦masked:password:[0-9a-f]{12}⟧/, 'hunter2-default')).toBe(unpacked(release))
    expect(out).not.toContain('hunter2')
  })

  test.each([
    ['3', HELM3_WITH_SECRET, 's3cr3t-v30'],
    ['4', HELM4_WITH_SECRET, 's3cr3t-v35'],
  ])(
    'helm %s: with a Secret it is masked inside, wherever the value stands, at any cut',
    (_version, release, value) => {
      const body = JSON.stringify({ data: { release }, kind: 'Secret', type: 'helm.sh/release.v1' })
      const out = run(transformFor(infoOf()), body)
      for (const cut of [1, 8, 17, 18, 19, 200, 201, body.length - 3])
        expect(run(transformFor(infoOf()), body, [cut])).toBe(out)
      const text = unpacked(JSON.parse(out).data.release)
      for (const form of [value, base64(value), 'MIIBVwIBADANBgkq', 'hunter2']) expect(text).not.toContain(form)
      const before = JSON.parse(unpacked(release))
      const after = JSON.parse(text)
      expect(Object.keys(after)).toEqual(Object.keys(before))
      expect(after.info.notes).toMatch(/^Your password is ⟦masked:secret:[0-9a-f]{12}⟧\.\n$/)
      expect(after.config.password).toMatch(/^⟦masked:secret:[0-9a-f]{12}⟧$/)
      for (const template of after.chart.templates) {
        expect(decoder.decode(bytesOf(template.data))).not.toContain('MIIBVwIBADANBgkq')
      }
      expect({ ...after.info, notes: '' }).toEqual({ ...before.info, notes: '' })
      expect(after.chart.metadata).toEqual(before.chart.metadata)
    },
  )
})

describe('Secrets in manifests', () => {
  const plain = (field: string) => new RegExp(`${field}: "⟦masked:secret:[0-9a-f]{12}⟧"`)
  test.each([
    ['plain', `kind: Secret\nstringData:\n  a: ${SECRET}\n  b: ""\n`, plain('a')],
    ['single quotes', `kind: Secret\nstringData:\n  a: '${SECRET}' # ${SECRET}\n`, plain('a')],
    [
      'a block scalar',
      `kind: Secret\nstringData:\n  a: |\n    x\n    ${SECRET}\n  z: ok-this\ntype: Opaque\n`,
      /a: "⟦[^⟧]*⟧"\n {2}z: "⟦[^⟧]*⟧"\ntype: Opaque\n/,
    ],
    ['a folded scalar at the end', `kind: Secret\nstringData:\n  a: >-\n    x\n    ${SECRET}`, plain('a')],
    [
      'flow style',
      `{"kind": "Secret", "stringData": {"a": "${SECRET}", "n": 4711}}`,
      /"a": "⟦[^⟧]*⟧", "n": "⟦[^⟧]*⟧"}}/,
    ],
    ['an escaped kind', `kind: "S\\u0065cret"\nstringData: {a: ${SECRET}}\n`, plain('a')],
    ['a kind in quotes after the data', `stringData: {a: ${SECRET}}\nkind: 'Secret'\n`, plain('a')],
    ['an escaped key', `kind: Secret\n"string\\u0044ata": {a: ${SECRET}}\n`, plain('a')],
    ['duplicate keys', `kind: Secret\nstringData: {a: ${SECRET}}\nstringData: {a: ${SECRET}x}\n`, plain('a')],
    ['a kind twice', `kind: Secret\nkind: ConfigMap\nstringData: {a: ${SECRET}}\n`, plain('a')],
    [
      'base64 over lines',
      `kind: Secret\ndata:\n  a: |\n    ${base64(SECRET).slice(0, 8)}\n    ${base64(SECRET).slice(8)}\n`,
      /a: "4p\+mbWFza2Vk[A-Za-z0-9+/=]+"\n/,
    ],
    ['a List', `kind: List\nitems:\n- kind: Secret\n  stringData:\n    a: ${SECRET}\n`, plain('a')],
    [
      'the second document',
      `kind: ConfigMap\ndata: {a: b}\n---\n# c\nkind: Secret\nstringData: {a: ${SECRET}}\n---\n`,
      plain('a'),
    ],
    ['Windows line ends', `kind: Secret\r\nstringData:\r\n  a: ${SECRET}\r\n`, plain('a')],
    [
      'the same value elsewhere',
      `kind: Secret\nstringData: {a: ${SECRET}}\n---\nkind: ConfigMap\ndata: {b: "x ${SECRET} y"}\n`,
      /b: "x ⟦[^⟧]*⟧ y"/,
    ],
  ])('%s', (_name, manifest, expected) => {
    for (const release of [releaseOf(manifest), releaseOf('', { hooks: [{ name: 'h', kind: 'Secret', manifest }] })]) {
      const text = maskedText(release)
      expect(text).not.toContain('hunter2')
      expect(text).not.toContain(base64(SECRET).slice(8))
      const parsed = JSON.parse(text)
      expect(`${parsed.manifest}${parsed.hooks?.[0].manifest ?? ''}`).toMatch(expected)
    }
  })

  test.each([
    ['an alias', `x: &a {k: ${SECRET}}\nkind: Secret\nstringData: *a\n`],
    ['an anchor on a value', `kind: Secret\nstringData: {a: &a ${SECRET}}\nz: *a\n`],
    ['an alias as kind', `x: &k Secret\nkind: *k\nstringData: {a: ${SECRET}}\n`],
    ['a merge key', `<<: {kind: Secret}\nstringData: {a: ${SECRET}}\n`],
    ['a tag', `kind: !!binary U2VjcmV0\nstringData: {a: ${SECRET}}\n`],
    ['a tag on a value', `kind: Secret\nstringData: {a: !!str ${SECRET}}\n`],
    ['broken YAML', `kind: Secret\nstringData: {a: ${SECRET}\n`],
    ['a separator that only Helm knows', `kind: ConfigMap\n---kind: Secret\nstringData: {a: ${SECRET}}\n`],
    ['a map as value', `kind: Secret\nstringData: {a: {b: ${SECRET}}}\n`],
    ['a lone carriage return', `kind: Secret\rstringData: {a: ${SECRET}}\r`],
  ])('%s: the release is masked whole', (_name, manifest) => {
    expect(maskedText(releaseOf(manifest))).toBe('unreadable')
    const release = btoa(decoder.decode(packed(releaseOf(manifest))))
    const out = run(transformFor(infoOf()), JSON.stringify({ data: { release } }))
    expect(atob(JSON.parse(out).data.release)).toContain('masked:secret:')
  })

  test.each([
    ['no Secret', 'kind: ConfigMap\ndata: {a: b}\n'],
    ['a Secret without data', 'kind: Secret\nmetadata: {name: x}\n'],
    ['a Secret with empty data', 'kind: Secret\ndata: {}\nstringData: {a: ""}\n'],
    ['a Deployment that uses a Secret', 'kind: Deployment\nspec: {imagePullSecrets: [{name: x}]}\n'],
    ['anchors elsewhere', 'kind: ConfigMap\ndata: &a {imagePullSecrets: x}\n'],
    [
      'a large CRD that speaks of a Secret',
      `kind: CustomResourceDefinition\nspec:\n${'  - description: the Secret\n'.repeat(50_000)}`,
    ],
    ['nothing', ''],
  ])('%s: the release stays', (_name, manifest) => {
    expect(maskedText(releaseOf(manifest))).toBe('unchanged')
  })
})

describe('values elsewhere in the release', () => {
  const manifest = `kind: Secret\nstringData: {a: ${SECRET}, n: "12345678", s: deployed, dsn: "db://u:part-of-it@h"}\n`
  const maskedWith = (more: object) => JSON.parse(maskedText(releaseOf(manifest, more)))
  const mark = expect.stringMatching(/⟦masked:secret:[0-9a-f]{12}⟧/)
  test('user values: the same, in base64, as a number, in a list, as part of a value, or named as a credential', () => {
    const config = {
      a: `x ${SECRET}`,
      b: base64(SECRET),
      n: 12345678,
      list: [SECRET],
      part: 'part-of-it',
      dbPassword: 'other',
      replicas: 3,
      image: 'nginx',
    }
    expect(maskedWith({ config }).config).toEqual({
      a: mark,
      b: expect.stringMatching(/^4p\+mbWFza2Vk/),
      n: mark,
      list: [mark],
      part: mark,
      dbPassword: mark,
      replicas: 3,
      image: 'nginx',
    })
  })
  test('what Helm works by stays, though a Secret holds the same word', () => {
    const info = { status: 'deployed', description: `Install deployed ${SECRET}` }
    expect(maskedWith({ info }).info).toEqual({ status: 'deployed', description: expect.not.stringContaining(SECRET) })
  })
  test('files and templates, text or not', () => {
    const chart = {
      metadata: { name: 'c' },
      templates: [{ name: 't', data: base64(`a: ${SECRET}`) }],
      files: [{ name: 'f', data: btoa(`\xff\x00${SECRET}\xfe`) }],
    }
    const out = maskedWith({ chart }).chart
    expect(decoder.decode(bytesOf(out.templates[0].data))).toEqual(mark)
    expect(atob(out.files[0].data)).not.toContain(SECRET)
    expect(atob(out.files[0].data).startsWith('\xff\x00')).toBe(true)
    expect(atob(out.files[0].data).endsWith('\xfe')).toBe(true)
  })
  test('numbers that JavaScript cannot hold stay', () => {
    const text = JSON.stringify(releaseOf(manifest, { config: { n: 'BIG' } })).replace('"BIG"', '9007199254740993')
    expect(maskedText(text)).toContain('"config":{"n":9007199254740993}')
  })
})

describe('what cannot be opened is masked whole', () => {
  const raw = (bytes: Uint8Array) => encoder.encode(btoa(String.fromCharCode(...bytes)))
  const zip = (text: string) => gzipSync(encoder.encode(text), { mtime: 0 })
  test.each([
    ['no base64', encoder.encode('H4sI!')],
    ['no gzip', encoder.encode('H4sIAAAAAAAA')],
    ['gzip cut short', raw(zip(JSON.stringify(releaseOf(''))).slice(0, -12))],
    ['no JSON', packed('x')],
    ['JSON that is no release', packed('{"data":"x"}')],
    ['a manifest that is no text', packed({ ...releaseOf(''), manifest: { kind: 'Secret' } })],
    ['two gzip members', raw(Uint8Array.from([...zip(JSON.stringify(releaseOf(''))), ...zip(SECRET)]))],
  ])('%s', (_name, value) => {
    expect(maskRelease(value, new Masker(KEY))).toBe('unreadable')
  })

  test('a decompression bomb: unpacking ends at the bound', () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024), { mtime: 0 })
    expect(bomb.length).toBeLessThan(80 * 1024)
    expect(gunzipBounded(bomb, 16 * 1024 * 1024)).toBeNull()
    expect(gunzipBounded(bomb, 64 * 1024 * 1024 - 1)).toBeNull()
  })

  test('more YAML than can be parsed in time', () => {
    const manifest = (size: number) => `kind: Secret\nstringData: {a: b}\n#${'x'.repeat(size - 33)}`
    expect(manifest(256 * 1024).length).toBe(256 * 1024)
    expect(maskRelease(packed(releaseOf(manifest(256 * 1024))), new Masker(KEY))).not.toBe('unreadable')
    expect(maskRelease(packed(releaseOf(manifest(256 * 1024 + 1))), new Masker(KEY))).toBe('unreadable')
  })

  test('more values than can be searched for in time', () => {
    const manifest = `kind: Secret\nstringData:\n${Array.from({ length: 3000 }, (_, i) => `  k${i}: value-${i}\n`).join('')}`
    const config = { a: 'x'.repeat(100_000) }
    expect(maskedText(releaseOf(manifest, { config }))).toBe('unreadable')
  })

  test('a release at the bound is opened, one past it is not', () => {
    const gzip = gzipSync(new Uint8Array(1024 * 1024), { mtime: 0 })
    expect(gunzipBounded(gzip, 1024 * 1024)?.length).toBe(1024 * 1024)
    expect(gunzipBounded(gzip, 1024 * 1024 - 1)).toBeNull()
  })
})

test('a release that holds nothing of the kind stays, byte for byte', () => {
  const release = btoa(
    decoder.decode(packed(releaseOf('kind: ConfigMap\ndata: {a: b}\n', { config: { level: 'info', n: 3 } }))),
  )
  const body = JSON.stringify({ data: { release }, kind: 'Secret', type: 'helm.sh/release.v1' })
  expect(run(transformFor(infoOf()), body)).toBe(body)
})

test('what is no Secret but looks like one is masked in a release too, and nothing else', () => {
  const token = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
  const manifest = (value: string) => `kind: Deployment\nspec:\n  env:\n  - name: API_TOKEN\n    value: ${value}\n`
  const release = releaseOf(manifest(token), {
    config: { replicas: 3, hook: `https://x/?key=${token}`, level: 'info' },
  })
  const data = btoa(decoder.decode(packed(release)))
  const out = JSON.parse(run(transformFor(infoOf()), JSON.stringify({ data: { release: data } }))).data.release
  const text = unpacked(out)
  expect(text).not.toContain(token)
  const after = JSON.parse(text)
  expect(after.manifest.replace(/⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/, token)).toBe(manifest(token))
  expect(after.config).toMatchObject({ replicas: 3, level: 'info' })
})
