// The commands of a session, oldest first, virtualised. Shows and forwards.

import { createVirtualizer } from '@tanstack/solid-virtual'
import { createEffect, createSignal, For, onMount, Show } from 'solid-js'
import type { CommandSummary, HoldSummary } from '../../../worker/api/types.ts'
import { countText } from '../shell/format.ts'
import { DenialIcon, HoldIcon, MaskIcon } from '../shell/icons.tsx'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { visible } from '../shell/visible.ts'
import { isWaiting } from './holds.ts'
import { OUTCOMES } from './outcomes.ts'

const ROW_PX = 52

export function Commands(props: {
  readonly commands: readonly CommandSummary[]
  readonly index: number
  readonly complete: boolean
  readonly failure: unknown
  readonly heldBy: (command: string) => readonly HoldSummary[]
  readonly retry: () => void
  readonly choose: (index: number) => void
}) {
  const [scroller, setScroller] = createSignal<HTMLElement | null>(null)
  let region: HTMLDivElement | undefined
  // Only once it is in the document: the virtualizer watches its size through the document's window.
  onMount(() => setScroller(region ?? null))
  const virtual = createVirtualizer({
    get count() {
      return props.commands.length
    },
    getScrollElement: scroller,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => props.commands[index]?.id ?? index,
  })
  createEffect(() => {
    if (props.index >= 0 && scroller()) virtual.scrollToIndex(props.index, { align: 'auto' })
  })
  return (
    <section class="pane commands" aria-label="Commands">
      <div class="pane-head">
        <h2>Commands</h2>
        <span class="muted" role="status">
          {props.commands.length.toLocaleString('en')}
          {props.complete ? '' : '…'}
        </span>
      </div>
      <Show when={props.failure}>
        <Problem error={props.failure} retry={props.retry} />
      </Show>
      <Show when={props.complete && props.commands.length === 0}>
        <p class="empty">No commands yet.</p>
      </Show>
      <div class="scroller" ref={region}>
        <ol class="virtual" style={{ height: `${virtual.getTotalSize()}px` }}>
          <For each={virtual.getVirtualItems()}>
            {(item) => (
              <li
                class="virtual-item"
                aria-setsize={props.complete ? props.commands.length : -1}
                aria-posinset={item.index + 1}
                style={{ height: `${item.size}px`, transform: `translateY(${item.start}px)` }}
              >
                <Show when={props.commands[item.index]}>
                  {(command) => (
                    <Command
                      command={command()}
                      current={item.index === props.index}
                      holds={props.heldBy(command().id)}
                      choose={() => props.choose(item.index)}
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
          <span class="mask" title={countText(c().masks, 'mask')}>
            <MaskIcon />
            <span aria-hidden="true">{c().masks}</span>
            <span class="sr">{countText(c().masks, 'mask')}</span>
          </span>
        </Show>
        <Show when={c().stream}>
          <span class="tag small">recording</span>
        </Show>
      </span>
    </button>
  )
}
