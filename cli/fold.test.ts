import { expect, it } from 'vitest'
import { fold } from './fold.ts'

it.each([
  ['a line that fits stays', 'x'.repeat(20), 20, ['x'.repeat(20)]],
  ['one more goes on, marked', 'x'.repeat(21), 20, ['x'.repeat(20), '    ↳ x']],
  ['and on', 'x'.repeat(35), 20, ['x'.repeat(20), `    ↳ ${'x'.repeat(14)}`, '    ↳ x']],
  ['wide characters take two cells', '語'.repeat(11), 20, ['語'.repeat(10), '    ↳ 語']],
  ['no terminal, no end', 'x'.repeat(5000), Number.POSITIVE_INFINITY, ['x'.repeat(5000)]],
  ['a terminal of no width has one all the same', 'x'.repeat(20), 0, ['x'.repeat(20)]],
  ['an empty line', '', 80, ['']],
])('%s', (_, line, columns, expected) => {
  expect(fold(line, columns)).toEqual(expected)
})
