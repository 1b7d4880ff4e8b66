// What became of a request that a rule holds: who answered, and the way to the question.

import { A } from '@solidjs/router'
import { createQuery } from '@tanstack/solid-query'
import { Show } from 'solid-js'
import type { RequestRecord } from '../../../worker/api/types.ts'
import { approversOf, outcomeOf } from '../approvals/outcome.ts'
import { POLL_MS } from '../approvals/queries.ts'
import { api } from '../shell/api-context.ts'
import { Text } from '../shell/text.tsx'

export function Held(props: { readonly record: RequestRecord }) {
  return (
    <Show when={props.record.hold}>{(id) => <Question id={id()} byGrant={props.record.grant !== undefined} />}</Show>
  )
}

function Question(props: { readonly id: string; readonly byGrant: boolean }) {
  const hold = createQuery(() => ({
    queryKey: ['approval', props.id],
    queryFn: () => api.approval(props.id),
    refetchInterval: ({ state }) => (state.data?.closedAt === undefined && state.data !== undefined ? POLL_MS : false),
  }))
  const text = () => {
    const known = hold.data
    if (!known) return ''
    return props.byGrant ? `Passed by a grant of ${approversOf(known).join(', ')}.` : outcomeOf(known).text
  }
  return (
    <div class="held-box" data-testid="held">
      <Show when={hold.data} fallback={<span class="muted">Held for people.</span>}>
        <Text value={text()} max={300} />
      </Show>{' '}
      <A href={`/approvals/${encodeURIComponent(props.id)}`}>The question</A>
    </div>
  )
}
