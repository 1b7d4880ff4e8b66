// The replay: the terminal or its plain text, and the controls under it.

import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show } from 'solid-js'
import { SPEEDS } from '../player/player.ts'
import { clockText } from '../shell/format.ts'
import {
  DenialIcon,
  LinkIcon,
  NextIcon,
  PauseIcon,
  PlayIcon,
  PreviousIcon,
  RestartIcon,
  TextIcon,
} from '../shell/icons.tsx'
import { Problem } from '../shell/problem.tsx'
import type { Source } from './load.ts'
import { Masked } from './masks.tsx'
import type { Playback } from './playback.ts'
import type { TerminalView } from './terminal.ts'

/** More marks than this on the scrubber are a smear. */
const MAX_MARKS = 300

const SOURCES: Readonly<Record<Source, readonly [word: string, meaning: string]>> = {
  exact: ['exact', 'The bytes the client saw'],
  reconstructed: ['reconstructed', 'Made again from the recorded response, as kubectl would print it'],
  recording: ['recording', 'The recorded terminal, with its own timing'],
}

export function Stage(props: {
  readonly playback: Playback
  readonly plain: boolean
  readonly onPlain: (plain: boolean) => void
  readonly onNextDenial: () => void
  readonly onTogglePauses: () => void
  readonly onCopyLink: () => void
}) {
  const [lost, setLost] = createSignal(false)
  let place: HTMLDivElement | undefined
  let view: TerminalView | undefined
  let gone = false
  onMount(async () => {
    try {
      const { openTerminal } = await import('./terminal.ts')
      if (gone || !place) return
      view = openTerminal(place)
      props.playback.attach(view)
    } catch {
      setLost(true)
    }
  })
  onCleanup(() => {
    gone = true
    view?.dispose()
  })
  const source = () => props.playback.loaded()?.source
  return (
    <section class="pane stage" aria-label="Replay">
      <div class="pane-head stage-head">
        <h2 class="sr">Replay</h2>
        <code class="stage-title" title={props.playback.current()?.title}>
          {props.playback.current()?.title}
        </code>
        <Show when={source()}>
          {(known) => (
            <span class={`tag small ${known()}`} title={SOURCES[known()][1]} data-testid="source">
              {SOURCES[known()][0]}
            </span>
          )}
        </Show>
        <button
          type="button"
          class="button quiet small"
          aria-pressed={props.plain}
          title="Terminal or plain text (t)"
          onClick={() => props.onPlain(!props.plain)}
        >
          <TextIcon />
          <span>Plain text</span>
        </button>
      </div>
      <div class="screen">
        <div
          class="screen-terminal"
          data-hidden={props.plain || lost()}
          aria-hidden={props.plain || lost()}
          data-testid="terminal"
        >
          <div class="terminal-place" ref={place} />
        </div>
        <Show when={props.plain || lost()}>
          <Transcript playback={props.playback} />
        </Show>
        <Show when={props.playback.state().failure}>
          <div class="screen-problem">
            <Problem
              error={props.playback.state().failure}
              retry={() => void props.playback.player.select(props.playback.state().index, 'end')}
            />
          </div>
        </Show>
      </div>
      <Controls {...props} />
    </section>
  )
}

function Transcript(props: { readonly playback: Playback }) {
  let region: HTMLElement | undefined
  createEffect(
    on(
      () => props.playback.current()?.id,
      () => region?.scrollTo(0, 0),
    ),
  )
  return (
    <section class="transcript" ref={region} tabindex="0" aria-label="Plain text" data-testid="transcript">
      <p class="transcript-command">
        <span aria-hidden="true">$ </span>
        {props.playback.current()?.title}
      </p>
      <For each={props.playback.loaded()?.chunks ?? []}>
        {(chunk) => (
          <pre class={chunk.note ? 'muted' : ''}>
            <Masked text={chunk.text} />
          </pre>
        )}
      </For>
    </section>
  )
}

function Controls(props: Parameters<typeof Stage>[0]) {
  const state = () => props.playback.state()
  const player = () => props.playback.player
  const count = () => props.playback.commands().length
  const fraction = () => {
    const { position, duration } = state()
    return duration > 0 ? Math.min(position / duration, 0.999) : 0
  }
  const scrub = (value: number) => {
    const index = Math.min(Math.floor(value), count() - 1)
    if (index === state().index) player().seek((value - index) * state().duration)
    else void player().select(index, 'end', false)
  }
  const marks = createMemo(() => {
    const list = props.playback.commands()
    return list
      .flatMap((command, i) => (command.denials > 0 ? [((i + 0.5) / list.length) * 100] : []))
      .slice(0, MAX_MARKS)
  })
  return (
    <section class="controls" aria-label="Playback">
      <div class="scrub">
        <input
          type="range"
          min="0"
          max={Math.max(1, count())}
          step="any"
          value={Math.max(0, state().index) + fraction()}
          disabled={count() === 0}
          aria-label="Position"
          aria-valuetext={`Command ${state().index + 1} of ${count()}, ${clockText(state().recorded)}`}
          onInput={(event) => scrub(event.currentTarget.valueAsNumber)}
          onKeyDown={(event) => {
            const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
            if (by === undefined) return
            event.preventDefault()
            void player().step(by)
          }}
        />
        <svg class="marks" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
          <For each={marks()}>{(at) => <rect x={at - 0.15} width="0.3" height="1" />}</For>
        </svg>
      </div>
      <div class="control-row">
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Play from the start"
          title="From the start (r)"
          onClick={() => void player().restart()}
        >
          <RestartIcon />
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Previous command"
          title="Previous command (k)"
          onClick={() => void player().step(-1)}
        >
          <PreviousIcon />
        </button>
        <button
          type="button"
          class="button primary icon-only round"
          aria-label={state().playing ? 'Pause' : 'Play'}
          title="Play or pause (space)"
          data-testid="play"
          onClick={() => player().toggle()}
        >
          {state().playing ? <PauseIcon /> : <PlayIcon />}
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Next command"
          title="Next command (j)"
          onClick={() => void player().step(1)}
        >
          <NextIcon />
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Next denial"
          title="Next denial (n)"
          onClick={() => props.onNextDenial()}
        >
          <DenialIcon />
        </button>
        <span class="position" data-testid="position">
          {state().index + 1} <span class="muted">/ {count().toLocaleString('en')}</span>
          <span class="position-time muted">
            {clockText(state().position)} / {clockText(state().duration)}
          </span>
        </span>
        <label class="select">
          <span class="sr">Speed</span>
          <select
            value={String(state().speed)}
            onChange={(event) => player().setSpeed(Number(event.currentTarget.value))}
          >
            <For each={SPEEDS}>{(speed) => <option value={String(speed)}>{speed}×</option>}</For>
          </select>
        </label>
        <button
          type="button"
          class="button quiet small"
          aria-pressed={Number.isFinite(state().maxPauseMs)}
          title="Shorten pauses to one second (i)"
          onClick={() => props.onTogglePauses()}
        >
          Skip pauses
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Copy link"
          title="Copy a link to this moment (y)"
          onClick={() => props.onCopyLink()}
        >
          <LinkIcon />
        </button>
      </div>
    </section>
  )
}
