// What the selected command asked: each request with its decision, result, masks and recorded body. All text as text.

import { createInfiniteQuery, createQuery } from '@tanstack/solid-query'
import { createSignal, For, Show } from 'solid-js'
import { isDiscovery } from '../../../protocol/transcript/resource.ts'
import { shellWord } from '../../../protocol/transcript/words.ts'
import type { CommandSummary, HoldSummary, RequestRecord } from '../../../worker/api/types.ts'
import { api } from '../shell/api-context.ts'
import { Fact } from '../shell/fact.tsx'
import { bytesText, durationText } from '../shell/format.ts'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { visible } from '../shell/visible.ts'
import { Held, Question } from './held.tsx'
import { untold } from './holds.ts'
import { Masked, Masks } from './masks.tsx'
import { prettyBody } from './pretty.ts'

/** More than this of one body is a download, not a text on a page. */
const MAX_SHOWN_BYTES = 256 * 1024

export function Details(props: {
  readonly command: CommandSummary | undefined
  readonly heldBy: (command: string) => readonly HoldSummary[]
  /** Shows in the replay what a rule masked. */
  readonly onRule: (rule: string) => void
}) {
  const requests = createInfiniteQuery(() => ({
    queryKey: ['requests', props.command?.id, props.command?.requests, props.command?.outcome, props.command?.masks],
    enabled: props.command !== undefined,
    queryFn: ({ pageParam }) =>
      api.requests(props.command?.session ?? '', props.command?.id ?? '', pageParam === '' ? undefined : pageParam),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? null,
    // While a running command grows, what was there stays; another command starts empty.
    placeholderData: (before, query) => (query?.queryKey[1] === props.command?.id ? before : undefined),
  }))
  const records = () => requests.data?.pages.flatMap((page) => page.items) ?? []
  const opened = () => {
    const list = records()
    const asked = list.filter((r) => !isDiscovery(r.request) && r.request.preparatory === undefined)
    const telling =
      list.find((r) => r.decision?.effect === 'Deny') ??
      asked.findLast((r) => r.hold !== undefined) ??
      asked.findLast((r) => (r.mask?.count ?? 0) > 0) ??
      asked.at(-1)
    return (telling ?? list.at(-1))?.id
  }
  return (
    <section class="pane details" aria-label="Requests of the selected command">
      <div class="pane-head">
        <h2>Requests</h2>
        <span class="muted">{props.command ? props.command.requests.toLocaleString('en') : ''}</span>
      </div>
      <section class="scroller details-list" tabindex="0" aria-label="Request list">
        <Show when={requests.error}>
          <Problem error={requests.error} retry={() => void requests.refetch()} />
        </Show>
        <For each={untold(props.heldBy(props.command?.id ?? ''), records())}>{(hold) => <Question hold={hold} />}</For>
        <For each={records()}>
          {(record) => <Request record={record} open={record.id === opened()} onRule={props.onRule} />}
        </For>
        <Show when={requests.hasNextPage}>
          <button type="button" class="button" onClick={() => void requests.fetchNextPage()}>
            More requests
          </button>
        </Show>
      </section>
    </section>
  )
}

