import { describe, expect, it } from 'vitest'
import type { Identity } from '../context.ts'
import { MaskError } from '../mask/error.ts'
import { TEXT_COST_BYTES } from '../mask/find/values/table.ts'
import { DEFAULT_MASK_RULES } from '../mask/rules.ts'
import { testClock } from '../record/fixtures.ts'
import { createMaskings, FORGOTTEN_AFTER_MS, GIVES_WAY_AFTER_MS, type MaskingLimits } from './masking.ts'

const SECRET = new Uint8Array(32).fill(3)
const KIB = 1024
/** Room for some sixty values of 512 bytes, half of them one identity's. */
const LIMITS: MaskingLimits = { bytes: 128 * KIB, identityBytes: 64 * KIB }
const encoder = new TextEncoder()

function agent(username: string, issuer = 'i'): Identity {
  return { user: { username, uid: '', groups: [], extra: {} }, issuer, expiresAt: 0 }
}

function set(limits?: MaskingLimits) {
  const { clock, advance } = testClock()
  const maskings = createMaskings(SECRET, clock, limits)
  const enter = (session: string, who = 'a', rules = DEFAULT_MASK_RULES) => {
    const entered = maskings.enter(agent(who), 'prod', session, rules)
    if (!entered.ok) throw new Error(entered.refusal.message)
    return entered.value
  }
  /** The masking of a request that is over by now. */
  const of = (session: string, who = 'a', rules = DEFAULT_MASK_RULES) => {
    const { masking, leave } = enter(session, who, rules)
    leave()
    return masking
  }
  /** Notes values in a session until there is no room; gives how many were kept, and why no more. */
  const flood = (session: string, who = 'a', most = 1000) => {
    const { values } = of(session, who)
    for (let at = 0; at < most; at++) {
      try {
        values.note(value(512, seeds++), 'password')
      } catch (error) {
        if (error instanceof MaskError) return { kept: at, why: error.message }
        throw error
      }
    }
    return { kept: most, why: '' }
  }
  const refused = (session: string, who = 'a') => {
    const entered = maskings.enter(agent(who), 'prod', session, DEFAULT_MASK_RULES)
    return entered.ok ? null : entered.refusal
  }
  return { maskings, enter, of, flood, refused, advance }
}

let seeds = 0
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
    const { maskings } = set()
    const keyOf = (who: Identity, connection: string): string => {
      const entered = maskings.enter(who, connection, 's', DEFAULT_MASK_RULES)
      return entered.ok ? entered.value.masking.key.join() : ''
    }
    const keys = [
      keyOf(agent('a'), 'prod'),
      keyOf(agent('b'), 'prod'),
      keyOf(agent('a', 'j'), 'prod'),
      keyOf(agent('a'), 'test'),
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(keyOf(agent('a'), 'prod')).toBe(keys[0])
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
    const { of } = set()
    const one = of('a')
    one.values.note(value(32, 1), 'password')
    const rules = { ...DEFAULT_MASK_RULES, revision: 1 }
    const changed = of('a', 'a', rules)
    expect(changed.finder).not.toBe(one.finder)
    expect(changed.values.size).toBe(1)
    expect(of('a', 'a', { ...rules }).finder).toBe(changed.finder)
  })

  it('forgets a session that can no longer be continued, and what it kept', () => {
    const { of, enter, maskings, advance } = set()
    const one = of('a')
    one.values.note(value(32, 1), 'password')
    const running = enter('running')
    advance(FORGOTTEN_AFTER_MS - 1)
    of('b')
    expect(maskings.size).toBe(3)
    expect(maskings.bytes).toBeGreaterThan(0)
    advance(1)
    of('b')
    expect(maskings.size).toBe(2)
    expect(maskings.bytes).toBe(0)
    expect(of('a').values).not.toBe(one.values)
    expect(of('running').values).toBe(running.masking.values)
  })

  it('keeps few sessions that have read nothing: with one of them nothing is lost', () => {
    const { of, enter, maskings } = set()
    const running = enter('running')
    const one = of('with a value')
    one.values.note(value(32, 1), 'password')
    for (let at = 0; at < 3000; at++) of(`${at}`)
    expect(maskings.size).toBeLessThan(1100)
    expect(of('with a value').values).toBe(one.values)
    expect(of('running').values).toBe(running.masking.values)
  })
})

