// How much time is left, as a ring and as text. Not announced every second: a screen reader reads it when it comes by.

import { Show } from 'solid-js'
import type { HoldSummary } from '../../../worker/api/types.ts'
import { deadlineOf, leftText } from './countdown.ts'

const AROUND = 2 * Math.PI * 7

export function Countdown(props: { readonly hold: HoldSummary; readonly now: number }) {
  const deadline = () => deadlineOf(props.hold, props.now)
  return (
    <Show when={deadline()}>
      {(end) => (
        <span class={`countdown ${end().tone}`} role="timer" aria-live="off" data-testid="countdown">
          <svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
            <circle class="ring" cx="9" cy="9" r="7" />
            <circle
              class="ring-left"
              cx="9"
              cy="9"
              r="7"
              transform="rotate(-90 9 9)"
              stroke-dasharray={`${end().fraction * AROUND} ${AROUND}`}
            />
          </svg>
          {leftText(end().leftMs)}
          <span class="sr"> left</span>
        </span>
      )}
    </Show>
  )
}
