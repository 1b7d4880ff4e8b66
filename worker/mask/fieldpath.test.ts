import { describe, expect, test } from 'vitest'
import { parseFieldPath } from './fieldpath.ts'

describe('a path is taken apart into steps', () => {
  test.each([
    ['spec.token', ['spec', 'token']],
    ['data', ['data']],
    ['spec.accounts[*].password', ['spec', 'accounts', '[*]', 'password']],
    ['spec.rows[*][*]', ['spec', 'rows', '[*]', '[*]']],
    ['status.keys.*', ['status', 'keys', '*']],
    ['*.token', ['*', 'token']],
    ['metadata.annotations["a.b/c"]', ['metadata', 'annotations', 'a.b/c']],
    ['metadata.annotations["a.b/c"].x', ['metadata', 'annotations', 'a.b/c', 'x']],
    ['["a b"].c', ['a b', 'c']],
    ['spec["say \\"\\u00e9\\""]', ['spec', 'say "é"']],
    ['spec[""]', ['spec', '']],
    ['metadata.labels.*', ['metadata', 'labels', '*']],
    ['spec.$ref', ['spec', '$ref']],
    ['spec.metadata.name', ['spec', 'metadata', 'name']],
    [Array.from({ length: 32 }, () => 'a').join('.'), Array.from({ length: 32 }, () => 'a')],
  ])('%s', (text, steps) => {
    expect(parseFieldPath(text)).toEqual({ ok: true, steps })
  })
})

describe('what is no path is refused, with the place', () => {
  test.each([
    ['', 'must not be empty'],
    ['.spec', 'character 1'],
    ['spec.', 'character 5'],
    ['spec..token', 'character 5'],
    ['spec.to ken', 'character 8'],
    ['spec[0]', 'character 5'],
    ['spec[token]', 'character 5'],
    ["spec['token']", 'character 5'],
    ['spec["token', 'character 5'],
    ['spec["\\x"]', 'character 5'],
    ['spec["a"]b', 'character 10'],
    ['spec*', 'character 5'],
    ['spec["*"]', 'character 5'],
    ['spec["[*]"]', 'character 5'],
    ['[*].token', 'begin with a member'],
    [Array.from({ length: 33 }, () => 'a').join('.'), 'more than 32'],
    ['*', 'says which object'],
    ['kind', 'says which object'],
    ['apiVersion', 'says which object'],
    ['metadata', 'says which object'],
    ['["metadata"]["name"]', 'says which object'],
    ['metadata.namespace', 'says which object'],
    ['metadata.uid', 'says which object'],
    ['metadata.*', 'says which object'],
  ])('%s', (text, reason) => {
    const parsed = parseFieldPath(text)
    expect(parsed.ok ? 'taken' : parsed.reason).toContain(reason)
  })
})
