// The buttons. They need a hand that means it: off for a moment after the page has come, no key of their own, off with the
// reason where the reader may not answer.

import { createSignal, For, onCleanup, Show } from 'solid-js'
import type { HoldDetail } from '../../../worker/api/types.ts'
import { ApiError } from '../api/client.ts'
import { Text } from '../shell/text.tsx'
import { oneLine } from '../shell/visible.ts'
import { spanText } from './countdown.ts'
import { effectText, mayDeny, whyNotText } from './eligibility.ts'
import { defaultSpan, grantText, type Offer, type Scope, scopesOf, scopeText, spansOf } from './offer.ts'
import { useMe } from './queries.ts'
import { cautionsOf } from './totals.ts'

export type Given =
  | { readonly kind: 'deny'; readonly reason: string }
  | { readonly kind: 'approve'; readonly reason: string; readonly grant?: { scope: Scope; forS: number } }

/** The second click of a double click, or a tap meant for what was there before, finds the buttons off. */
const ARM_MS = 700
const MAX_REASON_CHARS = 1000

export function Answer(props: {
  readonly hold: HoldDetail
  readonly changed: boolean
  readonly give: (answer: Given) => Promise<void>
}) {
  const h = () => props.hold
  const [reason, setReason] = createSignal('')
  const [busy, setBusy] = createSignal(false)
  const [armed, setArmed] = createSignal(false)
  const timer = setTimeout(() => setArmed(true), ARM_MS)
  onCleanup(() => clearTimeout(timer))
  const whyNot = () => (props.changed ? 'The request has changed. Look at what it is now first.' : whyNotText(h()))
  const me = useMe()
  const canDeny = () => !props.changed && mayDeny(h(), me.data?.username)
  const off = () => busy() || !armed() || whyNot() !== null
  const denyOff = () => busy() || !armed() || !canDeny()
  const give = async (answer: Given) => {
    if (answer.kind === 'deny' ? denyOff() : off()) return
    setBusy(true)
    await props.give(answer)
    setBusy(false)
  }
  return (
    <section class="panel answer" aria-label="Your answer">
      <h2>Your answer</h2>
      <Show
        when={whyNot()}
        fallback={
          <p class="muted" id="effect">
            {effectText(h())}
          </p>
        }
      >
        {(text) => (
          <p class="why-not" id="effect" data-testid="why-not">
            <Text value={text()} max={400} />
          </p>
        )}
      </Show>
      <Show when={whyNot() === null}>
        <ul class="cautions">
          <For each={cautionsOf(h().review)}>{(text) => <li class="warn-box">{text}</li>}</For>
        </ul>
      </Show>
      <Show when={canDeny()}>
        <label class="field">
          <span>
            Reason <span class="muted">recorded; the agent reads it when you deny</span>
          </span>
          <textarea
            rows="2"
            maxlength={MAX_REASON_CHARS}
            value={reason()}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
      </Show>
      <div class="answer-buttons">
        <button
          type="button"
          class="button primary large"
          disabled={off()}
          aria-describedby="effect"
          onClick={() => void give({ kind: 'approve', reason: oneLine(reason()) })}
        >
          {h().kind === 'plan' ? 'Approve this plan' : 'Approve once'}
        </button>
        <button
          type="button"
          class="button danger large"
          disabled={denyOff()}
          aria-describedby="effect"
          onClick={() => void give({ kind: 'deny', reason: oneLine(reason()) })}
        >
          Deny
        </button>
      </div>
      <Show when={whyNot() === null ? h().offer : undefined}>
        {(offer) => (
          <GrantForm
            hold={h()}
            offer={offer()}
            off={off()}
            give={(grant) => void give({ kind: 'approve', reason: oneLine(reason()), grant })}
          />
        )}
      </Show>
    </section>
  )
}

function GrantForm(props: {
  readonly hold: HoldDetail
  readonly offer: Offer
  readonly off: boolean
  readonly give: (grant: { scope: Scope; forS: number }) => void
}) {
  const scopes = () => scopesOf(props.offer)
  const [scope, setScope] = createSignal<Scope>(scopes()[0] ?? 'namespace')
  const [forS, setForS] = createSignal(defaultSpan(props.offer))
  return (
    <details class="grant-form">
      <summary class="grant-head">Approve as a grant</summary>
      <fieldset>
        <legend class="muted">What it covers</legend>
        <For each={scopes()}>
          {(choice) => (
            <label class="choice">
              <input
                type="radio"
                name="grant-scope"
                value={choice}
                checked={scope() === choice}
                onChange={() => setScope(choice)}
              />
              <span class="choice-text">
                <Text value={scopeText(props.offer, choice)} max={200} />
              </span>
            </label>
          )}
        </For>
      </fieldset>
      <div class="field inline">
        <label class="muted" for="grant-for">
          For
        </label>
        <select id="grant-for" value={String(forS())} onChange={(event) => setForS(Number(event.currentTarget.value))}>
          <For each={spansOf(props.offer)}>{(span) => <option value={String(span)}>{spanText(span)}</option>}</For>
        </select>
      </div>
      <p class="muted grant-text" id="grant-text">
        <Text value={grantText(props.hold, props.offer, scope(), forS())} max={600} />
      </p>
      <button
        type="button"
        class="button"
        disabled={props.off}
        aria-describedby="grant-text"
        onClick={() => props.give({ scope: scope(), forS: forS() })}
      >
        Approve for {spanText(forS())}
      </button>
    </details>
  )
}

/** An answer that was not taken: said also when the question is over by now. */
export function Failure(props: { readonly failure: unknown }) {
  const known = () => (props.failure instanceof ApiError ? props.failure : undefined)
  return (
    <div class="answer-failure" role="alert" data-testid="answer-failure">
      <strong>
        {known()?.kind === 'conflict' ? 'This has changed. Your answer was not counted.' : 'Your answer was not taken.'}
      </strong>
      <p>
        <Text value={known()?.message ?? 'Something in this page failed.'} max={400} />
      </p>
    </div>
  )
}
