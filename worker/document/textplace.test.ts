import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Document, isScalar, parse, parseDocument, Scalar } from 'yaml'
import { placeInFile } from './textplace.ts'

const STYLES = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const
const WORDS = [
  'a',
  'object.spec',
  "'x'",
  '"',
  '\\',
  '&&',
  'é',
  '😀',
  '\u2028',
  '\t',
  ' ',
  ' ',
  '  ',
  '\n',
  '\n\n',
  ':',
  '#',
  '\u0007',
]

const codePoint = (text: string, index: number) => String.fromCodePoint(text.codePointAt(index) ?? 0)

test('every character is found in the file, in every style', () => {
  const seen = new Map<string, number>()
  const text = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 30 }).map((words) => words.join(''))
  fc.assert(
    fc.property(text, fc.constantFrom(...STYLES), fc.integer({ min: 10, max: 60 }), (value, style, lineWidth) => {
      const scalar = new Scalar(value)
      scalar.type = style
      const file = new Document({ first: 1, rules: [{ when: scalar }] }).toString({ lineWidth })
      const node = parseDocument(file).getIn(['rules', 0, 'when'], true)
      // Plain text with a colon at its end is written as something else.
      if (!isScalar(node) || typeof node.value !== 'string') return fc.pre(false)
      // What comes back is what counts: plain text loses space at its ends.
      const read = node.value
      const start = file.indexOf('when:')
      for (let index = 0; index < read.length; index += 1) {
        const character = read[index] ?? ''
        const place = placeInFile(file, node, index)
        if (place === null) throw new Error('no place')
        expect(place).toBeGreaterThan(start)
        if (/\s/.test(character) || /[\udc00-\udfff]/.test(character)) continue
        seen.set(node.type ?? '', (seen.get(node.type ?? '') ?? 0) + 1)
        const here = file.slice(place)
        const escaped = node.type === 'QUOTE_DOUBLE' && here.startsWith('\\')
        if (!escaped) expect(here.slice(0, 1)).toBe(character)
        else expect(parse(`"${/^\\(x..|u....|U........|.)/.exec(here)?.[0] ?? ''}"`)).toBe(codePoint(read, index))
      }
      expect(placeInFile(file, node, read.length + 5)).toBeLessThanOrEqual(node.range?.[1] ?? 0)
    }),
    { seed: 20261121, numRuns: 2_000 },
  )
  for (const style of STYLES) expect(seen.get(style) ?? 0).toBeGreaterThan(300)
})
