// The questions that wait for people, those that are closed, the grants and the blocks: four lists at one address.

import { useSearchParams } from '@solidjs/router'
import { createInfiniteQuery } from '@tanstack/solid-query'
import { createMemo, createSignal, For, type JSX, Match, Show, Switch } from 'solid-js'
import type { HoldSummary } from '../../../worker/api/types.ts'
import { api } from '../shell/api-context.ts'
import { useNow } from '../shell/clock.ts'
import { moveFocus } from '../shell/focus.ts'
import { SearchIcon } from '../shell/icons.tsx'
import { useKeys } from '../shell/keys.ts'
import { Problem } from '../shell/problem.tsx'
import { useTitle } from '../shell/title.ts'
import { Blocks } from './blocks.tsx'
import { Grants } from './grants.tsx'
import { groupsOf, isOver, matches, waitingOf } from './groups.ts'
import { useOpenApprovals } from './queries.ts'
import { ApprovalRow } from './row.tsx'

const TABS = ['open', 'closed', 'grants', 'blocks'] as const
type Tab = (typeof TABS)[number]
const NAMES: Readonly<Record<Tab, string>> = { open: 'Open', closed: 'Closed', grants: 'Grants', blocks: 'Blocks' }

export default function Inbox() {
  const [search] = useSearchParams()
  const tab = (): Tab => TABS.find((name) => name === search.tab) ?? 'open'
  const [filter, setFilter] = createSignal('')
  let input: HTMLInputElement | undefined
  let list: HTMLDivElement | undefined
  const open = useOpenApprovals()
  const waiting = () => waitingOf(open.data?.items ?? [])
  useTitle(() => (tab() === 'open' ? 'Approvals' : `${NAMES[tab()]} · Approvals`))
  useKeys({
    '/': () => input?.focus(),
    j: () => moveFocus(list, 1),
    k: () => moveFocus(list, -1),
  })
  const onEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !input) return
    event.preventDefault()
    if (filter() === '') input.blur()
    setFilter('')
  }
  return (
    <div class="page approvals">
      <div class="page-head">
        <h1>Approvals</h1>
        <Show when={tab() === 'open' || tab() === 'closed'}>
          <search class="search">
            <SearchIcon />
            <input
              ref={input}
              type="search"
              aria-label="Filter approvals"
              placeholder="Agent, request, connection, rule"
              value={filter()}
              onInput={(event) => setFilter(event.currentTarget.value)}
              onKeyDown={onEscape}
            />
            <kbd>/</kbd>
          </search>
        </Show>
      </div>
      <nav class="tabs" aria-label="Kinds of approvals">
        <For each={TABS}>
          {(name) => (
            <a
              href={name === 'open' ? '/approvals' : `/approvals?tab=${name}`}
              class="tab"
              aria-current={tab() === name ? 'page' : undefined}
            >
              {NAMES[name]}
              <Show when={name === 'open' && waiting() > 0}>
                <span class="count">{waiting()}</span>
              </Show>
            </a>
          )}
        </For>
      </nav>
      <div class="page-body" ref={list}>
        <Switch>
          <Match when={tab() === 'open'}>
            <Open query={open} filter={filter()} />
          </Match>
          <Match when={tab() === 'closed'}>
            <Closed filter={filter()} />
          </Match>
          <Match when={tab() === 'grants'}>
            <Grants />
          </Match>
          <Match when={tab() === 'blocks'}>
            <Blocks />
          </Match>
        </Switch>
      </div>
    </div>
  )
}

function Labels(props: { readonly closed: boolean }) {
  return (
    <div class="approval-grid approval-labels" aria-hidden="true">
      <span>Request</span>
      <span>Connection</span>
      <span class="approval-rule">Rule</span>
      <span class="number">{props.closed ? 'Approved by' : 'Votes'}</span>
      <span class="end">Asked</span>
      <span class="end">{props.closed ? 'Outcome' : 'Left'}</span>
    </div>
  )
}

