// Text that an agent or a cluster chose, made safe to look at. In: any string. Out: pieces of it, with everything that cannot
// be seen, or changes how its neighbours look, written out as an escape. No I/O. Markup is not its business: pieces are
// shown as text nodes only.

/** One run of text. `unseen`: this stands for a character that cannot be shown; the page marks it, so that it cannot be forged. */
export interface Piece {
  readonly text: string
  readonly unseen: boolean
}

/**
 * What is written out: controls, format characters (bidirectional overrides, zero-width ones, tags), whatever Unicode lets a
 * font ignore (soft hyphens, Hangul fillers, variation selectors), separators of lines, lone surrogates, private use, every
 * space but the ordinary one, the blank Braille pattern; and the fourth and further marks heaped on one character.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|(?<=\p{M}{3})\p{M}/gu

const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

/** Cuts text into pieces. `lines`: newline and tab stay what they are. */
export function pieces(text: string, lines = false): readonly Piece[] {
  const out: Piece[] = []
  let at = 0
  for (const match of text.matchAll(UNSEEN)) {
    const [char] = match
    if (lines && (char === '\n' || char === '\t')) continue
    if (match.index > at) out.push({ text: text.slice(at, match.index), unseen: false })
    out.push({ text: NAMES[char] ?? escapeOf(char), unseen: true })
    at = match.index + char.length
  }
  if (at < text.length) out.push({ text: text.slice(at), unseen: false })
  return out
}

function escapeOf(char: string): string {
  return `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`
}

/** The same as one string: for titles and labels. */
export function visible(text: string, lines = false): string {
  return pieces(text, lines)
    .map((piece) => piece.text)
    .join('')
}

/** A name between quotation marks, its own ones escaped: words in a name cannot pass for words of ours. */
export function quoted(name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** What a person typed, as the gateway takes it: on one line, without what cannot be seen. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(UNSEEN, '').trim()
}

/** The beginning of a text, and how many characters are left out. Never cuts a character in two. */
export function clip(text: string, max: number): { readonly text: string; readonly left: number } {
  if (text.length <= max) return { text, left: 0 }
  const before = text.charCodeAt(max - 1)
  const end = before >= 0xd800 && before <= 0xdbff ? max - 1 : max
  return { text: text.slice(0, end), left: text.length - end }
}
