// Cases for fuzzing the masks: a credential in a context in a wrapping, cut into chunks, all from one seed. In: a seed. Out: the
// text, and the bytes that must not come out. No I/O.

import { encodeBase64 } from '../../worker/mask/base64.ts'
import { seeded } from '../../worker/mask/testing.ts'

const encoder = new TextEncoder()
const ascii = new TextDecoder('latin1')

/** Random choices, the same for the same seed. */
export interface Dice {
  below(n: number): number
  pick<T>(from: readonly T[]): T
  word(alphabet: string, length: number): string
}

export function diceOf(seed: number): Dice {
  const random = seeded(seed)
  const below = (n: number): number => Math.floor(random() * n)
  return {
    below,
    pick: (from) => from[below(from.length)]!,
    word: (alphabet, length) => Array.from({ length }, () => alphabet[below(alphabet.length)]!).join(''),
  }
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const HEX = '0123456789abcdef'
const BASE62 = `${LOWER}${LOWER.toUpperCase()}0123456789`
const BASE64URL = `${BASE62}-_`

/** A secret and how it is written: `secret` is what must not come out. */
export interface Written {
  readonly secret: string
  readonly text: string
}

const alone = (secret: string): Written => ({ secret, text: secret })

/** Kinds that are known by their shape, and some that need the word before them. */
const KINDS: readonly ((dice: Dice) => Written)[] = [
  (dice) => alone(`AK${'IA'}${dice.word('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`),
  (dice) => alone(`glp${'at-'}${dice.word(BASE64URL, 20)}`),
  (dice) => alone(`xo${'xb-'}${dice.word('0123456789', 12)}-${dice.word('0123456789', 13)}-${dice.word(BASE62, 24)}`),
  (dice) => alone(`sk_l${'ive_'}${dice.word(BASE62, 24)}`),
  (dice) => alone(`np${'m_'}${dice.word(BASE62, 36)}`),
  (dice) => alone(jwt(dice)),
  (dice) => {
    const secret = dice.word(BASE62, 20)
    return { secret, text: `DB_PASSWORD=${secret}` }
  },
  (dice) => {
    const secret = dice.word(BASE62, 24)
    return { secret, text: `password: "${secret}"` }
  },
  (dice) => {
    const secret = dice.word(BASE62, 18)
    return { secret, text: `postgres://app:${secret}@db.shop.svc:5432/app` }
  },
  (dice) => {
    const secret = dice.word(BASE64URL, 40)
    return { secret, text: `Authorization: Bearer ${secret}` }
  },
  (dice) => {
    const lines = Array.from({ length: 1 + dice.below(6) }, () => dice.word(`${BASE62}+/`, 64))
    const kind = dice.pick(['RSA ', 'EC ', 'OPENSSH ', ''])
    return {
      secret: dice.pick(lines),
      text: `-----BEGIN ${kind}PRIVATE KEY-----\n${lines.join('\n')}\n-----END ${kind}PRIVATE KEY-----`,
    }
  },
]

function jwt(dice: Dice): string {
  const part = (value: unknown): string =>
    ascii.decode(encodeBase64(encoder.encode(JSON.stringify(value)))).replace(/[+/=]/g, '')
  return `${part({ alg: 'RS256', kid: dice.word(HEX, 8) })}.${part({ sub: dice.word(LOWER, 12), aud: 'x' })}.${dice.word(BASE64URL, 43)}`
}

const base64 = (text: string): string => ascii.decode(encodeBase64(encoder.encode(text)))

/** What may stand around a text. Each keeps enough of it for a reader to get the secret back. */
const WRAPPINGS: readonly { readonly name: string; readonly wrap: (text: string, dice: Dice) => string }[] = [
  { name: 'plain', wrap: (text) => text },
  { name: 'base64', wrap: (text) => base64(text) },
  { name: 'base64 in base64', wrap: (text, dice) => base64(`x${dice.word(LOWER, dice.below(3))} ${base64(text)}`) },
  { name: 'URL-encoded', wrap: (text) => encodeURIComponent(text) },
  { name: 'escaped', wrap: (text) => JSON.stringify(text) },
  { name: 'escaped twice', wrap: (text) => JSON.stringify(JSON.stringify({ value: text })) },
  {
    name: 'base64 over lines',
    wrap: (text, dice) => (base64(text).match(new RegExp(`.{1,${dice.pick([64, 76])}}`, 'g')) ?? []).join('\n'),
  },
  {
    name: 'colours',
    wrap(text, dice) {
      const at = 1 + dice.below(text.length - 1)
      return `${text.slice(0, at)}\u001b[${dice.below(8)};3${dice.below(8)}m${text.slice(at)}\u001b[0m`
    },
  },
]

/** One case. */
export interface Case {
  readonly seed: number
  readonly wrapping: string
  readonly secret: string
  readonly text: string
  /** The dice after the text was made: for whatever is done to it. */
  readonly dice: Dice
}

/** A log of ordinary lines with one credential in it. */
export function textCase(seed: number): Case {
  const dice = diceOf(seed)
  const { secret, text } = dice.pick(KINDS)(dice)
  const wrapping = dice.pick(WRAPPINGS)
  const before = lines(dice)
  const after = lines(dice)
  return { seed, wrapping: wrapping.name, secret, text: `${before}${wrapping.wrap(text, dice)}\n${after}`, dice }
}

function lines(dice: Dice): string {
  return Array.from({ length: dice.below(4) }, () => {
    const words = Array.from({ length: 1 + dice.below(8) }, () => dice.word(LOWER, 2 + dice.below(9)))
    return `2026-05-0${1 + dice.below(9)}T10:00:0${dice.below(10)}Z ${words.join(' ')} n=${dice.below(100000)}\n`
  }).join('')
}

/** Cuts at random; at least one byte each. */
export function cut(bytes: Uint8Array, dice: Dice): Uint8Array[] {
  const chunks: Uint8Array[] = []
  const longest = dice.pick([1, 2, 3, 7, 40, 400])
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + dice.below(longest)
    // A copy, so that keeping hold of a reused buffer would show.
    chunks.push(bytes.slice(at, end))
    at = end
  }
  return chunks
}

/** Where a secret can still be read: as it is, or in base64 at any alignment; null when nowhere. */
export function leak(secret: string, output: string): string | null {
  if (output.includes(secret)) return 'as it is'
  const bytes = encoder.encode(secret)
  for (const before of [0, 1, 2]) {
    const padded = new Uint8Array(before + bytes.length)
    padded.set(bytes, before)
    const form = ascii.decode(encodeBase64(padded))
    const inner = form.slice(Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6))
    if (output.replace(/\s/g, '').includes(inner)) return 'in base64'
  }
  return null
}
