import { describe, expect, test } from 'vitest'
import { COLLAPSED_PAUSE_MS, type Playable, Player, type PlayerState } from './player.ts'
import type { Action, Script } from './script.ts'

/** A clock that moves when told to, and runs what is due on the way. */
class ManualClock {
  #now = 0
  #timers: { at: number; run: () => void }[] = []

  now = () => this.#now

  after = (delay: number, run: () => void) => {
    const timer = { at: this.#now + delay, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets promises settle between timers, as a browser does. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settle()
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
    }
    this.#now = end
    await settle()
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

const write = (at: number, data: string) => ({ at, action: { kind: 'write', data } as const })
const script = (name: string, at: readonly number[] = [0, 100], duration = 200): Script => ({
  events: at.map((time, i) => write(time, `${name}${i} `)),
  outputAt: 0,
  duration,
})
const playable = (id: string, denied = false, version = '1'): Playable => ({ id, denied, version })

function setUp(scripts: Record<string, Script | Error>, commands: readonly Playable[]) {
  const clock = new ManualClock()
  const screen: string[] = []
  const states: PlayerState[] = []
  const text = (action: Action) => (action.kind === 'write' ? String(action.data) : `[${action.cols}x${action.rows}]`)
  const player = new Player({
    clock,
    sink: {
      reset: () => screen.splice(0),
      fit: () => screen.push('|'),
      perform: (action) => screen.push(text(action)),
    },
    load: async (id) => {
      const found = scripts[id]
      if (found instanceof Error || found === undefined) throw found ?? new Error('none')
      return found
    },
    changed: (state) => states.push(state),
  })
  void player.update(commands)
  return { player, clock, states, scripts, shown: () => screen.join('') }
}

const THREE = [playable('a'), playable('b', true), playable('c')]
const SCRIPTS = () => ({ a: script('a'), b: script('b'), c: script('c') })

describe('Player', () => {
  test('plays commands in order, each after the one before, and stops at the end', async () => {
    const { player, clock, shown } = setUp(SCRIPTS(), THREE)
    await player.select(0, 'beginning', true)
    expect(shown()).toBe('a0 ')
    await clock.advance(100)
    expect(shown()).toBe('a0 a1 ')
    await clock.advance(150)
    expect(shown()).toBe('a0 a1 |b0 ')
    await clock.advance(1000)
    expect(shown()).toBe('a0 a1 |b0 b1 |c0 c1 ')
    expect(player.state).toMatchObject({ index: 2, playing: false, position: 200 })
  })

  test.each([
    [0.5, 200],
    [1, 100],
    [2, 50],
    [8, 13],
  ])('at %s× the second event comes after %i ms and not before', async (speed, ms) => {
    const { player, clock, shown } = setUp(SCRIPTS(), THREE)
    player.setSpeed(speed)
    await player.select(0, 'beginning', true)
    await clock.advance(ms - 1)
    expect(shown()).toBe('a0 ')
    await clock.advance(1)
    expect(shown()).toBe('a0 a1 ')
  })

  test('a change of speed keeps the place', async () => {
    const { player, clock, shown } = setUp({ a: script('a', [0, 100], 200) }, [playable('a')])
    await player.select(0, 'beginning', true)
    await clock.advance(60)
    player.setSpeed(2)
    await clock.advance(19)
    expect(shown()).toBe('a0 ')
    await clock.advance(1)
    expect(shown()).toBe('a0 a1 ')
  })

  test('pausing stops, playing goes on from there', async () => {
    const { player, clock, shown } = setUp(SCRIPTS(), THREE)
    await player.select(0, 'beginning', true)
    await clock.advance(50)
    player.toggle()
    await clock.advance(5000)
    expect(shown()).toBe('a0 ')
    player.toggle()
    await clock.advance(50)
    expect(shown()).toBe('a0 a1 ')
  })

  test('long pauses are shortened, and kept when asked', async () => {
    const long = () => ({ a: script('a', [0, 60_000], 60_100) })
    const shortened = setUp(long(), [playable('a')])
    await shortened.player.select(0, 'beginning', true)
    await shortened.clock.advance(COLLAPSED_PAUSE_MS)
    expect(shortened.shown()).toBe('a0 a1 ')
    const kept = setUp(long(), [playable('a')])
    kept.player.setMaxPause(Number.POSITIVE_INFINITY)
    await kept.player.select(0, 'beginning', true)
    await kept.clock.advance(59_999)
    expect(kept.shown()).toBe('a0 ')
    await kept.clock.advance(1)
    expect(kept.shown()).toBe('a0 a1 ')
  })

  test('the recorded time stays when pauses change', async () => {
    const { player } = setUp({ a: script('a', [0, 60_000], 60_100) }, [playable('a')])
    await player.select(0, 30_000)
    expect(player.state.position).toBe(500)
    player.setMaxPause(Number.POSITIVE_INFINITY)
    expect(player.state).toMatchObject({ position: 30_000, recorded: 30_000 })
  })

  test.each([
    ['beginning', 'a0 '],
    ['end', 'a0 a1 '],
    [99, 'a0 '],
    [100, 'a0 a1 '],
    [1e9, 'a0 a1 '],
  ] as const)('selecting at %s shows what was there by then', async (start, text) => {
    const { player, shown } = setUp(SCRIPTS(), THREE)
    await player.select(0, start)
    expect(shown()).toBe(text)
    expect(player.state.playing).toBe(false)
  })

  test('seeking back clears and repeats, seeking on adds', async () => {
    const { player, shown } = setUp(SCRIPTS(), THREE)
    await player.select(0, 'end')
    player.seek(50)
    expect(shown()).toBe('a0 ')
    player.seek(150)
    expect(shown()).toBe('a0 a1 ')
  })

  test('the next denial comes round again after the last; without one it stays', async () => {
    const { player } = setUp(SCRIPTS(), THREE)
    await player.select(0, 'end')
    expect(await player.nextDenial()).toBe(true)
    expect(player.state.index).toBe(1)
    expect(await player.nextDenial()).toBe(true)
    expect(player.state.index).toBe(1)
    const none = setUp(SCRIPTS(), [playable('a'), playable('c')])
    await none.player.select(1, 'end')
    expect(await none.player.nextDenial()).toBe(false)
    expect(none.player.state.index).toBe(1)
  })

  test('steps stay inside the session', async () => {
    const { player } = setUp(SCRIPTS(), THREE)
    await player.select(0, 'end')
    await player.step(-1)
    expect(player.state.index).toBe(0)
    await player.step(1)
    await player.step(1)
    await player.step(1)
    expect(player.state.index).toBe(2)
  })

  test('a command that cannot be loaded stops and says why; the next can be chosen', async () => {
    const broken = new Error('gone')
    const { player, clock } = setUp({ ...SCRIPTS(), b: broken }, THREE)
    await player.select(0, 'beginning', true)
    await clock.advance(500)
    expect(player.state).toMatchObject({ index: 1, playing: false, loading: false, failure: broken })
    await player.step(1)
    expect(player.state).toMatchObject({ index: 2, failure: undefined })
  })

  test('of two selections the later wins, however late the first answers', async () => {
    let answer: (script: Script) => void = () => undefined
    const clock = new ManualClock()
    const shown: string[] = []
    const player = new Player({
      clock,
      sink: {
        reset: () => shown.splice(0),
        fit: () => undefined,
        perform: (action) => shown.push(action.kind === 'write' ? String(action.data) : ''),
      },
      load: (id) => (id === 'a' ? new Promise((resolve) => (answer = resolve)) : Promise.resolve(script(id))),
      changed: () => undefined,
    })
    await player.update(THREE)
    const first = player.select(0, 'end')
    await player.select(2, 'end')
    answer(script('a'))
    await first
    expect(shown.join('')).toBe('c0 c1 ')
    expect(player.state.index).toBe(2)
  })

  test('a live session is waited for at its end, and followed', async () => {
    const { player, clock, shown } = setUp(SCRIPTS(), [playable('a')])
    player.live = true
    await player.select(0, 'beginning', true)
    await clock.advance(5000)
    expect(player.state.playing).toBe(true)
    await player.update([playable('a'), playable('b')])
    await clock.advance(200)
    expect(shown()).toBe('a0 a1 |b0 b1 ')
  })

  test('without play, new commands do not move it', async () => {
    const { player, shown } = setUp(SCRIPTS(), [playable('a')])
    player.live = true
    await player.select(0, 'end')
    await player.update(THREE)
    expect(player.state.index).toBe(0)
    expect(shown()).toBe('a0 a1 ')
  })

  test('a command that has grown shows its end when its end was shown', async () => {
    const { player, scripts, shown } = setUp(SCRIPTS(), [playable('a')])
    await player.select(0, 'end')
    scripts.a = script('a', [0, 100, 300], 400)
    await player.update([playable('a', false, '2')])
    expect(shown()).toBe('a0 a1 a2 ')
    expect(player.state.position).toBe(400)
  })

  test('a command that has grown goes on from where it was', async () => {
    const { player, clock, scripts, shown } = setUp(SCRIPTS(), [playable('a')])
    await player.select(0, 'beginning', true)
    await clock.advance(50)
    scripts.a = script('a', [0, 100, 300], 400)
    await player.update([playable('a', false, '2')])
    expect(shown()).toBe('a0 ')
    await clock.advance(250)
    expect(shown()).toBe('a0 a1 a2 ')
  })

  test.each([
    ['with its line ended by us', 'one', 'one two', [write(100, '\r\n')]],
    ['with its lines ended by itself', 'one\r\n', 'one\r\ntwo\r\n', []],
  ])('a log that has grown within its one write shows what is new, %s', async (_name, before, after, end) => {
    const log = (text: string): Script => ({
      events: [write(0, '$ '), write(0, '\r\n'), write(100, text), ...end],
      outputAt: 100,
      duration: 200,
    })
    const { player, scripts, shown } = setUp({ a: log(before) }, [playable('a')])
    await player.select(0, 'end')
    scripts.a = log(after)
    await player.update([playable('a', false, '2')])
    expect(shown().trim()).toBe(`$ \r\n${after}`.trim())
  })

  test('a command that could be loaded after all no longer says that it could not', async () => {
    const { player, scripts, shown } = setUp({ a: new Error('not yet') }, [playable('a')])
    await player.select(0, 'end')
    expect(player.state.failure).toBeInstanceOf(Error)
    scripts.a = script('a')
    await player.update([playable('a', false, '2')])
    expect([player.state.failure, shown()]).toEqual([undefined, 'a0 a1 '])
  })

  test('the command that is shown stays so when one that began before it comes in late', async () => {
    const { player, shown } = setUp({ ...SCRIPTS(), x: script('x') }, THREE)
    await player.select(1, 'end')
    await player.update([playable('x'), ...THREE])
    expect([player.state.index, shown()]).toEqual([2, 'b0 b1 '])
  })

  test('nothing runs after dispose', async () => {
    const { player, clock, shown } = setUp(SCRIPTS(), THREE)
    await player.select(0, 'beginning', true)
    player.dispose()
    await clock.advance(5000)
    expect(shown()).toBe('a0 ')
  })
})
