import { describe, expect, test } from 'vitest'
import { Masker } from './placeholder.ts'
import { base64, infoOf, KEY, run, seeded, transformFor } from './testing.ts'

const SECRET = 'hunter2-correct-horse'
const encoder = new TextEncoder()
const tagged = (value: string) => new Masker(KEY).placeholder(encoder.encode(value))
const packed = (value: string) => base64(tagged(value))

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const applied = (value: string) =>
  `${JSON.stringify({ apiVersion: 'v1', data: { pw: base64(value) }, kind: 'Secret', stringData: { pw: value } })}\n`

/** A Secret as the API server writes it, with each place that holds its value. */
function secret(value: string) {
  return {
    apiVersion: 'v1',
    data: { empty: '', pw: base64(value) },
    kind: 'Secret',
    metadata: {
      annotations: { [LAST_APPLIED]: applied(value), team: 'shop' },
      managedFields: [
        { fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { '.': {}, 'f:pw': {} }, 'f:type': {} }, manager: 'kubectl' },
      ],
      name: 'db',
      uid: '2eb0079f',
    },
    type: 'Opaque',
  }
}

function masked() {
  const object = secret(SECRET)
  object.data.pw = packed(SECRET)
  object.metadata.annotations[LAST_APPLIED] = JSON.stringify({
    apiVersion: 'v1',
    data: { pw: packed(SECRET) },
    kind: 'Secret',
    stringData: { pw: tagged(SECRET) },
  }).concat('\n')
  return object
}

const partial = (object: ReturnType<typeof secret>) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
})

const table = (object: unknown) => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  columnDefinitions: [{ name: 'Name', type: 'string', description: 'data' }],
  rows: [{ cells: ['db', 'Opaque', 1, '5d10h'], object }],
})

const watch = (...objects: unknown[]) => objects.map((object) => `${JSON.stringify(object)}\n`).join('')

describe('the value of a Secret is masked, and only it', () => {
  test.each([
    ['single object', JSON.stringify(secret(SECRET)), JSON.stringify(masked()), false],
    [
      'SecretList',
      JSON.stringify({ apiVersion: 'v1', items: [secret(SECRET), secret(SECRET)], kind: 'SecretList' }),
      JSON.stringify({ apiVersion: 'v1', items: [masked(), masked()], kind: 'SecretList' }),
      false,
    ],
    [
      'Table of metadata',
      JSON.stringify(table(partial(secret(SECRET)))),
      JSON.stringify(table(partial(masked()))),
      false,
    ],
    ['Table of objects', JSON.stringify(table(secret(SECRET))), JSON.stringify(table(masked())), false],
    ['PartialObjectMetadata', JSON.stringify(partial(secret(SECRET))), JSON.stringify(partial(masked())), false],
    [
      'PartialObjectMetadataList',
      JSON.stringify({ items: [partial(secret(SECRET))] }),
      JSON.stringify({ items: [partial(masked())] }),
      false,
    ],
    [
      'watch events',
      watch(
        { type: 'ADDED', object: secret(SECRET) },
        { type: 'MODIFIED', object: secret(SECRET) },
        { type: 'DELETED', object: secret(SECRET) },
        { type: 'BOOKMARK', object: { kind: 'Secret', metadata: { resourceVersion: '12' } } },
      ),
      watch(
        { type: 'ADDED', object: masked() },
        { type: 'MODIFIED', object: masked() },
        { type: 'DELETED', object: masked() },
        { type: 'BOOKMARK', object: { kind: 'Secret', metadata: { resourceVersion: '12' } } },
      ),
      true,
    ],
    [
      'watch events of Tables',
      watch({ type: 'ADDED', object: table(secret(SECRET)) }),
      watch({ type: 'ADDED', object: table(masked()) }),
      true,
    ],
  ])('%s, at every cut', (_name, body, expected, many) => {
    const info = infoOf(many ? { verb: 'watch', streaming: true } : {})
    expect(run(transformFor(info), body)).toBe(expected)
    const length = encoder.encode(body).length
    for (let cut = 0; cut <= length; cut++) expect(run(transformFor(info), body, [cut])).toBe(expected)
    // All cuts at once: one byte at a time.
    expect(
      run(
        transformFor(info),
        body,
        Array.from({ length }, (_, i) => i),
      ),
    ).toBe(expected)
  })

  test('a short body gives the same at every two cuts', () => {
    const body = '{"d\\u0061ta":{"a":"aGk=","é":7},"x":[1,"\\""]}'
    const expected = run(transformFor(infoOf()), body)
    const length = encoder.encode(body).length
    for (let a = 0; a <= length; a++) {
      for (let b = a; b <= length; b++) expect(run(transformFor(infoOf()), body, [a, b])).toBe(expected)
    }
  })

  test('what was masked is counted, and where', () => {
    const transform = transformFor(infoOf())
    run(transform, JSON.stringify(secret(SECRET)))
    const applied = `metadata.annotations["${LAST_APPLIED}"]`
    expect(transform.report()).toEqual({
      count: 3,
      rules: { secret: 3 },
      places: ['data.pw', `${applied}.data.pw`, `${applied}.stringData.pw`].map((at) => ({
        rule: 'secret',
        at,
        count: 1,
      })),
    })
  })
})

