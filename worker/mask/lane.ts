// One text of a stream, of which only a window is kept. In: bytes as they come. Out: where in it secrets are, and up to where that
// is decided. No I/O, no clock.

import type { Finder } from './contract.ts'
import { LOOK_BACK_BYTES } from './limits.ts'

/** What stands in front of what is undecided and may decide about it: a name and its operator, words near a shape. */
const CONTEXT_BYTES = 1024
/** How far back a cut is moved to fall between two words. */
const CUT_BYTES = 256
/** With more than this undecided, a new look waits for twice as much again, so that each byte is looked at a few times at most. */
const SMALL_BYTES = 2048
/** It waits for no more than this. */
const MAX_WAIT_BYTES = 64 * 1024

/** A text that grows at its end and is forgotten from its beginning. */
export class Lane {
  /** What is kept of it. Never written to: pieces of it go on. */
  window: Uint8Array = new Uint8Array(0)
  /** The offset of the window's first byte. */
  base = 0
  /** Everything before has gone on. */
  released = 0
  /** Everything before is decided. */
  open = 0
  /** How far was looked at. */
  looked = 0
  /** How far any look went. */
  #seen = 0
  /** What begins here is kept, whatever has gone on. */
  keep = Number.POSITIVE_INFINITY
  found: { readonly start: number; readonly end: number; readonly rule: string; readonly value: Uint8Array }[] = []

  get end(): number {
    return this.base + this.window.length
  }

  append(bytes: Uint8Array): void {
    const window = new Uint8Array(this.window.length + bytes.length)
    window.set(this.window)
    window.set(bytes, this.window.length)
    this.window = window
  }

  /** Whether it is time to look again. */
  get due(): boolean {
    const fresh = this.end - this.looked
    const again = this.looked - Math.min(this.open, this.released)
    return fresh > 0 && (again <= SMALL_BYTES || fresh >= Math.min(2 * again, MAX_WAIT_BYTES))
  }

  /** Looks for secrets in the window. With `final`, as if nothing more came; what is open stays as it is known. */
  look(finder: Finder, final: boolean): void {
    const from = Math.max(0, this.released - this.base)
    const fresh = this.end - this.#seen
    this.#seen = this.end
    const { hits, open, keep } = finder.find(this.window, { final, from, fresh })
    const { base } = this
    this.found = hits.map(({ start, end, rule, value }) => ({ start: base + start, end: base + end, rule, value }))
    if (final) return
    this.keep = keep === undefined || keep >= this.window.length ? Number.POSITIVE_INFINITY : base + keep
    this.open = base + open
    this.looked = this.end
  }

  /** Looks for the last time before all goes on, whatever is open: what that is, the next look tells. */
  lookAndPass(finder: Finder): void {
    this.look(finder, true)
    this.open = Math.min(this.open, this.looked)
    this.looked = this.base
  }

  /** Forgets what is not looked back at any more. */
  trim(): void {
    const wanted = Math.min(
      Math.max(Math.min(this.open, this.released) - CONTEXT_BYTES, this.released - LOOK_BACK_BYTES),
      this.keep - CONTEXT_BYTES,
    )
    let cut = wanted - this.base
    // Worth a copy only when it is much.
    if (cut < CONTEXT_BYTES) return
    const least = cut - CUT_BYTES
    let blank = cut
    while (blank > least && this.window[blank - 1]! > 0x20) blank--
    if (blank > least) cut = blank
    this.window = this.window.slice(cut)
    this.base += cut
  }
}

const KEY_BEGINS = /^-----BEGIN [A-Z ]*PRIVATE KEY/
const latin = new TextDecoder('latin1')

/** Where a private key begins that has no end yet and has not gone out; null when there is none. */
export function keyStart(lane: Lane): number | null {
  if (lane.open < lane.released || lane.open >= lane.end || lane.looked < lane.end) return null
  const at = lane.open - lane.base
  if (lane.window[at] !== 0x2d) return null
  return KEY_BEGINS.test(latin.decode(lane.window.subarray(at, at + 64))) ? lane.open : null
}
