// Texts for the tests and the bench of the pattern rules. No I/O.

import { parseShape, type Sequence } from './grammar.ts'
import type { PatternRule } from './rule.ts'

/** A text of a shape: `random` gives numbers in [0, 1). */
function textOf(sequence: Sequence, random: () => number): string {
  let text = ''
  for (const part of sequence) {
    if (part.kind === 'literal') text += String.fromCharCode(...part.bytes)
    else if (part.kind === 'class') {
      const bytes = [...part.set.keys()].filter((byte) => part.set[byte] === 1 && byte > 0x20 && byte < 0x7f)
      const count = part.min + Math.floor(random() * (Math.min(part.max, part.min + 24) - part.min + 1))
      for (let n = 0; n < count; n++) text += String.fromCharCode(bytes[Math.floor(random() * bytes.length)] ?? 0x78)
    } else if (part.kind === 'group') {
      const count = part.min + Math.floor(random() * (part.max - part.min + 1))
      for (let n = 0; n < count; n++)
        text += textOf(part.options[Math.floor(random() * part.options.length)] ?? [], random)
    }
  }
  return text
}

/** Something that has the shape of a rule, without the word it must stand near. Checks and entropy may still refuse it. */
export function exampleOf(rule: PatternRule, random: () => number): string {
  return textOf(parseShape(rule.match, rule.ignoreCase), random)
}
