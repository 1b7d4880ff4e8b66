import { describe, expect, it } from 'vitest'
import { DEFAULT_MASK_RULES } from '../mask/rules.ts'
import { testClock } from '../record/fixtures.ts'
import { createMaskings, FORGOTTEN_AFTER_MS, maskingName } from './masking.ts'

const SECRET = new Uint8Array(32).fill(3)

function set() {
  const { clock, advance } = testClock()
  const maskings = createMaskings(SECRET, clock)
  const of = (session: string) => maskings.of(session, DEFAULT_MASK_RULES)
  return { maskings, of, advance }
}

/** A value that is found again, of so many bytes. */
function value(length: number, seed: number): Uint8Array {
  let state = seed + 1
  return Uint8Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789'.charCodeAt((state >> 8) % 55)
  })
}

describe('the masking of sessions', () => {
  it('is the same for the same session, and another for another', () => {
    const { of } = set()
    const [one, again, other] = [of('a'), of('a'), of('b')]
    expect(again.values).toBe(one.values)
    expect(again.finder).toBe(one.finder)
    expect(other.values).not.toBe(one.values)
    expect(other.key).not.toEqual(one.key)
  })

  it('is another for another identity or connection that names its session alike', () => {
    const { of } = set()
    const agent = (username: string, issuer = 'i') => ({
      user: { username, uid: '', groups: [], extra: {} },
      issuer,
      expiresAt: 0,
    })
    const keys = [
      of(maskingName(agent('a'), 'prod', 's')),
      of(maskingName(agent('b'), 'prod', 's')),
      of(maskingName(agent('a', 'j'), 'prod', 's')),
      of(maskingName(agent('a'), 'test', 's')),
    ].map(({ key }) => key.join())
    expect(new Set(keys).size).toBe(keys.length)
    expect(of(maskingName(agent('a'), 'prod', 's')).key.join()).toBe(keys[0])
  })

  it('keeps its key and so its tags when the gateway starts anew, and no values', () => {
    const before = set().of('a')
    before.values.note(value(32, 1), 'password')
    expect(before.values.size).toBe(1)
    const after = set().of('a')
    expect(after.key).toEqual(before.key)
    expect(after.values.size).toBe(0)
  })

  it('has a new finder over the same values when the rules have changed', () => {
    const { of, maskings } = set()
    const one = of('a')
    one.values.note(value(32, 1), 'password')
    const changed = maskings.of('a', { ...DEFAULT_MASK_RULES, revision: 1 })
    expect(changed.finder).not.toBe(one.finder)
    expect(changed.values.size).toBe(1)
    expect(maskings.of('a', { ...DEFAULT_MASK_RULES, revision: 1 }).finder).toBe(changed.finder)
  })

  it('forgets a session that nobody uses any more', () => {
    const { of, maskings, advance } = set()
    const one = of('a')
    advance(FORGOTTEN_AFTER_MS - 1)
    of('b')
    expect(maskings.size).toBe(2)
    advance(1)
    of('b')
    expect(maskings.size).toBe(1)
    expect(of('a').values).not.toBe(one.values)
  })

  it('forgets the longest unused sessions while there are too many values', () => {
    const room = 4 * 1024
    const maskings = createMaskings(SECRET, testClock().clock, room)
    const of = (session: string) => maskings.of(session, DEFAULT_MASK_RULES)
    const first = of('first')
    for (const at of [0, 1, 2]) of(`${at}`).values.note(value(1024 - 256, at), 'password')
    of('first').values.note(value(1024 - 256, 9), 'password')
    of('2')
    expect(maskings.size).toBe(4)
    of('2').values.note(value(32, 4), 'password')
    of('2')
    expect(maskings.size).toBe(3)
    expect(of('first').values).toBe(first.values)
    expect(of('1').values.size).toBe(1)
  })

  it('keeps the session that is asked for, however much it holds', () => {
    const maskings = createMaskings(SECRET, testClock().clock, 100)
    const one = maskings.of('a', DEFAULT_MASK_RULES)
    one.values.note(value(512, 1), 'password')
    expect(maskings.of('a', DEFAULT_MASK_RULES).values).toBe(one.values)
  })
})
