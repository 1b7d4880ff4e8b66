// Where the lines of a text end. In: bytes. Out: places. No I/O.

/** Bytes that end a line, at most: CR LF, and one more CR from a terminal. What is left out of a text of line ends alone must be little. */
export const MAX_BREAK = 3
export const LF = 0x0a
export const CR = 0x0d

/** Where lines end, by place. */
export function lineEndsIn(bytes: Uint8Array): readonly number[] {
  const ends: number[] = []
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) ends.push(lf)
  return ends
}

/** Whether a line ends between two places. */
export function hasOneIn(ends: readonly number[], from: number, to: number): boolean {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle]! < from) low = middle + 1
    else high = middle
  }
  return low < ends.length && ends[low]! < to
}

/** Whether a byte ends a line, or stands before one that does. */
export function isBreak(byte: number): boolean {
  return byte === LF || byte === CR
}
