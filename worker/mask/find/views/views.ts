// Every way a text may be read. In: a text. Out: views of it, the text itself first. Each way is taken only where a cheap look says
// that it leads somewhere, and their number is bounded. No I/O.

import type { Budget } from '../budget.ts'
import { withBase64Undone } from './base64.ts'
import { withoutEscapes } from './escapes.ts'
import { withLinesJoined } from './lines.ts'
import { withNumbersRead } from './notation.ts'
import { withoutTerminal } from './terminal.ts'
import { withoutPercent, withoutPrintable } from './url.ts'
import { MADE_BACKSLASH, MADE_BREAK, MADE_CONTROL, MADE_PERCENT, plainView, type Undone, type View } from './view.ts'

/** Ways taken one after the other: what is wrapped more often than this is not found. */
const MAX_DEPTH = 7
/** Views of one text. Stops work from growing with what a text is wrapped in. */
const MAX_VIEWS = 40
/** How often each way may be taken one after the other. */
const MAX_TIMES: Readonly<Record<Undone, number>> = {
  text: 0,
  terminal: 2,
  lines: 2,
  escapes: 4,
  url: 3,
  numbers: 2,
  base64: 3,
}

/** The views of a text, one after the other, as each is asked for. @throws {MaskError} the budget is spent */
export function* viewsOf(
  text: Uint8Array,
  options: { readonly final: boolean; readonly budget: Budget },
): Generator<View> {
  const queue: View[] = [plainView(text)]
  for (let count = 0; count < queue.length && count < MAX_VIEWS; count++) {
    const view = queue[count]!
    yield view
    if (view.depth < MAX_DEPTH && view.bytes.length > 0) queue.push(...waysFrom(view, options.final, options.budget))
  }
}

function waysFrom(view: View, final: boolean, budget: Budget): View[] {
  const { undone, made } = view
  const ways: View[] = []
  const add = (next: View | null): void => {
    if (next === null) return
    budget.spend(next.bytes.length)
    ways.push(next)
  }
  // In a fixed order, so that two ways are taken in one order only: out of it, or a second time, only for what the last way brought to light.
  const first = undone === 'text'
  if ((first || (made & MADE_CONTROL) !== 0) && may(view, 'terminal')) {
    const bare = withoutTerminal(view, final)
    add(bare)
    // Nothing more is to be seen with the sequences than without them.
    if (bare !== null) {
      add(withoutTerminal(view, final, true))
      return ways
    }
  }
  const ordered = first || undone === 'terminal'
  if ((ordered || (made & MADE_BREAK) !== 0) && may(view, 'lines')) add(withLinesJoined(view, final))
  if ((ordered || undone === 'lines' || (made & MADE_BACKSLASH) !== 0) && may(view, 'escapes'))
    add(withoutEscapes(view, final))
  if ((undone !== 'url' || (made & MADE_PERCENT) !== 0) && may(view, 'url')) add(withoutPercent(view, final))
  if (ordered && may(view, 'url')) add(withoutPrintable(view, final))
  if (undone !== 'url' && may(view, 'numbers')) add(withNumbersRead(view, final, budget))
  if (may(view, 'base64')) add(withBase64Undone(view, final, budget))
  return ways
}

/** Whether a way was not taken too often already. */
function may(view: View, way: Undone): boolean {
  let times = 0
  for (let at: View | null = view; at !== null; at = at.from) if (at.undone === way) times++
  return times < MAX_TIMES[way]
}
