// What agents and people type, made safe to show: as data, never as markup, instructions or an order of reading. No I/O.

/**
 * Characters that are not seen or that change how others are read: controls, bidirectional overrides and isolates,
 * zero-width ones, line separators, tags. U+0009 and U+000A are treated apart.
 */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Cs}/gu
const SPACES = /[\t\n\r ]+/g

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
