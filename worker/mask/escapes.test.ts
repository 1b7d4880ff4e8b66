import { expect, test } from 'vitest'
import { undoEscapes } from './escapes.ts'

const undo = (text: string) => new TextDecoder().decode(undoEscapes(new TextEncoder().encode(text)))

test.each([
  ['none', 'a⟦', 'a⟦'],
  ['four digits', 'x\\u27e6y', 'x⟦y'],
  ['capitals', '\\u27E6', '⟦'],
  ['eight digits', '\\U0001f511', '🔑'],
  ['two digits', '\\x41\\xe9', 'Aé'],
  ['beyond Unicode', 'a\\UffffffffB', 'aB'],
  ['too few digits', '\\u27', 'u27'],
  ['a backslash', '\\\\u27e6', '\\u27e6'],
  ['others', '\\/\\"\\n', '/"\n'],
  ['a line break', 'a\\\n   b', 'ab'],
  ['at the end', 'a\\', 'a\\'],
])('%s', (_name, text, expected) => {
  expect(undo(text)).toBe(expected)
})
