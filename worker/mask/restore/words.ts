// What stands beside a value that is put back: no letters of the agent's that were not there. Joined with others a value could be asked
// about bit by bit: `pas` and a value that begins with `s` is a name that says secret, `\\` and one that begins with `n` is valid JSON,
// `ghp_` and enough letters are a token. In: a text in which values were put back, and where they stood. Out: yes or no. No I/O.

/** Where a value stood in a text, one character a byte. */
export interface Stood {
  readonly live: string
  readonly start: number
  readonly original: string
}

/** A value that was put back. */
export interface Placed {
  readonly tag: string
  readonly start: number
  readonly original: string
  /** Where it stood. */
  readonly stood: readonly Stood[]
}

/** Blanks, quotes, brackets, and what ends a word in all that is read for secrets. Not what goes on in base64, URLs and escapes. */
const SEPARATOR = /[\t\n\r "',;:=|&@!()[\]{}<>]/
/** Letters that are looked at on either side. */
const MAX_BESIDE = 256
/** Places of one value that are looked at. */
const MAX_OCCURRENCES = 64

/** Where a value stands in texts. */
export function occurrencesOf(value: string, texts: readonly (readonly [string, string])[]): readonly Stood[] {
  const found: Stood[] = []
  for (const [live] of texts) {
    for (let start = live.indexOf(value); start >= 0; start = live.indexOf(value, start + 1)) {
      found.push({ live, start, original: value })
      if (found.length === MAX_OCCURRENCES) return found
    }
  }
  return found
}

/** Whether each value stands between separators, or beside what it stood beside, or beside itself. */
export function standsAlone(text: string, placed: readonly Placed[]): boolean {
  return placed.every((one, index) => {
    const { start, original, tag, stood } = one
    const end = start + original.length
    const [previous, next] = [placed[index - 1], placed[index + 1]]
    const isFollowing =
      previous !== undefined && previous.tag === tag && previous.start + previous.original.length === start
    const isFollowed = next !== undefined && next.tag === tag && next.start === end
    const [left, right] = [before(text, start), behind(text, end)]
    return (
      (left === '' || isFollowing || stood.some((other) => before(other.live, other.start) === left)) &&
      (right === '' ||
        isFollowed ||
        stood.some((other) => behind(other.live, other.start + other.original.length) === right))
    )
  })
}

function before(text: string, at: number): string {
  let start = at
  while (start > 0 && at - start < MAX_BESIDE && !SEPARATOR.test(text[start - 1] ?? ' ')) start--
  return text.slice(start, at)
}

function behind(text: string, at: number): string {
  let end = at
  while (end < text.length && end - at < MAX_BESIDE && !SEPARATOR.test(text[end] ?? ' ')) end++
  return text.slice(at, end)
}
