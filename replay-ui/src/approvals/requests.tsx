// What is asked: one request in full, or those of a plan, each of which can be opened and closed.

import { createMemo, createSignal, Index, Show } from 'solid-js'
import type { Review } from '../../../protocol/review.ts'
import { Text } from '../shell/text.tsx'
import { diffText } from './diff.ts'
import { Reviewed } from './reviewed.tsx'
import { linesOf, openedAtFirst, reachText, verbsText } from './totals.ts'

export function Requests(props: { readonly review: Review; readonly plan: boolean }) {
  const only = () => (props.plan ? undefined : props.review.requests[0])
  return (
    <Show when={only()} fallback={<Plan review={props.review} />}>
      {(request) => (
        <section class="single" aria-label="The request">
          <h2 class="sr">The request</h2>
          <Reviewed reviewed={request()} />
        </section>
      )}
    </Show>
  )
}

function Plan(props: { readonly review: Review }) {
  const atFirst = createMemo(() => openedAtFirst(props.review))
  const [all, setAll] = createSignal<boolean>()
  const lines = () => linesOf(props.review)
  const reach = () => reachText(props.review.requests.map((one) => one.reach))
  return (
    <section class="plans" aria-label="The plan">
      <div class="plan-head">
        <div>
          <h2 data-testid="plan-totals">{verbsText(props.review)}</h2>
          <p class="note">
            <span class="added">+{lines().added.toLocaleString('en')}</span>{' '}
            <span class="removed">−{lines().removed.toLocaleString('en')}</span> lines
            <Show when={reach()}>{(text) => <> · reaches {text()}</>}</Show>
            {' · '}in the order in which they came
          </p>
        </div>
        <button type="button" class="button small" onClick={() => setAll(all() !== true)}>
          {all() === true ? 'Close all' : 'Open all'}
        </button>
      </div>
      <ol>
        <Index each={props.review.requests}>
          {(reviewed, at) => (
            <li>
              <details class="planned" open={all() ?? atFirst().has(at)} data-testid="planned">
                <summary class="planned-head" data-row>
                  <span class="planned-title">
                    <Text value={reviewed().title} max={300} />
                  </span>
                  <Show
                    when={reviewed().diff.kind === 'lines'}
                    fallback={<span class="muted planned-none">no diff</span>}
                  >
                    <span class="planned-lines number">{diffText(reviewed().diff)}</span>
                  </Show>
                </summary>
                <Reviewed reviewed={reviewed()} />
              </details>
            </li>
          )}
        </Index>
      </ol>
    </section>
  )
}
