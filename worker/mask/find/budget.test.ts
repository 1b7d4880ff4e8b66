import { describe, expect, test } from 'vitest'
import { MaskError } from '../error.ts'
import { maskingFor } from '../testing.ts'
import { Allowance, budgetFor, createBudget } from './budget.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

describe('a text', () => {
  test('may cost what its length allows, and no unit more', () => {
    const budget = createBudget(10)
    budget.spend(10)
    expect(() => budget.spend(1)).toThrow(MaskError)
  })

  test('may cost more the longer it is', () => {
    expect(() => budgetFor(10).spend(1_000_000)).toThrow(MaskError)
    expect(() => budgetFor(20_000).spend(1_000_000)).not.toThrow()
  })
})

describe('a session', () => {
  /** How many texts of 1,000 bytes it takes until one is withheld, if that is before the limit. */
  const lasts = (allowance: Allowance, work: number, depth: number, limit = 5000): number => {
    for (let count = 0; count < limit; count++) {
      try {
        const share = allowance.share(1000, 1000)
        share.depth = depth
        share.spend(work)
      } catch (error) {
        expect(error).toBeInstanceOf(MaskError)
        return count
      }
    }
    return limit
  }

  test('takes ordinary text for ever', () => {
    expect(lasts(new Allowance(), 20_000, 0)).toBe(5000)
  })

  test('takes much text that is nested, and ends', () => {
    expect(lasts(new Allowance(), 40_000, 3)).toBeGreaterThan(700)
    expect(lasts(new Allowance(), 40_000, 3)).toBeLessThan(1000)
  })

  test('goes on with ordinary text after that', () => {
    const allowance = new Allowance()
    lasts(allowance, 40_000, 3)
    expect(lasts(allowance, 20_000, 0)).toBe(5000)
    expect(lasts(allowance, 40_000, 3)).toBeGreaterThan(700)
  })

  test('counts what is found', () => {
    const allowance = new Allowance()
    const list = () => allowance.share(1000, 1000).found(400)
    expect(() => Array.from({ length: 500 }, list)).not.toThrow()
    expect(() => Array.from({ length: 500 }, list)).toThrow(MaskError)
  })

  test('saves nothing by looking at the same again', () => {
    const allowance = new Allowance()
    const again = () => {
      const share = allowance.share(64 * 1024, 0)
      share.depth = 3
      share.spend(1_000_000)
    }
    expect(() => Array.from({ length: 25 }, again)).not.toThrow()
    expect(again).toThrow('searching it for secrets takes too long')
  })
})

test('a finder withholds what nests again and again, not what an ordinary program prints', () => {
  const nested = bytesOf(btoa(btoa(`password=abcdefg\n${btoa('x password=abcdef12 ')}\n`.repeat(40))).repeat(4))
  const { finder } = maskingFor()
  const many = () => {
    for (let count = 0; count < 1000; count++) finder.find(nested, { final: true })
  }
  expect(finder.find(nested, { final: true }).hits.length).toBeGreaterThan(0)
  expect(many).toThrow('searching it for secrets takes too long, after much in this session that did')
  const log = bytesOf('2026-11-21T17:12:23Z INFO served GET /v1/items in 12 ms\n'.repeat(1000))
  for (let count = 0; count < 20; count++) expect(finder.find(log, { final: true }).hits).toEqual([])
})