function Open(props: { readonly query: ReturnType<typeof useOpenApprovals>; readonly filter: string }) {
  const now = useNow()
  const all = () => props.query.data?.items ?? []
  const groups = createMemo(() => groupsOf(all().filter((hold) => matches(hold, props.filter))))
  // Rows are kept by id: an answer every two seconds must not take the focus away.
  const byId = createMemo(() => new Map(all().map((hold) => [hold.id, hold])))
  const groupIds = createMemo(() => groups().map((group) => group.id), [], { equals: sameList })
  return (
    <>
      <Show when={props.query.error && !props.query.data}>
        <Problem error={props.query.error} retry={() => void props.query.refetch()} />
      </Show>
      <Show when={props.query.isPending}>
        <Waiting />
      </Show>
      <Show when={props.query.data && props.query.failureCount > 0}>
        <p class="stale" role="status">
          The gateway does not answer at the moment. What is shown may be old.
        </p>
      </Show>
      <Show when={props.query.isSuccess && groups().length === 0}>
        <Nothing filtered={props.filter !== '' && all().length > 0}>
          <h2>Nothing waits for an answer</h2>
          <p>When a rule of effect Hold meets a request of an agent, the question appears here.</p>
        </Nothing>
      </Show>
      <Show when={groups().length > 0}>
        <Labels closed={false} />
      </Show>
      <For each={groupIds()}>
        {(id) => {
          const group = () => groups().find((one) => one.id === id)
          const ids = createMemo(() => group()?.holds.map((hold) => hold.id) ?? [], [], { equals: sameList })
          return (
            <section class="group" aria-label={group()?.title}>
              <h2 class="group-title">{group()?.title}</h2>
              <ul>
                <For each={ids()}>
                  {(hold) => (
                    <li>
                      <Show when={byId().get(hold)}>{(known) => <ApprovalRow hold={known()} now={now()} />}</Show>
                    </li>
                  )}
                </For>
              </ul>
            </section>
          )
        }}
      </For>
      <Show when={props.query.data?.next}>
        <p class="muted more-there">There are more. They appear here as these are answered.</p>
      </Show>
    </>
  )
}

function Closed(props: { readonly filter: string }) {
  const now = useNow()
  const closed = createInfiniteQuery(() => ({
    queryKey: ['approvals', 'closed'],
    queryFn: ({ pageParam }) => api.approvals({ open: false, ...(pageParam !== '' && { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? null,
  }))
  const rows = createMemo<readonly HoldSummary[]>(
    () =>
      closed.data?.pages.flatMap((page) => page.items.filter((hold) => isOver(hold) && matches(hold, props.filter))) ??
      [],
  )
  return (
    <>
      <Show when={closed.error}>
        <Problem error={closed.error} retry={() => void closed.refetch()} />
      </Show>
      <Show when={closed.isPending}>
        <Waiting />
      </Show>
      <Show when={closed.isSuccess && rows().length === 0 && !closed.hasNextPage}>
        <Nothing filtered={props.filter !== ''}>
          <h2>Nothing has been answered yet</h2>
        </Nothing>
      </Show>
      <Show when={rows().length > 0}>
        <Labels closed />
        <ul class="closed">
          <For each={rows()}>
            {(hold) => (
              <li>
                <ApprovalRow hold={hold} now={now()} />
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={closed.hasNextPage}>
        <button
          type="button"
          class="button older"
          disabled={closed.isFetchingNextPage}
          onClick={() => void closed.fetchNextPage()}
        >
          Older ones
        </button>
      </Show>
    </>
  )
}

function Waiting() {
  return (
    <p class="empty" role="status">
      Loading…
    </p>
  )
}

function Nothing(props: { readonly filtered: boolean; readonly children: JSX.Element }) {
  return (
    <div class="empty" role="status">
      <Show when={props.filtered} fallback={props.children}>
        <p>Nothing here matches the filter.</p>
      </Show>
    </div>
  )
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at])
}
