// Who has answered so far, how much is needed, when it ends, and whether anybody was told.

import { For, Show } from 'solid-js'
import type { HoldDetail } from '../../../worker/api/types.ts'
import { whenText } from '../shell/format.ts'
import { Text } from '../shell/text.tsx'
import { spanText } from './countdown.ts'
import { needsText, votesText } from './eligibility.ts'

const NOTICES: Readonly<Record<HoldDetail['notices'][number]['state'], string>> = {
  waiting: 'being sent',
  sent: 'sent',
  'given-up': 'could not be sent',
}

export function Progress(props: { readonly hold: HoldDetail; readonly now: number }) {
  const h = () => props.hold
  return (
    <>
      <section class="panel" aria-label="Votes">
        <div class="panel-head">
          <h2>Votes</h2>
          <span class="number">{votesText(h())}</span>
        </div>
        <p class="muted">
          <Text value={needsText(h().needs)} max={300} />
        </p>
        <ul class="votes">
          <For each={h().votes}>
            {(vote) => (
              <li data-testid="vote">
                <span class={vote.approve ? 'vote good' : 'vote bad'}>{vote.approve ? 'approved' : 'denied'}</span>{' '}
                <strong>
                  <Text value={vote.username} />
                </strong>
                <span class="muted"> {whenText(vote.at, new Date(props.now))}</span>
                <Show when={vote.grant}>
                  {(grant) => (
                    <span class="vote-more">
                      as a grant for {spanText(grant().forS)},{' '}
                      {grant().scope === 'object' ? 'this object' : 'the namespace'}
                    </span>
                  )}
                </Show>
                <Show when={vote.reason}>
                  {(reason) => (
                    <q class="vote-more">
                      <Text value={reason()} max={300} />
                    </q>
                  )}
                </Show>
              </li>
            )}
          </For>
        </ul>
      </section>
      <Show when={h().notices.length > 0}>
        <section class="panel" aria-label="Notices">
          <h2>Notices</h2>
          <ul class="notices">
            <For each={h().notices}>
              {(notice) => (
                <li>
                  {notice.channel}{' '}
                  <span class={notice.state === 'given-up' ? 'warn' : 'muted'}>
                    {NOTICES[notice.state]}
                    <Show when={notice.attempts > 1}>, {notice.attempts} tries</Show>
                  </span>
                </li>
              )}
            </For>
          </ul>
        </section>
      </Show>
      <p class="muted shown-hash">
        What you see is <code>{h().reviewSha256.slice(0, 12)}</code>. An answer names it, so nobody approves what they
        did not see.
      </p>
    </>
  )
}
