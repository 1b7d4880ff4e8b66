import { describe, expect, test } from 'vitest'
import { scopeOf } from './scope.ts'
import { maskMessage } from './status.ts'
import { infoOf, MASKING, run, transformFor } from './testing.ts'

const MARK = /⟦masked:secret:[0-9a-f]{12}⟧/g
const mask = (text: string, requestSecrets: string[] = []) =>
  maskMessage(text, scopeOf(MASKING, infoOf(), { requestSecrets }), { strict: true, at: 'message' }).replace(MARK, '…')

test.each([
  ['not found', 'secrets "db" not found', 'secrets "db" not found'],
  [
    'forbidden',
    'secrets is forbidden: User "agent" cannot list resource "secrets" in API group "" in the namespace "d"',
    'secrets is forbidden: User "agent" cannot list resource "secrets" in API group "" in the namespace "d"',
  ],
  [
    'immutable',
    'Secret "db" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    'Secret "db" is invalid: data: Forbidden: field is immutable when `immutable` is set',
  ],
  [
    'a quoted value',
    'data[a b]: Invalid value: "hunter2": a valid config key',
    'data[a b]: Invalid value: "…": a valid config key',
  ],
  ['a quoted value with escapes', 'x: Invalid value: "a\\"hunter2\\\\": bad', 'x: Invalid value: "…": bad'],
  [
    'two values',
    'a: Invalid value: "x1": b, c: Duplicate value: "y2"',
    'a: Invalid value: "…": b, c: Duplicate value: "…"',
  ],
  ['a value in Go’s syntax', 'data: Invalid value: map[string]string{"a":"hunter2"}: no', 'data: Invalid value: …'],
  ['a value that never ends', 'data: Invalid value: "hunter2', 'data: Invalid value: …'],
  [
    'a name',
    '[metadata.name: Invalid value: "Bad_Name": no, d: Invalid value: "x"]',
    '[metadata.name: Invalid value: "Bad_Name": no, d: Invalid value: "…"]',
  ],
  [
    'what a decoder quotes',
    'decode: error found in #10 byte of ...|"hunter2"}|..., bigger context ...|x',
    'decode: error found in #…',
  ],
  ['what a YAML decoder quotes', 'yaml: cannot unmarshal !!str `hunter2` into int', 'yaml: …'],
  [
    'the character a decoder stumbles over',
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'h\' looking for',
    'data[.dockerconfigjson]: Invalid value: "…": invalid character looking for',
  ],
  ['an escaped one', "invalid character '\\'' in string", 'invalid character in string'],
  ['backticks', 'got `hunter2`', 'got …'],
])('%s', (_name, text, expected) => {
  expect(mask(text)).toBe(expected)
})

test.each([
  ['plain', 'the hook says hunter2!', ['hunter2'], 'the hook says …!'],
  ['escaped', 'the hook says hunt\\"er2!', ['hunt"er2'], 'the hook says …!'],
  ['short, quoted', 'no "ab" but ab', ['ab'], 'no … but ab'],
])('values of the request: %s', (_name, text, secrets, expected) => {
  expect(mask(text, secrets)).toBe(expected)
})

