import { describe, expect, it } from 'vitest'
import { base64, seeded } from '../../testing.ts'
import { createBudget } from '../budget.ts'
import { LONG_RUN, mayHoldBase64, withBase64Undone } from './base64.ts'
import { withoutEscapes } from './escapes.ts'
import { withLinesJoined } from './lines.ts'
import { withoutTerminal } from './terminal.ts'
import { withoutPercent } from './url.ts'
import { plainView, type View } from './view.ts'
import { viewsOf } from './views.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const budget = () => createBudget(1e9)
const of = (text: string | Uint8Array): View => plainView(typeof text === 'string' ? encoder.encode(text) : text)
const shown = (view: View | null): string | null => (view === null ? null : decoder.decode(view.bytes))

/** What of the text stands for a part of the view. */
function source(text: string, view: View | null, part: string): string {
  const at = shown(view)?.indexOf(part) ?? -1
  expect(at).toBeGreaterThanOrEqual(0)
  const before = encoder.encode(shown(view)!.slice(0, at)).length
  const { start, end } = view!.span(before, before + encoder.encode(part).length)
  return decoder.decode(encoder.encode(text).subarray(start, end))
}

describe('escapes', () => {
  it.each([
    ['none', 'a b', null],
    ['a quote', 'a\\"b', 'a"b'],
    ['line end, tab, slash', 'a\\nb\\tc\\/d', 'a\nb\tc/d'],
    ['four hex digits', 'a\\u0041b\\u00e9', 'aAbé'],
    ['a pair of surrogates', 'a\\ud83d\\ude00b', 'a😀b'],
    ['eight hex digits', 'a\\U0001F600b', 'a😀b'],
    ['digits in braces', 'a\\u{1F600}b', 'a😀b'],
    ['two hex digits', 'a\\x41\\x42b', 'aABb'],
    ['octal', 'a\\101\\0102b\\e[0m', 'aABb\u001b[0m'],
    ['a line that goes on', 'abc\\\n   def', 'abcdef'],
    ['not hexadecimal', 'a\\uzzzz', 'auzzzz'],
    ['one layer only', 'a\\\\nb', 'a\\nb'],
    ['a backslash at the end', 'abc\\', 'abc'],
  ])('%s', (_name, text, expected) => {
    expect(shown(withoutEscapes(of(text), true))).toBe(expected)
  })

  it('knows where each byte stood', () => {
    const text = 'say \\u0041\\u00e9\\"BC\\n now'
    const view = withoutEscapes(of(text), true)
    expect(source(text, view, 'AéB'.replace('B', '"BC'))).toBe('\\u0041\\u00e9\\"BC')
    expect(source(text, view, 'é')).toBe('\\u00e9')
    expect(source(text, view, 'BC')).toBe('BC')
  })

  it.each([
    ['a\\', 1],
    ['a\\u', 1],
    ['a\\u00', 1],
    ['a\\ud83d', 1],
    ['a\\ud83d\\ude', 1],
    ['a\\x4', 1],
    ['a\\10', 1],
    ['a\\n', Number.POSITIVE_INFINITY],
    ['a\\u0041', Number.POSITIVE_INFINITY],
  ])('%s is open from %d', (text, open) => {
    expect(withoutEscapes(of(text), false)?.open).toBe(open)
    expect(withoutEscapes(of(text), true)?.open).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('percent-encoding', () => {
  it.each([
    ['none', 'a b', null],
    ['a per cent', '100% sure', null],
    ['signs', 'p%40ss%2Fw', 'p@ss/w'],
    ['a plus stays', 'a+b%20c', 'a+b c'],
    ['one layer only', 'a%2540', 'a%40'],
    ['cut short', 'a%40b%4', 'a@b%4'],
  ])('%s', (_name, text, expected) => {
    expect(shown(withoutPercent(of(text), true))).toBe(expected)
  })

  it.each([
    ['a%', 1],
    ['a%4', 1],
    ['a%40%', 4],
  ])('%s is open from %d', (text, open) => {
    expect(withoutPercent(of(text), false)?.open).toBe(open)
  })

  it('knows where each byte stood', () => {
    const text = 'u:p%40ss@h'
    expect(source(text, withoutPercent(of(text), true), 'p@ss')).toBe('p%40ss')
  })
})

describe('terminal sequences', () => {
  it.each([
    ['none', 'a b\r\n\tc', null],
    ['colours', 'a\u001b[1;31mb\u001b[0mc', 'abc'],
    ['one byte for two', 'a\u009b31mb', 'ab'],
    ['a title', 'a\u001b]0;title\u0007b\u001b]8;;x\u001b\\c', 'abc'],
    ['a character set', 'a\u001b(Bb\u001b=c', 'abc'],
    ['a backspace', 'abx\bc', 'abc'],
    ['a character rubbed out', 'abx\b \bc', 'abc'],
    ['one of two bytes rubbed out', 'abé\bc', 'abc'],
    ['bold by overprinting', 'a\bab\bbc\bc', 'abc'],
    ['more backspaces than text', 'a\b\b\bb', 'b'],
    ['NUL between, as in UTF-16', 'a\0b\0c\0', 'abc'],
    ['a sequence that never ends', 'a\u001b]0;no end\nb', 'a0;no end\nb'],
  ])('%s', (_name, text, expected) => {
    expect(shown(withoutTerminal(of(text), true))).toBe(expected)
  })

  it('knows where each byte stood', () => {
    const text = 'x \u001b[1mab\u001b[0mcd\u001b[0m y'
    expect(source(text, withoutTerminal(of(text), true), 'abcd')).toBe('ab\u001b[0mcd')
    const typed = 'x abX\b \bcd y'
    expect(source(typed, withoutTerminal(of(typed), true), 'abcd')).toBe('abX\b \bcd')
  })

  it.each([
    ['ab\u001b', 2],
    ['ab\u001b[1;3', 2],
    ['ab\u001b]0;ti', 2],
    ['x abc\b ', 2],
    ['x abc\b \b\b ', 2],
    ['abc\u001b[0m', Number.POSITIVE_INFINITY],
  ])('%j is open from %d', (text, open) => {
    expect(withoutTerminal(of(text), false)?.open).toBe(open)
  })
})

describe('lines', () => {
  const WORD = 'AKIAQYLPMN5HHHFPZAM2'
  const wide = 'this line is somewhat longer than forty columns are '
  it.each([
    ['a wide line', `${wide}${WORD.slice(0, 9)}\n${WORD.slice(9)} x`],
    ['a wide line, CRLF', `${wide}${WORD.slice(0, 9)}\r\n${WORD.slice(9)} x`],
    ['a wide line and one character', `${wide}${WORD.slice(0, 1)}\n${WORD.slice(1)} x`],
    ['leading blanks', `${wide}${WORD.slice(0, 9)}\n \t  ${WORD.slice(9)} x`],
    ["a terminal's wrapping", `${wide}${WORD.slice(0, 9)} \r${WORD.slice(9)} x`],
    ["a shell's line that goes on", `key=${WORD.slice(0, 9)}\\\n${WORD.slice(9)} x`],
    ['a quote', `> ${wide}${WORD.slice(0, 9)}\n> ${WORD.slice(9)} x`],
    ['a diff', `+  key: ${WORD.slice(0, 9)}\n+    ${WORD.slice(9)}\n`],
    ['words alone on their lines', `${WORD.slice(0, 9)}\n${WORD.slice(9)}\n`],
    ['three lines', `${WORD.slice(0, 6)}\n${WORD.slice(6, 12)}\n${WORD.slice(12)}\n`],
  ])('broken over %s', (_name, text) => {
    const view = withLinesJoined(of(text), true)
    expect(shown(view)).toContain(WORD)
    const there = source(text, view, WORD)
    expect(there.startsWith(WORD[0]!) && there.endsWith(WORD.at(-1)!)).toBe(true)
  })

  it.each([
    ['one line', 'a text of one line'],
    [
      'logs',
      '2026-11-21T10:00:00Z INFO the controller has been started\n2026-11-21T10:00:01Z INFO the controller has been stopped\n',
    ],
    [
      'klog',
      'I1121 10:00:00.000000       1 controller.go:114] a message here\nW1121 10:00:00.000000       1 controller.go:115] x\n',
    ],
    [
      'YAML',
      'metadata:\n  name: web-frontend-server\n  namespace: production-two\nspec:\n  nodeName: worker-node-17\n',
    ],
    ['an environment', 'HOSTNAME=web-7d4b9c-x2x\nKUBERNETES_PORT=tcp://10.0.0.1:443\nHOME=/root\n'],
    ['JSON', '{\n  "name": "web-frontend-server",\n  "namespace": "production-two"\n}\n'],
    ['short lines', 'yes\nno\nall of it\nis here\n'],
  ])('not %s', (_name, text) => {
    const view = withLinesJoined(of(text), true)
    expect(view === null || view.bytes.length === 0).toBe(true)
  })

  it('finds on one line are not new', () => {
    const view = withLinesJoined(of(`${wide}abcdefghi\njklmnopqrstu x`), true)!
    const at = shown(view)!.indexOf('abcdefghi')
    expect(view.isNew(at, at + 9)).toBe(false)
    expect(view.isNew(at, at + 12)).toBe(true)
  })

  it.each([
    ['a word that may go on', 'a abcdefgh\n', 2],
    ['a word that goes on', 'a abcdefgh\nijklmnop', 2],
    ['a short line', 'hello world\n', Number.POSITIVE_INFINITY],
    ['a prompt on the next line', 'a abcdefgh\n$ ', Number.POSITIVE_INFINITY],
  ])('open: %s', (_name, text, open) => {
    expect(withLinesJoined(of(text), false)?.open ?? Number.POSITIVE_INFINITY).toBe(open)
  })
})

describe('base64', () => {
  const TEXT = 'password=Tr0ub4dor&3 ?>~'
  const undone = (text: string): string => shown(withBase64Undone(of(text), true, budget())) ?? ''
  it.each([
    ['padded', base64(TEXT)],
    ['not padded', base64(`${TEXT}x`).replace(/=+$/, '')],
    ['URL-safe', base64(TEXT).replaceAll('+', '-').replaceAll('/', '_')],
    ['behind a path', `/var/lib/${base64(TEXT)}`],
    ['behind one character', `x${base64(TEXT)}`],
    ['behind two', `xy${base64(TEXT)}`],
    ['behind three', `xyz${base64(TEXT)}`],
    ['behind an escape', `\\n${base64(TEXT)}`],
    ['in a list', `${base64('something else here')}, ${base64(TEXT)}`],
  ])('%s', (_name, text) => {
    expect(undone(`a ${text} b`)).toContain('password=Tr0ub4dor&3')
    const bytes = encoder.encode(`a ${text} b`)
    expect(mayHoldBase64(bytes, 0, bytes.length)).toBe(true)
  })

  it.each([
    ['prose', 'a controller reconciles configurations of deployments in namespaces'],
    [
      'names',
      'web-frontend-server-7d4b9c6f5-x2x9z kube-controller-manager-node-17 /usr/local/share/ca-certificates/extra',
    ],
    ['hex', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['uuids', '952274b4-efee-5ec3-a96b-37117dbe6782'],
  ])('not %s', (_name, text) => {
    expect(undone(text)).toBe('')
    const bytes = encoder.encode(text)
    expect(mayHoldBase64(bytes, 0, bytes.length)).toBe(false)
  })

  it('stands for its whole run, with padding and without what is no part of it', () => {
    const text = `a /var/lib/${base64(`${TEXT}x`)} b`
    expect(source(text, withBase64Undone(of(text), true, budget()), 'Tr0ub4dor')).toBe(base64(`${TEXT}x`))
  })

  it('of a long run stands for its own characters', () => {
    const text = base64(`${'all is well. '.repeat(400)}KEY-1234${' all is well.'.repeat(400)}`)
    expect(text.length).toBeGreaterThan(LONG_RUN)
    const there = source(text, withBase64Undone(of(text), true, budget()), 'KEY-1234')
    expect(there.length).toBeLessThan(14)
    expect(text).toContain(there)
  })

  it('gzip in it is opened', async () => {
    const stream = new Blob([TEXT.repeat(3)]).stream().pipeThrough(new CompressionStream('gzip'))
    const gzip = Buffer.from(await new Response(stream).arrayBuffer()).toString('base64')
    expect(gzip.startsWith('H4sI')).toBe(true)
    expect(undone(`a ${gzip} b`)).toContain(TEXT.repeat(3))
  })

  it('gzip that would fill memory is left as it is', async () => {
    const stream = new Blob([new Uint8Array(3 * 1024 * 1024).fill(0x61)])
      .stream()
      .pipeThrough(new CompressionStream('gzip'))
    const gzip = Buffer.from(await new Response(stream).arrayBuffer()).toString('base64')
    expect(undone(`a ${gzip} b`)).not.toContain('aaaaaaaa')
  })

  it.each([
    ['a word', 'a wor', 2],
    ['a run', `a ${base64(TEXT).slice(0, 20)}`, 2],
    ['its first padding', 'a YWI=', 2],
    ['nothing behind its second', 'a YQ==', Number.POSITIVE_INFINITY],
    ['nothing behind a blank', 'a word ', Number.POSITIVE_INFINITY],
  ])('open: %s', (_name, text, open) => {
    expect(withBase64Undone(of(text), false, budget())?.open ?? Number.POSITIVE_INFINITY).toBe(open)
  })
})

describe('all views', () => {
  const WORD = 'AKIAQYLPMN5HHHFPZAM2'
  const JSONED = (text: string, times: number): string =>
    Array.from({ length: times }).reduce<string>((inner) => JSON.stringify({ value: inner }), text)
  it.each([
    ['as it is', WORD],
    ['escaped once', JSONED(`"${WORD}"`, 1)],
    ['escaped three times', JSONED(`x\n"${WORD}"`, 3)],
    ['an escape escaped', '\\\\u0041KIAQYLPMN5HHHFPZAM2'],
    ['percent twice', '%2541KIAQYLPMN5HHHFPZAM2'],
    ['percent in an escape', '\\u002541KIAQYLPMN5HHHFPZAM2'],
    ['an escape in percent', '%5Cu0041KIAQYLPMN5HHHFPZAM2'],
    ['base64', base64(`x ${WORD} y`)],
    ['base64 twice', base64(base64(`x ${WORD} y`))],
    ['base64 three times', base64(base64(base64(`x ${WORD} y`)))],
    ['base64 of JSON of JSON', base64(JSONED(`x\n"\u0041${WORD}"`, 2))],
    ['base64 in JSON in base64', base64(JSON.stringify({ a: base64(`x ${WORD} y`) }))],
    ['base64, percent-encoded', encodeURIComponent(base64(`x ${WORD} ?>y`))],
    ['base64 over lines', base64(`something around it, then ${WORD} and some more`).replace(/(.{24})/g, '$1\n')],
    [
      'base64 over lines, escaped',
      JSON.stringify(base64(`something around it, then ${WORD} and more`).replace(/(.{24})/g, '$1\n')),
    ],
    ['coloured base64', base64(`some thing ${WORD}`).replace(/(.{7})/g, '$1\u001b[1m')],
    ['UTF-16 in base64', Buffer.from(`x ${WORD} y`, 'utf16le').toString('base64')],
    [
      'over lines in base64',
      base64(`a line that has more than forty characters in it ${WORD.slice(0, 9)}\n  ${WORD.slice(9)}`),
    ],
  ])('a word is seen: %s', (_name, text) => {
    const bytes = encoder.encode(`say ${text} now`)
    const views = [...viewsOf(bytes, { final: true, budget: budget() })]
    const seen = views.filter((view) => decoder.decode(view.bytes).includes(WORD))
    expect(seen.length).toBeGreaterThan(0)
    for (const view of seen) {
      const at = decoder.decode(view.bytes).indexOf(WORD)
      const start = encoder.encode(decoder.decode(view.bytes).slice(0, at)).length
      if (start !== at) continue
      const span = view.span(at, at + WORD.length)
      expect(span.start).toBeGreaterThanOrEqual(4)
      expect(span.end).toBeLessThanOrEqual(bytes.length - 4)
    }
  })

  it('are few and in bounds whatever the bytes', () => {
    const random = seeded(17)
    const alphabet = '\\%41un"\n\r \u001b[m\b+>AKIAabcdEF0=/-_'
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: 200 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
      const bytes = encoder.encode(text)
      let count = 0
      for (const view of viewsOf(bytes, { final: round % 2 === 0, budget: budget() })) {
        count++
        expect(view.open).toBeGreaterThanOrEqual(0)
        for (let i = 0; i < view.bytes.length; i++) {
          const { start, end } = view.span(i, Math.min(view.bytes.length, i + 3))
          if (!(start >= 0 && start <= end && end <= bytes.length))
            expect([start, end], JSON.stringify(text)).toBeNull()
        }
      }
      expect(count).toBeLessThanOrEqual(40)
    }
  })
})
