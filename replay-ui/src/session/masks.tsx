// What was masked: how many by which rule and where, of a request or a session; placeholders in text set off from it.

import { For, Show } from 'solid-js'
import type { RecordedMask } from '../../../protocol/log/event.ts'
import type { RequestRecord, SessionSummary } from '../../../worker/api/types.ts'
import { countText } from '../shell/format.ts'
import { MaskIcon } from '../shell/icons.tsx'
import { Text } from '../shell/text.tsx'
import { shownPieces } from './masked.ts'

/** Text with its placeholders marked, and with what cannot be seen written out. */
export function Masked(props: { readonly text: string }) {
  return (
    <bdi>
      <For each={shownPieces(props.text)}>
        {(piece) => (
          <Show when={piece.rule} fallback={piece.text}>
            {(rule) => (
              <mark class="placeholder" title={`Masked by rule ${rule()}`}>
                {piece.text}
              </mark>
            )}
          </Show>
        )}
      </For>
    </bdi>
  )
}

/** Rules, the most used first. */
function byCount(rules: Readonly<Record<string, number>>): readonly (readonly [rule: string, count: number])[] {
  return Object.entries(rules).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

/** What was masked in a request and its answer. */
export function Masks(props: { readonly record: RequestRecord; readonly onRule: (rule: string) => void }) {
  return (
    <Show when={props.record.mask}>
      {(mask) => (
        <Show when={mask().count > 0 || mask().withheld}>
          <div class="masks" data-testid="masks">
            <MaskIcon />
            <ul>
              <For each={byCount(mask().rules)}>
                {([rule, count]) => (
                  <li>
                    <button type="button" class="rule" title="Show it in the replay" onClick={() => props.onRule(rule)}>
                      <code>{rule}</code>
                    </button>{' '}
                    <span class="muted">× {count.toLocaleString('en')}</span>
                    <Places mask={mask()} rule={rule} />
                  </li>
                )}
              </For>
              <Show when={mask().withheld}>
                {(why) => (
                  <li>
                    withheld: <Text value={why()} />
                  </li>
                )}
              </Show>
            </ul>
          </div>
        </Show>
      )}
    </Show>
  )
}

/** Where a rule masked; the record may not name every place. */
function Places(props: { readonly mask: RecordedMask; readonly rule: string }) {
  const places = () => (props.mask.places ?? []).filter(({ rule }) => rule === props.rule)
  const others = () => (props.mask.rules[props.rule] ?? 0) - places().reduce((sum, { count }) => sum + count, 0)
  return (
    <Show when={places().length > 0}>
      <ul class="mask-places">
        <For each={places()}>
          {({ at, count }) => (
            <li>
              <code>
                <Text value={at} max={200} />
              </code>
              <Show when={count > 1}> × {count.toLocaleString('en')}</Show>
            </li>
          )}
        </For>
        <Show when={others() > 0}>
          <li>and {countText(others(), 'more place')}</li>
        </Show>
      </ul>
    </Show>
  )
}

/** How many values were masked in a session; by which rules on demand. */
export function SessionMasks(props: { readonly session: SessionSummary; readonly onRule: (rule: string) => void }) {
  const rules = () => byCount(props.session.maskRules ?? {})
  const total = () => countText(props.session.masks, 'mask')
  return (
    <Show when={rules().length > 0} fallback={<span class={props.session.masks > 0 ? 'mask' : ''}>{total()}</span>}>
      <details class="session-masks" data-testid="session-masks">
        <summary class="mask">{total()}</summary>
        <ul>
          <For each={rules()}>
            {([rule, count]) => (
              <li>
                <button
                  type="button"
                  class="rule"
                  title="List the commands in which it masked something"
                  onClick={() => props.onRule(rule)}
                >
                  <code>{rule}</code>
                </button>
                <span>{count.toLocaleString('en')}</span>
              </li>
            )}
          </For>
        </ul>
      </details>
    </Show>
  )
}
