// Plays the commands of a session into a terminal, one after the other. In: commands, scripts, a clock, a terminal.
// Out: what to write and when. Knows no UI framework, reads no clock of its own and loads nothing by itself.

import { type Schedule, schedule } from './schedule.ts'
import type { Action, Script, ScriptEvent } from './script.ts'

/** Time, handed in. `after` runs once and gives back how to stop it. */
interface PlayerClock {
  now(): number
  after(delayMs: number, run: () => void): () => void
}

/** The terminal. */
export interface Sink {
  /** Clears everything, and takes the size of the view. */
  reset(): void
  /** Takes the size of the view again, keeping the content. */
  fit(): void
  perform(action: Action): void
}

/** What the player must know of a command. */
export interface Playable {
  readonly id: string
  readonly denied: boolean
  /** Changes when there is more to play. */
  readonly version: string
}

export interface PlayerState {
  readonly index: number
  /** Played milliseconds within the command. */
  readonly position: number
  readonly duration: number
  /** Recorded milliseconds within the command, for links. */
  readonly recorded: number
  readonly playing: boolean
  readonly speed: number
  readonly maxPauseMs: number
  readonly loading: boolean
  /** Why the command could not be loaded. */
  readonly failure: unknown
}

/** Where to start within a command: recorded milliseconds, its beginning, or everything shown. */
export type Start = number | 'beginning' | 'end'

export interface PlayerPorts {
  readonly clock: PlayerClock
  readonly sink: Sink
  load(id: string): Promise<Script>
  changed(state: PlayerState): void
}

export const SPEEDS: readonly number[] = [0.5, 1, 2, 4, 8]

/** The longest pause while idle time is collapsed. */
export const COLLAPSED_PAUSE_MS = 1000

/** How often the position is told while nothing happens. */
const TICK_MS = 100

