// One question, and the place to answer it. What is shown cannot change under the reader's hand (shown.ts), no key answers it.

import { A, useNavigate, useParams } from '@solidjs/router'
import { createQuery, useQueryClient } from '@tanstack/solid-query'
import { createEffect, createMemo, createSignal, on, onMount, Show } from 'solid-js'
import { ApiError } from '../api/client.ts'
import { api } from '../shell/api-context.ts'
import { useNow } from '../shell/clock.ts'
import { moveFocus } from '../shell/focus.ts'
import { useKeys } from '../shell/keys.ts'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { useTitle } from '../shell/title.ts'
import { clip } from '../shell/visible.ts'
import { Answer, Failure, type Given } from './answer.tsx'
import { Before } from './before.tsx'
import { outcomeOf } from './outcome.ts'
import { Progress } from './progress.tsx'
import { POLL_MS } from './queries.ts'
import { Who } from './question.tsx'
import { Requests } from './requests.tsx'
import { reconcile, type Shown } from './shown.ts'
import { Countdown } from './timer.tsx'

/** A tab shows less. */
const MAX_TITLE_CHARS = 120

export default function ApprovalPage() {
  const params = useParams<{ id: string }>()
  const id = createMemo(() => params.id)
  return (
    <Show when={id()} keyed>
      {(hold) => <Approval id={hold} />}
    </Show>
  )
}

function Approval(props: { readonly id: string }) {
  const client = useQueryClient()
  const query = createQuery(() => ({
    queryKey: ['approval', props.id],
    queryFn: () => api.approval(props.id),
    // What is over does not change any more.
    refetchInterval: ({ state }) => (state.data?.closedAt === undefined ? POLL_MS : false),
  }))
  const [shown, setShown] = createSignal<Shown>()
  const [failure, setFailure] = createSignal<unknown>()
  createEffect(
    on(
      () => query.data,
      (latest) => latest && setShown((before) => reconcile(before, latest)),
    ),
  )
  const showLatest = () => {
    const latest = query.data
    setFailure(undefined)
    if (latest) setShown({ hold: latest, changed: false })
  }
  /** Sends the answer; whatever comes of it, the page shows how things stand now. */
  const give = async (answer: Given): Promise<void> => {
    const current = shown()
    if (!current || current.changed) return
    setFailure(undefined)
    try {
      if (answer.kind === 'deny') await api.deny(props.id, { reason: answer.reason })
      else {
        const { reason, grant } = answer
        await api.approve(props.id, { seen: current.hold.reviewSha256, reason, ...(grant && { grant }) })
      }
    } catch (error) {
      setFailure(error)
    }
    await query.refetch()
    void client.invalidateQueries({ queryKey: ['approvals'] })
    void client.invalidateQueries({ queryKey: ['grants'] })
  }
  const final = () => query.error instanceof ApiError && ['forbidden', 'missing'].includes(query.error.kind)
  return (
    <Show
      when={shown()}
      fallback={
        <Show
          when={query.error}
          fallback={
            <p class="empty" role="status">
              Loading…
            </p>
          }
        >
          <h1 class="sr">Approval</h1>
          <Problem error={query.error} {...(!final() && { retry: () => void query.refetch() })} />
        </Show>
      }
    >
      {(current) => (
        <Question
          shown={current()}
          failure={failure()}
          stale={query.failureCount > 0}
          give={give}
          showLatest={showLatest}
        />
      )}
    </Show>
  )
}

function Question(props: {
  readonly shown: Shown
  readonly failure: unknown
  readonly stale: boolean
  readonly give: (answer: Given) => Promise<void>
  readonly showLatest: () => void
}) {
  const now = useNow()
  const navigate = useNavigate()
  const h = () => props.shown.hold
  const outcome = () => outcomeOf(h())
  let heading: HTMLHeadingElement | undefined
  let list: HTMLDivElement | undefined
  // Not a button: a key pressed too often in the inbox must answer nothing here.
  onMount(() => heading?.focus({ preventScroll: true }))
  // The buttons that were used are gone then.
  createEffect(
    on(
      () => h().state,
      (_, before) => before !== undefined && heading?.focus({ preventScroll: true }),
    ),
  )
  useTitle(() => `${clip(h().title, MAX_TITLE_CHARS).text} · Approval`)
  useKeys({
    j: () => moveFocus(list, 1),
    k: () => moveFocus(list, -1),
    u: () => navigate('/approvals'),
  })
  return (
    <article class="page approval" data-testid="approval-page" data-state={h().state}>
      <p class="crumbs">
        <A href="/approvals">Approvals</A>
      </p>
      <header class="approval-head">
        <h1 ref={heading} tabindex="-1">
          <Show when={h().kind === 'plan'}>
            <span class="tag plan">plan</span>
          </Show>
          <Text value={h().title} max={300} />
        </h1>
        <p class="approval-state">
          <span class={`state ${outcome().tone}`} data-testid="state">
            {outcome().word}
          </span>
          <Countdown hold={h()} now={now()} />
          <span class="muted">
            <Text value={h().agent.username} /> on {h().connection}
          </span>
        </p>
      </header>
      <div class="approval-columns">
        <div class="approval-main">
          <Show when={h().state !== 'pending'}>
            <Outcome shown={props.shown} />
          </Show>
          <Show when={props.shown.changed}>
            <div class="changed" role="alert">
              <p>
                <strong>This request has changed since you opened it.</strong> What you see below is what it was.
              </p>
              <button type="button" class="button" onClick={() => props.showLatest()}>
                Show what it is now
              </button>
            </div>
          </Show>
          <Who hold={h()} />
          <div ref={list}>
            <Requests review={h().review} plan={h().kind === 'plan'} />
          </div>
          <Before commands={h().before} />
        </div>
        <aside class="approval-aside" aria-label="Answer">
          <Show when={props.stale}>
            <p class="stale" role="status">
              The gateway does not answer at the moment.
            </p>
          </Show>
          <Show when={props.failure}>{(failure) => <Failure failure={failure()} />}</Show>
          <Show when={h().state === 'pending'}>
            <Answer hold={h()} changed={props.shown.changed} give={props.give} />
          </Show>
          <Progress hold={h()} now={now()} />
        </aside>
      </div>
    </article>
  )
}

function Outcome(props: { readonly shown: Shown }) {
  const h = () => props.shown.hold
  const outcome = () => outcomeOf(h())
  const denial = () => h().votes.findLast((vote) => !vote.approve && vote.reason !== '')
  return (
    <div class={`outcome-box ${outcome().tone}`} role="status" data-testid="outcome">
      <p>
        <Text value={outcome().text} />
      </p>
      <Show when={denial()}>
        {(vote) => (
          <blockquote>
            <Text value={vote().reason} lines max={600} />
          </blockquote>
        )}
      </Show>
      <p>
        <A href={`/sessions/${encodeURIComponent(h().session)}?command=${encodeURIComponent(h().command)}`}>
          See it in the session
        </A>
        <Show when={h().grant}>
          {' · '}
          <A href="/approvals?tab=grants">The grant it opened</A>
        </Show>
      </p>
    </div>
  )
}