describe('room for values', () => {
  it('is counted for every text that is searched for, and given back', () => {
    const { of, maskings, advance } = set()
    of('a').values.note(value(100, 1), 'password')
    const one = maskings.bytes
    of('a').values.note(value(100, 2), 'password')
    expect(maskings.bytes - one).toBe(100 + TEXT_COST_BYTES)
    of('a').values.note(value(100, 2), 'password')
    expect(maskings.bytes - one).toBe(100 + TEXT_COST_BYTES)
    const lines = [value(64, 3), value(64, 4), value(64, 5)].map((line) => new TextDecoder().decode(line))
    of('a').values.note(encoder.encode(lines.join('\n')), 'key')
    expect(maskings.bytes - one).toBe(100 + 2 * 64 + 64 + 2 + 3 * 64 + 5 * TEXT_COST_BYTES)
    advance(FORGOTTEN_AFTER_MS)
    of('b')
    expect(maskings.bytes).toBe(0)
  })

  it('stays bounded, whatever is read in however many sessions', () => {
    const { flood, maskings, advance } = set(LIMITS)
    for (let at = 0; at < 200; at++) {
      flood(`s${at}`, `agent-${at % 7}`, 20)
      expect(maskings.bytes).toBeLessThanOrEqual(LIMITS.bytes)
      if (at % 10 === 0) advance(GIVES_WAY_AFTER_MS)
    }
  })

  it('of one identity is not taken by another that floods, in one session or in many', () => {
    const { of, flood, maskings, advance } = set(LIMITS)
    const mine = value(40, 999)
    of('mine', 'quiet').values.note(mine, 'password')
    advance(GIVES_WAY_AFTER_MS * 3)
    expect(flood('one', 'loud').why).toMatch(/this identity/)
    for (let at = 0; at < 30; at++) {
      flood(`s${at}`, 'loud', 5)
      flood(`t${at}`, 'other', 5)
      flood(`u${at}`, 'third', 5)
      advance(GIVES_WAY_AFTER_MS / 7)
    }
    expect(maskings.bytes).toBeLessThanOrEqual(LIMITS.bytes)
    const text = encoder.encode(`log: ${new TextDecoder().decode(mine)} end`)
    expect(
      of('mine', 'quiet')
        .finder.find(text, { final: true })
        .hits.map(({ rule }) => rule),
    ).toEqual(['value'])
  })

  it('is refused, with what to do, while all sessions were just used', () => {
    const { flood, of, enter, advance } = set(LIMITS)
    expect(flood('one').kept).toBeGreaterThan(40)
    const first = of('one').values.size
    expect(flood('two')).toMatchObject({ kept: 0, why: expect.stringMatching(/by name, or wait.*30 minutes/) })
    advance(GIVES_WAY_AFTER_MS - 1)
    expect(flood('two').kept).toBe(0)
    expect(of('one').values.size).toBe(first)
    // What is in flight does not rest.
    const running = enter('one')
    advance(GIVES_WAY_AFTER_MS)
    expect(flood('two').kept).toBe(0)
    running.leave()
    running.leave()
    advance(GIVES_WAY_AFTER_MS)
    expect(flood('two').kept).toBeGreaterThan(40)
  })

  it('is made by the session that has rested longest; that one is refused when it comes back, and no other', () => {
    const { flood, of, refused, advance } = set(LIMITS)
    for (const session of ['first', 'second', 'third']) {
      flood(session, 'a', 12)
      advance(1)
    }
    of('first')
    advance(GIVES_WAY_AFTER_MS)
    expect(flood('new', 'a', 11).kept).toBe(11)
    expect(refused('second')).toMatchObject({ kind: 'ended', message: expect.stringMatching(/new session/) })
    for (const session of ['first', 'third', 'new']) expect(refused(session)).toBeNull()
    expect(refused('second', 'b')).toBeNull()
    advance(FORGOTTEN_AFTER_MS)
    expect(refused('second')).toBeNull()
  })

  it('for one who keeps little is made by the one who keeps most, never the other way round', () => {
    const { flood, refused, advance } = set(LIMITS)
    flood('large', 'a')
    flood('larger', 'b')
    advance(GIVES_WAY_AFTER_MS)
    expect(flood('small', 'c', 5).kept).toBe(5)
    expect([refused('large', 'a'), refused('larger', 'b')].filter((one) => one !== null)).toHaveLength(1)
    advance(GIVES_WAY_AFTER_MS)
    flood('more', 'a')
    flood('more', 'b')
    expect(refused('small', 'c')).toBeNull()
  })

  it('of all is refused while nobody rests', () => {
    const { flood } = set(LIMITS)
    flood('one', 'a')
    flood('one', 'b')
    expect(flood('one', 'c')).toMatchObject({ kept: 0, why: expect.stringMatching(/all agents/) })
  })

  it('holds many ordinary Secrets, of several sessions at once', () => {
    const { of, maskings } = set()
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
    for (let session = 0; session < 2; session++) {
      const { values } = of(`s${session}`)
      for (let at = 0; at < 1000; at++) {
        const seed = session * 100_000 + at * 50
        if (at % 10 === 0) {
          const lines = Array.from({ length: 25 }, (_, line) => text(value(64, seed + line)))
          values.note(
            encoder.encode(`-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----`),
            'k',
          )
        } else {
          values.note(encoder.encode(`app_${at}`), 'username')
          values.note(value(24, seed), 'password')
          values.note(encoder.encode(`postgres://app:${text(value(20, seed + 1))}@db.shop.svc:5432/shop`), 'url')
        }
      }
    }
    // A quarter of what one identity may keep.
    expect(maskings.bytes).toBeLessThan(8 * 1024 * KIB)
  })
})
