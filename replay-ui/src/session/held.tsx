// What became of a request that a rule holds: who answered, and the way to the question.

import { A } from '@solidjs/router'
import { createQuery } from '@tanstack/solid-query'
import { Show } from 'solid-js'
import type { HoldSummary, RequestRecord } from '../../../worker/api/types.ts'
import { approversOf, outcomeOf } from '../approvals/outcome.ts'
import { POLL_MS } from '../approvals/queries.ts'
import { api } from '../shell/api-context.ts'
import { Text } from '../shell/text.tsx'

/** At a request that waited, or passed by a grant. */
export function Held(props: { readonly record: RequestRecord }) {
  return <Show when={props.record.hold}>{(id) => <Known id={id()} byGrant={props.record.grant !== undefined} />}</Show>
}

function Known(props: { readonly id: string; readonly byGrant: boolean }) {
  const hold = createQuery(() => ({
    queryKey: ['approval', props.id],
    queryFn: () => api.approval(props.id),
    refetchInterval: ({ state }) => (state.data?.closedAt === undefined && state.data !== undefined ? POLL_MS : false),
  }))
  const text = () => {
    const known = hold.data
    if (!known) return 'Held for people.'
    return props.byGrant ? `Passed by a grant of ${approversOf(known).join(', ')}.` : outcomeOf(known).text
  }
  return <Box id={props.id} text={text()} />
}

/** A question that no request tells of yet: it waits, was denied, or is a plan. */
export function Question(props: { readonly hold: HoldSummary }) {
  return (
    <div class="held-question">
      <Box id={props.hold.id} title={props.hold.title} text={outcomeOf(props.hold).text} />
    </div>
  )
}

function Box(props: { readonly id: string; readonly title?: string; readonly text: string }) {
  return (
    <div class="held-box" data-testid="held">
      <Show when={props.title}>
        {(title) => (
          <strong>
            <Text value={title()} max={200} />
          </strong>
        )}
      </Show>
      <span>
        <Text value={props.text} max={300} /> <A href={`/approvals/${encodeURIComponent(props.id)}`}>The question</A>
      </span>
    </div>
  )
}
