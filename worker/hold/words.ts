// What agents and people type, made safe to show: as data, never as markup, instructions or an order of reading. No I/O.

/**
 * Characters that are not seen or that change how others are read, the same as the app writes out: controls, format characters
 * (bidirectional overrides, zero-width ones, tags), whatever Unicode lets a font ignore (fillers, selectors), separators of lines,
 * lone surrogates, private use, every space but the ordinary one, and marks heaped on one character. Not U+0009 and U+000A.
 */
const UNSEEN =
  /[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?![\t\n])\p{Cc}|(?! )\p{Zs}|(?<=\p{M}{3})\p{M}/gu
const SPACES = /[\t\n\r\p{Zs}]+/gu

/** One line of plain text: unseen characters left out, white space made one space, cut with `…` at `max` characters. */
export function plain(text: string, max: number): string {
  // Cut before as well: a megabyte of spaces must not be looked through.
  const line = text
    .slice(0, max * 4)
    .replace(SPACES, ' ')
    .replace(UNSEEN, '')
    .trim()
  return line.length <= max ? line : `${line.slice(0, max - 1).toWellFormed()}…`
}

/** The same text with unseen characters written out (`⟨U+202E⟩`); line ends and tabs stay. What is shown is what is there. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (one) => `⟨U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`)
}