describe('a trick does not get a value past', () => {
  const value = base64(SECRET)
  const place = packed(SECRET)
  test.each([
    ['escaped key', `{"d\\u0061ta":{"a":"${value}"}}`, `{"d\\u0061ta":{"a":"${place}"}}`],
    ['key in other case, as Go would take it', `{"DATA":{"a":"${value}"}}`, `{"DATA":{"a":"${place}"}}`],
    ['long s in stringData', `{"ſtringData":{"a":"${SECRET}"}}`, `{"ſtringData":{"a":"${tagged(SECRET)}"}}`],
    [
      'duplicate keys',
      `{"data":{"a":"${value}","a":"${value}"},"data":{"a":"${value}"}}`,
      `{"data":{"a":"${place}","a":"${place}"},"data":{"a":"${place}"}}`,
    ],
    [
      'escaped value',
      `{"stringData":{"a":"hunter2\\u002dcorrect\\u002dhorse"}}`,
      `{"stringData":{"a":"${tagged(SECRET)}"}}`,
    ],
    ['data that is a string', `{"data":"${value}"}`, `{"data":"${place}"}`],
    ['data that is an array', `{"data":["${value}"]}`, `{"data":["${place}"]}`],
    ['a number as value', '{"data":{"a":31337}}', `{"data":{"a":"${packed('31337')}"}}`],
    ['a boolean as value', '{"stringData":{"a":true}}', `{"stringData":{"a":"${tagged('true')}"}}`],
    ['an object as value', '{"data":{"a":{"b":"hunter2"}}}', `{"data":{"a":"${packed('{"b":"hunter2"}')}"}}`],
    ['an array as value', '{"stringData":{"a":["]","x"]}}', `{"stringData":{"a":"${tagged('["]","x"]')}"}}`],
    ['a value that is no base64', '{"data":{"a":"not base64!"}}', `{"data":{"a":"${packed('not base64!')}"}}`],
    ['null stays', '{"data":null,"stringData":{"a":null}}', '{"data":null,"stringData":{"a":null}}'],
    ['empty stays', '{"data":{"a":""}}', '{"data":{"a":""}}'],
    ['data of something else stays', '{"metadata":{"labels":{"data":"x"}}}', '{"metadata":{"labels":{"data":"x"}}}'],
    ['big integers stay', '{"spec":{"n":9007199254740993},"a":1e400}', '{"spec":{"n":9007199254740993},"a":1e400}'],
    ['white space stays', ' {\n "data" : { "a" : "" } } \n', ' {\n "data" : { "a" : "" } } \n'],
  ])('%s', (_name, body, expected) => {
    expect(run(transformFor(infoOf()), body)).toBe(expected)
  })

  test.each([
    ['unparsable last-applied', LAST_APPLIED, `{"data":{"a":"${value}"`],
    ['last-applied that is no JSON', LAST_APPLIED, `data: ${SECRET}`],
    [
      'another tool’s copy in gzip',
      'objectset.rio.cattle.io/applied',
      'H4sIAAAAAAAA/6pWKkktLlGyUlAqSi0uKVayqlYqSiwoSi1OVapVKk',
    ],
    ['another tool’s broken copy', 'kapp.k14s.io/original', `{"data":{"a":"${value}"`],
    ['a packed object', 'example.io/last', `UEsDBBQAAAAIA${'A'.repeat(40)}`],
    ['YAML that does not say its kind', 'example.io/last', 'type: Opaque\nstringData:\n  pin: "1234"\n'],
  ])('%s is masked whole', (_name, key, annotation) => {
    const body = JSON.stringify({ metadata: { annotations: { [key]: annotation } } })
    expect(run(transformFor(infoOf()), body)).toBe(
      JSON.stringify({ metadata: { annotations: { [key]: tagged(annotation) } } }),
    )
  })

  test('another tool’s copy is masked inside', () => {
    const body = JSON.stringify({ metadata: { annotations: { 'kapp.k14s.io/original': `{"data":{"a":"${value}"}}` } } })
    expect(run(transformFor(infoOf()), body)).toBe(body.replace(value, place))
  })

  test('last-applied inside last-applied is masked at any depth', () => {
    let text = JSON.stringify({ stringData: { a: SECRET } })
    for (let i = 0; i < 6; i++) text = JSON.stringify({ metadata: { annotations: { [LAST_APPLIED]: text } } })
    expect(run(transformFor(infoOf()), text)).not.toContain(SECRET)
  })

  test('managedFields keep names and lose values', () => {
    const fields = {
      'f:data': { '.': {}, 'f:pw': {} },
      'v:"hunter2"': {},
      'k:{"a":"hunter2"}': { x: 'hunter2', 'f:n': 5 },
    }
    const out = run(transformFor(infoOf()), JSON.stringify({ metadata: { managedFields: [{ fieldsV1: fields }] } }))
    expect(out).not.toContain('hunter2')
    const parsed = JSON.parse(out).metadata.managedFields[0].fieldsV1
    expect(parsed['f:data']).toEqual({ '.': {}, 'f:pw': {} })
    expect(Object.keys(parsed)).toHaveLength(3)
    for (const key of Object.keys(parsed)) if (key !== 'f:data') expect(JSON.parse(key.slice(2))).toBeTruthy()
  })

  test.each([
    ['known columns stay', ['db', 'Opaque', 3, '5d10h'], ['db', 'Opaque', 3, '5d10h']],
    [
      'an unknown column is masked',
      ['db', 'Opaque', 3, '5d', SECRET, 7],
      ['db', 'Opaque', 3, '5d', tagged(SECRET), tagged('7')],
    ],
    ['words in the count or age', ['db', 'Opaque', SECRET, SECRET], ['db', 'Opaque', tagged(SECRET), tagged(SECRET)]],
    ['objects', [{ a: 1 }, 'Opaque'], [tagged('{"a":1}'), 'Opaque']],
  ])('Table cells: %s', (_name, cells, expected) => {
    expect(run(transformFor(infoOf()), JSON.stringify({ rows: [{ cells }] }))).toBe(
      JSON.stringify({ rows: [{ cells: expected }] }),
    )
  })
})

