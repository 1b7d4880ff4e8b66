import { gzipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import type { BodyFormat } from '../context.ts'
import { findPlaceholder, placeholderMessage } from './find.ts'
import { HELM3_WITH_SECRET, HELM3_WITHOUT_SECRET, HELM4_WITH_SECRET } from './fixtures/releases.ts'
import { base64, infoOf, run, transformFor } from './testing.ts'

const encoder = new TextEncoder()
const PLACEHOLDER = '⟦masked:secret:0123456789ab⟧'
const where = (format: BodyFormat, body: string | Uint8Array) =>
  findPlaceholder({ info: infoOf(), format, bytes: typeof body === 'string' ? encoder.encode(body) : body })?.where ??
  null

const release = (text: string) => btoa(btoa(String.fromCharCode(...gzipSync(encoder.encode(text), { mtime: 0 }))))
const asRead = (value: string): string =>
  JSON.parse(run(transformFor(infoOf()), JSON.stringify({ data: { release: value } }))).data.release
const escaped = (text: string) =>
  text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

describe('a placeholder is found', () => {
  test.each<[string, BodyFormat, string, string]>([
    ['plain', 'json', `{"spec":{"a":["x ${PLACEHOLDER}"]}}`, 'The field spec.a[0]'],
    ['as escapes', 'json', escaped(`{"a":"${PLACEHOLDER}"}`), 'The field a'],
    ['as capital escapes', 'json', escaped(`{"a":"${PLACEHOLDER}"}`).replace('27e6', '27E6'), 'The field a'],
    [
      'every character escaped',
      'json',
      `{"a":"${[...PLACEHOLDER].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"}`,
      'The field a',
    ],
    ['in base64', 'json', `{"data":{"pw":"${base64(PLACEHOLDER)}"}}`, 'The field data.pw'],
    ['in base64, one byte in', 'json', `{"a":"${base64(`x${PLACEHOLDER}`)}"}`, 'The field a'],
    ['in base64, two bytes in', 'json', `{"a":"${base64(`xy${PLACEHOLDER}`)}"}`, 'The field a'],
    ['in base64, far in', 'json', `{"a":"${base64(`key: [${PLACEHOLDER}]\n`)}"}`, 'The field a'],
    ['in base64 of base64', 'json', `{"data":{"pw":"${base64(base64(PLACEHOLDER))}"}}`, 'The field data.pw'],
    ['in base64 of base64, far in', 'json', `{"a":"${base64(`xy${base64(`x${PLACEHOLDER}`)}`)}"}`, 'The field a'],
    ['percent-encoded', 'json', `{"a":"postgres://u:${encodeURIComponent(PLACEHOLDER)}@h"}`, 'The field a'],
    [
      'in base64 of URLs',
      'json',
      `{"a":"${base64(`ab${PLACEHOLDER}`).replaceAll('+', '-').replaceAll('/', '_')}"}`,
      'The field a',
    ],
    [
      'in base64 with escaped slashes',
      'json',
      `{"a":"${base64(PLACEHOLDER).replaceAll('+', '\\u002b')}"}`,
      'The field a',
    ],
    [
      'in last-applied',
      'merge-patch',
      JSON.stringify({ metadata: { annotations: { l: JSON.stringify({ data: { a: base64(PLACEHOLDER) } }) } } }),
      'The field metadata.annotations.l',
    ],
    [
      'in last-applied, escaped',
      'json',
      JSON.stringify({ l: escaped(JSON.stringify({ a: PLACEHOLDER })) }),
      'The field l',
    ],
    [
      'in a JSON patch',
      'json-patch',
      `[{"op":"add","path":"/data/a","value":"${PLACEHOLDER}"}]`,
      'The field [0].value',
    ],
    ['as a key', 'json', `{"${PLACEHOLDER}":1}`, 'The request body'],
    ['in a comment of YAML', 'yaml', `a: 1 # ${PLACEHOLDER}\n`, 'The request body'],
    ['in YAML', 'yaml', `a: {b: "${PLACEHOLDER}"}\n`, 'The field a.b'],
    [
      'in base64 over lines of YAML',
      'yaml',
      `a: |\n  ${base64(`key: ${PLACEHOLDER}`).replace(/.{20}/g, '$&\n  ')}\n`,
      'The field a',
    ],
    [
      'in a release',
      'json',
      `{"data":{"release":"${release(JSON.stringify({ a: PLACEHOLDER }))}"}}`,
      'The field data.release',
    ],
    [
      'in a release, in base64',
      'json',
      `{"data":{"release":"${release(JSON.stringify({ a: base64(`xy${PLACEHOLDER}`) }))}"}}`,
      'The field data.release',
    ],
    [
      'in a release as stringData',
      'json',
      `{"stringData":{"release":"${atob(release(PLACEHOLDER))}"}}`,
      'The field stringData.release',
    ],
    ['in a broken body', 'json', `{"a":"${PLACEHOLDER}`, 'The request body'],
  ])('%s', (_name, format, body, expected) => {
    expect(where(format, body)).toBe(expected)
  })

  test.each([
    ['3', HELM3_WITH_SECRET],
    ['4', HELM4_WITH_SECRET],
  ])('in the release of helm %s as it was read, sent back in JSON and in protobuf', (_version, value) => {
    const read = asRead(value)
    expect(where('json', JSON.stringify({ data: { release: read } }))).toBe('The field data.release')
    // Protobuf holds the bytes, base64 of gzip, between others.
    expect(
      where('protobuf', encoder.encode(`k8s\0\n\x07release\x12\x80\x01${atob(read)}\x1a\x12helm.sh/release.v1`)),
    ).toBe('The request body')
  })
})

test.each<[string, BodyFormat, string]>([
  ['an ordinary object', 'json', '{"kind":"Secret","data":{"a":"aGVsbG8="}}'],
  ['the word alone', 'json', '{"a":"masked:secret:0123456789ab"}'],
  ['brackets alone', 'json', '{"a":"⟦x⟧"}'],
  ['a release without one', 'json', `{"data":{"release":"${HELM3_WITHOUT_SECRET}"}}`],
  ['gzip that is none', 'json', `{"a":"H4sI${'A'.repeat(100)}"}`],
  ['many escapes', 'json', `{"a":"${'\\\\'.repeat(1000)}"}`],
  ['nothing', 'none', ''],
])('nothing is found in %s', (_name, format, body) => {
  expect(where(format, body)).toBeNull()
})

// Squared work would outlast the limit of a test: here and below, where something "costs little".
test('a body of starts of gzip costs little', () => {
  expect(where('json', `{"a":"${'H4sI'.repeat(700_000)}"}`)).toBeNull()
  expect(where('json', `{"a":"${'\\'.repeat(2_800_000)}"}`)).toBeNull()
})

test('the message says where, and what to do', () => {
  expect(placeholderMessage('The field data.a')).toMatch(/^The field data\.a holds a placeholder .* nothing was sent/)
})
