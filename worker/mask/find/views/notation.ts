// Bytes that are written as numbers, read: hex in a row (`xxd -p`), in groups and lists (`67:68`, `0x67, 0x68`), lists of decimal numbers
// (Go's []byte, Java's and Node's), base32, and the rows of xxd, hexdump and od, with what stands beside them. In: a view. Out: a view
// with the bytes in their place, or null. No I/O.

import type { Budget } from '../budget.ts'
import { copyBehind, copyBetween } from './around.ts'
import { base32In } from './base32.ts'
import { BASE32, HEX, KIND, MARK, MIN_RUN, type Search, SIGN } from './digits.ts'
import { rowsIn } from './dump.ts'
import { listsIn } from './numberlists.ts'
import { type View, ViewBuilder } from './view.ts'

/** What a list of numbers is made of. */
const LISTED = HEX | SIGN | MARK

/** The view with numbers read; null when there are none. `final`: no more text comes. */
export function withNumbersRead(view: View, final: boolean, budget: Budget): View | null {
  const { bytes } = view
  const ends = final || view.closed
  const search: Search = { found: [], open: Number.POSITIVE_INFINITY }
  rowsIn(bytes, ends, search)
  runsIn(bytes, 0, bytes.length, ends, search)
  const stop = ends ? bytes.length : Math.min(bytes.length, search.open)
  const found = search.found.filter(
    // It was read in the view before.
    ({ start, end }) =>
      start < stop &&
      (view.from === null ||
        view.undone === 'terminal' ||
        !view.copied(Math.max(0, start - 1), Math.min(bytes.length, end + 1))),
  )
  const open = stop < bytes.length ? { open: stop } : {}
  if (found.length === 0 && open.open === undefined) return null
  const builder = new ViewBuilder(view, found.length === 0 ? 0 : 4096)
  let copied = 0
  let first = true
  for (const one of found.sort((a, b) => a.start - b.start)) {
    if (one.start < copied) continue
    budget.spend(2 * (one.end - one.start))
    copyBetween(builder, bytes, copied, one.start, first)
    first = false
    one.put(builder)
    copied = one.end
    // Numbers may go on in what comes.
    if (copied < stop || ends) builder.cut(copied)
  }
  if (first) return builder.view('numbers', { closed: true, newOnly: true, ...open })
  // What is cut short is no part of what stands before it.
  const whole = copied >= stop || copyBehind(builder, view, copied)
  return builder.view('numbers', { closed: view.closed || !whole, newOnly: true, ...open })
}

/** A quick look at raw bytes: whether numbers in them read as text. Rows stand on lines of their own, which are looked at for that. */
export function mayHoldNumbers(bytes: Uint8Array, from: number, to: number): boolean {
  const search: Search = { found: [], open: 0 }
  runsIn(bytes, from, to, true, search)
  return search.found.length > 0
}

/** Hex, lists and base32 on any line. */
function runsIn(bytes: Uint8Array, from: number, to: number, ends: boolean, search: Search): void {
  let listed = from
  let based = from
  for (let probe = from + MIN_RUN - 1; ; probe += MIN_RUN) {
    // What is shorter at the end may grow.
    if (probe >= to && (ends || to === from)) return
    const at = Math.min(probe, to - 1)
    const kind = KIND[bytes[at]!]!
    if (at >= listed && (kind & LISTED) !== 0) {
      let start = at
      while (start > listed && (KIND[bytes[start - 1]!]! & LISTED) !== 0) start--
      let end = at + 1
      while (end < to && (KIND[bytes[end]!]! & LISTED) !== 0) end++
      listed = end
      const grows = end === to && !ends
      if (end - start >= MIN_RUN || grows) listsIn(bytes, start, end, grows, search)
    }
    if (at >= based && (kind & BASE32) !== 0) {
      let start = at
      while (start > based && (KIND[bytes[start - 1]!]! & BASE32) !== 0) start--
      let end = at + 1
      while (end < to && (KIND[bytes[end]!]! & BASE32) !== 0) end++
      based = end
      if (end - start >= MIN_RUN) base32In(bytes, start, end, search)
    }
    if (at < probe) return
  }
}
