// One session: its commands, their replay, and what each of them asked and was answered.

import { useParams, useSearchParams } from '@solidjs/router'
import { createQuery } from '@tanstack/solid-query'
import { createEffect, createMemo, createSignal, on, onCleanup, Show } from 'solid-js'
import type { SessionSummary } from '../../../worker/api/types.ts'
import { ApiError } from '../api/client.ts'
import { SPEEDS } from '../player/player.ts'
import { Live } from '../sessions/row.tsx'
import { api } from '../shell/api-context.ts'
import { clientText, countText, durationText, whenText } from '../shell/format.ts'
import { useKeys } from '../shell/keys.ts'
import { Problem } from '../shell/problem.tsx'
import { Text } from '../shell/text.tsx'
import { useTitle } from '../shell/title.ts'
import { clip, visible } from '../shell/visible.ts'
import { Commands } from './commands.tsx'
import { Details } from './details.tsx'
import { End } from './end.tsx'
import { holdsByCommand } from './holds.ts'
import { filtered, type MaskFilter, maskWords, stepIn } from './marks.ts'
import { SessionMasks } from './masks.tsx'
import { createPlayback, type Playback } from './playback.ts'
import { Stage } from './stage.tsx'

const POLL_MS = 2000
/** The line above the panes holds less. */
const MAX_PURPOSE_CHARS = 400
const MAX_CLIENT_CHARS = 60
/** What is told in passing is short. */
const MAX_TOLD_CHARS = 160

export default function SessionPage() {
  const params = useParams<{ id: string }>()
  const id = createMemo(() => params.id)
  return (
    <Show when={id()} keyed>
      {(session) => <Session id={session} />}
    </Show>
  )
}

function Session(props: { readonly id: string }) {
  const session = createQuery(() => ({
    queryKey: ['session', props.id],
    queryFn: () => api.session(props.id),
    refetchInterval: (query) => (query.state.data?.live ? POLL_MS : false),
  }))
  const [search, setSearch] = useSearchParams()
  const command = typeof search.command === 'string' ? search.command : undefined
  const seconds = Number(typeof search.t === 'string' ? search.t : Number.NaN)
  const first = command
    ? { command, start: Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : ('end' as const) }
    : undefined
  const playback = createPlayback(
    api,
    props.id,
    first,
    () => session.data?.live ?? false,
    () => session.data,
  )
  createEffect(
    on(
      () => session.isSuccess,
      (known) => void (known && playback.refresh()),
    ),
  )
  createEffect(() => {
    playback.player.live = session.data?.live ?? false
    if (!session.data?.live) return
    const timer = setInterval(() => void playback.refresh(), POLL_MS)
    onCleanup(() => clearInterval(timer))
    // What came last, when it has just ended.
    onCleanup(() => void playback.refresh())
  })
  useTitle(() => playback.current()?.title ?? 'Session')
  createEffect(() => {
    const current = playback.current()
    if (current && current.id !== search.command)
      setSearch({ command: current.id, t: null }, { replace: true, scroll: false })
  })
  return (
    <Show when={session.data} fallback={<Waiting error={session.error} retry={() => void session.refetch()} />}>
      {(data) => <Replay session={data()} playback={playback} />}
    </Show>
  )
}

function Waiting(props: { readonly error: unknown; readonly retry: () => void }) {
  const final = () => props.error instanceof ApiError && ['forbidden', 'missing'].includes(props.error.kind)
  return (
    <Show
      when={props.error}
      fallback={
        <p class="empty" role="status">
          Loading…
        </p>
      }
    >
      <h1 class="sr">Session</h1>
      <Problem error={props.error} {...(!final() && { retry: props.retry })} />
    </Show>
  )
}

type View = 'commands' | 'replay' | 'details'

