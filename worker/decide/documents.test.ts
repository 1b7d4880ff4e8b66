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
    [
      'a condition this gateway cannot keep',
      policy('a').replace('effect:', 'when: "true", effect:'),
      'when is not yet supported',
    ],
  ])('%s', (_name, text, message) => {
    const parsed = parseDocuments(text)
    expect(parsed.ok).toBe(false)
    if (!parsed.ok) expect(parsed.errors.join('\n')).toContain(message)
  })
})