describe('an object that a message quotes', () => {
  const open = (text: string) =>
    maskMessage(text, scopeOf(MASKING, infoOf({ resource: 'jobs' })), { strict: false, at: 'message' })
  const object =
    '{\\"metadata\\":{\\"labels\\":5},\\"spec\\":{\\"env\\":[{\\"name\\":\\"PIN_TOKEN\\",\\"value\\":\\"4321\\"}]}}'
  test.each([
    ['all of it', `patch: Invalid value: "${object}": bad`, 'patch: Invalid value: "…": bad'],
    ['in a cause', `Invalid value: "${object}": bad`, 'Invalid value: "…": bad'],
    ['as Go prints it', 'patch: Invalid value: "map[a:4321]": bad', 'patch: Invalid value: "…": bad'],
    [
      'where it could not be read',
      'v1.EnvVar.Name: ReadString: expects " or n, but found 5, error found in #10 byte of ...|4321"},{"n|..., bigger context ...|4321|...',
      'v1.EnvVar.Name: ReadString: expects " or n, but found 5, error found in #…',
    ],
    [
      'a Secret in Go’s syntax',
      'spec.all[1]: Duplicate value: map[string]interface {}{"data":map[string]interface {}{"a":"NDMyMQ=="}, "kind":"Secret"}',
      'spec.all[1]: Duplicate value: …',
    ],
    [
      'a Secret as JSON',
      'spec.all[1]: Duplicate value: {"data":{"a":"NDMyMQ=="},"kind":"Secret"}',
      'spec.all[1]: Duplicate value: …',
    ],
    ['a value that is none', 'spec.mode: Invalid value: "fast": bad', 'spec.mode: Invalid value: "fast": bad'],
  ])('%s', (_name, text, expected) => {
    expect(open(text).replace(MARK, '…')).toBe(expected)
  })

  test.each([
    [
      'a live value of another type',
      'failed to create typed live object: .spec.password: expected numeric (int or float), got &value.valueUnstructured{Value:"hunter2"}',
      'failed to create typed live object: .spec.password: expected numeric (int or float), got &value.valueUnstructured{Value:"…"}',
    ],
    [
      'the same of a field that may be seen',
      '.spec.mode: expected string, got &value.valueUnstructured{Value:5}',
      '.spec.mode: expected string, got &value.valueUnstructured{Value:5}',
    ],
    [
      'elements in the path of a conflict',
      'conflict with "kubectl": .spec.users[name="app",password="hunter2"].n, .spec.passwords[="hunter2"], .spec.ports[containerPort=80,protocol="TCP"].name',
      'conflict with "kubectl": .spec.users[name="app",password="…"].n, .spec.passwords[="…"], .spec.ports[containerPort=80,protocol="TCP"].name',
    ],
  ])('%s', (_name, text, expected) => {
    expect(open(text).replace(MARK, '…')).toBe(expected)
  })

  test.each(['[a=', '["', '[="', '[a="b",', 'a[', '[a=b,'])(
    'a message of nothing but %j is searched in no time',
    (part) => {
      const text = part.repeat(60_000 / part.length)
      const began = performance.now()
      expect(open(text)).toBeTruthy()
      expect(performance.now() - began).toBeLessThan(2000)
    },
  )

  test('the tag of a part says nothing of it', () => {
    const of = (part: string, strict: boolean) =>
      maskMessage(`error found in #10 byte of ...|${part}|...`, scopeOf(MASKING, infoOf()), { strict, at: 'message' })
    for (const strict of [true, false]) expect(of('s3cret","x":5', strict)).toBe(of('t","x":5', strict))
  })
})

test('a value of the request that is a part of what is masked leaves no trace', () => {
  const of = (secrets: string[]) =>
    maskMessage(
      'spec.password: Invalid value: "hunter2-4711", password=hunter2-4711, {Name: "PASSWORD", Value: "hunter2-4711"}',
      scopeOf(MASKING, infoOf({ resource: 'pods' }), { requestSecrets: secrets }),
      { strict: false, at: 'message' },
    )
  expect(of([])).not.toContain('hunter2')
  for (const guess of ['hunt', 'hunter2', '4711', 'r2-4']) expect(of([guess])).toBe(of([]))
})

test.each([
  ['a message at the limit is kept', 'x'.repeat(64 * 1024), [], 'x'.repeat(64 * 1024)],
  ['one past it is masked whole', 'x'.repeat(64 * 1024 + 1), [], '…'],
  ['more values than can be searched for', 'words', Array.from({ length: 257 }, (_, i) => `value-${i}`), '…'],
  ['a value that is part of another', 'got abcd-efgh', ['abcd', 'abcd-efgh'], 'got …'],
])('%s', (_name, text, secrets, expected) => {
  expect(mask(text, secrets)).toBe(expected)
})

test('causes repeat a name that the message told, and nothing else', () => {
  const status = {
    kind: 'Status',
    message:
      'Secret "Bad_Name" is invalid: [metadata.name: Invalid value: "Bad_Name": no, data: Invalid value: "hunter2": no]',
    details: {
      name: 'Bad_Name',
      causes: [
        { reason: 'FieldValueInvalid', message: 'Invalid value: "Bad_Name": no', field: 'metadata.name' },
        { reason: 'FieldValueInvalid', message: 'Invalid value: "hunter2": no', field: 'data' },
      ],
    },
  }
  const out = JSON.parse(run(transformFor(infoOf({ verb: 'create' }), [], 422), JSON.stringify(status)))
  expect(out.details.causes[0].message).toBe('Invalid value: "Bad_Name": no')
  expect(out.details.causes[1].message).toMatch(/^Invalid value: "⟦masked:secret:[0-9a-f]{12}⟧": no$/)
  expect(out.message).toContain('"Bad_Name"')
  expect(out.message).not.toContain('hunter2')
})
