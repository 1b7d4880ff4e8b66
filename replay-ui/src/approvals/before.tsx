// What the agent did in this session just before it asked, each with a link to where the replay shows it.

import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import type { CommandSummary } from '../../../worker/api/types.ts'
import { OUTCOMES } from '../session/outcomes.ts'
import { Text } from '../shell/text.tsx'

export function Before(props: { readonly commands: readonly CommandSummary[] }) {
  return (
    <section class="before" aria-label="The commands before it">
      <h2 class="before-head">The commands before it</h2>
      <Show when={props.commands.length > 0} fallback={<p class="before-none muted">There are none to show.</p>}>
        <ol>
          <For each={props.commands}>
            {(command) => (
              <li>
                <A
                  class="before-command"
                  href={`/sessions/${encodeURIComponent(command.session)}?command=${encodeURIComponent(command.id)}`}
                  data-outcome={command.outcome}
                >
                  <span class="outcome" aria-hidden="true" />
                  <code>
                    <Text value={command.title} />
                  </code>
                  <span class={`outcome-word ${command.outcome}`}>{OUTCOMES[command.outcome]}</span>
                  <time class="muted" datetime={command.startedAt}>
                    {new Date(command.startedAt).toLocaleTimeString()}
                  </time>
                </A>
              </li>
            )}
          </For>
        </ol>
      </Show>
    </section>
  )
}
