import { describe, expect, test } from 'vitest'
import { parseDocuments } from './documents.ts'

const policy = (name: string) => `apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: ${name}}
spec:
  subjects: [{groups: [g]}]
  connections: ["*"]
  rules:
  - {name: r, effect: Allow, verbs: [get], resources: [pods]}
`

test('a file of several documents is taken apart, each with its own text', () => {
  const parsed = parseDocuments(`---\n${policy('a')}---\n# second\n${policy('b')}---\n`)
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'))
  expect(parsed.documents.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['AccessPolicy a', 'AccessPolicy b'])
  expect(parsed.documents[1]?.source).toContain('name: b')
  expect(parsed.documents[1]?.source).not.toContain('name: a')
})

describe('a file is refused whole', () => {
  test.each([
    ['nothing in it', '', 'no document'],
    ['comments only', '# x\n', 'no document'],
    ['broken YAML', 'a: [', ''],
    ['a key twice', `${policy('a')}kind: AccessPolicy\n`, 'unique'],
    ['an anchor and an alias', `${policy('a').replace('[g]', '&x [g]').replace('["*"]', '*x')}`, 'aliases'],
    ['one bad document of two', `${policy('a')}---\nkind: Other\n`, 'document 2: '],
    ['one name twice', `${policy('a')}---\n${policy('a')}`, 'twice'],
    ['too many documents', '---\n{}\n'.repeat(201), 'more than 200'],
    ['too long', `#${'x'.repeat(1024 * 1024)}`, 'longer'],
    ['a block of nothing', 'apiVersion: sallyport/v1\nkind: Block\nmetadata: {name: b}\nspec: {reason: x}\n', 'line 4'],
    [
      'a misspelt key',
      policy('a').replace('effect:', 'effct:'),
      'line 8, column 22: spec.rules.0.effct: is not a known',
    ],
    ['a missing key', policy('a').replace('effect: Allow, ', ''), 'line 8, column 5: spec.rules.0.effect: is missing'],
  ])('%s', (_name, text, message) => {
    const parsed = parseDocuments(text)
    expect(parsed.ok).toBe(false)
    if (!parsed.ok) expect(parsed.errors.join('\n')).toContain(message)
  })
})

test('a block is a document', () => {
  const parsed = parseDocuments('apiVersion: sallyport/v1\nkind: Block\nmetadata: {name: b}\nspec: {session: s1}\n')
  expect(parsed).toMatchObject({ ok: true, documents: [{ kind: 'Block', name: 'b' }] })
})

test('a mask policy is a document', () => {
  const text = `apiVersion: sallyport/v1
kind: MaskPolicy
metadata: {name: m}
spec:
  fields:
  - name: vault-token
    resources: [vaults.acme.io]
    paths: [spec.token, "spec.accounts[*].password"]
`
  expect(parseDocuments(text)).toMatchObject({ ok: true, documents: [{ kind: 'MaskPolicy', name: 'm' }] })
  expect(parseDocuments(text.replace('[*]', '[0]'))).toEqual({
    ok: false,
    errors: [expect.stringContaining('line 8, column 25: spec.fields.0.paths.1: must be steps')],
  })
})

describe('an error in a condition has the line and column of the file', () => {
  // The condition is always `request.verb == 'get' && nosuch`, in YAML; the error is where `nosuch` stands.
  test.each([
    ['plain', "when: request.verb == 'get' && nosuch"],
    ['plain, folded', "when: request.verb == 'get'\n      &&\n\n      nosuch"],
    ['in single quotes', "when: 'request.verb == ''get'' && nosuch'"],
    ['in single quotes, folded', "when: 'request.verb == ''get''\n\n      && nosuch'"],
    ['in double quotes', 'when: "request.verb == \'get\' && nosuch"'],
    ['in double quotes, with escapes', 'when: "request.verb == \\x27g\\u0065t\\U00000027\\n\\t&& nosuch"'],
    ['in double quotes, with a cut line', 'when: "request.verb == \'get\' \\\n      && nosuch"'],
    ['in a literal block', "when: |\n      request.verb == 'get'\n        && nosuch"],
    ['in a literal block with a comment', "when: |- # why\n      request.verb == 'get' &&\n\n      nosuch"],
    ['in a folded block', "when: >\n      request.verb == 'get'\n      && nosuch\n"],
    ['in a folded block with indentation', "when: >2-\n       request.verb == 'get'\n      && nosuch\n"],
    ['behind another document', "when: request.verb == 'get' && nosuch", policy('first')],
    ['with line ends of Windows', "when: |\r\n      request.verb == 'get'\r\n        && nosuch\r\n"],
  ])('%s', (_name, when, before = '') => {
    const file = `${before}---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: p}
spec:
  subjects: [{groups: [g]}]
  connections: ["*"]
  rules:
  - name: r
    effect: Allow
    verbs: [get]
    resources: [pods]
    ${when}
`
    const lines = file.slice(0, file.indexOf('nosuch')).split('\n')
    const parsed = parseDocuments(file)
    if (parsed.ok) throw new Error('it was taken')
    expect(parsed.errors).toHaveLength(1)
    const place = `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}: spec.rules.0.when: `
    expect(parsed.errors[0]).toContain(place)
  })
})

describe('a Block', () => {
  test.each([
    [1024, true],
    [1025, false],
  ])('names an identity of %i characters', (length, taken) => {
    const spec = `{identity: ${'a'.repeat(length)}}`
    expect(parseDocuments(`{apiVersion: sallyport/v1, kind: Block, metadata: {name: b}, spec: ${spec}}`).ok).toBe(taken)
  })
})
