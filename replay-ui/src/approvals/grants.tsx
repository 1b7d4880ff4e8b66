// Approvals that cover a scope for a time: those in force, with a button to end each, and those that are over.

import { A } from '@solidjs/router'
import { createQuery, useQueryClient } from '@tanstack/solid-query'
import { createSignal, For, Show } from 'solid-js'
import type { GrantSummary } from '../../../worker/api/types.ts'
import { api } from '../shell/api-context.ts'
import { useNow } from '../shell/clock.ts'
import { countText, whenText } from '../shell/format.ts'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { leftText } from './countdown.ts'
import { scopeText } from './offer.ts'
import { POLL_MS, useMe } from './queries.ts'

export function Grants() {
  const now = useNow()
  const me = useMe()
  const open = createQuery(() => ({
    queryKey: ['grants', 'open'],
    queryFn: () => api.grants({ open: true }),
    refetchInterval: POLL_MS,
  }))
  const over = createQuery(() => ({ queryKey: ['grants', 'all'], queryFn: () => api.grants({ open: false }) }))
  const ended = () =>
    over.data?.items.filter((grant) => grant.endedAt !== undefined || Date.parse(grant.expiresAt) <= now()) ?? []
  const mayEnd = () => me.data?.roles.includes('approver') ?? false
  return (
    <>
      <Show when={open.error}>
        <Problem error={open.error} retry={() => void open.refetch()} />
      </Show>
      <Show when={open.isSuccess && open.data?.items.length === 0}>
        <div class="empty" role="status">
          <h2>No grant is in force</h2>
          <p>A grant lets an agent do what one rule holds, in one place, for a while. It is given with an approval.</p>
        </div>
      </Show>
      <Show when={(open.data?.items.length ?? 0) > 0}>
        <section class="group" aria-label="In force">
          <h2 class="group-title">In force</h2>
          <ul class="cards">
            <For each={open.data?.items}>{(grant) => <Grant grant={grant} now={now()} open mayEnd={mayEnd()} />}</For>
          </ul>
        </section>
      </Show>
      <Show when={ended().length > 0}>
        <section class="group" aria-label="Over">
          <h2 class="group-title">Over</h2>
          <ul class="cards">
            <For each={ended()}>{(grant) => <Grant grant={grant} now={now()} open={false} mayEnd={false} />}</For>
          </ul>
        </section>
      </Show>
    </>
  )
}

function Grant(props: {
  readonly grant: GrantSummary
  readonly now: number
  readonly open: boolean
  readonly mayEnd: boolean
}) {
  const g = () => props.grant
  const client = useQueryClient()
  const [busy, setBusy] = createSignal(false)
  const [failure, setFailure] = createSignal<unknown>()
  const end = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      await api.endGrant(g().id)
    } catch (error) {
      setFailure(error)
    }
    await client.invalidateQueries({ queryKey: ['grants'] })
    setBusy(false)
  }
  return (
    <li class="card" data-testid="grant">
      <div class="card-text">
        <p>
          <strong>
            <Text value={g().agent.username} />
          </strong>
          <span class="muted"> on </span>
          <span class="tag">{g().connection}</span>
          <span class="muted"> for </span>
          <Text value={scopeText(g(), g().object === undefined ? 'namespace' : 'object')} />
        </p>
        <p class="muted">
          Rule <Text value={`${g().policy}/${g().rule}`} />, given by <Text value={g().approvers.join(', ')} /> at{' '}
          {whenText(g().openedAt, new Date(props.now))}, {countText(g().uses, 'use')},{' '}
          <A href={`/approvals/${encodeURIComponent(g().hold)}`}>the question</A>
        </p>
        <Show when={failure()}>{(error) => <Problem error={error()} />}</Show>
      </div>
      <div class="card-end">
        <Show
          when={props.open}
          fallback={
            <span class="muted">
              {g().endedAt === undefined
                ? `ran out ${whenText(g().expiresAt, new Date(props.now))}`
                : `ended ${whenText(g().endedAt ?? '', new Date(props.now))} by ${g().endedBy ?? 'somebody'}`}
            </span>
          }
        >
          <span class="card-left">{leftText(Date.parse(g().expiresAt) - props.now)} left</span>
          <button
            type="button"
            class="button danger"
            disabled={!props.mayEnd || busy()}
            title={props.mayEnd ? undefined : 'This needs the role approver'}
            onClick={() => void end()}
          >
            End
          </button>
        </Show>
      </div>
    </li>
  )
}
