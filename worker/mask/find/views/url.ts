// Percent-encoding undone (RFC 3986, section 2.1), where `+` is left as it is; and quoted-printable (RFC 2045, section 6.7). In: a view. Out: a view of it, or null. No I/O.

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

const EQUALS = 0x3d
const LF = 0x0a

/** The view with quoted-printable undone; null when it has none, which an encoded `=` tells. `final`: no more text comes. */
export function withoutPrintable(view: View, final: boolean): View | null {
  const { bytes } = view
  let at = bytes.indexOf(EQUALS)
  while (at >= 0 && !(bytes[at + 1] === 0x33 && bytes[at + 2] === 0x44)) at = bytes.indexOf(EQUALS, at + 1)
  if (at < 0) return null
  const builder = new ViewBuilder(view, bytes.length)
  let copied = 0
  let open: number | undefined
  for (at = bytes.indexOf(EQUALS); at >= 0; at = bytes.indexOf(EQUALS, Math.max(at + 1, copied))) {
    const [first, second] = [bytes[at + 1], bytes[at + 2]]
    if (!final && (first === undefined || second === undefined)) {
      open = at
      break
    }
    // A line that goes on.
    const stop = first === LF ? at + 2 : first === 0x0d && second === LF ? at + 3 : -1
    const isByte = stop < 0 && first !== undefined && second !== undefined && isUpperHex(first) && isUpperHex(second)
    if (stop < 0 && !isByte) continue
    builder.copy(copied, at)
    copied = isByte ? at + 3 : stop
    if (isByte) builder.byte(hexDigit(first) * 16 + hexDigit(second), at, copied)
  }
  builder.copy(copied, open ?? bytes.length)
  return builder.view('url', { closed: view.closed, ...(open === undefined ? {} : { open }) })
}

function isUpperHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46)
}
