import { expect, test } from 'vitest'
import type { BodyFormat } from '../context.ts'
import { strictBody } from './strict.ts'

const encoder = new TextEncoder()
const judge = (format: BodyFormat, text: string) => strictBody(format, encoder.encode(text))
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

test.each<[string, BodyFormat, string, unknown]>([
  ['JSON', 'json', '{"a":[1,{"a":"\\"}{"}],"b":{"a":1}}', { a: [1, { a: '"}{' }], b: { a: 1 } }],
  ['the same key in different objects', 'json', '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
  ['a key that equals a value', 'json', '{"a":"b","b":"a"}', { a: 'b', b: 'a' }],
  ['nesting at the limit', 'json', nested(200), JSON.parse(nested(200))],
  ['a merge patch', 'merge-patch', '{"a":null}', { a: null }],
  ['a strategic merge patch', 'strategic-merge-patch', '{"$patch":"delete"}', { $patch: 'delete' }],
  ['a JSON patch', 'json-patch', '[{"op":"remove","path":"/a"}]', [{ op: 'remove', path: '/a' }]],
  ['an apply patch in JSON', 'apply-patch', ' {"a":1}', { a: 1 }],
  ['an apply patch in YAML', 'apply-patch', 'a: 1\nb: [x, "yes"]\n', { a: 1, b: ['x', 'yes'] }],
  ['YAML', 'yaml', '---\na: {b: true, c: null, d: 1.5, e: ~}\n', { a: { b: true, c: null, d: 1.5, e: null } }],
  ['no body', 'none', '', undefined],
])('%s is read', (_name, format, text, value) => {
  expect(judge(format, text)).toEqual({ ok: true, value })
})

test.each<[string, BodyFormat, string, RegExp]>([
  ['broken JSON', 'json', '{"a":}', /not valid JSON/],
  ['two JSON values', 'json', '{}{}', /not valid JSON/],
  ['a byte order mark', 'json', '\ufeff{}', /not valid JSON/],
  ['a duplicate key', 'json', '{"a":1,"b":[{"c":"x"}],"a":2}', /"a" twice/],
  ['a duplicate key deep down', 'json', '{"a":[0,{"b":{"c":1,"c":1}}]}', /"c" twice/],
  ['a duplicate key by escape', 'json', '{"a":1,"\\u0061":2}', /"a" twice/],
  ['a duplicate key after an array', 'json', '{"a":[1,2],"a":1}', /"a" twice/],
  ['lone surrogates as keys, one to Go', 'json', '{"\\ud800":1,"\\ud801":2}', /not valid Unicode/],
  ['nesting over the limit', 'json', nested(201), /too deeply/],
  ['nesting that would end a parser’s stack', 'json', '['.repeat(500_000), /too deeply/],
  ['a JSON patch that is no array', 'json-patch', '{}', /array/],
  ['a JSON patch over the limit', 'json-patch', `[${Array(1001).fill('{}').join()}]`, /at most 1000/],
  ['a duplicate key in a patch', 'json-patch', '[{"op":"remove","path":"/a","path":"/b"}]', /"path" twice/],
  ['a duplicate key in an apply patch', 'apply-patch', '{"a":1,"a":2}', /"a" twice/],
  ['YAML with anchors', 'yaml', 'a: &x [1]\nb: *x\n', /anchors/],
  ['YAML with an unused anchor', 'yaml', 'a: &x 1\n', /anchors/],
  ['a YAML bomb', 'yaml', `a: &a [x]\nb: &b [${'*a,'.repeat(9)}]\nc: [${'*b,'.repeat(9)}]\n`, /anchors/],
  ['YAML with duplicate keys', 'yaml', 'a: 1\na: 2\n', /twice/],
  ['YAML with keys that are one as JSON', 'yaml', '1: a\n"1": b\n', /twice/],
  ['YAML with a merge key', 'yaml', '<<: {a: 1}\n', /read differently/],
  ['YAML with a tag', 'yaml', 'a: !!binary aGk=\n', /tags/],
  ['two YAML documents', 'yaml', 'a: 1\n---\nb: 1\n', /one YAML document/],
  ['no YAML document', 'yaml', '', /one YAML document/],
  ['broken YAML', 'yaml', 'a: [1\n', /not valid YAML/],
  ['a word that is a boolean to Go', 'yaml', 'privileged: yes\n', /read differently/],
  ['another', 'yaml', 'privileged: On\n', /read differently/],
  ['an octal number to Go', 'yaml', 'runAsUser: 010\n', /read differently/],
  ['digits with underscores', 'yaml', 'n: 1_000\n', /read differently/],
  ['YAML nested too deeply', 'yaml', nested(201), /too deeply/],
  // go-yaml ends a line, and with it a comment, at each of these: there the second row is no dry run.
  ...['\r', '\u0085', '\u2028', '\u2029'].flatMap((end): [string, BodyFormat, string, RegExp][] => [
    [`a line that only Go ends, at ${JSON.stringify(end)}`, 'yaml', `kind: Secret #${end}type: x\n`, /line/],
    [`a quote hidden behind ${JSON.stringify(end)}`, 'yaml', `x: #${end} "\ndryRun: [All]\nz: #${end} "\n`, /line/],
  ]),
  ['a directive', 'yaml', '%YAML 1.1\n---\na: b\n', /directive/],
  ['YAML sequences nested too deeply', 'yaml', `${'- '.repeat(1000)}a\n`, /too deeply/],
  ['YAML over the limit', 'yaml', `a: ${'x'.repeat(256 * 1024)}`, /at most 262144/],
  ['a body without a type', 'none', 'x', /content type/],
  ['protobuf that is none', 'protobuf', 'k8s', /protobuf/],
])('%s is refused', (_name, format, text, reason) => {
  expect(judge(format, text)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
})

test.each<[string, BodyFormat]>([
  ['JSON', 'json'],
  ['YAML', 'yaml'],
])('%s that is not UTF-8 is refused', (_name, format) => {
  expect(strictBody(format, Uint8Array.from([0x22, 0xff, 0x22]))).toEqual({
    ok: false,
    reason: expect.stringMatching(/UTF-8/),
  })
})

test('a key that JavaScript treats apart is an ordinary key', () => {
  const body = judge('json', '{"__proto__":{"a":1}}')
  expect(body.ok && Object.keys(body.value ?? {})).toEqual(['__proto__'])
})
