// What is asked: one request in full, or those of a plan, each of which can be opened and closed.

import { createEffect, createMemo, createSignal, Index, Show } from 'solid-js'
import type { Review, ReviewedRequest } from '../../../protocol/review.ts'
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
              <Planned reviewed={reviewed()} open={all() ?? atFirst().has(at)} />
            </li>
          )}
        </Index>
      </ol>
    </section>
  )
}

/** What is closed is not built: a plan may be long. */
function Planned(props: { readonly reviewed: ReviewedRequest; readonly open: boolean }) {
  const [open, setOpen] = createSignal(false)
  createEffect(() => setOpen(props.open))
  return (
    <details
      class="planned"
      open={open()}
      onToggle={(event) => event.target === event.currentTarget && setOpen(event.currentTarget.open)}
      data-testid="planned"
    >
      <summary class="planned-head" data-row>
        <span class="planned-title">
          <Text value={props.reviewed.title} max={300} />
        </span>
        <Show when={props.reviewed.diff.kind === 'lines'} fallback={<span class="muted planned-none">no diff</span>}>
          <span class="planned-lines number">{diffText(props.reviewed.diff)}</span>
        </Show>
      </summary>
      <Show when={open()}>
        <Reviewed reviewed={props.reviewed} />
      </Show>
    </details>
  )
}
