// All sessions, newest first, with search. Virtualised; further pages load as they come into view.

import { useSearchParams } from '@solidjs/router'
import { createInfiniteQuery, keepPreviousData } from '@tanstack/solid-query'
import { createVirtualizer } from '@tanstack/solid-virtual'
import { createEffect, createMemo, createSignal, For, onCleanup, onMount, Show } from 'solid-js'
import type { SessionSummary } from '../../../worker/api/types.ts'
import { api } from '../shell/api-context.ts'
import { SearchIcon } from '../shell/icons.tsx'
import { useKeys } from '../shell/keys.ts'
import { Problem } from '../shell/problem.tsx'
import { useTitle } from '../shell/title.ts'
import { SessionRow } from './row.tsx'

const ROW_PX = 64
const PHONE_ROW_PX = 106
const SEARCH_DELAY_MS = 250
const POLL_MS = 5000
const MAX_POLLED_PAGES = 3

export function Sessions() {
  const [search, setSearch] = useSearchParams()
  const q = () => (typeof search.q === 'string' ? search.q : '')
  let input: HTMLInputElement | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const type = (text: string) => {
    clearTimeout(timer)
    timer = setTimeout(() => setSearch({ q: text || null }, { replace: true }), SEARCH_DELAY_MS)
  }
  onCleanup(() => clearTimeout(timer))
  /** The first Escape empties the field, the second leaves it. */
  const onEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !input) return
    event.preventDefault()
    if (input.value === '') input.blur()
    input.value = ''
    type('')
  }
  createEffect(() => {
    const text = q()
    // What is being typed is newer than the address.
    if (input && document.activeElement !== input) input.value = text
  })
  const sessions = createInfiniteQuery(() => ({
    queryKey: ['sessions', q()],
    queryFn: ({ pageParam }) => api.sessions({ q: q(), ...(pageParam !== '' && { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? null,
    placeholderData: keepPreviousData,
    // Every loaded page is asked for again: only while they are few.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > MAX_POLLED_PAGES ? false : POLL_MS),
  }))
  const rows = createMemo<readonly SessionSummary[]>(() => sessions.data?.pages.flatMap((page) => page.items) ?? [])
  useTitle(() => 'Sessions')
  useKeys({ '/': () => input?.focus() })
  return (
    <div class="sessions">
      <div class="sessions-head">
        <h1>Sessions</h1>
        <search class="search">
          <SearchIcon />
          <input
            ref={input}
            type="search"
            aria-label="Search sessions"
            placeholder="Agent, connection, purpose, command"
            onInput={(event) => type(event.currentTarget.value)}
            onKeyDown={onEscape}
          />
          <kbd>/</kbd>
        </search>
      </div>
      <Show when={sessions.error && rows().length === 0}>
        <Problem error={sessions.error} retry={() => void sessions.refetch()} />
      </Show>
      <Show when={sessions.isPending}>
        <p class="empty" role="status">
          Loading…
        </p>
      </Show>
      <Show when={sessions.isSuccess && rows().length === 0}>
        <div class="empty" role="status">
          <Show when={q() !== ''} fallback={<FirstSteps />}>
            <p>Nothing matches “{q()}”.</p>
          </Show>
        </div>
      </Show>
      <Show when={rows().length > 0}>
        <Rows
          rows={rows()}
          more={sessions.hasNextPage}
          loadMore={() => {
            if (!sessions.isFetchingNextPage) void sessions.fetchNextPage()
          }}
        />
      </Show>
    </div>
  )
}

function FirstSteps() {
  return (
    <>
      <h2>No sessions yet</h2>
      <p>As soon as an agent uses its kubectl through this gateway, what it does appears here.</p>
      <pre class="sample">KUBECONFIG=.sallyport/agent.kubeconfig kubectl get pods -n shop</pre>
    </>
  )
}

function Rows(props: {
  readonly rows: readonly SessionSummary[]
  readonly more: boolean
  readonly loadMore: () => void
}) {
  const [scroller, setScroller] = createSignal<HTMLElement | null>(null)
  let region: HTMLElement | undefined
  // Only once it is in the document: the virtualizer watches its size through the document's window.
  onMount(() => setScroller(region ?? null))
  const phone = window.matchMedia('(max-width: 760px)')
  const [height, setHeight] = createSignal(phone.matches ? PHONE_ROW_PX : ROW_PX)
  const resize = () => {
    setHeight(phone.matches ? PHONE_ROW_PX : ROW_PX)
    virtual.measure()
  }
  phone.addEventListener('change', resize)
  onCleanup(() => phone.removeEventListener('change', resize))
  const virtual = createVirtualizer({
    get count() {
      return props.rows.length
    },
    getScrollElement: scroller,
    estimateSize: () => height(),
    overscan: 8,
    getItemKey: (index) => props.rows[index]?.id ?? index,
  })
  createEffect(() => {
    const last = virtual.getVirtualItems().at(-1)
    if (last && props.more && last.index >= props.rows.length - 10) props.loadMore()
  })
  return (
    <>
      <div class="row-grid row-labels" aria-hidden="true">
        <span>Agent</span>
        <span>Connection</span>
        <span>Client</span>
        <span class="number">Commands</span>
        <span class="number">Requests</span>
        <span class="number">Denied</span>
        <span class="number">Held</span>
        <span class="number">Masked</span>
        <span class="end">Started</span>
      </div>
      <section class="scroller" ref={region} tabindex="0" aria-label="Sessions">
        <ul class="virtual" style={{ height: `${virtual.getTotalSize()}px` }}>
          <For each={virtual.getVirtualItems()}>
            {(item) => (
              <li
                class="virtual-item"
                aria-setsize={props.more ? -1 : props.rows.length}
                aria-posinset={item.index + 1}
                style={{ height: `${item.size}px`, transform: `translateY(${item.start}px)` }}
              >
                <Show when={props.rows[item.index]}>{(row) => <SessionRow session={row()} />}</Show>
              </li>
            )}
          </For>
        </ul>
      </section>
    </>
  )
}