export class Player {
  readonly #ports: PlayerPorts
  #commands: readonly Playable[] = []
  #script: Script | undefined
  #schedule: Schedule | undefined
  /** Events of the schedule already performed. */
  #done = 0
  #generation = 0
  #stopTimer: (() => void) | undefined
  #since = 0
  #state: PlayerState = {
    index: -1,
    position: 0,
    duration: 0,
    recorded: 0,
    playing: false,
    speed: 1,
    maxPauseMs: COLLAPSED_PAUSE_MS,
    loading: false,
    failure: undefined,
  }

  constructor(ports: PlayerPorts) {
    this.#ports = ports
  }

  get state(): PlayerState {
    return this.#state
  }

  /** Hands over the commands, oldest first; later calls may add some or change their version. Returns when done. */
  async update(commands: readonly Playable[]): Promise<void> {
    const before = this.#commands[this.#state.index]
    const waiting = this.#state.playing && this.#atEnd() && this.#state.index === this.#commands.length - 1
    this.#commands = commands
    // What was recorded late may have come in before it.
    const at =
      before && commands[this.#state.index]?.id !== before.id ? commands.findIndex(({ id }) => id === before.id) : -1
    if (at !== -1) this.#set({ index: at })
    const now = commands[this.#state.index]
    if (before && now && before.version !== now.version) await this.#reload()
    else if (waiting && this.#state.index < commands.length - 1) await this.#enter(this.#state.index + 1, true)
  }

  /** Shows a command from `start`; the terminal is cleared first. */
  async select(index: number, start: Start, play = false): Promise<void> {
    const wanted = this.#commands[index]
    if (!wanted) return
    this.#stop()
    const generation = ++this.#generation
    this.#set({ index, position: 0, duration: 0, recorded: 0, loading: true, failure: undefined, playing: play })
    const script = await this.#load(wanted.id, generation)
    if (!script) return
    this.#begin(script)
    this.#show(start)
    if (play) this.#run()
  }

  play(): void {
    if (this.#state.playing) return
    if (this.#atEnd()) {
      if (this.#state.index < this.#commands.length - 1) void this.#enter(this.#state.index + 1, true)
      else void this.select(this.#state.index, 'beginning', true)
      return
    }
    this.#set({ playing: true })
    if (!this.#state.loading) this.#run()
  }

  pause(): void {
    this.#catchUp()
    this.#stop()
    this.#set({ playing: false })
  }

  toggle(): void {
    if (this.#state.playing) this.pause()
    else this.play()
  }

  restart(): Promise<void> {
    return this.select(0, 'beginning', true)
  }

  step(by: number): Promise<void> {
    const index = Math.min(Math.max(0, this.#state.index + by), this.#commands.length - 1)
    return index === this.#state.index ? Promise.resolve() : this.select(index, 'end', false)
  }

  /** Goes to the next command with a denial, from the start again after the last. False when there is none. */
  async nextDenial(): Promise<boolean> {
    const count = this.#commands.length
    for (let i = 1; i <= count; i++) {
      const index = (this.#state.index + i + count) % count
      if (this.#commands[index]?.denied) {
        await this.select(index, 'end', false)
        return true
      }
    }
    return false
  }

  /** Moves within the command, to played milliseconds. */
  seek(position: number): void {
    const plan = this.#schedule
    if (!plan) return
    this.#stop()
    if (position < this.#state.position) {
      this.#ports.sink.reset()
      this.#done = 0
    }
    this.#to(Math.min(Math.max(0, position), plan.duration))
    if (this.#state.playing) this.#run()
  }

  /** Where in the command a recorded time is played: 0 its beginning, 1 its end. */
  partOf(recorded: number): number {
    const plan = this.#schedule
    return plan && plan.duration > 0 ? plan.toPlayed(recorded) / plan.duration : 0
  }

  setSpeed(speed: number): void {
    this.#keepingPlace(() => this.#set({ speed }))
  }

  setMaxPause(maxPauseMs: number): void {
    this.#keepingPlace(() => {
      const { recorded } = this.#state
      this.#set({ maxPauseMs })
      if (!this.#script) return
      this.#schedule = schedule(this.#script, maxPauseMs)
      this.#set({ duration: this.#schedule.duration, position: this.#schedule.toPlayed(recorded) })
    })
  }

  dispose(): void {
    this.#generation++
    this.#stop()
  }

  #keepingPlace(change: () => void): void {
    const running = this.#stopTimer !== undefined
    this.#catchUp()
    this.#stop()
    change()
    if (running) this.#run()
  }

  /** Goes on to a command without clearing the terminal. */
  async #enter(index: number, play: boolean): Promise<void> {
    const wanted = this.#commands[index]
    if (!wanted) return
    this.#stop()
    const generation = ++this.#generation
    this.#set({ index, position: 0, duration: 0, recorded: 0, loading: true, failure: undefined, playing: play })
    const script = await this.#load(wanted.id, generation)
    if (!script) return
    this.#ports.sink.fit()
    this.#adopt(script)
    if (this.#state.playing) this.#run()
  }

  /** The current command has grown: what was performed stays if the script only got longer. */
  async #reload(): Promise<void> {
    const wanted = this.#commands[this.#state.index]
    const old = this.#script
    if (!wanted || this.#state.loading) return
    const generation = this.#generation
    const script = await this.#load(wanted.id, generation)
    if (!script) return
    this.#catchUp()
    this.#stop()
    const wasEnd = this.#atEnd()
    if (old && continues(old, script, this.#done)) {
      this.#script = script
      this.#schedule = schedule(script, this.#state.maxPauseMs)
      this.#set({ duration: this.#schedule.duration })
    } else {
      this.#begin(script)
      this.#show(wasEnd || !old ? 'end' : this.#state.recorded)
    }
    if (this.#state.playing) this.#run()
    else if (wasEnd) this.#show('end')
  }

  async #load(id: string, generation: number): Promise<Script | undefined> {
    try {
      const script = await this.#ports.load(id)
      if (generation !== this.#generation) return undefined
      this.#set({ loading: false, failure: undefined })
      return script
    } catch (failure) {
      if (generation !== this.#generation) return undefined
      // What was shown before is of another command.
      this.#script = undefined
      this.#schedule = undefined
      this.#done = 0
      this.#set({ loading: false, failure, playing: false })
      return undefined
    }
  }

  #begin(script: Script): void {
    this.#ports.sink.reset()
    this.#adopt(script)
  }

  #adopt(script: Script): void {
    this.#script = script
    this.#schedule = schedule(script, this.#state.maxPauseMs)
    this.#done = 0
    this.#set({ duration: this.#schedule.duration })
  }

  #show(start: Start): void {
    const plan = this.#schedule
    if (!plan) return
    if (start === 'end') this.#to(plan.duration)
    else if (start === 'beginning') this.#to(0)
    else this.#to(plan.toPlayed(start))
  }

  /** Performs everything up to `position`. */
  #to(position: number): void {
    const plan = this.#schedule
    if (!plan) return
    for (let event = plan.events[this.#done]; event && event.at <= position; event = plan.events[this.#done]) {
      this.#ports.sink.perform(event.action)
      this.#done++
    }
    this.#set({ position, recorded: plan.toRecorded(position) })
  }

  #run(): void {
    this.#stop()
    this.#since = this.#ports.clock.now() - this.#state.position / this.#state.speed
    this.#wait()
  }

  #wait(): void {
    const plan = this.#schedule
    if (!plan) return
    const next = plan.events[this.#done]?.at ?? plan.duration
    const delay = Math.min(TICK_MS, Math.max(0, next - this.#state.position) / this.#state.speed)
    this.#stopTimer = this.#ports.clock.after(delay, () => this.#tick())
  }

  /** Performs what is due by now, if it runs. */
  #catchUp(): void {
    if (this.#stopTimer === undefined || !this.#schedule) return
    const position = Math.min((this.#ports.clock.now() - this.#since) * this.#state.speed, this.#schedule.duration)
    this.#to(Math.max(position, this.#state.position))
  }

  #tick(): void {
    this.#catchUp()
    if (!this.#atEnd()) {
      this.#wait()
      return
    }
    this.#stopTimer = undefined
    if (this.#state.index < this.#commands.length - 1) void this.#enter(this.#state.index + 1, true)
    else this.#finished()
  }

  /** After the last command: a live session is waited for, in `update`; else it stops. */
  #finished(): void {
    if (!this.live) this.#set({ playing: false })
  }

  /** True while more commands may come. */
  live = false

  #atEnd(): boolean {
    return this.#schedule !== undefined && !this.#state.loading && this.#state.position >= this.#schedule.duration
  }

  #stop(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }

  #set(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change }
    this.#ports.changed(this.#state)
  }
}

/** True when `next` begins with what was performed of `old`. */
function continues(old: Script, next: Script, done: number): boolean {
  const recorded = Math.min(done, old.events.length)
  // The end of a script is part of it: a longer recording has other events in its place.
  if (recorded === old.events.length && old.events.length !== next.events.length) return false
  return (
    old.outputAt === next.outputAt && old.events.slice(0, recorded).every((event, i) => isSame(event, next.events[i]))
  )
}

/** Bytes of a recording do not change once they are recorded; a text may have grown within its piece. */
function isSame(a: ScriptEvent, b: ScriptEvent | undefined): boolean {
  if (a.at !== b?.at || a.action.kind !== b.action.kind) return false
  if (a.action.kind !== 'write' || b.action.kind !== 'write') return true
  const [one, other] = [a.action.data, b.action.data]
  return typeof one === 'string' ? one === other : one.length === other.length
}
