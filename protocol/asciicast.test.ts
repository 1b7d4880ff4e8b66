import { describe, expect, test } from 'vitest'
import { Asciicast, CastRecording, terminalSize } from './asciicast.ts'
import type { StreamRecord } from './recording.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const record = (t: number, channel: number, text: string): StreamRecord => ({ t, channel, payload: bytes(text) })
const events = (lines: Iterable<string>): unknown[] =>
  [...lines].flatMap((line) =>
    line
      .split('\n')
      .filter((part) => part !== '')
      .map((part): unknown => JSON.parse(part)),
  )

function* played(records: Iterable<StreamRecord>, options: ConstructorParameters<typeof CastRecording>[1]) {
  const recording = new CastRecording(new Asciicast(0), options)
  yield* recording.events(records)
  yield* recording.end()
}

describe('Asciicast', () => {
  test('the header names version 3 and the terminal; what is absent is left out', () => {
    expect(JSON.parse(new Asciicast(0).header({ cols: 80, rows: 24 }))).toEqual({
      version: 3,
      term: { cols: 80, rows: 24, type: 'xterm-256color' },
    })
    expect(
      JSON.parse(
        new Asciicast(0).header({
          cols: 1,
          rows: 2,
          timestamp: 5.9,
          title: 'T',
          command: 'C',
          idleTimeLimitSeconds: 2,
        }),
      ),
    ).toEqual({
      version: 3,
      term: { cols: 1, rows: 2, type: 'xterm-256color' },
      timestamp: 5,
      idle_time_limit: 2,
      command: 'C',
      title: 'T',
    })
  })

  test('intervals are since the event before; time never goes backwards', () => {
    const cast = new Asciicast(0)
    const lines = [cast.output(100, 'a'), cast.output(350, 'b'), cast.marker(200, 'm'), cast.exit(1350, 3)]
    expect(events(lines)).toEqual([
      [0.1, 'o', 'a'],
      [0.25, 'o', 'b'],
      [0, 'm', 'm'],
      [1, 'x', '3'],
    ])
  })

  test('channels become input, output and resize; status is left to the caller', () => {
    const records = [
      record(0, 4, '{"Width":100,"Height":30}'),
      record(10, 0, 'ls\n'),
      record(20, 1, 'a\n'),
      record(30, 2, 'b'),
      record(40, 3, '{}'),
    ]
    expect(events(played(records, { startMs: 1000, tty: true, input: true }))).toEqual([
      [1, 'r', '100x30'],
      [0.01, 'i', 'ls\n'],
      [0.01, 'o', 'a\n'],
      [0.01, 'o', 'b'],
    ])
  })

  test.each([
    ['not JSON', 'x'],
    ['no height', '{"Width":10}'],
    ['nothing', '{"Width":0,"Height":10}'],
    ['a fraction', '{"Width":10.5,"Height":10}'],
    ['one past the limit', '{"Width":1001,"Height":10}'],
  ])('a resize with %s is none', (_, payload) => {
    expect(terminalSize(bytes(payload))).toBeUndefined()
    expect(events(played([record(0, 4, payload)], { startMs: 0, tty: true, input: true }))).toEqual([])
  })

  test('a resize at the limit is one', () => {
    expect(terminalSize(bytes('{"Width":1000,"Height":1}'))).toEqual({ cols: 1000, rows: 1 })
  })

  test('what was typed is left out unless asked for', () => {
    const records = [record(0, 0, 'secret'), record(1, 1, 'a')]
    expect(events(played(records, { startMs: 0, tty: true, input: false }))).toEqual([[0.001, 'o', 'a']])
  })

  test('sequences that reach beyond the screen are left out, wherever records cut them', () => {
    const records = [...'a\x1b]52;c;AA\x07b\x1b[31mc'].map((char, i) => record(i, 1, char))
    const text = events(played(records, { startMs: 0, tty: true, input: true }))
      .map((event) => (Array.isArray(event) ? String(event[2]) : ''))
      .join('')
    expect(text).toBe('ab\x1b[31mc')
  })

  test('UTF-8 comes out whole at every split point, stdout and stderr apart', () => {
    const whole = bytes('a⟦é😀')
    for (let cut = 0; cut <= whole.length; cut++) {
      const records: StreamRecord[] = [
        { t: 0, channel: 1, payload: whole.subarray(0, cut) },
        { t: 1, channel: 2, payload: bytes('|') },
        { t: 2, channel: 1, payload: whole.subarray(cut) },
      ]
      const text = events(played(records, { startMs: 0, tty: true, input: true }))
        .map((event) => (Array.isArray(event) ? String(event[2]) : ''))
        .join('')
      expect(text.replace('|', '')).toBe('a⟦é😀')
    }
  })

  test('a cut last character is shown as a replacement, not lost', () => {
    const records = [{ t: 0, channel: 1, payload: Uint8Array.of(0x61, 0xe2, 0x9f) }]
    expect(events(played(records, { startMs: 0, tty: true, input: true }))).toEqual([
      [0, 'o', 'a'],
      [0, 'o', '\ufffd'],
    ])
  })

  test('without a terminal, line ends get a carriage return', () => {
    expect(events(played([record(0, 1, 'a\nb\r\n')], { startMs: 0, tty: false, input: true }))).toEqual([
      [0, 'o', 'a\r\nb\r\n'],
    ])
  })
})
