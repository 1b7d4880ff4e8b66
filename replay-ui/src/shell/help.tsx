// The keyboard help. Opened with `?` anywhere.

import { Dialog } from '@kobalte/core/dialog'
import { For } from 'solid-js'

const KEYS: readonly (readonly [string, readonly string[], string])[] = [
  ['Everywhere', ['?'], 'This help'],
  ['Everywhere', ['g'], 'All sessions'],
  ['Everywhere', ['a'], 'Approvals'],
  ['Everywhere', ['d'], 'Dark or light'],
  ['In a list', ['/'], 'Search'],
  ['In approvals', ['j', 'k'], 'Next, previous request'],
  ['In approvals', ['u'], 'Back to the list'],
  ['In a session', ['Space'], 'Play or pause'],
  ['In a session', ['j', 'k'], 'Next, previous command'],
  ['In a session', ['n'], 'Next denial'],
  ['In a session', ['m', 'M'], 'Next, previous mask'],
  ['In a session', ['f'], 'Only commands with masks'],
  ['In a session', ['r'], 'Play from the start'],
  ['In a session', ['<', '>'], 'Slower, faster'],
  ['In a session', ['i'], 'Shorten or keep pauses'],
  ['In a session', ['t'], 'Terminal or plain text'],
  ['In a session', ['y'], 'Copy a link to this moment'],
]

export default function Help(props: { readonly open: boolean; readonly onOpenChange: (open: boolean) => void }) {
  const groups = [...new Set(KEYS.map(([group]) => group))]
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay class="overlay" />
        <div class="dialog-place">
          <Dialog.Content class="dialog">
            <div class="dialog-head">
              <Dialog.Title class="dialog-title">Keyboard</Dialog.Title>
              <Dialog.CloseButton class="button quiet" aria-label="Close">
                Close
              </Dialog.CloseButton>
            </div>
            <For each={groups}>
              {(group) => (
                <section>
                  <h3>{group}</h3>
                  <dl class="keys">
                    <For each={KEYS.filter(([of]) => of === group)}>
                      {([, keys, text]) => (
                        <div>
                          <dt>
                            <For each={keys}>{(key) => <kbd>{key}</kbd>}</For>
                          </dt>
                          <dd>{text}</dd>
                        </div>
                      )}
                    </For>
                  </dl>
                </section>
              )}
            </For>
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog>
  )
}
