// Joins the player, the feed of commands and the API for the components. In: a session id. Out: signals and calls.

import { type Accessor, createSignal, onCleanup } from 'solid-js'
import type { CommandSummary } from '../../../worker/api/types.ts'
import type { Api } from '../api/client.ts'
import { type Playable, Player, type PlayerState, type Sink, type Start } from '../player/player.ts'
import { CommandFeed } from './feed.ts'
import { type Loaded, loadCommand } from './load.ts'

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
  /** Loads what is new. */
  refresh(): Promise<void>
  attach(terminal: Sink): void
  /** Selects by a person's hand: recordings start to play, the rest shows at once. */
  choose(index: number): void
}

/** `first`: the command and the recorded time a link names. Without one a live session is followed from its end. */
export function createPlayback(
  api: Api,
  session: string,
  first: { command: string; start: Start } | undefined,
  live: () => boolean,
): Playback {
  const [commands, setCommands] = createSignal<readonly CommandSummary[]>([])
  const [complete, setComplete] = createSignal(false)
  const [failure, setFailure] = createSignal<unknown>()
  const [loaded, setLoaded] = createSignal<Loaded>()
  const kept = new Map<string, Promise<Loaded>>()
  let terminal: Sink | undefined
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
    changed(list, done) {
      setCommands(list)
      setComplete(done)
      void player.update(list.map(playable))
      if (!started) begin(list, done)
    },
  })
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
    current: () => commands()[state().index],
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
