// The kill switch on the page of a session. Approvers may stop the session, everything of its identity, or its whole
// connection; it asks once more and for a reason. Whoever looks sees that it is stopped, by whom and why.

import { Dialog } from '@kobalte/core/dialog'
import { A } from '@solidjs/router'
import { useQueryClient } from '@tanstack/solid-query'
import { createSignal, For, Show } from 'solid-js'
import type { NewBlock, SessionSummary } from '../../../worker/api/types.ts'
import { useBlocks, useMe } from '../approvals/queries.ts'
import { api } from '../shell/api-context.ts'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { oneLine, quoted } from '../shell/visible.ts'
import { blockOf, targetsOf } from './kill.ts'

const MAX_REASON_CHARS = 1000

export function End(props: { readonly session: SessionSummary }) {
  const me = useMe()
  const blocks = useBlocks()
  const [open, setOpen] = createSignal(false)
  const block = () => blockOf(props.session, blocks.data?.items ?? [])
  const mayEnd = () => me.data?.roles.includes('approver') ?? false
  return (
    <>
      <Show when={block()}>
        {(thrown) => (
          <p class="ended" role="status" data-testid="ended">
            <strong>Ended</strong> by <Text value={thrown().by} />
            <Show when={thrown().reason}>
              : <Text value={thrown().reason} max={200} />
            </Show>{' '}
            <A href="/approvals?tab=blocks">Blocks</A>
          </p>
        )}
      </Show>
      <Show when={mayEnd() && !block()}>
        <button type="button" class="button danger small" onClick={() => setOpen(true)}>
          End session
        </button>
        <Confirm session={props.session} open={open()} onOpenChange={setOpen} />
      </Show>
    </>
  )
}

function Confirm(props: {
  readonly session: SessionSummary
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}) {
  const client = useQueryClient()
  const [kind, setKind] = createSignal<NewBlock['kind']>('session')
  const [reason, setReason] = createSignal('')
  const [busy, setBusy] = createSignal(false)
  const [failure, setFailure] = createSignal<unknown>()
  const targets = () => targetsOf(props.session)
  const end = async (event: SubmitEvent) => {
    event.preventDefault()
    const target = targets().find((one) => one.kind === kind())
    if (!target || busy()) return
    setBusy(true)
    setFailure(undefined)
    try {
      await api.block({ kind: target.kind, value: target.value, reason: oneLine(reason()) })
      props.onOpenChange(false)
    } catch (error) {
      setFailure(error)
    }
    await client.invalidateQueries({ queryKey: ['blocks'] })
    setBusy(false)
  }
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay class="overlay" />
        <div class="dialog-place">
          <Dialog.Content class="dialog">
            <Dialog.Title class="dialog-title">End this session?</Dialog.Title>
            <Dialog.Description class="muted">
              Whatever runs is stopped within seconds, open streams included, and nothing more is let through until the
              block is lifted.
            </Dialog.Description>
            <form onSubmit={(event) => void end(event)}>
              <fieldset>
                <legend class="muted">What to stop</legend>
                <For each={targets()}>
                  {(target) => (
                    <label class="choice">
                      <input
                        type="radio"
                        name="block-kind"
                        value={target.kind}
                        checked={kind() === target.kind}
                        onChange={() => setKind(target.kind)}
                      />
                      <span class="choice-text">
                        {target.text}{' '}
                        <Show when={target.kind !== 'session'}>
                          <Text value={quoted(target.value)} />
                        </Show>
                      </span>
                    </label>
                  )}
                </For>
              </fieldset>
              <label class="field">
                <span>
                  Reason <span class="muted">the agent reads it</span>
                </span>
                <textarea
                  rows="2"
                  maxlength={MAX_REASON_CHARS}
                  value={reason()}
                  onInput={(event) => setReason(event.currentTarget.value)}
                />
              </label>
              <Show when={failure()}>{(error) => <Problem error={error()} />}</Show>
              <div class="dialog-buttons">
                <Dialog.CloseButton class="button" aria-label="Go back">
                  Go back
                </Dialog.CloseButton>
                <button type="submit" class="button danger solid" disabled={busy()}>
                  {kind() === 'session'
                    ? 'End the session'
                    : kind() === 'identity'
                      ? 'Stop the agent'
                      : 'Stop the connection'}
                </button>
              </div>
            </form>
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog>
  )
}
