// One session in the list: a link with its facts.

import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import type { SessionSummary } from '../../../worker/api/types.ts'
import { clientText, countText, whenText } from '../shell/format.ts'
import { Text } from '../shell/text.tsx'
import { clip } from '../shell/visible.ts'

/** Two lines of a row hold less. */
const MAX_PURPOSE_CHARS = 400
const MAX_CLIENT_CHARS = 60

export function SessionRow(props: { readonly session: SessionSummary }) {
  const s = () => props.session
  return (
    <A class="row-grid session-row" href={`/sessions/${encodeURIComponent(s().id)}`} data-testid="session">
      <span class="row-agent">
        <span class="row-who">
          <strong>
            <Text value={s().agent.username} />
          </strong>
          <Live live={s().live} />
        </span>
        <span class="row-purpose muted">
          <Text value={clip(s().purpose ?? 'no purpose stated', MAX_PURPOSE_CHARS).text} />
        </span>
      </span>
      <span class="row-connection">
        <span class="sr">on </span>
        <span class="tag">{s().connection}</span>
      </span>
      <span class="row-client muted">
        <Text value={clip(clientText(s().userAgent), MAX_CLIENT_CHARS).text} />
      </span>
      <Count value={s().commands} one="command" />
      <Count value={s().requests} one="request" />
      <Count value={s().denials} one="denial" tone="bad" />
      <Count value={s().holds} one="hold" tone="held" />
      <Count value={s().masks} one="mask" tone="mask" />
      <time class="row-when end" datetime={s().startedAt} title={new Date(s().startedAt).toLocaleString()}>
        {whenText(s().startedAt, new Date())}
      </time>
    </A>
  )
}

function Count(props: { readonly value: number; readonly one: string; readonly tone?: 'bad' | 'held' | 'mask' }) {
  return (
    <span class={`number row-count ${props.value > 0 ? (props.tone ?? '') : 'none'}`}>
      <span aria-hidden="true">{props.value.toLocaleString('en')}</span>
      <span class="row-count-word" aria-hidden="true">
        {props.value === 1 ? props.one : `${props.one}s`}
      </span>
      <span class="sr">{countText(props.value, props.one)}, </span>
    </span>
  )
}

/** The dot of a session that goes on. */
export function Live(props: { readonly live: boolean }) {
  return (
    <Show when={props.live}>
      <span class="live">
        <span class="live-dot" aria-hidden="true" />
        live
      </span>
    </Show>
  )
}
