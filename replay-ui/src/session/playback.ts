// Joins the player, the feed of commands and the API for the components. In: a session id. Out: signals and calls.

import { type Accessor, createMemo, createSignal, onCleanup } from 'solid-js'
import type { CommandSummary } from '../../../worker/api/types.ts'
import type { Api } from '../api/client.ts'
import { type Playable, Player, type PlayerState, type Start } from '../player/player.ts'
import { CommandFeed, type Totals } from './feed.ts'
import { type Loaded, loadCommand } from './load.ts'
import { isMaskedBy, type MaskFilter } from './marks.ts'
import { nextSpot, type Spots, spotsOf } from './spots.ts'
import type { TerminalView } from './terminal.ts'

/** Loaded commands kept: stepping back and forth must not load again, and memory must not grow. */
const KEPT = 24

export interface Playback {
  readonly player: Player
  readonly commands: Accessor<readonly CommandSummary[]>
  readonly complete: Accessor<boolean>
  readonly failure: Accessor<unknown>
  readonly state: Accessor<PlayerState>
  readonly current: Accessor<CommandSummary | undefined>
  readonly loaded: Accessor<Loaded | undefined>
  /** True when there are more commands than are listed. */
  readonly cut: Accessor<boolean>
  /** The placeholders in what the selected command printed. */
  readonly spots: Accessor<Spots>
  /** Which of them a person has jumped to. */
  readonly spot: Accessor<number | undefined>
  /** Loads what is new. */
  refresh(): Promise<void>
  attach(terminal: Pick<TerminalView, 'reset' | 'fit' | 'perform' | 'reveal'>): void
  /** Selects by a person's hand: recordings start to play, the rest shows at once. */
  choose(index: number): void
  /**
   * Jumps to the next or previous place that was masked, of any rule or of one, in this command and then in others that the
   * filter leaves; round again after the last. False when there is none.
   */
  nextMask(by: 1 | -1, filter: MaskFilter): Promise<boolean>
  /** Jumps to one of the selected command's spots. */
  show(spot: number): Promise<void>
}

const NO_SPOTS: Spots = { list: [], count: 0, timed: false }

/** `first`: the command and the recorded time a link names. Without one a live session is followed from its end. */
export function createPlayback(
  api: Api,
  session: string,
  first: { command: string; start: Start } | undefined,
  live: () => boolean,
  totals: () => Totals | undefined,
): Playback {
  const [commands, setCommands] = createSignal<readonly CommandSummary[]>([])
  const [complete, setComplete] = createSignal(false)
  const [failure, setFailure] = createSignal<unknown>()
  const [loaded, setLoaded] = createSignal<Loaded>()
  const kept = new Map<string, Promise<Loaded>>()
  const [cut, setCut] = createSignal(false)
  const [jumped, setJumped] = createSignal<{ readonly command: string; readonly spot: number }>()
  let terminal: Parameters<Playback['attach']>[0] | undefined
  let started = false

  const load = (command: CommandSummary): Promise<Loaded> => {
    const key = `${command.id} ${versionOf(command)}`
    let found = kept.get(key)
    if (!found) {
      found = loadCommand(api, command)
      found.catch(() => kept.delete(key))
      kept.set(key, found)
      const oldest = kept.keys().next().value
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    }
    return found
  }
  const player = new Player({
    clock: {
      now: () => performance.now(),
      after: (delay, run) => {
        const timer = setTimeout(run, delay)
        return () => clearTimeout(timer)
      },
    },
    sink: {
      reset: () => terminal?.reset(),
      fit: () => terminal?.fit(),
      perform: (action) => terminal?.perform(action),
    },
    load: async (id) => {
      const list = commands()
      const at = list.findIndex((command) => command.id === id)
      const command = list[at]
      if (!command) throw new Error('unknown command')
      const result = await load(command)
      if (list[player.state.index]?.id === id) setLoaded(result)
      const next = list[at + 1]
      if (next && next.outcome !== 'running') load(next).catch(() => undefined)
      return result.script
    },
    changed: (next) => setState(next),
  })
  const [state, setState] = createSignal<PlayerState>(player.state, { equals: false })

  const begin = (list: readonly CommandSummary[], done: boolean) => {
    if (!first && live()) {
      if (!done || list.length === 0) return
      started = true
      void player.select(list.length - 1, 'end', true)
      return
    }
    const wanted = first ? list.findIndex((command) => command.id === first.command) : 0
    if (list.length === 0 || (wanted === -1 && !done)) return
    started = true
    void player.select(Math.max(0, wanted), wanted === -1 || !first ? 'end' : first.start)
  }
  const feed = new CommandFeed({
    api,
    session,
    totals,
    changed(list, done) {
      setCommands(list)
      setComplete(done)
      setCut(feed.cut)
      void player.update(list.map(playable))
      if (!started) begin(list, done)
    },
  })
  const current = () => commands()[state().index]
  const spots = createMemo(() => {
    const known = loaded()
    return known ? spotsOf(known.script, known.source === 'recording') : NO_SPOTS
  })
  const spot = () => (jumped()?.command === current()?.id ? jumped()?.spot : undefined)
  const show = async (index: number) => {
    const { list, count, timed } = spots()
    const wanted = list[index]
    const command = current()
    if (!wanted || !command) return
    setJumped({ command: command.id, spot: index })
    const { position, duration } = player.state
    if (timed) await player.select(player.state.index, wanted.at)
    else if (position < duration || player.state.playing) await player.select(player.state.index, 'end')
    // A recording shows it where the program wrote it; of a text the place is looked for.
    if (!timed) terminal?.reveal(count - 1 - index)
  }
  const nextMask = async (by: 1 | -1, filter: MaskFilter): Promise<boolean> => {
    const rule = filter === '' || filter === '*' ? undefined : filter
    const { index, recorded, loading } = player.state
    const here = loading ? undefined : nextSpot(spots(), { spot: spot(), at: recorded }, by, rule)
    if (here !== undefined) {
      await show(here)
      return true
    }
    const list = commands()
    for (let i = 1; i <= list.length; i++) {
      const other = (index + i * by + list.length * 2) % list.length
      const command = list[other]
      if (!command || !isMaskedBy(command, rule ?? '*')) continue
      setJumped(undefined)
      await player.select(other, 'end')
      if (player.state.index !== other || player.state.loading || player.state.failure !== undefined) return true
      const before = by === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      const { list: there } = spots()
      const found = nextSpot({ ...spots(), timed: true }, { spot: undefined, at: before }, by, rule)
      // What was masked may stand in a request, or in an answer that was not printed.
      if (found !== undefined && there.length > 0) await show(found)
      return true
    }
    return false
  }
  onCleanup(() => {
    feed.stop()
    player.dispose()
  })
  return {
    player,
    commands,
    complete,
    failure,
    state,
    loaded,
    current,
    cut,
    spots,
    spot,
    show,
    nextMask,
    async refresh() {
      try {
        await feed.refresh()
        setFailure(undefined)
      } catch (error) {
        setFailure(error)
      }
    },
    attach(view) {
      terminal = view
      const { index, recorded, loading, playing } = player.state
      if (index >= 0 && !loading) void player.select(index, recorded, playing)
    },
    choose(index) {
      const recording = commands()[index]?.stream !== undefined
      void player.select(index, recording ? 'beginning' : 'end', recording)
    },
  }
}

function versionOf(command: CommandSummary): string {
  return `${command.requests} ${command.endedAt} ${command.outcome}`
}

function playable(command: CommandSummary): Playable {
  return { id: command.id, denied: command.denials > 0, version: versionOf(command) }
}