function Replay(props: { readonly session: SessionSummary; readonly playback: Playback }) {
  const holds = createQuery(() => ({
    queryKey: ['approvals', 'session', props.session.id],
    queryFn: () => api.approvals({ open: false, session: props.session.id }),
    refetchInterval: props.session.live ? POLL_MS : false,
  }))
  const byCommand = createMemo(() => holdsByCommand(holds.data?.items ?? []))
  const heldBy = (command: string) => byCommand().get(command) ?? []
  const player = () => props.playback.player
  const [plain, setPlain] = createSignal(false)
  const [view, setView] = createSignal<View>('replay')
  const [notice, setNotice] = createSignal('')
  let noticeTimer: ReturnType<typeof setTimeout> | undefined
  const tell = (text: string) => {
    clearTimeout(noticeTimer)
    setNotice(text)
    noticeTimer = setTimeout(() => setNotice(''), 2500)
  }
  onCleanup(() => clearTimeout(noticeTimer))
  const [filter, setFilter] = createSignal<MaskFilter>('')
  const shown = createMemo(() => filtered(props.playback.commands(), filter()))
  const step = (by: 1 | -1) => {
    const left = shown()
    if (left) void player().step(stepIn(left, props.playback.state().index, by) - props.playback.state().index)
    else void player().step(by)
  }
  const tellMask = () => {
    const command = props.playback.current()
    const at = props.playback.spot()
    const { list, count } = props.playback.spots()
    const spot = at === undefined ? undefined : list[at]
    if (!command) return
    if (spot === undefined || at === undefined) {
      const words = clip(maskWords(command), MAX_TOLD_CHARS).text
      tell(`Masked, but not in what was printed: ${visible(words) || countText(command.masks, 'mask')}`)
      return
    }
    const places = (command.mask?.places ?? []).filter(({ rule }) => rule === spot.rule)
    const where = places.length === 1 ? ` at ${visible(clip(places[0]?.at ?? '', MAX_TOLD_CHARS).text)}` : ''
    tell(`Masked by ${spot.rule}${where}, ${(at + 1).toLocaleString('en')} of ${count.toLocaleString('en')} here`)
  }
  const nextMask = async (by: 1 | -1, wanted: MaskFilter = filter()) => {
    if (await props.playback.nextMask(by, wanted)) tellMask()
    else tell('Nothing was masked in this session')
  }
  const showSpot = async (spot: number) => {
    await props.playback.show(spot)
    tellMask()
  }
  const showRule = (rule: string) => {
    setView('replay')
    const at = props.playback.spots().list.findIndex((spot) => spot.rule === rule)
    if (at === -1) tell(`${rule} masked nothing in what was printed`)
    else void showSpot(at)
  }
  const nextDenial = async () => {
    if (!(await player().nextDenial())) tell('Nothing was denied in this session')
  }
  const copyLink = async () => {
    const current = props.playback.current()
    if (!current) return
    const url = new URL(window.location.href)
    url.search = new URLSearchParams({
      command: current.id,
      t: (props.playback.state().recorded / 1000).toFixed(1),
    }).toString()
    try {
      await navigator.clipboard.writeText(url.href)
      tell('Link copied')
    } catch {
      window.history.replaceState(window.history.state, '', url)
      tell('The link is in the address bar')
    }
  }
  const speed = (by: number) => {
    const at = SPEEDS.indexOf(props.playback.state().speed)
    const next = SPEEDS[Math.min(Math.max(0, at + by), SPEEDS.length - 1)]
    if (next !== undefined) player().setSpeed(next)
  }
  const togglePauses = () =>
    player().setMaxPause(Number.isFinite(props.playback.state().maxPauseMs) ? Number.POSITIVE_INFINITY : 1000)
  useKeys({
    ' ': () => player().toggle(),
    j: () => step(1),
    k: () => step(-1),
    n: () => void nextDenial(),
    m: () => void nextMask(1),
    M: () => void nextMask(-1),
    f: () => setFilter(filter() === '' ? '*' : ''),
    r: () => void player().restart(),
    '<': () => speed(-1),
    '>': () => speed(1),
    i: togglePauses,
    t: () => setPlain(!plain()),
    y: () => void copyLink(),
  })
  return (
    <div class="session" data-view={view()}>
      <Head
        session={props.session}
        onRule={(rule) => {
          setFilter(rule)
          setView('commands')
        }}
      />
      <nav class="view-tabs" aria-label="Parts of this session">
        <ViewTab view="commands" current={view()} choose={setView} text="Commands" />
        <ViewTab view="replay" current={view()} choose={setView} text="Replay" />
        <ViewTab view="details" current={view()} choose={setView} text="Requests" />
      </nav>
      <div class="panes">
        <Commands
          commands={props.playback.commands()}
          index={props.playback.state().index}
          complete={props.playback.complete()}
          cut={props.playback.cut()}
          filter={filter()}
          shown={shown()}
          onFilter={setFilter}
          failure={props.playback.failure()}
          heldBy={heldBy}
          retry={() => void props.playback.refresh()}
          choose={(index) => {
            props.playback.choose(index)
            setView('replay')
          }}
        />
        <Stage
          playback={props.playback}
          plain={plain()}
          onPlain={setPlain}
          onStep={step}
          onNextDenial={() => void nextDenial()}
          onNextMask={() => void nextMask(1)}
          onSpot={(spot) => void showSpot(spot)}
          onTogglePauses={togglePauses}
          onCopyLink={() => void copyLink()}
        />
        <Details command={props.playback.current()} heldBy={heldBy} onRule={showRule} />
      </div>
      <p class="toast" role="status" data-shown={notice() !== ''}>
        {notice()}
      </p>
    </div>
  )
}

function ViewTab(props: {
  readonly view: View
  readonly current: View
  readonly choose: (view: View) => void
  readonly text: string
}) {
  return (
    <button type="button" aria-pressed={props.view === props.current} onClick={() => props.choose(props.view)}>
      {props.text}
    </button>
  )
}

function Head(props: { readonly session: SessionSummary; readonly onRule: (rule: string) => void }) {
  const s = () => props.session
  return (
    <header class="session-head">
      <div class="session-title">
        <h1>
          <Text value={s().agent.username} />
          <span class="session-on muted"> on </span>
          {s().connection}
        </h1>
        <Live live={s().live} />
      </div>
      <p class="session-purpose" title={visible(s().purpose ?? '')}>
        <Show when={s().purpose} fallback={<span class="muted">no purpose stated</span>}>
          {(purpose) => <Text value={clip(purpose(), MAX_PURPOSE_CHARS).text} />}
        </Show>
      </p>
      <div class="session-facts muted">
        <span title={new Date(s().startedAt).toLocaleString()}>{whenText(s().startedAt, new Date())}</span>
        <span>{durationText(Date.parse(s().lastAt) - Date.parse(s().startedAt))}</span>
        <span title={visible(clip(s().userAgent, MAX_PURPOSE_CHARS).text)}>
          <Text value={clip(clientText(s().userAgent), MAX_CLIENT_CHARS).text} />
        </span>
        <span>{countText(s().commands, 'command')}</span>
        <span class={s().denials > 0 ? 'bad' : ''}>{countText(s().denials, 'denial')}</span>
        <Show when={s().holds > 0}>
          <span class="held">{countText(s().holds, 'hold')}</span>
        </Show>
        <SessionMasks session={s()} onRule={props.onRule} />
      </div>
      <End session={s()} />
    </header>
  )
}
