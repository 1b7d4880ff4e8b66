import { describe, expect, it } from 'vitest'
import { cooked, Terminal } from './terminal.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8')

describe('the line discipline', () => {
  it.each([
    ['echoes and gives the line', 'ls\r', 'ls\r\n', [{ type: 'line', text: 'ls' }]],
    ['rubs out', 'lx\x7fs\r', 'lx\b \bs\r\n', [{ type: 'line', text: 'ls' }]],
    ['kills the line with ^U', 'abc\x15d\r', 'abc\b \b\b \b\b \bd\r\n', [{ type: 'line', text: 'd' }]],
    ['interrupts with ^C', 'abc\x03', 'abc^C\r\n', [{ type: 'interrupt' }]],
    ['ends with ^D on an empty line', '\x04', '', [{ type: 'end' }]],
    ['ignores ^D within a line', 'a\x04', 'a', []],
    ['swallows arrows', 'a\x1b[Ab\r', 'ab\r\n', [{ type: 'line', text: 'ab' }]],
  ])('%s', (_name, typed, echo, events) => {
    expect(new Terminal().type(bytes(typed))).toEqual({ echo, events })
  })
  it('does not mind where the input is cut', () => {
    const whole = bytes('grüße\x1b[D!\r')
    for (let cut = 0; cut <= whole.length; cut++) {
      const terminal = new Terminal()
      const events = [...terminal.type(whole.subarray(0, cut)).events, ...terminal.type(whole.subarray(cut)).events]
      expect(events).toEqual([{ type: 'line', text: 'grüße!' }])
    }
  })
  it('turns newlines into carriage return and newline', () => {
    expect(Buffer.from(cooked(bytes('a\nb\r\n'))).toString()).toBe('a\r\nb\r\n')
  })
})
