// Long lines on a terminal. A terminal goes on at its left edge, where our own words stand: whoever wrote the line could place
// words there that look like ours. So lines are broken here, and what goes on is marked. In: safe text. Out: lines. No I/O.

/** Shown in two cells by most terminals. Counted so for certain: a line that is broken early does no harm. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe6f\uff00-\uffe6\u{10000}-\u{10ffff}]|\p{Emoji_Presentation}/u
const GOES_ON = '    ↳ '
/** Narrower terminals are treated as if they were this wide. */
const MIN_COLUMNS = 20

/** @param columns of the terminal; Infinity: it is none, and lines stay whole */
export function fold(line: string, columns: number): readonly string[] {
  const width = Math.max(MIN_COLUMNS, columns)
  if (line.length * 2 <= width) return [line]
  const lines: string[] = []
  let [current, cells] = ['', 0]
  for (const character of line) {
    const size = WIDE.test(character) ? 2 : 1
    if (cells + size > width) {
      lines.push(current)
      current = GOES_ON
      cells = GOES_ON.length
    }
    current += character
    cells += size
  }
  return [...lines, current]
}
