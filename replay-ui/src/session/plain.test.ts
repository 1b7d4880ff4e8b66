import { expect, test } from 'vitest'
import { encodeRecord } from '../../../protocol/recording.ts'
import { plainRecording, plainText } from './plain.ts'

test.each([
  ['colours', 'a\x1b[1;31mb\x1b[0mc', 'abc'],
  ['a title', '\x1b]0;evil\x07/ # ', '/ # '],
  ['a clipboard write', '\x1b]52;c;eA==\x1b\\x', 'x'],
  ['a carriage return starts the line again', '10%\r100%\r\n', '100%\n'],
  ['backspaces', 'lss\b \b\n', 'ls\n'],
  ['an unfinished sequence', 'a\x1b[31', 'a\\x1b[31'],
  ['a stray C1 control', 'a\u009b31mb', 'a\\x9b31mb'],
])('%s', (_, text, plain) => {
  expect(plainText(text)).toBe(plain)
})

test('a character split over records is whole; input is not output', () => {
  const euro = new TextEncoder().encode('€')
  const parts = [
    encodeRecord({ t: 0, channel: 1, payload: euro.subarray(0, 1) }),
    encodeRecord({ t: 0, channel: 0, payload: new TextEncoder().encode('typed') }),
    encodeRecord({ t: 1, channel: 1, payload: euro.subarray(1) }),
  ]
  expect(plainRecording(Uint8Array.from(parts.flatMap((part) => [...part])))).toBe('€')
})

test('more lines than a page can show are not shown, and that is said', () => {
  const lines = plainText('\n'.repeat(500_000)).split('\n')
  expect([lines.length, lines.at(-1)]).toEqual([20_001, '… the rest is not shown: there are more lines'])
})
