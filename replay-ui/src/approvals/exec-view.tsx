// A command that would run in a container: each word in a box of its own, so that a blank or a line end in a word cannot pass
// for the end of it; and what a terminal or input adds to it.

import { createMemo, For, Show } from 'solid-js'
import type { RecordedRequest } from '../../../protocol/log/event.ts'
import { Text } from '../shell/text.tsx'
import { pieces } from '../shell/visible.ts'
import { inputText, placeText } from './exec.ts'

const MAX_WORD_CHARS = 4000

export function ExecView(props: {
  readonly request: RecordedRequest
  readonly exec: NonNullable<RecordedRequest['exec']>
}) {
  const input = () => inputText(props.exec)
  return (
    <section class="exec" data-testid="exec">
      <h3>{props.request.subresource === 'attach' ? 'What it attaches to' : 'What would run'}</h3>
      <Show
        when={props.exec.argv.length > 0}
        fallback={<p>The process that runs there already: what it prints is seen, and what is typed reaches it.</p>}
      >
        <ol class="argv">
          <For each={props.exec.argv}>
            {(word, at) => (
              <li>
                <span class="sr">word {at() + 1}: </span>
                <code class="word" data-testid="word">
                  <Word value={word} />
                </code>
              </li>
            )}
          </For>
        </ol>
      </Show>
      <p class="muted">
        <Text value={placeText(props.request, props.exec)} max={400} />
      </p>
      <p class={input().open ? 'warn-box' : 'muted'}>{input().text}</p>
    </section>
  )
}

/** Line ends are marked, and end the line as well: a script stays readable, and stays one word. */
function Word(props: { readonly value: string }) {
  const lines = createMemo(() => props.value.split(/(?<=\n)/))
  return (
    <Show when={props.value !== ''} fallback={<span class="escape">empty</span>}>
      <Show when={props.value.length <= MAX_WORD_CHARS} fallback={<Text value={props.value} max={MAX_WORD_CHARS} />}>
        <For each={lines()}>
          {(line, at) => (
            <>
              <Show when={at() > 0}>
                <br />
              </Show>
              <bdi>
                <For each={pieces(line)}>
                  {(piece) => (
                    <Show when={piece.unseen} fallback={piece.text}>
                      <span class="escape">{piece.text}</span>
                    </Show>
                  )}
                </For>
              </bdi>
            </>
          )}
        </For>
      </Show>
    </Show>
  )
}
