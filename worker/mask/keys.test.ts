import { expect, test } from 'vitest'
import { type Key, Keys } from './keys.ts'

const encoder = new TextEncoder()
const token = (text: string) => encoder.encode(`"${text}"`)

function at(keys: Keys, text: string): Key {
  const bytes = token(text)
  return keys.at(bytes, 0, bytes.length)
}

test('a name is known again, however many have come, as long as there is room', () => {
  const keys = new Keys()
  const first = Array.from({ length: 100 }, (_, n) => at(keys, `name-${n}`))
  for (let n = 0; n < 1000; n++) at(keys, `other-${n}`)
  const known = first.filter((key, n) => at(keys, `name-${n}`) === key)
  expect(known.length).toBeGreaterThan(90)
})

test('whatever comes, a name says what stands there', () => {
  const keys = new Keys()
  for (let n = 0; n < 30_000; n++) {
    const text = `name-${n % 7000}-${'x'.repeat(n % 120)}`
    expect(at(keys, text).text).toBe(text)
  }
})

test('names that have lost their place keep no others alive', () => {
  const keys = new Keys()
  const all: Key[] = []
  let before: Key | null = null
  for (let n = 0; n < 20_000; n++) {
    const key = at(keys, `name-${n}`)
    keys.follow(before, key)
    before = key
    all.push(key)
  }
  expect(all.filter(({ kept }) => kept).length).toBeLessThanOrEqual(4096)
  expect(all.filter(({ kept, next }) => !kept && next !== undefined)).toEqual([])
})

test('a word is looked up from the second time on', () => {
  const keys = new Keys()
  const again = (text: string) => {
    const bytes = token(text)
    return keys.again(bytes, 0, bytes.length)
  }
  expect(again('word')).toBeNull()
  const second = again('word')
  expect(second?.text).toBe('word')
  expect(again('word')).toBe(second)
})
