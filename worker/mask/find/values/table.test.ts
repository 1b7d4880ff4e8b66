import { describe, expect, it } from 'vitest'
import { seeded } from '../../testing.ts'
import { createBudget } from '../budget.ts'
import { KnownTable, TEXT_COST_BYTES, WINDOW } from './table.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const budget = () => createBudget(1_000_000_000)
const bytesOf = (text: string): Uint8Array => encoder.encode(text)

/** Texts over few characters, blanks among them: they begin alike, overlap, and repeat themselves. */
function someText(random: () => number, length: number, of = 'aab b-{"'): string {
  return Array.from({ length }, () => of[Math.floor(random() * of.length)]).join('')
}

const hex = (text: string): string => [...bytesOf(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const FORMS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => btoa(text).replace(/=+$/, ''),
  hex,
  (text) => hex(text).toUpperCase(),
]

describe('a table of known texts', () => {
  it('finds what a plain search finds, whatever the texts are', () => {
    const random = seeded(21)
    for (let round = 0; round < 60; round++) {
      const table = new KnownTable()
      const texts = Array.from({ length: 1 + Math.floor(random() * 30) }, () =>
        someText(random, WINDOW + random() * 12),
      )
      for (const text of texts) if (!table.has(bytesOf(text))) table.add(bytesOf(text))
      for (const text of texts) expect(table.has(bytesOf(text))).toBe(true)
      const bytes = `${someText(random, 300)}${texts[0]}${someText(random, 300)}`
      const found = new Set(
        table
          .search(bytesOf(bytes), true, budget())
          .hits.map(({ start, text }) => `${start} ${decoder.decode(table.text(text))}`),
      )
      for (const text of texts) {
        for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1))
          expect(found).toContain(`${at} ${text}`)
      }
    }
  })

  it('finds a text broken over lines, at any bytes, in each form', () => {
    const random = seeded(22)
    for (let round = 0; round < 400; round++) {
      const table = new KnownTable()
      for (let at = 0; at < 5; at++) table.add(bytesOf(`${at}${someText(random, WINDOW + random() * 40)}`))
      const known = `5${someText(random, 5 + 3 * Math.floor(1 + random() * 20))}`
      // Of a length that base64 has no rest of.
      table.add(bytesOf(known))
      const form = FORMS[round % FORMS.length]!
      const width = 1 + Math.floor(random() * 12)
      const end = ['\n', '\r\n', '\r\r\n'][round % 3]!
      const broken = form(known).replace(new RegExp(`(.{${width}})(?=.)`, 'gs'), `$1${end}`)
      const before = someText(random, random() * 40)
      const bytes = bytesOf(`${before}\n=${broken}. ${someText(random, 20)}\n`)
      const places = table
        .search(bytes, true, budget())
        .hits.filter(({ text }) => decoder.decode(table.text(text)) === known)
        .map(({ start, end: past }) => [start, past])
      expect(places).toContainEqual([before.length + 2, before.length + 2 + broken.length])
    }
  })

  it('is open where a text has begun, also over the last line end', () => {
    const random = seeded(23)
    for (let round = 0; round < 300; round++) {
      const table = new KnownTable()
      const known = someText(random, 30, 'abcdefghijkmnpqr {"')
      table.add(bytesOf(known))
      const cut = 1 + Math.floor(random() * 28)
      const over = round % 2 === 0
      const text = `..\n..${known.slice(0, cut)}${over ? '\n' : ''}`
      const { open } = table.search(bytesOf(text), false, budget())
      // Fewer bytes at a line's end keep nothing waiting.
      if (over && cut < WINDOW) expect(open).toBeGreaterThanOrEqual(5)
      else expect(open).toBe(5)
      expect(table.search(bytesOf(text), true, budget()).open).toBe(bytesOf(text).length)
    }
  })

  it('counts what every text takes', () => {
    const random = seeded(24)
    for (const count of [10, 1000, 5000]) {
      const table = new KnownTable()
      let used = 0
      for (let at = 0; at < count; at++) {
        const text = bytesOf(`${at}-${someText(random, 20 + random() * 20)}`)
        used += text.length
        table.add(text)
        expect(table.cost).toBe(used + (at + 1) * TEXT_COST_BYTES)
      }
      expect(table.size).toBe(count)
    }
  })
})
