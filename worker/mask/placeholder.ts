// The placeholder that stands for a masked value: ⟦masked:RULE:TAG⟧. In: a value's bytes and the session's key.
// Out: the placeholder. Equal values look equal within a session; nothing else is learned. No I/O.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { MaskedPlace } from '../../protocol/log/event.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import type { KnownValues } from './contract.ts'

/** How every placeholder begins. */
export const PLACEHOLDER_START = '⟦masked:'

const TAG_HEX_CHARS = 12
const encoder = new TextEncoder()
const ascii = new TextDecoder('latin1')

/** A placeholder in base64, as a JSON string: its first nine bytes are `⟦masked`. */
const IN_BASE64 = /"(4p\+mbWFza2Vk[A-Za-z0-9+/]{1,400}={0,2})"/g
const WHOLE = /^⟦masked:[a-z0-9-]+:[0-9a-f]+⟧$/

/** Masked JSON as people read it: placeholders in `data` of Secrets stand in base64, which says nothing to anybody. */
export function readable(json: string): string {
  return json.replace(IN_BASE64, (asItStood, base64: string) => {
    const bytes = decodeBase64(encoder.encode(base64))
    const text = bytes === null ? '' : new TextDecoder().decode(bytes)
    return WHOLE.test(text) ? `"${text}"` : asItStood
  })
}

const OWN = /^⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧$/
/** Longer is none: names of rules are short. */
const MAX_PLACEHOLDER_BYTES = 128

/** The placeholder that a value is, from end to end: a write brings it back, and it is recorded as it came. Null: it is none. */
function placeholderIn(value: Uint8Array): string | null {
  if (value[0] !== 0xe2 || value.length > MAX_PLACEHOLDER_BYTES) return null
  const text = new TextDecoder().decode(value)
  return OWN.test(text) ? text : null
}

/** Places that are told of one body; the rest are only counted. Stops a body of a million secrets from filling the log. */
const MAX_PLACES = 32
/** Tags remembered for one body, and how long their values may be. */
const MAX_REMEMBERED = 256
const MAX_REMEMBERED_BYTES = 128

/** What was masked: how many values, by which rule and where. Never the values. The shape of `RecordedMask`. */
export interface MaskReport {
  readonly count: number
  readonly rules: Readonly<Record<string, number>>
  readonly places?: readonly MaskedPlace[]
}

/** Makes placeholders and counts them. For one body at a time. */
export class Masker {
  /** What was masked, decoded (bytes as UTF-8 text) and as it stood, when `collect` was asked for. */
  readonly seen = new Set<string>()
  readonly #key: Uint8Array
  /** Made when there is something to mask: mostly there is not. */
  #hashes: { readonly keyed: ReturnType<typeof hmac.create>; readonly fresh: ReturnType<typeof hmac.create> } | null =
    null
  readonly #digest = new Uint8Array(sha256.outputLen)
  readonly #collect: boolean
  readonly #values: KnownValues | null
  readonly #rules = new Map<string, number>()
  readonly #places = new Map<string, { readonly rule: string; readonly at: string; count: number }>()
  /** Tags made so far, by value. */
  readonly #tags = new Map<string, string>()
  #count = 0

  /**
   * @param key the session's HMAC key, 32 bytes
   * @param collect keep the values in `seen`, to look for them in the answer; only for request bodies
   * @param values where values masked by structure are noted; null: nowhere
   */
  constructor(key: Uint8Array, collect = false, values: KnownValues | null = null) {
    this.#key = key
    this.#collect = collect
    this.#values = values
  }

  /** The placeholder for a value, counted. @param at where it stood: `items[].data.password` */
  placeholder(value: Uint8Array, rule = 'secret', at = ''): string {
    this.#count++
    this.#rules.set(rule, (this.#rules.get(rule) ?? 0) + 1)
    const key = `${rule} ${at}`
    const place = this.#places.get(key)
    if (place !== undefined) place.count++
    else if (at !== '' && this.#places.size < MAX_PLACES) this.#places.set(key, { rule, at, count: 1 })
    return this.uncounted(value, rule)
  }

  /** The placeholder for a value that has been counted where it was first found. One that is a placeholder stands for itself. */
  uncounted(value: Uint8Array, rule = 'secret'): string {
    const own = placeholderIn(value)
    if (own !== null) return own
    return `${PLACEHOLDER_START}${rule}:${this.#tag(value)}⟧`
  }

  /** Lists hold the same few values again and again: a look is cheaper than a hash. */
  #tag(value: Uint8Array): string {
    if (value.length > MAX_REMEMBERED_BYTES) return this.#hash(value)
    const text = ascii.decode(value)
    const known = this.#tags.get(text)
    if (known !== undefined) return known
    const tag = this.#hash(value)
    if (this.#tags.size >= MAX_REMEMBERED) this.#tags.clear()
    this.#tags.set(text, tag)
    return tag
  }

  #hash(value: Uint8Array): string {
    // A new one for each value takes three times as long.
    this.#hashes ??= { keyed: hmac.create(sha256, this.#key), fresh: hmac.create(sha256, this.#key) }
    const { keyed, fresh } = this.#hashes
    keyed._cloneInto(fresh)
    fresh.update(value).digestInto(this.#digest)
    return bytesToHex(this.#digest.subarray(0, TAG_HEX_CHARS / 2))
  }

  /** The placeholder in base64, for `data` of a Secret, so that typed clients can decode it. */
  base64Placeholder(value: Uint8Array, rule = 'secret', at = ''): string {
    return ascii.decode(encodeBase64(encoder.encode(this.placeholder(value, rule, at))))
  }

  /** Notes a value that was masked, if values are collected. */
  note(text: string): void {
    if (this.#collect && text !== '') this.seen.add(text)
  }

  /**
   * Notes a value that structure masked, to be found again by value.
   * @throws {MaskError} there are more than can be kept
   */
  keep(value: Uint8Array, name: string): void {
    this.#values?.note(value, name)
  }

  /** Begins anew, for the next body of the session: counts and places are gone, tags stay what they are. */
  forget(): void {
    this.#count = 0
    this.#rules.clear()
    this.#places.clear()
    this.seen.clear()
  }

  report(): MaskReport {
    const places = [...this.#places.values()].map((place) => ({ ...place }))
    return { count: this.#count, rules: Object.fromEntries(this.#rules), ...(places.length === 0 ? {} : { places }) }
  }
}
