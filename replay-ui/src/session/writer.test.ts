import { expect, test } from 'vitest'
import { Writer } from './writer.ts'

/** A terminal that takes what it is given when it is told to. */
function setUp() {
  const seen: string[] = []
  const waiting: (() => void)[] = []
  const writer = new Writer((data, done) => {
    seen.push(typeof data === 'string' ? data : new TextDecoder().decode(data))
    if (done) waiting.push(done)
  })
  const take = () => {
    const [done] = waiting.splice(0, 1)
    done?.()
    return done !== undefined
  }
  const takeAll = () => {
    while (take());
  }
  return { writer, seen, take, takeAll, waiting }
}

test('what is to be done between two writes waits for the first and comes before the second', () => {
  const { writer, seen, take, takeAll } = setUp()
  writer.write('a')
  writer.afterwards(() => seen.push('resize'))
  writer.write(new TextEncoder().encode('b'))
  expect(seen).toEqual(['a'])
  take()
  expect(seen).toEqual(['a', 'resize', 'b'])
  takeAll()
  writer.write('c')
  expect(seen.at(-1)).toBe('c')
})

test('what waits is forgotten, and what is under way is waited for', () => {
  const { writer, seen, takeAll } = setUp()
  writer.write('of the old command')
  writer.write('of the old command too')
  writer.instead(() => seen.push('reset'))
  writer.write('of the new one')
  expect(seen).toEqual(['of the old command'])
  takeAll()
  expect(seen).toEqual(['of the old command', 'reset', 'of the new one'])
})

test('half of a large write is forgotten, too', () => {
  const { writer, seen, takeAll, take } = setUp()
  writer.write('x'.repeat(200_000))
  take()
  const before = seen.length
  writer.instead(() => seen.push('reset'))
  takeAll()
  expect(seen.slice(before)).toEqual(['reset'])
})

test('a large write goes in pieces, no more than some at a time, and comes whole', () => {
  const { writer, seen, take, waiting } = setUp()
  const text = Array.from({ length: 300_000 }, (_, i) => String(i % 10)).join('')
  writer.write(text)
  expect(seen.join('').length).toBe(64 * 1024)
  expect(Math.max(...seen.map(({ length }) => length))).toBe(4096)
  while (waiting.length > 0) {
    expect(waiting.length).toBe(1)
    take()
  }
  expect(seen.join('')).toBe(text)
})

test('many small writes are handed over together', () => {
  const { writer, seen, take, waiting } = setUp()
  for (let i = 0; i < 1000; i++) writer.write('y')
  take()
  expect(seen.length).toBe(1000)
  expect(waiting.length).toBe(1)
})

test('after it is disposed of nothing is written', () => {
  const { writer, seen, takeAll } = setUp()
  writer.write('a')
  writer.write('b')
  writer.dispose()
  takeAll()
  expect(seen).toEqual(['a'])
})
