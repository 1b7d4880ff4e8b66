// What the ways of writing bytes as numbers share: kinds of characters, how much text makes them worth reading, what is found. No I/O.

import type { ViewBuilder } from './view.ts'

/** Bytes of text in a row that make numbers worth reading: a known value may be as short. */
export const MIN_TEXT = 6
/** In base32 and in hex without signs between, which digests are written in too. */
export const MIN_TEXT_IN_ROW = 12
/** Shorter stretches hold no credential. Each has a character at one of these places. */
export const MIN_RUN = 24

/** Kinds of characters, as bits. */
export const HEX = 1
export const SIGN = 2
export const MARK = 4
export const BASE32 = 8
export const DIGIT = 16
/** The kinds of each character. */
export const KIND = new Uint8Array(256)
for (const char of '0123456789abcdefABCDEF') KIND[char.charCodeAt(0)]! |= HEX
for (const char of ' ,:\t\r\n') KIND[char.charCodeAt(0)]! |= SIGN
for (const char of 'xX') KIND[char.charCodeAt(0)]! |= MARK
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567') KIND[char.charCodeAt(0)]! |= BASE32
for (const char of '0123456789') KIND[char.charCodeAt(0)]! |= DIGIT

export const LF = 0x0a

/** Bytes of ASCII text: beyond it digests would often pass for text. */
const TEXT = new Uint8Array(256)
for (let byte = 0x20; byte < 0x7f; byte++) TEXT[byte] = 1
for (const byte of [0x09, 0x0a, 0x0d, 0x1b]) TEXT[byte] = 1

/** Counts how many bytes of text stand in a row. */
export class TextRun {
  most = 0
  #run = 0

  add(byte: number): void {
    if (TEXT[byte] === 0) this.#run = 0
    else if (++this.#run > this.most) this.most = this.#run
  }
}

/** Takes a byte and the stretch it is written in. */
export type Take = (byte: number, from: number, to: number) => void

/** A stretch of numbers, which puts its bytes into a view. */
export interface Found {
  readonly start: number
  /** Behind what closes it. */
  readonly end: number
  put(builder: ViewBuilder): void
}

/** What was found, and where at the end of the text something stands that is not complete. */
export interface Search {
  readonly found: Found[]
  open: number
}
