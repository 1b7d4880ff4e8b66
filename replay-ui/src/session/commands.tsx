// The commands of a session, oldest first, virtualised. Shows and forwards.

import { createVirtualizer } from '@tanstack/solid-virtual'
import { createEffect, createSignal, For, onMount, Show } from 'solid-js'
import type { CommandSummary, HoldSummary } from '../../../worker/api/types.ts'
import { countText } from '../shell/format.ts'
import { DenialIcon, HoldIcon, MaskIcon } from '../shell/icons.tsx'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { clip, visible } from '../shell/visible.ts'
import { Filter } from './filter.tsx'
import { isWaiting } from './holds.ts'
import { type MaskFilter, maskWords } from './marks.ts'
import { OUTCOMES } from './outcomes.ts'

const ROW_PX = 52
/** What was masked where: a row holds less, and nobody reads a longer title. */
const MAX_MASK_CHARS = 120
const MAX_TITLE_CHARS = 800

export function Commands(props: {
  readonly commands: readonly CommandSummary[]
  readonly index: number
  readonly complete: boolean
  readonly cut: boolean
  readonly filter: MaskFilter
  /** Positions of the commands that the filter leaves; undefined: all. */
  readonly shown: readonly number[] | undefined
  readonly onFilter: (filter: MaskFilter) => void
  readonly failure: unknown
  readonly heldBy: (command: string) => readonly HoldSummary[]
  readonly retry: () => void
  readonly choose: (index: number) => void
}) {
  const [scroller, setScroller] = createSignal<HTMLElement | null>(null)
  let region: HTMLDivElement | undefined
  // Only once it is in the document: the virtualizer watches its size through the document's window.
  onMount(() => setScroller(region ?? null))
  const count = () => props.shown?.length ?? props.commands.length
  /** From a row to the command's position, and back; -1: the filter leaves it out. */
  const positionOf = (row: number) => (props.shown ? (props.shown[row] ?? -1) : row)
  const rowOf = (index: number) => (props.shown ? props.shown.indexOf(index) : index)
  const virtual = createVirtualizer({
    get count() {
      return count()
    },
    getScrollElement: scroller,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (row) => props.commands[positionOf(row)]?.id ?? row,
  })
  createEffect(() => {
    const row = rowOf(props.index)
    if (row >= 0 && scroller()) virtual.scrollToIndex(row, { align: 'auto' })
  })
  return (
    <section class="pane commands" aria-label="Commands">
      <div class="pane-head">
        <h2>Commands</h2>
        <span class="muted" role="status">
          <Show when={props.shown}>
            {count().toLocaleString('en')}
            {' of '}
          </Show>
          {props.commands.length.toLocaleString('en')}
          {props.complete ? '' : '…'}
        </span>
        <Filter commands={props.commands} filter={props.filter} onFilter={props.onFilter} />
      </div>
      <Show when={props.cut}>
        <p class="notice">
          Only the first {props.commands.length.toLocaleString('en')} are listed. The export has all of them.
        </p>
      </Show>
      <Show when={props.failure}>
        <Problem error={props.failure} retry={props.retry} />
      </Show>
      <Show when={props.complete && props.commands.length === 0}>
        <p class="empty">No commands yet.</p>
      </Show>
      <Show when={props.complete && props.commands.length > 0 && count() === 0}>
        <p class="empty">In none of these commands was anything masked like that.</p>
      </Show>
      <div class="scroller" ref={region}>
        <ol class="virtual" style={{ height: `${virtual.getTotalSize()}px` }}>
          <For each={virtual.getVirtualItems()}>
            {(item) => (
              <li
                class="virtual-item"
                aria-setsize={props.complete ? count() : -1}
                aria-posinset={item.index + 1}
                style={{ height: `${item.size}px`, transform: `translateY(${item.start}px)` }}
              >
                <Show when={props.commands[positionOf(item.index)]}>
                  {(command) => (
                    <Command
                      command={command()}
                      current={positionOf(item.index) === props.index}
                      holds={props.heldBy(command().id)}
                      choose={() => props.choose(positionOf(item.index))}
                    />
                  )}
                </Show>
              </li>
            )}
          </For>
        </ol>
      </div>
    </section>
  )
}

function Command(props: {
  readonly command: CommandSummary
  readonly current: boolean
  readonly holds: readonly HoldSummary[]
  readonly choose: () => void
}) {
  const c = () => props.command
  // A request is recorded when it passes: while it waits, only its question knows what was asked.
  const title = () => c().title || props.holds[0]?.title || 'asked by the gateway itself'
  const held = () => Math.max(c().holds, props.holds.length)
  const maskTitle = () => {
    const words = visible(clip(maskWords(c()), MAX_TITLE_CHARS).text)
    return `${countText(c().masks, 'mask')}${words === '' ? '' : `: ${words}`}`
  }
  const outcome = () => (isWaiting(props.holds) ? 'waiting' : c().outcome)
  return (
    <button
      type="button"
      class="command"
      aria-current={props.current ? 'true' : undefined}
      data-outcome={outcome()}
      data-testid="command"
      onClick={() => props.choose()}
    >
      <span class="outcome" aria-hidden="true" />
      <code class="command-title" title={visible(title())}>
        <Text value={title()} />
      </code>
      <span class="command-facts muted">
        <time datetime={c().startedAt}>{new Date(c().startedAt).toLocaleTimeString()}</time>
        <span class={`outcome-word ${outcome()}`}>
          {isWaiting(props.holds) ? 'waiting for an answer' : OUTCOMES[c().outcome]}
        </span>
        <Show when={c().denials > 0 && c().outcome !== 'refused'}>
          <span class="bad" title={countText(c().denials, 'denial')}>
            <DenialIcon />
            <span class="sr">{countText(c().denials, 'denial')}</span>
          </span>
        </Show>
        <Show when={held() > 0}>
          <span class="held" title={`${countText(held(), 'request')} held for people`}>
            <HoldIcon />
            <span aria-hidden="true">{held()}</span>
            <span class="sr">{countText(held(), 'request')} held for people</span>
          </span>
        </Show>
        <Show when={c().masks > 0}>
          <span class="mask" title={maskTitle()} data-testid="command-masks">
            <MaskIcon />
            <span aria-hidden="true">{c().masks.toLocaleString('en')}</span>
            <span class="mask-words" aria-hidden="true">
              <Text value={clip(maskWords(c()), MAX_MASK_CHARS).text} />
            </span>
            <span class="sr">{maskTitle()}</span>
          </span>
        </Show>
        <Show when={c().stream}>
          <span class="tag small">recording</span>
        </Show>
      </span>
    </button>
  )
}
