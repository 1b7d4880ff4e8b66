// Known values that would say what a masked value begins or ends with. An agent may note whatever it likes (it writes a Secret): a
// guess such as `PASSWORD=h` must leave no trace where `PASSWORD=hunter2` is masked by a rule. In: candidates. Out: those that may
// count. No I/O.

/** A stretch that was found. */
interface Stretch {
  readonly start: number
  readonly end: number
  /** It is a known value; else a rule found it. */
  readonly known: boolean
}

/** Blanks, controls, quotes and brackets, and what stands between values: a word begins or ends there. */
const BOUNDARY = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= 0x20 || byte === 0x7f || '"\'`,;&|=()[]{}<>\\'.includes(String.fromCharCode(byte)) ? 1 : 0,
)

/** Letters, digits, and all beyond ASCII. */
const LETTER = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || /[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0,
)

/**
 * Without known values that begin or end within a word of what a rule has found, or of another known value, and reach beyond it. What
 * contains all of it is no guess of its beginning, and what lies within it changes nothing.
 */
export function withoutGuesses<Candidate extends Stretch>(
  text: Uint8Array,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  if (candidates.every(({ known }) => !known)) return candidates
  return withoutRuled(text, withoutOverlapping(text, candidates))
}

/**
 * Of two known values that overlap, the one that ends (or begins) within a word of the other goes, if the other does not do so in
 * turn: that one stands for itself, and of the first no more lies outside than its writer has known.
 */
function withoutOverlapping<Candidate extends Stretch>(
  text: Uint8Array,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const known = candidates.filter((one) => one.known)
  const guessed = known.filter(({ start, end }) => beginsGlued(text, start) || endsGlued(text, end))
  if (guessed.length === 0 || known.length < 2) return candidates
  const [byStart, byEnd] = [
    known.filter(({ start }) => !beginsGlued(text, start)).toSorted((one, other) => one.start - other.start),
    known.filter(({ end }) => !endsGlued(text, end)).toSorted((one, other) => one.end - other.end),
  ]
  const gone = new Set<Candidate>()
  for (const one of guessed) {
    const { start, end } = one
    const isGuess =
      (endsGlued(text, end) && hasBetween(byStart, start, end, 'start', (other) => other.end > end)) ||
      (beginsGlued(text, start) && hasBetween(byEnd, start, end, 'end', (other) => other.start < start))
    if (isGuess) gone.add(one)
  }
  return gone.size === 0 ? candidates : candidates.filter((one) => !gone.has(one))
}

/** Whether one of those that begin (or end) between two places is like that. */
function hasBetween(
  sorted: readonly Span[],
  from: number,
  to: number,
  by: 'start' | 'end',
  isLike: (span: Span) => boolean,
): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]![by] <= from) low = middle + 1
    else high = middle
  }
  for (let at = low; at < sorted.length && sorted[at]![by] < to; at++) if (isLike(sorted[at]!)) return true
  return false
}

function endsGlued(text: Uint8Array, at: number): boolean {
  return at < text.length && LETTER[text[at]!] === 1 && BOUNDARY[text[at - 1]!] === 0
}

function beginsGlued(text: Uint8Array, at: number): boolean {
  return at > 0 && LETTER[text[at - 1]!] === 1 && BOUNDARY[text[at]!] === 0
}

function withoutRuled<Candidate extends Stretch>(
  text: Uint8Array,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const ruled = unitedOf(candidates.filter(({ known }) => !known))
  if (ruled.length === 0) return candidates
  return candidates.filter(({ start, end, known }) => {
    if (!known) return true
    const begins = around(ruled, start)
    if (begins !== null && begins.end < end && isWithinWord(text, start)) return false
    const ends = around(ruled, end)
    return ends === null || ends.start <= start || !isWithinWord(text, end)
  })
}

/** Whether a cut at a place would part a word. */
export function isWithinWord(text: Uint8Array, at: number): boolean {
  return BOUNDARY[text[at - 1]!] === 0 && BOUNDARY[text[at]!] === 0
}

type Span = Pick<Stretch, 'start' | 'end'>

/** Stretches that overlap as one, by place. */
function unitedOf(stretches: readonly Span[]): Span[] {
  const spans: { start: number; end: number }[] = []
  for (const { start, end } of [...stretches].sort((one, other) => one.start - other.start)) {
    const last = spans.at(-1)
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end)
    else spans.push({ start, end })
  }
  return spans
}

/** The span that has a place within it, its ends left out; null: none has. */
function around(spans: readonly Span[], at: number): Span | null {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (spans[middle]!.start < at) low = middle + 1
    else high = middle
  }
  const span = spans[low - 1]
  return span !== undefined && span.end > at ? span : null
}
