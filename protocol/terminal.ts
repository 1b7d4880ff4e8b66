// Recorded terminal output made fit to be shown in somebody's own terminal. In: text in pieces, cut anywhere. Out: text.
// Kept: printable text, line movement, cursor, colour and screen sequences. Left out: whatever reaches beyond the screen
// (clipboard, title, links, DCS), whatever makes a terminal answer as if the person had typed, mouse, focus and paste modes.
// No I/O.

/** ECMA-48 finals that draw or move: everything else of CSI is left out. */
const DRAWING = new Set('@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu'.split(''))
/** DEC private modes that change only what is drawn: cursor keys, wrap, origin, cursor, alternate screens, synchronised output. */
const HARMLESS_MODES = new Set(['1', '3', '5', '6', '7', '12', '25', '47', '1047', '1048', '1049', '2026'])
/** ESC with one character: save, restore, index, next line, reverse index, tab set, reset, keypad. */
const HARMLESS_ESCAPES = new Set('78DEMHc=>'.split(''))
/** Longest CSI that is kept. Longer ones are no drawing. Stops a sequence without an end from filling memory. */
const MAX_CSI = 128

/** Finals that are carried out as often as they ask. */
const REPEATING = new Set('@ILMPSTXZb'.split(''))
/** More than any screen has rows or columns. Attack: ten bytes that make a terminal repeat a letter two billion times. */
const MAX_REPEATS = 1000
/** More than this is no place on a screen; programs ask for 9999 or 32767 to go to its edge. */
const MAX_PARAMETER = 65_535

/** Brings a terminal back to what it was before a recording, without clearing it: modes, margins, colours, the normal screen. */
export const RECOVER = '\u001b[!p\u001b[?1047l\u001b[?5l\u001b[20l\u001b[0m'

type State = 'ground' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string-escape'

/** True for a CSI that may be shown; `body` is what stands between `ESC [` and the final. */
function harmless(body: string, final: string): boolean {
  if (body === '!' && final === 'p') return true
  if (!DRAWING.has(final)) return false
  const most = REPEATING.has(final) ? MAX_REPEATS : MAX_PARAMETER
  if (body.split(/[;:?]/).some((parameter) => Number(parameter) > most)) return false
  if (body === '' || /^[0-9;:]*$/.test(body)) return true
  const modes = /^\?([0-9;]*)$/.exec(body)?.[1]
  if (modes === undefined) return false
  if (final === 'h' || final === 'l') return modes.split(';').every((mode) => HARMLESS_MODES.has(mode))
  return final === 'J' || final === 'K'
}

/** One recording's output. Keeps its place between pieces. */
export class TerminalFilter {
  #state: State = 'ground'
  #csi = ''

  /** The next piece, without what must not be shown. */
  write(text: string): string {
    let out = ''
    for (const character of text) out += this.#next(character)
    return out
  }

  #next(character: string): string {
    const code = character.codePointAt(0) ?? 0
    const isC1 = code >= 0x80 && code <= 0x9f
    // CAN and SUB break any sequence off; so does ESC, but in a string it may be the terminator.
    if (code === 0x18 || code === 0x1a) {
      this.#state = 'ground'
      return ''
    }
    switch (this.#state) {
      case 'ground':
        if (code === 0x1b) this.#state = 'escape'
        else if (code === 0x9b) this.#beginCsi()
        else if (code === 0x90 || code === 0x98 || (code >= 0x9d && code <= 0x9f)) this.#state = 'string'
        else if (code >= 0x20 && code !== 0x7f && !isC1) return character
        else if (code >= 0x07 && code <= 0x0d) return character
        return ''
      case 'escape':
        return this.#escape(character, code)
      case 'intermediate':
        // Character sets and the like: ESC, intermediates, one final.
        if (code === 0x1b) this.#state = 'escape'
        else if (code >= 0x30) this.#state = 'ground'
        return ''
      case 'csi':
        return this.#inCsi(character, code)
      case 'string':
        if (code === 0x1b) this.#state = 'string-escape'
        else if (code === 0x07 || code === 0x9c) this.#state = 'ground'
        return ''
      case 'string-escape':
        if (character === '\\') {
          this.#state = 'ground'
          return ''
        }
        return this.#escape(character, code)
    }
  }

  #beginCsi(): void {
    this.#state = 'csi'
    this.#csi = ''
  }

  #escape(character: string, code: number): string {
    if (code === 0x1b) {
      this.#state = 'escape'
      return ''
    }
    if (character === '[') {
      this.#beginCsi()
      return ''
    }
    if (character === ']' || character === 'P' || character === 'X' || character === '^' || character === '_') {
      this.#state = 'string'
      return ''
    }
    if (code >= 0x20 && code <= 0x2f) {
      this.#state = 'intermediate'
      return ''
    }
    this.#state = 'ground'
    return HARMLESS_ESCAPES.has(character) ? `\u001b${character}` : ''
  }

  #inCsi(character: string, code: number): string {
    if (code === 0x1b) {
      this.#state = 'escape'
      return ''
    }
    if (code >= 0x40 && code <= 0x7e) {
      this.#state = 'ground'
      const body = this.#csi
      return body.length <= MAX_CSI && harmless(body, character) ? `\u001b[${body}${character}` : ''
    }
    if (this.#csi.length <= MAX_CSI) this.#csi += character
    return ''
  }
}
