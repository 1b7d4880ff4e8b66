// A small line discipline: what a terminal's cooked mode does with keys. In: bytes typed. Out: echo, lines, signals.
// Knows backspace, ^C, ^D, ^U, ^W, ^L and carriage return; escape sequences (arrows) are swallowed.

/** Characters one line may have. */
const MAX_LINE = 4096

/** What the typed bytes amounted to. */
export type TerminalEvent =
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'interrupt' }
  | { readonly type: 'end' }
  | { readonly type: 'clear' }

/** One terminal's input side. */
export class Terminal {
  #line = ''
  #escape = ''
  readonly #decoder = new TextDecoder()

  /** The line typed so far. */
  get pending(): string {
    return this.#line
  }

  /** Takes typed bytes; the answer is what to echo and what happened, in order. */
  type(bytes: Uint8Array): { echo: string; events: TerminalEvent[] } {
    let echo = ''
    const events: TerminalEvent[] = []
    for (const char of this.#decoder.decode(bytes, { stream: true })) {
      if (this.#escape !== '') {
        this.#escape += char
        const done = this.#escape.length === 2 ? char !== '[' && char !== 'O' : /[@-~]/.test(char)
        if (done || this.#escape.length > 16) this.#escape = ''
        continue
      }
      switch (char) {
        case '\x1b':
          this.#escape = char
          break
        case '\r':
        case '\n':
          events.push({ type: 'line', text: this.#line })
          this.#line = ''
          echo += '\r\n'
          break
        case '\x7f':
        case '\b':
          if (this.#line !== '') {
            this.#line = [...this.#line].slice(0, -1).join('')
            echo += '\b \b'
          }
          break
        case '\x03':
          this.#line = ''
          echo += '^C\r\n'
          events.push({ type: 'interrupt' })
          break
        case '\x04':
          if (this.#line === '') events.push({ type: 'end' })
          break
        case '\x0c':
          events.push({ type: 'clear' })
          break
        case '\x15':
          echo += '\b \b'.repeat([...this.#line].length)
          this.#line = ''
          break
        case '\x17': {
          const kept = this.#line.replace(/\S*\s*$/, '')
          echo += '\b \b'.repeat([...this.#line].length - [...kept].length)
          this.#line = kept
          break
        }
        default:
          if (char >= ' ' && this.#line.length < MAX_LINE) {
            this.#line += char
            echo += char
          }
      }
    }
    return { echo, events }
  }
}

/** Output as a terminal shows it: newlines become carriage return and newline. */
export function cooked(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1')
  return text.includes('\n') ? Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1') : bytes
}
