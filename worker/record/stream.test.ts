import { describe, expect, it } from 'vitest'
import type { RecordedMask } from '../../protocol/log/event.ts'
import { decodeRecords } from '../../protocol/recording.ts'
import { counter, place, settled, testClock, testLog, text, utf8 } from './fixtures.ts'
import { MAX_SEGMENT_BYTES, SEGMENT_MS } from './segments.ts'
import { createStreamRecorder } from './stream.ts'

describe('stream recorder', () => {
  function recorder(kind: 'exec' | 'attach' | 'portforward', masked?: () => RecordedMask | undefined) {
    const time = testClock()
    const store = testLog()
    const stream = createStreamRecorder({
      ...place,
      log: store.log,
      clock: time.clock,
      ids: counter(),
      ref: 'r1',
      kind,
      ...(masked === undefined ? {} : { masked }),
    })
    return { ...time, ...store, stream }
  }

  it('records messages with time and channel between open and close', async () => {
    const { stream, entries, appended, advance } = recorder('exec')
    await stream.open()
    await stream.record(0, utf8.encode('ls\n'))
    advance(20)
    await stream.record(1, utf8.encode('file\n'))
    await stream.record(4, utf8.encode('{"Width":80,"Height":24}'))
    advance(5)
    await stream.close({ outcome: 'ok', code: 101, exitCode: 2 })
    const all = entries()
    expect(all.map(({ event }) => event.type)).toEqual([
      'stream.open',
      'stream.segment',
      'stream.close',
      'request.result',
    ])
    expect(appended.length).toBe(2)
    expect(all[0]?.event).toMatchObject({ ref: 'r1', data: { kind: 'exec' }, ...place })
    const records = [...decodeRecords(all[1]?.body?.bytes ?? new Uint8Array())]
    expect(records.map(({ t, channel, payload }) => [t, channel, text(payload)])).toEqual([
      [0, 0, 'ls\n'],
      [20, 1, 'file\n'],
      [20, 4, '{"Width":80,"Height":24}'],
    ])
    const res = { outcome: 'ok', code: 101, exitCode: 2, durationMs: 25, bytes: 59 }
    expect(all[2]?.event).toMatchObject({ res, data: { kind: 'exec', segments: 1, stdin: 3, stdout: 5, resize: 24 } })
    expect(all[3]?.event).toMatchObject({ ref: 'r1', res })
  })

  it('numbers segments over the whole stream, cut by time and size', async () => {
    const { stream, entries, advance } = recorder('attach')
    await stream.open()
    await stream.record(1, utf8.encode('early'))
    advance(SEGMENT_MS)
    await settled()
    await stream.record(1, new Uint8Array(MAX_SEGMENT_BYTES * 2))
    await stream.close({ outcome: 'cancelled', code: 101 })
    const segments = entries().filter(({ event }) => event.type === 'stream.segment')
    expect(segments.map(({ body }) => [body?.kind, body?.seq])).toEqual([0, 1, 2, 3].map((seq) => ['stream', seq]))
    const bytes = Buffer.concat(segments.map(({ body }) => body?.bytes ?? new Uint8Array()))
    expect([...decodeRecords(bytes)].map(({ t, payload }) => [t, payload.length])).toEqual([
      [0, 5],
      [SEGMENT_MS, MAX_SEGMENT_BYTES * 2],
    ])
    expect(entries().find(({ event }) => event.type === 'stream.close')?.event.data).toMatchObject({ segments: 4 })
  })

  it('tells masks with the segments, and with the result what no segment has told', async () => {
    let masked: RecordedMask | undefined
    const { stream, entries, advance } = recorder('exec', () => masked)
    const place = (count: number) => ({ count, rules: { jwt: count }, places: [{ rule: 'jwt', at: 'stdout', count }] })
    await stream.open()
    await stream.record(1, utf8.encode('nothing'))
    advance(SEGMENT_MS)
    await settled()
    masked = place(2)
    await stream.record(1, utf8.encode('two'))
    advance(SEGMENT_MS)
    await settled()
    expect(entries().map(({ event }) => event.mask)).toEqual([undefined, undefined, place(2)])
    masked = place(3)
    await stream.record(1, utf8.encode('one more'))
    await stream.close({ outcome: 'ok', code: 101 }, masked)
    expect(entries().map(({ event }) => [event.type, event.mask?.count])).toEqual([
      ['stream.open', undefined],
      ['stream.segment', undefined],
      ['stream.segment', 2],
      ['stream.segment', undefined],
      ['stream.close', undefined],
      ['request.result', 1],
    ])
  })

  it('counts a forwarded port and records nothing of it', async () => {
    const { stream, entries } = recorder('portforward')
    await stream.open()
    await stream.record(0, utf8.encode('GET /'))
    await stream.record(1, utf8.encode('200'))
    await stream.close({ outcome: 'ok', code: 101 })
    expect(entries().map(({ event, body }) => [event.type, body])).toEqual([
      ['stream.open', undefined],
      ['stream.close', undefined],
      ['request.result', undefined],
    ])
    expect(entries()[1]?.event).toMatchObject({ data: { segments: 0, stdin: 5, stdout: 3 }, res: { bytes: 8 } })
  })

  it('keeps the order of two sides that write at once', async () => {
    const { stream, entries } = recorder('exec')
    await stream.open()
    const big = new Uint8Array(MAX_SEGMENT_BYTES - 100)
    await Promise.all([0, 1, 2, 3].map((n) => stream.record(n % 2, n < 2 ? big : utf8.encode(`small ${n}`))))
    await stream.close({ outcome: 'ok', code: 101 })
    const bytes = Buffer.concat(entries().map(({ body }) => body?.bytes ?? new Uint8Array()))
    expect([...decodeRecords(bytes)].map(({ channel, payload }) => [channel, payload.length])).toEqual([
      [0, big.length],
      [1, big.length],
      [0, 7],
      [1, 7],
    ])
  })
})
