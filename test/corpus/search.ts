// Finds secrets in bytes, plain and wrapped. In: secrets, and what came out somewhere. Out: which can still be read there. No I/O.

import { readableLength } from './judge.ts'

/** The forms a secret can be read in: plain, escaped in JSON, URL encoded, and base64 at each of the three places it can begin. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    // The characters that tell of nothing but the secret.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...base64])]
}

/** The pieces of a form of a secret that count as readable. */
function* piecesOf(form: string): Generator<string> {
  const bytes = Buffer.from(form).toString('latin1')
  // A shorter piece of a short one may be part of another word.
  const length = Math.min(bytes.length, Math.max(8, readableLength(bytes)))
  for (let start = 0; start + length <= bytes.length; start++) yield bytes.slice(start, start + length)
}

/** True when a piece of the secret is among the pieces of others; else its pieces join them. */
export function alike(secret: string, pieces: Set<string>): boolean {
  const own = [...piecesOf(secret)]
  if (own.some((piece) => pieces.has(piece))) return true
  for (const piece of own) pieces.add(piece)
  return false
}

/** A text that many secrets are looked for in. Its pieces of each length are indexed once. */
export class Haystack {
  readonly #text: string
  readonly #pieces = new Map<number, Set<string>>()

  /** @param bytes read as one character each: secrets are looked for as bytes */
  constructor(bytes: Uint8Array) {
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  }

  #has(piece: string): boolean {
    let pieces = this.#pieces.get(piece.length)
    if (pieces === undefined) {
      pieces = new Set()
      for (let at = 0; at + piece.length <= this.#text.length; at++) pieces.add(this.#text.slice(at, at + piece.length))
      this.#pieces.set(piece.length, pieces)
    }
    return pieces.has(piece)
  }

  /** A readable piece of the secret in any of its forms, or null. */
  readable(secret: string): string | null {
    for (const form of formsOf(secret)) {
      for (const piece of piecesOf(form)) if (this.#has(piece)) return piece
    }
    return null
  }

  /** The whole secret stands here in one of its forms. Cheaper: no index. */
  holds(secret: string): string | null {
    return formsOf(secret).find((form) => this.#text.includes(Buffer.from(form).toString('latin1'))) ?? null
  }
}