describe('content that cannot be masked is withheld', () => {
  const deep = (levels: number) => `{"items":${'['.repeat(levels)}${']'.repeat(levels)}}`
  test.each([
    ['broken JSON', '{"data":{"a" "b"}}'],
    ['a literal that is none', '{"data":{"a":nul}}'],
    ['a number that is none', '{"a":01}'],
    ['a bracket that does not match', '{"a":[}'],
    ['a bracket that does not match, in a dead part', '{"spec":{"a":[}}}'],
    ['a raw line feed in a string', '{"data":{"a":"x\ny"}}'],
    ['a bad escape in a value', '{"data":{"a":"\\x41"}}'],
    ['two objects where one was asked for', '{} {"data":{}}'],
    ['a lone string', '"hunter2"'],
    ['a byte order mark', '\ufeff{}'],
    ['an end in mid-value', '{"data":{"a":"aGk'],
    ['a key over the limit', `{"${'k'.repeat(1025)}":1}`],
    ['nesting over the limit', deep(128)],
    ['protobuf under the name of JSON', 'k8s\0\n\x0f\n\x02v1'],
  ])('%s', (_name, body) => {
    const whole = () => run(transformFor(infoOf()), body)
    expect(whole).toThrow(expect.objectContaining({ code: 'CANNOT_MASK' }))
    const length = encoder.encode(body).length
    expect(() =>
      run(
        transformFor(infoOf()),
        body,
        Array.from({ length }, (_, i) => i),
      ),
    ).toThrow(expect.objectContaining({ code: 'CANNOT_MASK' }))
  })

  test.each([
    ['a key at the limit', `{"${'k'.repeat(1024)}":1}`],
    ['nesting at the limit', deep(127)],
    ['nothing at all', ''],
  ])('but %s is not', (_name, body) => {
    expect(run(transformFor(infoOf()), body)).toBe(body)
  })

  test('a value over the limit is withheld, one at the limit is masked', () => {
    const value = (length: number) => `{"data":{"a":"${'x'.repeat(length)}"}}`
    const most = 3 * 1024 * 1024 - 2
    expect(run(transformFor(infoOf()), value(most)).length).toBeLessThan(100)
    expect(() => run(transformFor(infoOf()), value(most + 1))).toThrow()
    expect(() => run(transformFor(infoOf()), value(most + 1), [most])).toThrow()
  })

  test('invalid UTF-8 in a key or value', () => {
    const body = Uint8Array.from([...encoder.encode('{"stringData":{"a":"x'), 0xff, ...encoder.encode('"}}')])
    expect(() => run(transformFor(infoOf()), body)).toThrow()
  })

  test('after a failure nothing more comes out', () => {
    const transform = transformFor(infoOf())
    expect(() => transform.push(encoder.encode('{]'))).toThrow()
    expect(() => transform.push(encoder.encode('{}'))).toThrow()
    expect(() => transform.end()).toThrow()
  })
})

