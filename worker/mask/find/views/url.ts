// Percent-encoding undone (RFC 3986, section 2.1); `+` is left as it is. In: a view. Out: a view of it, or null. No I/O.

import { copyBehind, copyBetween } from './around.ts'
import { hexDigit } from './escapes.ts'
import { type View, ViewBuilder } from './view.ts'

const PERCENT = 0x25

/** The view with one layer of percent-encoding undone; null when it has none. `final`: no more text comes. */
export function withoutPercent(view: View, final: boolean): View | null {
  const { bytes } = view
  let at = nextEncoded(bytes, 0)
  const last = bytes.lastIndexOf(PERCENT)
  const cut = !final && last >= 0 && last + 2 >= bytes.length && cutShort(bytes, last)
  if (at < 0 && !cut) return null
  const builder = new ViewBuilder(view, Math.min(bytes.length, 4096))
  let copied = 0
  let first = true
  while (at >= 0) {
    copyBetween(builder, bytes, copied, at, first)
    first = false
    copied = at + 3
    builder.byte(hexDigit(bytes[at + 1]!) * 16 + hexDigit(bytes[at + 2]!), at, copied)
    at = nextEncoded(bytes, copied)
  }
  // What is cut short is no part of what stands before it.
  if (cut) copyBetween(builder, bytes, copied, last, first)
  const whole = cut || first || copyBehind(builder, view, copied)
  return builder.view('url', { closed: view.closed || !whole, ...(cut ? { open: last } : {}) })
}

function cutShort(bytes: Uint8Array, percent: number): boolean {
  const digit = bytes[percent + 1]
  return digit === undefined || (percent + 2 === bytes.length && hexDigit(digit) >= 0)
}

function nextEncoded(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === PERCENT ? from : bytes.indexOf(PERCENT, from)
  while (at >= 0 && at + 2 < bytes.length) {
    if (hexDigit(bytes[at + 1]!) >= 0 && hexDigit(bytes[at + 2]!) >= 0) return at
    at = bytes.indexOf(PERCENT, at + 1)
  }
  return -1
}
