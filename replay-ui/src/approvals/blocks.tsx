// Kill switches that are thrown, and how to lift them. Throwing one is on the page of a session.

import { A } from '@solidjs/router'
import { useQueryClient } from '@tanstack/solid-query'
import { createSignal, For, Show } from 'solid-js'
import type { BlockSummary } from '../../../worker/api/types.ts'
import { api } from '../shell/api-context.ts'
import { whenText } from '../shell/format.ts'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { useBlocks, useMe } from './queries.ts'

const KINDS: Readonly<Record<BlockSummary['kind'], string>> = {
  session: 'Session',
  identity: 'Everything of',
  connection: 'Every agent on',
}

export function Blocks() {
  const blocks = useBlocks()
  const me = useMe()
  const mayLift = () => me.data?.roles.includes('admin') ?? false
  return (
    <>
      <Show when={blocks.error}>
        <Problem error={blocks.error} retry={() => void blocks.refetch()} />
      </Show>
      <Show when={blocks.isSuccess && blocks.data?.items.length === 0}>
        <div class="empty" role="status">
          <h2>Nothing is blocked</h2>
          <p>“End session” on the page of a session stops it, its identity or its connection within seconds.</p>
        </div>
      </Show>
      <Show when={(blocks.data?.items.length ?? 0) > 0}>
        <ul class="cards">
          <For each={blocks.data?.items}>{(block) => <Block block={block} mayLift={mayLift()} />}</For>
        </ul>
      </Show>
    </>
  )
}

function Block(props: { readonly block: BlockSummary; readonly mayLift: boolean }) {
  const b = () => props.block
  const client = useQueryClient()
  const [busy, setBusy] = createSignal(false)
  const [failure, setFailure] = createSignal<unknown>()
  const lift = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      await api.liftBlock(b().name)
    } catch (error) {
      setFailure(error)
    }
    await client.invalidateQueries({ queryKey: ['blocks'] })
    setBusy(false)
  }
  return (
    <li class="card" data-testid="block">
      <div class="card-text">
        <p>
          {KINDS[b().kind]}{' '}
          <strong>
            <Show when={b().kind === 'session'} fallback={<Text value={b().value} />}>
              <A href={`/sessions/${encodeURIComponent(b().value)}`}>
                <Text value={b().value} />
              </A>
            </Show>
          </strong>
        </p>
        <p class="muted">
          <Show when={b().reason}>
            <Text value={b().reason} max={400} />
            {' · '}
          </Show>
          by <Text value={b().by} />, {whenText(b().at, new Date())}
        </p>
        <Show when={failure()}>{(error) => <Problem error={error()} />}</Show>
      </div>
      <div class="card-end">
        <button
          type="button"
          class="button"
          disabled={!props.mayLift || busy()}
          title={props.mayLift ? undefined : 'This needs the role admin'}
          onClick={() => void lift()}
        >
          Lift
        </button>
      </div>
    </li>
  )
}
