// Text that an agent or a cluster chose, as text nodes: what cannot be seen is written out and marked, what is long is clipped.
// It stands in an isolate of its own, so that its direction cannot reach its neighbours.

import { createMemo, createSignal, For, Show } from 'solid-js'
import { clip, pieces } from './visible.ts'

/** `lines`: newlines and tabs stay. `max`: characters shown before a person asks for the rest; absent: all. */
export function Text(props: { readonly value: string; readonly lines?: boolean; readonly max?: number }) {
  const [whole, setWhole] = createSignal(false)
  const clipped = createMemo(() =>
    whole() || props.max === undefined ? { text: props.value, left: 0 } : clip(props.value, props.max),
  )
  return (
    <>
      <bdi>
        <For each={pieces(clipped().text, props.lines)}>
          {(piece) => (
            <Show when={piece.unseen} fallback={piece.text}>
              <span class="escape" title="A character that cannot be seen">
                {piece.text}
              </span>
            </Show>
          )}
        </For>
      </bdi>
      <Show when={clipped().left > 0}>
        {'… '}
        <button type="button" class="more" onClick={() => setWhole(true)}>
          Show {clipped().left.toLocaleString('en')} more characters
        </button>
      </Show>
    </>
  )
}
