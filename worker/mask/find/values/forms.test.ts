// A value that a session has read in a Secret, as ordinary tools write it elsewhere. By value only: no pattern helps.

import { describe, expect, it } from 'vitest'
import { DEFAULT_MASK_RULES } from '../../rules.ts'
import { createTextStream, type Piece } from '../../stream.ts'
import { base64, maskingFor, seeded } from '../../testing.ts'
import { createBudget } from '../budget.ts'
import { createKnownValues } from '../values.ts'
import { variantsOf } from './variants.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const RULES = { ...DEFAULT_MASK_RULES, layers: { structure: true, patterns: false, values: true } }

type Known = readonly (readonly [value: string, name: string])[]

/** What comes out of a text that comes in pieces of some size, in a session that knows some values. */
function inPieces(text: string | Uint8Array, known: Known, size: number): string {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text
  const masking = maskingFor(RULES)
  for (const [value, name] of known) masking.values.note(encoder.encode(value), name)
  const stream = createTextStream(masking, { 1: 'stdout' })
  const pieces: Piece[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(...stream.push(1, bytes.slice(at, at + size)))
  return [...pieces, ...stream.end()].map((piece) => decoder.decode(piece.bytes)).join('')
}

/** The same of one piece, which it must be byte by byte as well. */
function masked(text: string | Uint8Array, known: Known): string {
  const whole = inPieces(text, known, Number.MAX_SAFE_INTEGER)
  expect(inPieces(text, known, 1)).toBe(whole)
  return whole
}

const hex = (text: string): string[] => [...encoder.encode(text)].map((byte) => byte.toString(16).padStart(2, '0'))
const utf16 = (text: string, big = false): Uint8Array => {
  const bytes = Buffer.from(text, 'utf16le')
  return Uint8Array.from(big ? bytes.swap16() : bytes)
}
const fold = (text: string, width: number, end = '\n'): string =>
  text.replace(new RegExp(`(.{${width}})`, 'gsu'), `$1${end}`)
const entities = (text: string, double: string, single: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', double)
    .replaceAll("'", single)

const VALUES = {
  'letters and digits': 'Xk7-qPz2Lm9wRt4v',
  'a word': 'horsebattery',
  'signs of every kind': `p@ss/w:rd&"x'<1>$y\\z%`,
  'words with blanks': 'correct Horse battery 9',
  'letters beyond ASCII': 'pä$$wörd-Ünï',
  digits: '9384756142',
  'hex digits': '9f86d081884c7d659a2feaa0c55ad015',
  'six characters': 'Ab3$xY',
}
type Kind = keyof typeof VALUES

/** How tools write a value. A number of kinds: the others have nothing there that they write differently. */
const WRITTEN: readonly (readonly [
  name: string,
  write: (value: string) => string | Uint8Array,
  only?: readonly Kind[],
])[] = [
  ['in a line', (v) => `phrase=${v}\n`],
  ['with colours around it, as grep does', (v) => `it=\x1b[01;31m\x1b[K${v}\x1b[m\x1b[K.`],
  ['with colours in it', (v) => `it=${v.slice(0, 3)}\x1b[1;31m${v.slice(3)}\x1b[0m.`],
  ['in JSON', (v) => JSON.stringify({ got: v })],
  ['in JSON in JSON', (v) => JSON.stringify({ got: JSON.stringify({ it: v }) })],
  ['in JSON as Go writes it', (v) => JSON.stringify({ v }).replace(/[<>&]/g, (c) => `\\u00${hex(c)[0]}`)],
  [
    'in JSON of ASCII',
    (v) => JSON.stringify({ v }).replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ],
  ['in a query', (v) => `GET /login?p=${encodeURIComponent(v)}&x=1`],
  ['in a query, in small letters', (v) => `p=${encodeURIComponent(v).replace(/%../g, (c) => c.toLowerCase())}`],
  ['in a query in a query', (v) => `to=${encodeURIComponent(`/?p=${encodeURIComponent(v)}`)}`],
  ['in a form', (v) => `a=1&${new URLSearchParams({ p: v })}&b=2`],
  ['in a connection string', (v) => `postgres://app:${encodeURIComponent(v)}@db.internal:5432/shop`],
  ['in base64', (v) => `x ${base64(v)} y`],
  ['in base64, one byte behind another', (v) => `x ${base64(`a${v}zz`)} y`],
  ['in base64, two bytes behind others', (v) => `x ${base64(`ab${v}q`)} y`],
  ['in base64 for URLs', (v) => `x ${Buffer.from(`ab${v}`).toString('base64url')} y`],
  ['in base64 in lines', (v) => fold(base64(`${'some text before it '.repeat(3)}${v}${' and behind'.repeat(5)}`), 76)],
  ['in base64 with a line end', (v) => base64(`${v}\n`)],
  ['in basic authorization', (v) => `authorization: Basic ${base64(`app:${v}`)}`],
  ['in hex', (v) => `x ${hex(v).join('')} y`],
  ['in hex of capitals', (v) => `x ${hex(v).join('').toUpperCase()} y`],
  ['in hex with blanks', (v) => `x ${hex(v).join(' ')} y`],
  ['in hex with colons', (v) => `x ${hex(v).join(':')} y`],
  [
    'in escapes of hex',
    (v) =>
      hex(v)
        .map((byte) => `\\x${byte}`)
        .join(''),
  ],
  ['as Go prints bytes', (v) => `map[password:[${encoder.encode(v).join(' ')}]]`],
  ['as Python prints bytes', (v) => `[${encoder.encode(v).join(', ')}]`],
  ['as Node writes a Buffer', (v) => JSON.stringify({ type: 'Buffer', data: [...encoder.encode(v)] })],
  ['in UTF-16', (v) => utf16(`x ${v} y`)],
  ['in UTF-16, the other way round', (v) => utf16(`x ${v} y`, true)],
  ['in Latin-1', (v) => Uint8Array.from(`x ${v} y`, (c) => c.charCodeAt(0)), ['letters beyond ASCII']],
  ['with accents of their own', (v) => `x ${v.normalize('NFD')} y`, ['letters beyond ASCII']],
  ['in capitals', (v) => `x ${v.toUpperCase()} y`, ['hex digits']],
  ['between single quotes for a shell', (v) => `P='${v.replaceAll("'", "'\\''")}'`],
  ['between single quotes, the other way', (v) => `P='${v.replaceAll("'", `'"'"'`)}'`],
  ['between double quotes for a shell', (v) => `P="${v.replace(/["$`\\]/g, '\\$&')}"`],
  ['as printf %q writes it', (v) => `P=${v.replace(/[^\w@%+=:,./\-\u0080-\uffff]/g, '\\$&')}`],
  ['as Python prints a string', (v) => `{'p': '${v.replace(/[\\']/g, '\\$&')}'}`],
  ['between double quotes in PowerShell', (v) => `$p = "${v.replaceAll(/[`"$]/g, (sign) => `\`${sign}`)}"`],
  ['in SQL, and between single quotes in YAML', (v) => `VALUES ('${v.replaceAll("'", "''")}')`],
  ['in CSV', (v) => `a,"${v.replaceAll('"', '""')}",b`],
  ['in a properties file', (v) => `p=${v.replace(/[:=\\#!]/g, '\\$&')}`],
  ['in HTML as Go writes it', (v) => `<b>${entities(v, '&#34;', '&#39;')}</b>`],
  ['in HTML as Python writes it', (v) => `<b>${entities(v, '&quot;', '&#x27;')}</b>`],
  ['in HTML as PHP writes it', (v) => `<b>${entities(v, '&quot;', '&#39;')}</b>`],
  ['in XML', (v) => `<v>${entities(v, '"', "'")}</v>`],
  ['in an attribute of XML', (v) => `<r p="${entities(v, '&quot;', "'")}"/>`],
  ['in 40 columns', (v) => `it=${fold(v.padEnd(45, '.'), 40)}`],
]

describe.each(Object.entries(VALUES))('%s', (kind, value) => {
  const rows = WRITTEN.filter(([, , only]) => only === undefined || only.some((one) => one === kind))
  it.each(rows.map(([name, write]) => ({ name, write })))('$name', ({ write }) => {
    const out = masked(write(value), [[value, 'pass-phrase']])
    expect(out).toMatch(/⟦masked:value:[0-9a-f]{12}⟧/)
  })

  it('in lines of 80 columns, broken at any byte, as the same value', () => {
    const tags = new Set<string>()
    for (let at = 1; at < value.length; at++) {
      for (const end of ['\n', '\r\n']) {
        const text = `${'.'.repeat(79 - at)}=${value.slice(0, at)}${end}${value.slice(at)} is all\n`
        const known = [[value, 'pass-phrase']] as const
        for (const size of [1000, 1]) {
          const out = inPieces(text, known, size)
          // What stands on a line of its own that has come and gone: as documented, fewer than six bytes keep nothing waiting.
          const head = size === 1 && at < 6 ? `${value.slice(0, at)}${end}` : ''
          const found = /^(\.+=)(.*)⟦masked:value:([0-9a-f]{12})⟧ is all\n$/s.exec(out)
          expect([found?.[2], out]).toEqual([head === '' ? '' : expect.toBeOneOf(['', head]), out])
          if (head === '') tags.add(found?.[3] ?? '')
        }
      }
    }
    expect(tags.size).toBe(1)
  })
})

it('has one tag, however it is written', () => {
  const value = VALUES['signs of every kind']
  const tags = WRITTEN.filter(([, , only]) => only === undefined).map(([name, write]) => {
    // What is base64 is masked with all it holds, and told by that.
    if (/base64|basic/.test(name)) return ''
    return /⟦masked:value:([0-9a-f]{12})⟧/.exec(masked(write(value), [[value, 'pass-phrase']]))?.[1] ?? name
  })
  expect(new Set(tags.filter((tag) => tag !== '')).size).toBe(1)
})

it.each([
  ['a line end behind it in the Secret, none in the log', 'Xk7-qPz2Lm9wRt4v\n', 'it=Xk7-qPz2Lm9wRt4v.'],
  ['quotes around it in the Secret, none in the log', '"Xk7-qPz2Lm9wRt4v"', 'it=Xk7-qPz2Lm9wRt4v.'],
  ['capitals in the Secret, small letters in the log', '9F86D081884C7D659A2F', 'it=9f86d081884c7d659a2f.'],
  ['a UUID in capitals', '3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'it=3F2504E0-4F89-11D3-9A0C-0305E82C3301.'],
])('%s', (_name, value, text) => {
  expect(masked(text, [[value, 'token']])).toMatch(/^it=⟦masked:value:[0-9a-f]{12}⟧\.$/)
})

describe('values of several lines', () => {
  const random = seeded(3)
  const line = (): string =>
    Array.from(
      { length: 64 },
      () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'[Math.floor(random() * 64)],
    ).join('')
  const lines = Array.from({ length: 8 }, line)
  const pem = `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
  const account = JSON.stringify({ type: 'service_account', private_key_id: 'd5f9a1c0aa73', private_key: pem }, null, 2)
  const leaks = (out: string): readonly string[] => lines.filter((one) => out.includes(one))

  it.each([
    ['a line of a key', pem, `got ${lines[3]} there`],
    [
      'a key, each line behind a time',
      pem,
      pem
        .split('\n')
        .map((one) => `2026-11-21T10:00:00Z ${one}`)
        .join('\n'),
    ],
    ['a key, indented', pem, pem.replaceAll('\n', '\n    ')],
    ['a key with CR LF', pem, pem.replaceAll('\n', '\r\n')],
    ['a key in one line', pem, JSON.stringify(pem)],
    ['a key in a service account', account, pem],
    ['a line of one', account, `got ${lines[5]} there`],
    ['a service account as it stands', account, account],
    ['a service account in one line', account, JSON.stringify(JSON.parse(account))],
    ['its key’s id', account, 'it=d5f9a1c0aa73.'],
  ])('%s', (_name, value, text) => {
    for (const size of [10_000, 1]) {
      const out = inPieces(text, [[value, 'key']], size)
      expect(out).toMatch(/⟦masked:value:/)
      expect(leaks(out)).toEqual([])
      expect(out).not.toContain('d5f9a1c0aa73')
    }
  })
})

describe('what is passed over', () => {
  it.each([
    ['fewer than six characters', 'k9!xZ', 'password'],
    ['a number of fewer than eight digits', '938475', 'pin'],
    ['a number under a name that says nothing', '93847561', 'count'],
    ['a date', '2026-11-21', 'password'],
    ['an everyday word', 'postgres', 'password'],
    ['what it is called', 'admin-pin', 'admin_pin'],
    ['a host', 'db.shop.svc.cluster.local', 'password'],
    ['one character again and again', 'aaaaaaaaaa', 'password'],
    ['what stands under a user name', 'Xk7-qPz2Lm9w', 'username'],
  ])('%s', (_name, value, name) => {
    expect(masked(`it=${value}.`, [[value, name]])).toBe(`it=${value}.`)
  })

  it('a short word of small letters, but where a value stands', () => {
    const known = [['pineapple', 'password']] as const
    expect(masked('a pineapple a day', known)).toBe('a pineapple a day')
    expect(masked('phrase: pineapple', known)).toMatch(/^phrase: ⟦masked:value:/)
  })

  it('a word of two lines that are no value broken in two', () => {
    expect(masked('it was a horse\n\n\n\nbattery', [['horsebattery', 'password']])).toBe(
      'it was a horse\n\n\n\nbattery',
    )
  })

  it('what bcrypt made of it', () => {
    const hash = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
    expect(masked(`h=${hash}`, [['Xk7-qPz2Lm9wRt4v', 'password']])).toBe(`h=${hash}`)
  })
})

describe('variants', () => {
  const text = (value: string): readonly string[] => variantsOf(encoder.encode(value)).map((one) => decoder.decode(one))
  it.each([
    ['letters and digits', 'Xk7qPz2Lm9wRt4v', []],
    ['a long number', '938475619384', []],
    ['several lines', 'a b\nc&d e', []],
    ['hex', 'deadbeef0123', ['DEADBEEF0123']],
    ['blanks', 'correct horse', ['correct+horse']],
    ['an ampersand', 'tom&jerry99', ['tom&amp;jerry99']],
  ])('of %s', (_name, value, expected) => {
    expect(text(value)).toEqual(expected)
  })

  it('are few, and none of what is long', () => {
    expect(text(`'"&<> ä${'x'.repeat(40)}`).length).toBeLessThan(20)
    expect(text(`'"&<>`.repeat(200))).toEqual([])
    expect(variantsOf(new Uint8Array(12).fill(0xff))).toEqual([])
  })
})

it('line ends without number cost little', () => {
  const values = createKnownValues()
  values.note(encoder.encode('Xk7-qPz2Lm9wRt4v'), 'password')
  for (const text of ['\n'.repeat(1 << 18), 'X\n'.repeat(1 << 17), `Xk7-qP${'\n'.repeat(64)}`.repeat(1 << 12)]) {
    expect(values.search(encoder.encode(text), false, createBudget(100_000_000)).hits).toEqual([])
  }
})
