// Finds a place within a YAML text in the file it stands in, so that an error in an expression points at the file's own line
// and column. In: a scalar node and an offset into its value. Out: an offset into the file. No I/O.

import type { Scalar } from 'yaml'

/**
 * The offset in the file of the character at `index` of the node's value; the end of the text for an index past it. Whatever
 * the style, characters other than space stand in the file in the order of the value: only space is folded and indentation
 * taken away. So both are walked side by side. Where they do not agree after all: the start of the node. Null without a place.
 */
export function placeInFile(file: string, { range, type, value }: Scalar, index: number): number | null {
  if (range === null || range === undefined || typeof value !== 'string') return null
  const [start, end] = range
  let at = start
  // A block begins behind its header line: `|`, `>-`, perhaps a comment.
  if (type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED') at = file.indexOf('\n', start) + 1
  else if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') at += 1
  for (let i = 0; i < value.length; ) {
    const wanted = value[i] ?? ''
    if (isSpace(wanted)) {
      if (i >= index) return at
      i += 1
      continue
    }
    let here = characterAt(file, at, type)
    while (at < end && isSpace(here.value)) {
      at = here.end
      here = characterAt(file, at, type)
    }
    if (at >= end || !value.startsWith(here.value, i)) return start
    if (i >= index) return at
    at = here.end
    i += here.value.length
  }
  return at
}

/** How many hex digits follow these escapes. */
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }
/** YAML's escapes of one letter (section 5.7), but for those of space. */
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '"': '"', '/': '/', '\\': '\\', '0': '\0', a: '\x07', b: '\b', v: '\v', f: '\f', e: '\x1b' },
  ...{ N: '\x85', _: '\xa0', L: '\u2028', P: '\u2029' },
}

/** One character of the value as the file has it; '' for what stands for none, an escaped line break. */
function characterAt(file: string, at: number, type: Scalar['type']): { readonly end: number; readonly value: string } {
  const first = file[at] ?? ''
  if (type === 'QUOTE_SINGLE' && first === "'") return { end: at + 2, value: first }
  if (type !== 'QUOTE_DOUBLE' || first !== '\\') return { end: at + 1, value: first }
  const letter = file[at + 1] ?? ''
  const digits = HEX_DIGITS[letter]
  if (digits !== undefined) {
    const code = Number.parseInt(file.slice(at + 2, at + 2 + digits), 16)
    return { end: at + 2 + digits, value: code <= 0x10ffff ? String.fromCodePoint(code) : '' }
  }
  // What is left is space: an escaped line break, a tab.
  return { end: at + 2, value: ESCAPES[letter] ?? '' }
}

function isSpace(character: string): boolean {
  return character === '' || character === ' ' || character === '\n' || character === '\t' || character === '\r'
}