function Request(props: {
  readonly record: RequestRecord
  readonly open: boolean
  readonly onRule: (rule: string) => void
}) {
  const r = () => props.record
  const tone = () => {
    const { decision, result } = r()
    if (decision?.effect === 'Deny' || result?.outcome === 'refused') return 'bad'
    if (result === undefined) return 'running'
    return result.code >= 400 || result.outcome === 'failed' ? 'warn' : 'good'
  }
  return (
    <details class="request" open={props.open} data-testid="request" data-quiet={isDiscovery(r().request)}>
      <summary>
        <span class="request-method">{r().request.method}</span>
        <code class="request-path" title={visible(r().request.target)}>
          <Path target={r().request.target} />
        </code>
        <span class={`code ${tone()}`}>{r().result ? r().result?.code || r().result?.outcome : '…'}</span>
      </summary>
      <div class="request-body">
        <Decision record={r()} />
        <Held record={r()} />
        <Masks record={r()} onRule={props.onRule} />
        <dl class="facts">
          <Fact name="Target">
            <code>
              <Masked text={r().request.target} />
            </code>
          </Fact>
          <Show when={r().request.exec}>
            {(exec) => (
              <Fact name="Command">
                <code>
                  <Masked text={exec().argv.map(shellWord).join(' ')} />
                </code>
                <span class="muted">
                  {' in '}
                  <Text value={exec().container || 'the default container'} />
                </span>
              </Fact>
            )}
          </Show>
          <Show when={r().result} fallback={<Fact name="Result">still running</Fact>}>
            {(result) => (
              <Fact name="Result">
                {result().code || ''} {result().outcome}
                <Show when={result().reason}>
                  {(reason) => (
                    <>
                      {', '}
                      <Text value={reason()} max={200} />
                    </>
                  )}
                </Show>
                <Show when={result().exitCode !== undefined}>, exit code {result().exitCode}</Show>
                <span class="muted">
                  {' '}
                  in {durationText(result().durationMs)}, {bytesText(result().bytes)}
                </span>
              </Fact>
            )}
          </Show>
          <Show when={r().result?.message}>
            {(message) => (
              <Fact name="Message">
                <Masked text={message()} />
              </Fact>
            )}
          </Show>
          <Show when={r().request.preparatory}>
            {(why) => <Fact name="Why">asked by the gateway itself ({why()})</Fact>}
          </Show>
          <Fact name="At">
            <time datetime={r().at}>{new Date(r().at).toLocaleString()}</time>
          </Fact>
          <Fact name="Audit ID">
            <code>{r().id}</code>
          </Fact>
          <Fact name="Leaf">
            <code class="hash">{r().leaf}</code>
          </Fact>
        </dl>
        <For each={r().bodies.filter((body) => body.kind !== 'stream')}>
          {(body) => (
            <BodyView
              record={r()}
              kind={body.kind === 'request' ? 'request' : 'response'}
              bytes={body.bytes}
              mediaType={body.mediaType}
            />
          )}
        </For>
      </div>
    </details>
  )
}

/** The path with its last part set off: that is what people look for. */
function Path(props: { readonly target: string }) {
  const parts = () => {
    const [path = '', query] = visible(props.target).split('?', 2)
    const cut = path.lastIndexOf('/') + 1
    return { lead: path.slice(0, cut), last: path.slice(cut), query }
  }
  return (
    <>
      <span class="path-lead">{parts().lead}</span>
      <span class="path-last">{parts().last}</span>
      <Show when={parts().query}>{(query) => <span class="path-lead">?{query()}</span>}</Show>
    </>
  )
}

function Decision(props: { readonly record: RequestRecord }) {
  return (
    <Show when={props.record.decision}>
      {(decision) => (
        <div class={`decision ${decision().effect.toLowerCase()}`} data-testid="decision">
          <strong>{decision().effect}</strong>
          <span>
            <Show when={decision().policy} fallback="no rule matched">
              {decision().policy}
              <Show when={decision().rule}>
                <span class="muted"> / </span>
                {decision().rule}
              </Show>
            </Show>
          </span>
          <Show when={decision().reason}>
            <p>
              <Text value={decision().reason} max={1000} />
            </p>
          </Show>
        </div>
      )}
    </Show>
  )
}

function BodyView(props: {
  readonly record: RequestRecord
  readonly kind: 'request' | 'response'
  readonly bytes: number
  readonly mediaType: string
}) {
  const [open, setOpen] = createSignal(false)
  const body = createQuery(() => ({
    queryKey: ['body', props.record.id, props.kind, props.bytes],
    enabled: open(),
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => prettyBody(await api.body(props.record.id, props.kind, MAX_SHOWN_BYTES)),
  }))
  return (
    <details class="body" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {props.kind === 'request' ? 'Request body' : 'Response body'}
        <span class="muted"> {bytesText(props.bytes)}</span>
      </summary>
      <Show when={body.error}>
        <Problem error={body.error} retry={() => void body.refetch()} />
      </Show>
      <Show when={body.data}>
        {(shown) => (
          <>
            <pre class="body-text" tabindex="0">
              <Masked text={shown().text} />
            </pre>
            <Show when={shown().cut}>
              <p class="muted">
                Only the first {bytesText(MAX_SHOWN_BYTES)} of {bytesText(props.bytes)} are shown.
              </p>
            </Show>
          </>
        )}
      </Show>
    </details>
  )
}
