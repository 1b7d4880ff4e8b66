// What an exec, attach or port-forward means, spelled out. In: a recorded request. Out: sentences. No I/O.

import type { RecordedRequest } from '../../../protocol/log/event.ts'
import { quoted } from '../shell/visible.ts'

type Exec = NonNullable<RecordedRequest['exec']>

/** Where it runs: `in container "c" of pod "p"`. */
export function placeText(request: RecordedRequest, exec: Exec): string {
  const container = exec.container === '' ? 'the default container' : `container ${quoted(exec.container)}`
  return `in ${container} of pod ${quoted(request.name)}${request.namespace === '' ? '' : `, namespace ${quoted(request.namespace)}`}`
}

/** What stdin and a terminal let the agent do beyond the words shown. The dangerous case is said first and in full. */
export function inputText(exec: Exec): { readonly text: string; readonly open: boolean } {
  if (exec.stdin && exec.tty) {
    return {
      text: 'Interactive: a terminal with input. Whatever the agent types afterwards runs as well; it is recorded, but not asked about.',
      open: true,
    }
  }
  if (exec.stdin) {
    return {
      text: 'Takes input: what the agent pipes into it is not known yet, and not asked about.',
      open: true,
    }
  }
  return {
    text: exec.tty
      ? 'No input, with a terminal for its output.'
      : 'No input, no terminal: these words and nothing else.',
    open: false,
  }
}
