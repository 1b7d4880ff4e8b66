// An xterm that only shows. In: actions of the player. Out: pixels. It takes no input, answers no queries, and handles no
// sequence that would reach outside it: titles, links, clipboard, colours, mouse, focus and paste modes.

import { FitAddon } from '@xterm/addon-fit'
import { type ITheme, Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import type { Sink } from '../player/player.ts'
import { allowOwnStyles } from './csp.ts'
import { placeholdersIn, reversed } from './masked.ts'
import { Writer } from './writer.ts'

const FONT_PX = 13
const MIN_FONT_PX = 9
/** kubectl's tables are made for at least this. */
const MIN_COLS = 80
const SCROLLBACK = 20_000

/** OSC: titles, colours, working directory, links, notifications, clipboard. */
const SWALLOWED_OSC: readonly number[] = [
  0, 1, 2, 4, 7, 8, 9, 10, 11, 12, 22, 50, 52, 104, 110, 111, 112, 133, 777, 1337,
]
/** DEC private modes: mouse reports, focus reports, bracketed paste. */
const SWALLOWED_MODES: ReadonlySet<number> = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004])

const THEME: ITheme = {
  background: '#101416',
  foreground: '#d5dcdb',
  cursor: '#101416',
  cursorAccent: '#101416',
  selectionBackground: '#2f5f58',
  selectionForeground: '#ffffff',
  black: '#1b2124',
  red: '#f0776c',
  green: '#63c9a7',
  yellow: '#e3b866',
  blue: '#7fb0ee',
  magenta: '#c8a1ee',
  cyan: '#6fc7d6',
  white: '#d5dcdb',
  brightBlack: '#7d8a8c',
  brightRed: '#ff958b',
  brightGreen: '#84e0c1',
  brightYellow: '#f3cf85',
  brightBlue: '#a1c8fb',
  brightMagenta: '#dcbcfa',
  brightCyan: '#93dfec',
  brightWhite: '#ffffff',
}

/** Sequences that xterm repeats as often as they ask, and no screen is larger: a few bytes would stop the page for minutes. */
const REPEATING: readonly { readonly final: string; readonly intermediates?: string }[] = [
  ...['@', 'I', 'L', 'M', 'P', 'S', 'T', 'X', 'Z', 'b'].map((final) => ({ final })),
  { intermediates: ' ', final: '@' },
  { intermediates: ' ', final: 'A' },
  { intermediates: "'", final: '}' },
  { intermediates: "'", final: '~' },
]
const MAX_REPEATS = 500

export interface TerminalView extends Sink {
  /** Scrolls to a placeholder and selects it. `fromEnd`: how many follow it. */
  reveal(fromEnd: number): void
  dispose(): void
}

/** Opens a terminal in `place` that follows its size. */
export function openTerminal(place: HTMLElement): TerminalView {
  const styles = allowOwnStyles(document)
  const terminal = new Terminal({
    allowProposedApi: false,
    disableStdin: true,
    cursorBlink: false,
    cursorInactiveStyle: 'none',
    fontFamily:
      'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace',
    fontSize: FONT_PX,
    lineHeight: 1.25,
    scrollback: SCROLLBACK,
    theme: THEME,
    minimumContrastRatio: 4.5,
    screenReaderMode: false,
    linkHandler: { activate: () => undefined, allowNonHttpProtocols: false },
  })
  const fit = new FitAddon()
  terminal.loadAddon(fit)
  quieten(terminal)
  terminal.open(place)
  terminal.textarea?.setAttribute('tabindex', '-1')
  terminal.textarea?.setAttribute('aria-label', 'Terminal')
  terminal.textarea?.setAttribute('readonly', '')

  let recorded: { cols: number; rows: number } | undefined
  const arrange = () => layout(terminal, fit, recorded)
  const observer = new ResizeObserver(arrange)
  observer.observe(place)
  arrange()
  const writer = new Writer((data, done) => terminal.write(data, done))
  return {
    reset() {
      writer.instead(() => {
        recorded = undefined
        terminal.reset()
        arrange()
      })
    },
    fit() {
      writer.afterwards(() => {
        recorded = undefined
        arrange()
      })
    },
    perform(action) {
      if (action.kind === 'write') writer.write(reversed(action.data))
      else {
        writer.afterwards(() => {
          recorded = { cols: action.cols, rows: action.rows }
          arrange()
        })
      }
    },
    reveal(fromEnd) {
      writer.afterwards(() => reveal(terminal, fromEnd))
    },
    dispose() {
      writer.dispose()
      observer.disconnect()
      terminal.dispose()
      styles.dispose()
    },
  }
}

function quieten(terminal: Terminal): void {
  for (const code of SWALLOWED_OSC) terminal.parser.registerOscHandler(code, () => true)
  for (const final of ['h', 'l']) {
    terminal.parser.registerCsiHandler({ prefix: '?', final }, (parameters) =>
      parameters.some((parameter) => typeof parameter === 'number' && SWALLOWED_MODES.has(parameter)),
    )
  }
  // Window manipulation, device status and attributes: nothing here may answer or resize.
  terminal.parser.registerCsiHandler({ final: 't' }, () => true)
  terminal.parser.registerCsiHandler({ final: 'n' }, () => true)
  terminal.parser.registerCsiHandler({ final: 'c' }, () => true)
  terminal.parser.registerCsiHandler({ prefix: '>', final: 'c' }, () => true)
  terminal.parser.registerCsiHandler({ prefix: '?', final: 'n' }, () => true)
  for (const id of REPEATING) {
    terminal.parser.registerCsiHandler(id, (parameters) =>
      parameters.some((parameter) => typeof parameter === 'number' && parameter > MAX_REPEATS),
    )
  }
}

function reveal(terminal: Terminal, fromEnd: number): void {
  const { active } = terminal.buffer
  let left = fromEnd
  for (let end = active.length - 1; end >= 0; end--) {
    let top = end
    while (top > 0 && active.getLine(top)?.isWrapped) top--
    let text = ''
    for (let y = top; y <= end; y++) text += active.getLine(y)?.translateToString(false) ?? ''
    const found = placeholdersIn(text)
    const match = found[found.length - 1 - left]
    if (match) {
      const row = top + Math.floor(match.index / terminal.cols)
      terminal.select(match.index % terminal.cols, row, match.length)
      terminal.scrollToLine(Math.max(0, row - Math.floor(terminal.rows / 3)))
      return
    }
    left -= found.length
    end = top
  }
}

/** The recorded size with a font that fits, else the size of the place. */
function layout(terminal: Terminal, fit: FitAddon, recorded: { cols: number; rows: number } | undefined): void {
  if (terminal.options.fontSize !== FONT_PX) terminal.options.fontSize = FONT_PX
  const place = fit.proposeDimensions()
  if (!place || !Number.isFinite(place.cols) || place.cols < 2) return
  const cols = recorded?.cols ?? Math.max(MIN_COLS, place.cols)
  const font = Math.max(MIN_FONT_PX, Math.min(FONT_PX, Math.floor(((FONT_PX * place.cols) / cols) * 2) / 2))
  if (font !== FONT_PX) terminal.options.fontSize = font
  const room = font === FONT_PX ? place : (fit.proposeDimensions() ?? place)
  const rows = recorded?.rows ?? Math.max(4, room.rows)
  if (terminal.cols !== cols || terminal.rows !== rows) terminal.resize(cols, rows)
}
