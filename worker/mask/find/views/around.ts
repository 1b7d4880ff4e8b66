// What is copied around the places where something was undone: only there can a view show more than the text does. No I/O.

import type { View, ViewBuilder } from './view.ts'

/** In front of such a place: a name, an operator, words near a shape. */
const BEFORE_BYTES = 192
/** Behind it. */
const AFTER_BYTES = 256
/** A word that the edge falls into is copied whole, up to this. */
const MAX_WORD_BYTES = 16 * 1024

/** Copies what stands between two places; what is far from both is left out. `first`: there is none before. */
export function copyBetween(builder: ViewBuilder, bytes: Uint8Array, from: number, to: number, first: boolean): void {
  if (to - from <= BEFORE_BYTES + (first ? 0 : AFTER_BYTES)) {
    builder.copy(from, to)
    return
  }
  const end = first ? from : endBehind(bytes, from, to)
  const start = startBefore(bytes, end, to)
  if (start <= end) {
    builder.copy(from, to)
    return
  }
  if (!first) {
    builder.copy(from, end)
    builder.cut(end)
  }
  builder.copy(start, to)
}

/** Copies what stands behind the last place. Gives whether that is all there is. */
export function copyBehind(builder: ViewBuilder, view: View, from: number): boolean {
  const { bytes } = view
  const end = endBehind(bytes, from, bytes.length)
  builder.copy(from, end)
  return end === bytes.length
}

/** Behind the word and the blank that end AFTER_BYTES behind `from`. */
function endBehind(bytes: Uint8Array, from: number, to: number): number {
  let end = Math.min(to, from + AFTER_BYTES)
  const most = Math.min(to, end + MAX_WORD_BYTES)
  while (end < most && bytes[end - 1]! > 0x20) end++
  return end
}

function startBefore(bytes: Uint8Array, from: number, to: number): number {
  let start = Math.max(from, to - BEFORE_BYTES)
  const least = Math.max(from, start - MAX_WORD_BYTES)
  while (start > least && bytes[start - 1]! > 0x20) start--
  return start
}
