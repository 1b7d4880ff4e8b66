import { describe, expect, test } from 'vitest'
import { encodeRecord } from '../../../protocol/recording.ts'
import { schedule } from './schedule.ts'
import { printedScript, recordedScript, type Script } from './script.ts'

const text = (script: Script) =>
  script.events
    .map(({ action }) =>
      action.kind === 'resize'
        ? `[${action.cols}x${action.rows}]`
        : typeof action.data === 'string'
          ? action.data
          : new TextDecoder().decode(action.data),
    )
    .join('')

function recording(...records: readonly (readonly [t: number, channel: number, text: string])[]): Uint8Array {
  const parts = records.map(([t, channel, payload]) =>
    encodeRecord({ t, channel, payload: new TextEncoder().encode(payload) }),
  )
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

const PROMPT = '\x1b[1;32m$\x1b[0m '

describe('printedScript', () => {
  test('types the title, then prints at once with carriage returns', () => {
    const script = printedScript('ls', [{ text: 'a\nb', kind: 'reconstructed' }])
    expect(text(script)).toBe(`${PROMPT}ls\r\na\r\nb\r\n`)
    expect(script.events.at(-1)?.at).toBe(script.outputAt)
    expect(script.duration).toBeGreaterThan(script.outputAt)
  })

  test('what we say ourselves is set apart', () => {
    expect(text(printedScript('x', [{ text: 'cut\n', kind: 'reconstructed', note: true }]))).toContain(
      '\x1b[3;90mcut\x1b[0m\r\n',
    )
  })

  test('what a log does to the terminal ends with it', () => {
    const log = { text: 'a\x1b[8m\x1b(0b\n', kind: 'exact' } as const
    expect(text(printedScript('x', [log, { text: 'cut\n', kind: 'reconstructed', note: true }]))).toContain(
      'b\r\n\x1b[!p\x1b[?1047l\x1b[3;90mcut',
    )
  })

  test('a long title is typed in under a second', () => {
    expect(printedScript('x'.repeat(500), []).outputAt).toBeLessThan(1500)
  })

  test('a title brings no control sequence into the terminal', () => {
    expect(text(printedScript('a\x1b]0;b\x07', []))).toBe(`${PROMPT}a�]0;b�\r\n`)
  })
})

describe('recordedScript', () => {
  test('what came letter by letter within a moment is one write, and all of it', () => {
    const letters = [...'the quick brown fox'].map((letter, i) => [i, 1, letter] as const)
    const script = recordedScript(
      'x',
      recording(...letters, [40, 2, '!'], [60, 4, '{"Width":9,"Height":9}'], [60, 1, '?']),
      true,
    )
    const output = script.events.filter(({ at }) => at >= script.outputAt).slice(1, -1)
    expect(output.map(({ at }) => at - script.outputAt)).toEqual([0, 8, 16, 40, 60, 60])
    expect(text(script)).toContain('the quick brown fox![9x9]?')
  })

  test('a recording of any number of records has so many events that a page can hold them', () => {
    const one = (t: number) => encodeRecord({ t, channel: 1, payload: Uint8Array.of(97) })
    const size = one(0).length
    const bytes = new Uint8Array(300_000 * size)
    for (let i = 0; i < 300_000; i++) bytes.set(one(i * 10), i * size)
    const script = recordedScript('x', bytes, true)
    expect(script.events.length).toBeLessThan(110_000)
    expect(text(script).match(/a/g)?.length).toBe(300_000)
    expect(script.duration - script.outputAt).toBeGreaterThan(2_999_000)
  })

  test('plays output and resize with their own timing; input and status are not shown', () => {
    const bytes = recording(
      [0, 4, '{"Width":100,"Height":30}'],
      [50, 1, '$ '],
      [60, 0, 'ls'],
      [70, 2, 'e'],
      [90, 3, '{}'],
    )
    const script = recordedScript('exec', bytes, true)
    const times = script.events.filter(({ at }) => at >= script.outputAt).map(({ at }) => at - script.outputAt)
    expect(times).toEqual([0, 0, 50, 70, 90])
    expect(text(script)).toContain('\r\n[100x30]$ e')
  })

  test('leaves no alternate screen, hidden cursor, margins or colour behind, and does not move the cursor back', () => {
    expect(text(recordedScript('x', recording([0, 1, '\x1b[?1049h']), true)).endsWith('\x1b[!p\x1b[?1047l\r\n')).toBe(
      true,
    )
  })

  test('what the client said at the end comes last', () => {
    expect(
      text(recordedScript('x', recording([0, 1, 'a']), false, 'exit code 3\n')).endsWith('\r\nexit code 3\r\n'),
    ).toBe(true)
  })

  test('without a terminal, line ends get a carriage return', () => {
    expect(text(recordedScript('x', recording([0, 1, 'a\nb']), false))).toContain('a\r\nb')
  })

  test.each([
    ['zero', '{"Width":0,"Height":3}', false],
    ['no numbers', '{}', false],
    ['giant is capped', '{"Width":1000,"Height":1000}', '[500x200]'],
  ] as const)('a resize of %s', (_, payload, shown) => {
    const out = text(recordedScript('x', recording([0, 4, payload]), true))
    if (shown) expect(out).toContain(shown)
    else expect(out).not.toContain('[0x')
  })

  test('times that go backwards do not', () => {
    const script = recordedScript('x', recording([500, 1, 'a'], [100, 1, 'b']), true)
    const times = script.events.map(({ at }) => at)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })
})

describe('schedule', () => {
  const events = [0, 100, 5000, 5100].map((at) => ({ at, action: { kind: 'write', data: 'x' } as const }))
  const plan = schedule({ events, outputAt: 100, duration: 9000 }, 1000)

  test('shortens what is longer than the limit and keeps the rest', () => {
    expect(plan.events.map(({ at }) => at)).toEqual([0, 100, 1100, 1200])
    expect(plan.duration).toBe(2200)
  })

  test.each([
    [0, 0],
    [100, 100],
    [2550, 600],
    [5000, 1100],
    [5100, 1200],
    [9000, 2200],
  ])('recorded %i ms is played at %i ms, and back', (recorded, played) => {
    expect(plan.toPlayed(recorded)).toBeCloseTo(played)
    expect(plan.toRecorded(played)).toBeCloseTo(recorded)
  })

  test('outside is clamped; without a limit nothing changes', () => {
    expect([plan.toPlayed(-5), plan.toPlayed(99_999)]).toEqual([0, 2200])
    const same = schedule({ events, outputAt: 100, duration: 9000 }, Number.POSITIVE_INFINITY)
    expect([same.duration, same.toPlayed(4321), same.toRecorded(4321)]).toEqual([9000, 4321, 4321])
  })
})
