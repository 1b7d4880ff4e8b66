// Text that an agent may have written, made fit for a person's terminal. In: any text. Out: the same with everything unseen
// spelled out (`⟨U+001B⟩`, as the app shows it), so that it can neither steer the terminal nor make words stand in another order than they are sent.
// No I/O.

/**
 * Controls, bidi and zero-width characters, tags, lone surrogates, private and unassigned code points, line separators, fillers
 * that show as nothing, every space but the ordinary one (it would part words that belong together), and the fourth and further
 * marks heaped on one character.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|(?<=\p{M}{3})\p{M}/gu

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function named(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
}

/** JSON's own form. */
function escaped(character: string): string {
  let out = ''
  for (let index = 0; index < character.length; index += 1) {
    out += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }
  return out
}

/** One line: line breaks are spelled out too. */
export function safe(text: string): string {
  return text.replace(UNSEEN, (character) => SHORT.get(character) ?? named(character))
}

/** Several lines: `\n` parts them, a tab is four spaces. */
export function safeLines(text: string): readonly string[] {
  return text.split('\n').map((line) => safe(line.replaceAll('\t', '    ')))
}

/** JSON text as `JSON.stringify` writes it: still JSON, and of the same value. */
export function safeJson(json: string): string {
  return json.replace(UNSEEN, (character) => (character === '\n' ? character : escaped(character)))
}
