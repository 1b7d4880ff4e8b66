// One question in the inbox: a link with its facts. All of an agent's words as text.

import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import type { HoldSummary } from '../../../worker/api/types.ts'
import { whenText } from '../shell/format.ts'
import { Text } from '../shell/text.tsx'
import { clip } from '../shell/visible.ts'
import { ageText } from './countdown.ts'
import { votesText } from './eligibility.ts'
import { approversOf, outcomeOf } from './outcome.ts'
import { Countdown } from './timer.tsx'

/** Two lines of a row hold less. */
const MAX_CHARS = 240

export function ApprovalRow(props: { readonly hold: HoldSummary; readonly now: number }) {
  const h = () => props.hold
  const open = () => h().closedAt === undefined
  const outcome = () => outcomeOf(h())
  return (
    <A
      class="approval-grid approval-row"
      href={`/approvals/${encodeURIComponent(h().id)}`}
      data-row
      data-testid="approval"
      data-state={h().state}
    >
      <span class="approval-what">
        <span class="approval-title">
          <Show when={h().kind === 'plan'}>
            <span class="tag small plan">plan</span>
          </Show>
          <Text value={clip(h().title, MAX_CHARS).text} />
        </span>
        <span class="approval-who muted">
          <strong>
            <Text value={h().agent.username} />
          </strong>
          <Show when={h().purpose}>
            {(purpose) => (
              <>
                <span> says: </span>
                <q>
                  <Text value={clip(purpose(), MAX_CHARS).text} />
                </q>
              </>
            )}
          </Show>
        </span>
      </span>
      <span class="approval-connection">
        <span class="sr">on </span>
        <span class="tag">{h().connection}</span>
      </span>
      <span class="approval-rule muted">
        <span class="sr">held by rule </span>
        <Text value={h().rule} />
      </span>
      <span class="approval-votes number">
        <Show when={open()} fallback={approversOf(h()).join(', ')}>
          {votesText(h())}
          <span class="approval-word"> approved</span>
        </Show>
      </span>
      <time class="approval-age end muted" datetime={h().openedAt} title={new Date(h().openedAt).toLocaleString()}>
        <Show when={open()} fallback={whenText(h().openedAt, new Date(props.now))}>
          <span class="sr">asked </span>
          {ageText(props.now - Date.parse(h().openedAt))}
          <span class="sr"> ago</span>
        </Show>
      </time>
      <span class="approval-left end">
        <Show when={open()} fallback={<span class={`state ${outcome().tone}`}>{outcome().word}</span>}>
          <Countdown hold={h()} now={props.now} />
        </Show>
      </span>
    </A>
  )
}
