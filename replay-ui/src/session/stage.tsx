// The replay: the terminal or its plain text, and the controls under it.

import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show } from 'solid-js'
import { SPEEDS } from '../player/player.ts'
import { clockText, countText } from '../shell/format.ts'
import {
  DenialIcon,
  LinkIcon,
  MaskIcon,
  NextIcon,
  PauseIcon,
  PlayIcon,
  PreviousIcon,
  RestartIcon,
  TextIcon,
} from '../shell/icons.tsx'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { clip, visible } from '../shell/visible.ts'
import type { Source } from './load.ts'
import { type Mark, marksOf, maskWords } from './marks.ts'
import { Masked } from './masks.tsx'
import { plainText } from './plain.ts'
import type { Playback } from './playback.ts'
import type { TerminalView } from './terminal.ts'

/** Spots of one command closer than this part of its time are one mark. */
const SPOT_PLACES = 200
const MAX_TITLE_CHARS = 400

/** True when a mark stands for this command alone. */
function isOnly(mark: Mark, index: number): boolean {
  return mark.commands === 1 && mark.index === index
}

const SOURCES: Readonly<Record<Source, readonly [word: string, meaning: string]>> = {
  exact: ['exact', 'The bytes the client saw'],
  reconstructed: ['reconstructed', 'Made again from the recorded response, as kubectl would print it'],
  recording: ['recording', 'The recorded terminal, with its own timing'],
}

export function Stage(props: {
  readonly playback: Playback
  readonly plain: boolean
  readonly onPlain: (plain: boolean) => void
  readonly onStep: (by: 1 | -1) => void
  readonly onNextDenial: () => void
  readonly onNextMask: () => void
  readonly onSpot: (spot: number) => void
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
        <code class="stage-title" title={visible(props.playback.current()?.title ?? '')}>
          <Text value={props.playback.current()?.title ?? ''} />
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
  createEffect(() => {
    const spot = props.playback.spot()
    const found = region?.querySelectorAll('pre mark.placeholder') ?? []
    for (const mark of found) mark.removeAttribute('data-current')
    if (spot === undefined || props.playback.loaded() === undefined) return
    found[spot]?.setAttribute('data-current', 'true')
    found[spot]?.scrollIntoView({ block: 'center' })
  })
  return (
    <section class="transcript" ref={region} tabindex="0" aria-label="Plain text" data-testid="transcript">
      <p class="transcript-command">
        <span aria-hidden="true">$ </span>
        <Text value={props.playback.current()?.title ?? ''} />
      </p>
      <For each={props.playback.loaded()?.chunks ?? []}>
        {(chunk) => (
          <pre class={chunk.note ? 'muted' : ''}>
            <Masked text={chunk.kind === 'exact' ? plainText(chunk.text) : chunk.text} />
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
  const denials = createMemo(() => marksOf(props.playback.commands(), (command) => command.denials > 0))
  const masks = createMemo(() => marksOf(props.playback.commands(), (command) => command.masks > 0))
  const index = createMemo(() => state().index)
  const width = () => Math.max(1, count())
  /** Within the selected command: where in its time something was masked. Instead of the mark of all of it. */
  const spots = createMemo(() => {
    const { list, timed } = props.playback.spots()
    if (!timed) return []
    const at = new Map<number, { at: number; spot: number; rules: Set<string> }>()
    list.forEach((spot, i) => {
      const part = player().partOf(spot.at)
      const place = Math.round(part * SPOT_PLACES)
      const known = at.get(place)
      if (known) known.rules.add(spot.rule)
      else at.set(place, { at: ((index() + part) / width()) * 100, spot: i, rules: new Set([spot.rule]) })
    })
    return [...at.values()]
  })
  const others = createMemo(() => (spots().length === 0 ? masks() : masks().filter((mark) => !isOnly(mark, index()))))
  const masksHere = () => props.playback.current()?.masks ?? 0
  const maskTitle = ({ index: at, commands }: Mark) => {
    const command = props.playback.commands()[at]
    if (!command) return ''
    const more = commands > 1 ? ` and ${countText(commands - 1, 'more command')} with masks` : ''
    return (
      visible(
        clip(`${command.title}: ${maskWords(command) || countText(command.masks, 'mask')}`, MAX_TITLE_CHARS).text,
      ) + more
    )
  }
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
          aria-valuetext={`Command ${state().index + 1} of ${count()}, ${clockText(state().recorded)}${
            masksHere() > 0 ? `, ${countText(masksHere(), 'mask')}` : ''
          }`}
          onInput={(event) => scrub(event.currentTarget.valueAsNumber)}
          onKeyDown={(event) => {
            const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
            if (by === undefined) return
            event.preventDefault()
            props.onStep(by === 1 ? 1 : -1)
          }}
        />
        <svg
          class="marks masked"
          viewBox="0 0 100 1"
          preserveAspectRatio="none"
          aria-hidden="true"
          data-testid="mask-marks"
        >
          <For each={others()}>
            {(mark) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: a mouse's short way; the list of commands and the keys lead there too
              <rect x={mark.at - 0.2} width="0.4" height="1" onClick={() => void player().select(mark.index, 'end')}>
                <title>{maskTitle(mark)}</title>
              </rect>
            )}
          </For>
          <For each={spots()}>
            {(mark) => (
              // biome-ignore lint/a11y/noStaticElementInteractions: as above
              <rect class="spot" x={mark.at - 0.2} width="0.4" height="1" onClick={() => props.onSpot(mark.spot)}>
                <title>{`Masked by ${[...mark.rules].join(', ')}`}</title>
              </rect>
            )}
          </For>
        </svg>
        <svg class="marks" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
          <For each={denials()}>{({ at }) => <rect x={at - 0.15} width="0.3" height="1" />}</For>
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
          onClick={() => props.onStep(-1)}
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
          onClick={() => props.onStep(1)}
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
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Next mask"
          title="Next mask (m), previous (M)"
          data-testid="next-mask"
          onClick={() => props.onNextMask()}
        >
          <MaskIcon />
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
