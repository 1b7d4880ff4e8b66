// Replaces known secret values in the strings of a Helm release. In: the values of its Secrets. Out: strings and files in which
// they are placeholders, plain, in base64 and escaped alike. Work is bounded. No I/O.

import { encodeBase64 } from './base64.ts'
import { MAX_RELEASE_SEARCH, MAX_RELEASE_YAML_CHARS, MIN_SEARCHED_CHARS } from './limits.ts'
import { type ManifestValue, secretsInManifest } from './manifest.ts'
import type { Masker } from './placeholder.ts'
import { MaskError } from './scanner.ts'

/** The release holds more values than can be searched for in time. */
export class TooMuchWork extends Error {}

/** A line this long of a value of several lines (a PEM block) is searched for by itself: manifests indent them. */
const MIN_LINE_CHARS = 12

const encoder = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Both forms of placeholders, which must not be searched again: a value may be the word `masked`. */
const PLACEHOLDERS = /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧|4p\+mbWFza2Vk[A-Za-z0-9+/]+={0,2}/g

/** A stretch of a text and what is put in its place. */
interface Hit {
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** Searches for the values of one release. */
export class Replacer {
  readonly #masker: Masker
  readonly #plain: string[] = []
  readonly #text: ReadonlyMap<string, string>
  readonly #bytes: ReadonlyMap<string, string>
  readonly #tags = new Map<string, string>()
  readonly #at: string
  #work = 0

  /** @param at where the release stands, for the count */
  constructor(masker: Masker, secrets: readonly ManifestValue[], at = '') {
    this.#masker = masker
    this.#at = at
    const text = new Map<string, string>()
    const bytes = new Map<string, string>()
    const add = (form: string, placeholder: string) => {
      if (form.length < MIN_SEARCHED_CHARS || text.has(form)) return
      text.set(form, placeholder)
      bytes.set(binary(encoder.encode(form)), binary(encoder.encode(placeholder)))
    }
    for (const { bytes: value } of secrets) {
      const placeholder = this.#tag(value)
      const base64 = binary(encodeBase64(value))
      if (value.length < MIN_SEARCHED_CHARS) continue
      add(base64, binary(encodeBase64(encoder.encode(placeholder))))
      add(base64.replace(/=+$/, ''), binary(encodeBase64(encoder.encode(placeholder))))
      bytes.set(binary(value), binary(encoder.encode(placeholder)))
      const plain = textOf(value)
      if (plain === null) continue
      this.#plain.push(plain)
      for (const form of formsOf(plain)) add(form, placeholder)
    }
    this.#text = text
    this.#bytes = bytes
  }

  /** Whether there are values to be searched for. */
  get holds(): boolean {
    return this.#bytes.size > 0
  }

  /** A string with all values in it replaced; null when there is none. */
  text(text: string): string | null {
    return this.#replace(text, this.#text)
  }

  /** A file likewise, whatever its encoding. */
  bytes(bytes: Uint8Array): Uint8Array | null {
    const masked = this.#replace(binary(bytes), this.#bytes)
    return masked === null ? null : Uint8Array.from(masked, (char) => char.charCodeAt(0))
  }

  /** A manifest: its Secrets' values by their place, and all values wherever else they stand. */
  manifest(text: string): string | null {
    const values = secretsInManifest(text, { chars: MAX_RELEASE_YAML_CHARS })
    if (values === 'unreadable') throw new MaskError('a manifest of the release cannot be read')
    let out = ''
    let at = 0
    for (const value of [...values].sort((a, b) => a.start - b.start)) {
      if (value.start < at) throw new MaskError('a manifest of the release cannot be read')
      const placeholder =
        value.field === 'data'
          ? this.#masker.base64Placeholder(value.bytes, 'secret', this.#at)
          : this.#masker.placeholder(value.bytes, 'secret', this.#at)
      out += `${text.slice(at, value.start)}"${placeholder}"${value.line ? '\n' : ''}`
      at = value.end
    }
    out += text.slice(at)
    return this.text(out) ?? (values.length === 0 ? null : out)
  }

  /** True when a text is part of the value of a Secret. */
  isPartOfSecret(text: string): boolean {
    if (text.length < MIN_SEARCHED_CHARS) return false
    for (const value of this.#plain) this.#spend(value.length)
    return this.#plain.some((value) => value.includes(text))
  }

  /** The placeholder for a text that is masked whole. */
  whole(text: string): string {
    return this.#masker.placeholder(encoder.encode(text), 'secret', this.#at)
  }

  /** The placeholder for a text that is a value from end to end; null when it is none. */
  exact(text: string): string | null {
    return this.#text.get(text) ?? null
  }

  /** A value's placeholder; occurrences beyond the manifests are not counted again. */
  #tag(value: Uint8Array): string {
    const key = binary(value)
    const known = this.#tags.get(key)
    if (known !== undefined) return known
    const placeholder = this.#masker.uncounted(value)
    this.#tags.set(key, placeholder)
    return placeholder
  }

  #spend(work: number): void {
    this.#work += work
    if (this.#work > MAX_RELEASE_SEARCH) throw new TooMuchWork()
  }

  #replace(text: string, forms: ReadonlyMap<string, string>): string | null {
    this.#spend(text.length * forms.size)
    const hits: Hit[] = []
    for (const [form, replacement] of forms) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length)) {
        hits.push({ start: at, end: at + form.length, replacement })
      }
    }
    return hits.length === 0 ? null : replaceHits(text, hits)
  }
}

/** Replaces stretches; those that overlap become one, so that no end of a value stays. Placeholders already there stay. */
function replaceHits(text: string, hits: Hit[]): string {
  for (const match of text.matchAll(PLACEHOLDERS)) {
    hits.push({ start: match.index, end: match.index + match[0].length, replacement: match[0] })
  }
  // Of those that begin together the longest counts.
  hits.sort((a, b) => a.start - b.start || b.end - a.end)
  let out = ''
  let at = 0
  for (let i = 0; i < hits.length; ) {
    const { start, replacement } = hits[i]!
    let { end } = hits[i]!
    for (i++; i < hits.length && hits[i]!.start < end; i++) end = Math.max(end, hits[i]!.end)
    out += text.slice(at, start) + replacement
    at = end
  }
  return out + text.slice(at)
}

/** How a value may be written elsewhere: as it is, trimmed, escaped for JSON or a URL, and line by line. */
function formsOf(plain: string): Set<string> {
  const forms = new Set([plain, plain.trim(), JSON.stringify(plain).slice(1, -1)])
  if (plain.isWellFormed()) forms.add(encodeURIComponent(plain))
  if (plain.includes('\n')) {
    for (const line of plain.split('\n')) if (line.trim().length >= MIN_LINE_CHARS) forms.add(line.trim())
  }
  return forms
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** One character a byte, reversibly (the decoder called latin1 is not: it is windows-1252). */
function binary(bytes: Uint8Array): string {
  let out = ''
  for (let at = 0; at < bytes.length; at += 8192) out += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return out
}
