// One request as it will be sent: what would change, what it reaches, and the request to the letter.

import { createMemo, For, Show } from 'solid-js'
import type { ReviewedRequest } from '../../../protocol/review.ts'
import { Text } from '../shell/text.tsx'
import { DiffView } from './diff-view.tsx'
import { ExecView } from './exec-view.tsx'
import { indentJSON } from './indent.ts'
import { unwrapped } from './placeholder.ts'
import { reachText } from './totals.ts'

const MAX_TARGET_CHARS = 600
const MAX_BODY_CHARS = 20_000

export function Reviewed(props: { readonly reviewed: ReviewedRequest }) {
  const r = () => props.reviewed
  return (
    <div class="reviewed">
      <Show when={r().request.exec}>{(exec) => <ExecView request={r().request} exec={exec()} />}</Show>
      <DiffView diff={r().diff} quiet={r().request.exec !== undefined} />
      <Reach reviewed={r()} />
      <section class="letter">
        <h3>The request to the letter</h3>
        <p class="target" data-testid="target">
          <span class="method">{r().request.method}</span>
          <code>
            <Text value={r().request.target} max={MAX_TARGET_CHARS} />
          </code>
        </p>
        <Show when={r().body}>{(body) => <BodyText body={body()} open={r().diff.kind === 'none'} />}</Show>
      </section>
    </div>
  )
}

function Reach(props: { readonly reviewed: ReviewedRequest }) {
  const reach = () => props.reviewed.reach
  const text = () => reachText([reach()])
  return (
    <Show when={text() !== '' || reach().note || reach().examples.length > 0}>
      <section class="reach" data-testid="reach">
        <h3>What it reaches</h3>
        <p>
          <Show when={text()} fallback={<span class="warn">It could not be found out.</span>}>
            <strong>{text()}</strong>
          </Show>
          <Show when={reach().note}>
            {(note) => (
              <span class="muted">
                {' '}
                <Text value={note()} max={400} />
              </span>
            )}
          </Show>
        </p>
        <Show when={reach().examples.length > 0}>
          <ul class="examples">
            <For each={reach().examples}>
              {(example) => (
                <li>
                  <code>
                    <Text value={example} max={120} />
                  </code>
                </li>
              )}
            </For>
          </ul>
        </Show>
      </section>
    </Show>
  )
}

/** Open at once where no diff says what it does. */
function BodyText(props: { readonly body: NonNullable<ReviewedRequest['body']>; readonly open: boolean }) {
  const text = createMemo(() =>
    unwrapped(/json/.test(props.body.mediaType) ? indentJSON(props.body.text) : props.body.text),
  )
  return (
    <details class="body" open={props.open}>
      <summary class="body-head">
        Body
        <span class="muted">
          <Text value={props.body.mediaType} max={80} />
        </span>
      </summary>
      <pre class="body-text wrapped" tabindex="0" data-testid="body">
        <Text value={text()} lines max={MAX_BODY_CHARS} />
      </pre>
      <Show when={props.body.cut}>
        <p class="warn">The body is longer than this.</p>
      </Show>
    </details>
  )
}
