// Lines that something long was broken over, joined: a terminal's wrapping, MIME, YAML, a shell's `\`, quotes and diffs, and what a
// log puts before each line. Only what stands around a break that may be one of those is in the view; join.ts says which may.
// In: a view. Out: a view of it, or null. No I/O.

import { CR, type Join, joinAt, LF, type Line, lineStop, MAX_WORD_BYTES, wordEnd } from './join.ts'
import { type View, ViewBuilder } from './view.ts'

/** What stands before the broken thing on its first line is seen with it: a name, a word that says whose it is. */
const CONTEXT_BYTES = 160
/** What stands on the line behind a word that went on, when the line before was broken for its width: the name itself may be broken. */
const BEHIND_BYTES = 160
/** Lines are joined up to this; then a new piece begins. */
const MAX_CHAIN_BYTES = 64 * 1024

/** The joined lines; null when no break looks like one inside a word. `final`: no more text comes. */
export function withLinesJoined(view: View, final: boolean): View | null {
  const { bytes } = view
  let lf = bytes.indexOf(LF)
  let cr = bytes.indexOf(CR)
  if (lf < 0 && cr < 0) return null
  let builder: ViewBuilder | null = null
  let open: number | undefined
  let line: Line = { start: 0, before: -1 }
  /** End of what the last chain has copied: a chain never begins before it. */
  let done = 0
  while (lf >= 0 || cr >= 0) {
    const stop = lf >= 0 && (cr < 0 || lf < cr) ? lf : cr
    const join = joinAt(bytes, line, stop, final)
    if (join !== null) {
      builder ??= new ViewBuilder(view, Math.min(bytes.length, 4096))
      if (join.next < 0) {
        open ??= Math.min(join.word, bytes.length)
        // What stands there already is looked at when the rest comes.
      } else {
        const end = copyChain(builder, bytes, { line, done, first: join, final })
        if (end.open && !final) open ??= join.word
        done = end.at
        line = end.line
        if (lf >= 0 && lf < line.start) lf = bytes.indexOf(LF, line.start)
        if (cr >= 0 && cr < line.start) cr = bytes.indexOf(CR, line.start)
        continue
      }
    }
    line = { start: stop + 1, before: stop - line.start }
    if (stop === lf) lf = bytes.indexOf(LF, line.start)
    else cr = bytes.indexOf(CR, line.start)
  }
  if (builder === null) return null
  return builder.view('lines', { closed: true, newOnly: true, ...(open === undefined ? {} : { open }) })
}

/** Copies a word and all it goes on with. Gives where the text was read to, and whether its end was open. */
function copyChain(
  builder: ViewBuilder,
  bytes: Uint8Array,
  chain: { readonly line: Line; readonly done: number; readonly first: Join; readonly final: boolean },
): { readonly at: number; readonly line: Line; readonly open: boolean } {
  let { line } = chain
  let join = chain.first
  // Of a word alone on its line the name stands on the line before.
  const least = Math.max(chain.done, join.word - CONTEXT_BYTES)
  if (join.alone) builder.copy(least, line.start)
  builder.copy(Math.max(line.start + join.lead, least), join.end)
  let copied = join.end - join.word
  for (;;) {
    const { next, full, named } = join
    builder.joint(join.sure, full)
    const end = wordEnd(bytes, next)
    line = { start: lineBegin(bytes, next), before: widthBefore(bytes, line.start, next) }
    const rest = full ? restEnd(bytes, end) : end
    const stop = copied < MAX_CHAIN_BYTES ? lineStop(bytes, rest) : null
    const following = stop === null ? null : joinAt(bytes, line, stop, chain.final)
    // One line broken for its width after the other: all of them were one.
    const evenly = full && following?.full === true && following.width === join.width
    const goesOn = following !== null && (following.word <= next || named || evenly)
    if (!goesOn || following.next < 0) {
      // The byte behind it ends the word.
      const after = Math.max(named ? rest : end, Math.min(end + 1, bytes.length))
      builder.copy(next, after)
      builder.cut(after)
      return { at: after, line, open: end === bytes.length || goesOn || (named && rest === bytes.length) }
    }
    copied += following.end - next
    builder.copy(next, following.end)
    join = following
  }
}

/** How wide the line is that begins at `start` and ends before the one with `next` on it. */
function widthBefore(bytes: Uint8Array, start: number, next: number): number {
  let end = lineBegin(bytes, next)
  while (end > start && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end--
  return end - start
}

/** The end of the line that an offset is on, or of the word some bytes on. */
function restEnd(bytes: Uint8Array, from: number): number {
  let at = from
  const near = Math.min(bytes.length, from + BEHIND_BYTES)
  const most = Math.min(bytes.length, near + MAX_WORD_BYTES)
  while (at < most && bytes[at] !== LF && bytes[at] !== CR && (at < near || bytes[at]! > 0x20)) at++
  return at
}

/** The line's beginning before an offset. */
function lineBegin(bytes: Uint8Array, at: number): number {
  let start = at
  while (start > 0 && bytes[start - 1] !== LF && bytes[start - 1] !== CR) start--
  return start
}
