import { describe, expect, it } from 'vitest'
import { TerminalFilter } from './terminal.ts'

const ESC = '\u001b'
const rows: readonly (readonly [what: string, input: string, output: string])[] = [
  ['keeps text and lines', 'one\r\ntwo\tthree\b', 'one\r\ntwo\tthree\b'],
  ['keeps text beyond ASCII', 'héllo ✓ 𝄞', 'héllo ✓ 𝄞'],
  ['keeps colours', `${ESC}[1;31mred${ESC}[0m`, `${ESC}[1;31mred${ESC}[0m`],
  ['keeps colours of 24 bits', `${ESC}[38:2:1:2:3mx`, `${ESC}[38:2:1:2:3mx`],
  ['keeps cursor movement and erasing', `${ESC}[2;3H${ESC}[2J${ESC}[K`, `${ESC}[2;3H${ESC}[2J${ESC}[K`],
  ['keeps the alternate screen', `${ESC}[?1049h${ESC}[?25l`, `${ESC}[?1049h${ESC}[?25l`],
  ['drops the clipboard', `a${ESC}]52;c;ZXZpbA==\u0007b`, 'ab'],
  ['drops the clipboard ended by ST', `a${ESC}]52;c;ZXZpbA==${ESC}\\b`, 'ab'],
  ['drops the clipboard in C1', 'a\u009d52;c;ZXZpbA==\u009cb', 'ab'],
  ['drops titles', `${ESC}]0;title\u0007x`, 'x'],
  ['drops links and keeps their text', `${ESC}]8;;https://evil.example${ESC}\\text${ESC}]8;;${ESC}\\`, 'text'],
  ['drops device control strings', `a${ESC}P$q"p${ESC}\\b`, 'ab'],
  ['drops application and privacy strings', `${ESC}_a${ESC}\\${ESC}^b${ESC}\\c`, 'c'],
  ['drops questions a terminal answers', `${ESC}[6n${ESC}[c${ESC}[>c${ESC}[5n${ESC}Zx\u0005`, 'x'],
  ['drops requests for modes', `${ESC}[?2004$px`, 'x'],
  ['drops window operations', `${ESC}[20tx${ESC}[8;1;1tx`, 'xx'],
  ['drops mouse, focus and paste modes', `${ESC}[?1000h${ESC}[?1004h${ESC}[?2004hx`, 'x'],
  ['drops a mode list with one of them in it', `${ESC}[?25;1000hx`, 'x'],
  ['keeps the soft reset', `${ESC}[!px`, `${ESC}[!px`],
  ['keeps what goes to the edge of the screen', `${ESC}[999;32767Hx`, `${ESC}[999;32767Hx`],
  ['keeps what repeats as often as a screen is wide', `x${ESC}[200b`, `x${ESC}[200b`],
  ['drops what would repeat for minutes', `a${ESC}[2147483647bb${ESC}[1001Sc${ESC}[99999999999Ld`, 'abcd'],
  ['drops places that are none', `${ESC}[99999999;1Hx`, 'x'],
  ['drops character sets', `${ESC}(0x`, 'x'],
  ['drops an endless CSI', `${ESC}[${'1;'.repeat(100)}mx`, 'x'],
  ['drops a string without an end', `a${ESC}]52;c;${'A'.repeat(1000)}`, 'a'],
  ['goes on after CAN', `a${ESC}]52;c;AAAA\u0018b`, 'ab'],
]

describe('TerminalFilter', () => {
  it.each(rows)('%s', (_, input, output) => {
    expect(new TerminalFilter().write(input)).toBe(output)
  })

  it.each(rows)('%s, cut anywhere', (_, input, output) => {
    const characters = [...input]
    for (let at = 0; at <= characters.length; at += 1) {
      const filter = new TerminalFilter()
      const first = filter.write(characters.slice(0, at).join(''))
      expect(first + filter.write(characters.slice(at).join(''))).toBe(output)
    }
  })
})
