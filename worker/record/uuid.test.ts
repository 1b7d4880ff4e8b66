import { describe, expect, it } from 'vitest'
import { NOW } from './fixtures.ts'
import { createIds, uuidv7 } from './uuid.ts'

describe('ids', () => {
  const random = (length: number) => new Uint8Array(length).fill(0xff)

  it('are UUIDv7: time, version, variant', () => {
    const id = createIds({ now: () => 0x0190a0000001 }, random)()
    expect(id).toBe('0190a000-0001-7000-bfff-ffffffffffff')
    expect(uuidv7({ now: () => 0x0190a0000001 }, random)).toBe('0190a000-0001-7fff-bfff-ffffffffffff')
  })

  it('grow within a millisecond, past its 4096, and when the clock goes back', () => {
    let now = NOW
    const next = createIds({ now: () => now }, random)
    const ids = Array.from({ length: 5000 }, next)
    now -= 10_000
    ids.push(next())
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(5001)
  })
})
