// What would change, line by line: marks as text, colour only as a second sign. Long lines wrap; long diffs open on request.

import { createMemo, createSignal, For, Show } from 'solid-js'
import type { Diff } from '../../../protocol/review.ts'
import { Text } from '../shell/text.tsx'
import { diffText, type Row, rowsOf } from './diff.ts'

/** More rows at once make the page slow, and are not read at once either. */
const MAX_ROWS = 500
const MAX_LINE_CHARS = 2000

/** `quiet`: that there is no diff goes without saying. */
export function DiffView(props: { readonly diff: Diff; readonly quiet?: boolean }) {
  return (
    <Show
      when={props.diff.kind === 'lines' ? props.diff : undefined}
      fallback={
        <Show when={!props.quiet}>
          <section class="diff-section">
            <h3>What would change</h3>
            <p class="no-diff">
              <Text value={diffText(props.diff)} max={400} />
            </p>
          </section>
        </Show>
      }
    >
      {(diff) => <Lines diff={diff()} />}
    </Show>
  )
}

function Lines(props: { readonly diff: Extract<Diff, { kind: 'lines' }> }) {
  const rows = createMemo(() => rowsOf(props.diff.lines))
  const [max, setMax] = createSignal(MAX_ROWS)
  const left = () => Math.max(0, rows().length - max())
  return (
    <section class="diff-section">
      <div class="diff-head">
        <h3>What would change</h3>
        <span class="note">as the cluster’s own dry run says</span>
        <span class="diff-count number">
          <span class="added">+{props.diff.added.toLocaleString('en')}</span>{' '}
          <span class="removed">−{props.diff.removed.toLocaleString('en')}</span>
        </span>
      </div>
      <Show when={rows().length > 0} fallback={<p class="no-diff">Nothing: the object would stay as it is.</p>}>
        <div class="diff" data-testid="diff">
          <For each={rows().slice(0, max())}>{(row) => <Line row={row} />}</For>
        </div>
      </Show>
      <Show when={left() > 0}>
        <button type="button" class="button small" onClick={() => setMax(max() + 4 * MAX_ROWS)}>
          Show more: {left().toLocaleString('en')} lines are left
        </button>
      </Show>
      <Show when={props.diff.cut && left() === 0}>
        <p class="warn">The diff is longer than this; the rest was left out.</p>
      </Show>
    </section>
  )
}

function Line(props: { readonly row: Row }) {
  const spans = () => (
    <For each={props.row.spans}>
      {(span) => (
        <Show when={span.changed} fallback={<Text value={span.text} max={MAX_LINE_CHARS} />}>
          <mark>
            <Text value={span.text} max={MAX_LINE_CHARS} />
          </mark>
        </Show>
      )}
    </For>
  )
  return (
    <div class={`diff-line ${props.row.kind}`}>
      <span class="diff-mark">{props.row.kind === 'gap' ? '⋯' : props.row.mark}</span>
      <Show when={props.row.kind === 'added'}>
        <ins class="diff-text">{spans()}</ins>
      </Show>
      <Show when={props.row.kind === 'removed'}>
        <del class="diff-text">{spans()}</del>
      </Show>
      <Show when={props.row.kind === 'kept' || props.row.kind === 'gap'}>
        <span class="diff-text">{spans()}</span>
      </Show>
    </div>
  )
}
