// Who asks, why they say so, and which rule put the question. What the agent says is framed as its own words.

import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import type { HoldDetail } from '../../../worker/api/types.ts'
import { Fact } from '../shell/fact.tsx'
import { whenText } from '../shell/format.ts'
import { Text } from '../shell/text.tsx'

const MAX_PURPOSE_CHARS = 600

export function Who(props: { readonly hold: HoldDetail }) {
  const h = () => props.hold
  const namespaces = () => [...new Set(h().review.requests.map(({ request }) => request.namespace))]
  return (
    <section class="who" aria-label="Who asks, and why">
      <figure class="claim">
        <figcaption>
          What the agent says it is doing <span class="muted">· its own words, checked by nobody</span>
        </figcaption>
        <Show when={h().purpose} fallback={<p class="muted">It stated no purpose.</p>}>
          {(purpose) => (
            <blockquote data-testid="purpose">
              <Text value={purpose()} lines max={MAX_PURPOSE_CHARS} />
            </blockquote>
          )}
        </Show>
      </figure>
      <dl class="facts wide">
        <Fact name="Agent">
          <strong>
            <Text value={h().agent.username} max={200} />
          </strong>{' '}
          <For each={h().agent.groups}>
            {(group) => (
              <span class="tag small">
                <Text value={group} />
              </span>
            )}
          </For>
          <span class="fact-more muted">
            from <Text value={h().agent.issuer} />
          </span>
        </Fact>
        <Fact name="Connection">{h().connection}</Fact>
        <Fact name="Namespace">
          <Text value={namespaces().filter(Boolean).join(', ') || 'none: this is not in a namespace'} max={200} />
          <Show when={namespaces().includes('') && namespaces().length > 1}>
            <span class="muted"> and things in no namespace</span>
          </Show>
        </Fact>
        <Fact name="Rule">
          <Text value={h().policy} />
          <span class="muted"> / </span>
          <Text value={h().rule} />
          <Show when={h().reason}>
            <span class="fact-more muted">
              <Text value={h().reason} lines max={400} />
            </span>
          </Show>
        </Fact>
        <Fact name="Asked">
          <time datetime={h().openedAt}>{whenText(h().openedAt, new Date())}</time>
          <span class="muted"> in </span>
          <A href={`/sessions/${encodeURIComponent(h().session)}?command=${encodeURIComponent(h().command)}`}>
            this session
          </A>
        </Fact>
      </dl>
    </section>
  )
}