describe('random Secrets', () => {
  const ALPHABET = [
    'a',
    'Z',
    '7',
    '"',
    '\\',
    '/',
    '\n',
    '\t',
    '\u0001',
    'é',
    '⟦',
    '密',
    '🔑',
    '\u2028',
    ' ',
    '<',
    '&',
    '+',
  ]
  test('no value comes out in any form, and nothing else changes', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = seeded(seed)
      const word = () =>
        `s3cr3t${Array.from({ length: 3 + Math.floor(random() * 20) }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('')}`
      const values = Array.from({ length: 1 + Math.floor(random() * 4) }, word)
      const object = {
        apiVersion: 'v1',
        data: Object.fromEntries(values.map((value, i) => [`k${i}`, base64(value)])),
        metadata: {
          annotations: {
            [LAST_APPLIED]: JSON.stringify({ stringData: Object.fromEntries(values.map((v, i) => [`k${i}`, v])) }),
          },
          name: `n${seed}`,
        },
        stringData: Object.fromEntries(values.map((value, i) => [`k${i}`, value])),
      }
      const isEscaped = random() < 0.5
      const text = JSON.stringify(object)
      const body = isEscaped
        ? text.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
        : text
      const length = encoder.encode(body).length
      const cuts = Array.from({ length: 5 }, () => Math.floor(random() * length)).sort((a, b) => a - b)
      const out = run(transformFor(infoOf()), body, cuts)
      for (const value of values) {
        expect(out).not.toContain(value)
        expect(out).not.toContain(base64(value))
        expect(out).not.toContain(JSON.stringify(value).slice(1, -1))
        expect(out).not.toContain(JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1))
      }
      expect(out).not.toContain('s3cr3t')
      const expected = structuredClone(object)
      for (const [i, value] of values.entries()) {
        expected.data[`k${i}`] = packed(value)
        expected.stringData[`k${i}`] = tagged(value)
      }
      expected.metadata.annotations[LAST_APPLIED] = JSON.stringify({ stringData: expected.stringData })
      expect(JSON.parse(out)).toEqual(expected)
    }
  })
})
