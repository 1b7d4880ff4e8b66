import { expect, it } from 'vitest'
import { cursorOf, parseCursor } from './cursor.ts'

const made = (plain: string) => btoa(encodeURIComponent(plain)).replaceAll('=', '')

it('reads what it writes', () => {
  const id = 'é/+ 01a2'
  expect(parseCursor(cursorOf(1_767_225_600_000, id))).toEqual({ at: 1_767_225_600_000, id })
})

it.each([
  ['nothing', ''],
  ['no base64', '%'],
  ['no number', made('x y')],
  ['no id', made('1 ')],
  ['a negative number', made('-1 x')],
  ['a number that is no integer of ours', made('99999999999999999999 x')],
  ['a number that is none any more', made(`${'9'.repeat(400)} x`)],
])('takes %s for none', (_name, text) => expect(parseCursor(text)).toBeNull())
