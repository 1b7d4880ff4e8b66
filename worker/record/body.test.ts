import { describe, expect, it } from 'vitest'
import type { RecordedMask } from '../../protocol/log/event.ts'
import { type Entry, LogUnavailable } from '../ports.ts'
import { createBodyRecorder } from './body.ts'
import { counter, isPending, place, settled, testClock, testLog, text, utf8 } from './fixtures.ts'
import { MAX_PENDING_BYTES, MAX_SEGMENT_BYTES, SEGMENT_MS } from './segments.ts'

describe('body recorder', () => {
  function recorder(streaming = false, masked?: () => RecordedMask) {
    const time = testClock()
    const store = testLog()
    const failures: unknown[] = []
    const body = createBodyRecorder({
      ...place,
      log: store.log,
      clock: time.clock,
      ids: counter(),
      ref: 'r1',
      mediaType: 'application/json',
      streaming,
      ...(masked === undefined ? {} : { masked }),
      onFailure: (error) => failures.push(error),
    })
    return { ...time, ...store, body, failures }
  }
  const ok = { outcome: 'ok', code: 200, durationMs: 1 } as const
  const shape = (entries: readonly Entry[]) =>
    entries.map(({ event, body }) => [event.type, body?.kind, body?.seq, body?.bytes.length])

  it('puts a small body whole on the result', async () => {
    const { body, entries } = recorder()
    await body.write(utf8.encode('{"a":'))
    await body.write(utf8.encode('1}'))
    await body.end(ok, { count: 1, rules: { secret: 1 } })
    expect(shape(entries())).toEqual([['request.result', 'response', 0, 7]])
    expect(text(entries()[0]?.body?.bytes)).toBe('{"a":1}')
    expect(entries()[0]?.event).toMatchObject({ ref: 'r1', res: { bytes: 7 }, mask: { count: 1 } })
  })

  it('tells masks while a response goes on, each once, and the rest at its end', async () => {
    const masked = { count: 0, rules: { jwt: 0 } }
    const { body, entries, advance } = recorder(true, () => ({ count: masked.count, rules: { ...masked.rules } }))
    const mask = (count: number): void => {
      masked.count += count
      masked.rules.jwt += count
    }
    for (const count of [2, 0, 3]) {
      mask(count)
      await body.write(utf8.encode('x'))
      advance(SEGMENT_MS)
      await settled()
    }
    expect(entries().map(({ event }) => event.mask?.count)).toEqual([2, undefined, 3])
    mask(1)
    await body.write(utf8.encode('y'))
    await body.end(ok, { ...masked, withheld: 'why' })
    expect(entries().at(-1)?.event.mask).toEqual({ count: 1, rules: { jwt: 1 }, withheld: 'why' })
  })

  it('says nothing at the end when all was told', async () => {
    const masked = { count: 2, rules: { jwt: 2 } }
    const { body, entries, advance } = recorder(true, () => masked)
    await body.write(utf8.encode('x'))
    advance(SEGMENT_MS)
    await settled()
    await body.end(ok, masked)
    expect(entries().map(({ event }) => event.mask?.count)).toEqual([2, undefined])
  })

  it('has not told what stood on a segment that the log did not take', async () => {
    let masked = { count: 2, rules: { jwt: 2 } }
    const { body, advance, state } = recorder(true, () => masked)
    await body.write(utf8.encode('x'))
    advance(SEGMENT_MS)
    await settled()
    const more = { count: 5, rules: { jwt: 5 } }
    expect(body.untold(more)).toEqual({ count: 3, rules: { jwt: 3 } })
    state.failure = new LogUnavailable('full')
    masked = more
    await body.write(utf8.encode('y'))
    advance(SEGMENT_MS)
    await settled()
    await expect(body.end(ok, more)).rejects.toThrow(LogUnavailable)
    expect(body.untold(more)).toEqual({ count: 3, rules: { jwt: 3 } })
  })

  it('records no body where there was none', async () => {
    const { body, entries } = recorder()
    await body.end(ok)
    expect(shape(entries())).toEqual([['request.result', undefined, undefined, undefined]])
  })

  it.each([
    [MAX_SEGMENT_BYTES - 1, []],
    [MAX_SEGMENT_BYTES, [MAX_SEGMENT_BYTES]],
    [MAX_SEGMENT_BYTES + 1, [MAX_SEGMENT_BYTES]],
    [MAX_SEGMENT_BYTES * 3 + 5, [MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES]],
  ])('cuts a body of %i bytes at the limit, however it was split', async (size, segments) => {
    const whole = Uint8Array.from({ length: size }, (_, at) => at % 251)
    for (const step of [size, 100_003, 4096]) {
      const { body, entries } = recorder()
      for (let at = 0; at < size; at += step) await body.write(whole.subarray(at, at + step))
      await body.end(ok)
      const all = entries()
      expect(all.slice(0, -1).map((entry) => [entry.event.type, entry.body?.bytes.length])).toEqual(
        segments.map((length) => ['stream.segment', length]),
      )
      expect(all.flatMap((entry) => entry.body?.seq ?? [])).toEqual(all.filter(({ body }) => body).map((_, at) => at))
      expect(Buffer.concat(all.map((entry) => entry.body?.bytes ?? new Uint8Array()))).toEqual(Buffer.from(whole))
      expect(all.at(-1)?.event.res?.bytes).toBe(size)
    }
  })

  it.each([
    [true, 1],
    [false, 0],
  ])('a response without end is cut every second, another is not: %s', async (streaming, segments) => {
    const { body, entries, advance } = recorder(streaming)
    await body.write(utf8.encode('one'))
    advance(SEGMENT_MS - 1)
    await settled()
    expect(entries().length).toBe(0)
    advance(1)
    await settled()
    expect(entries().length).toBe(segments)
    advance(SEGMENT_MS)
    await settled()
    expect(entries().length).toBe(segments)
    await body.write(utf8.encode('two'))
    await body.end(ok)
    expect(entries().map((entry) => text(entry.body?.bytes))).toEqual(streaming ? ['one', 'two'] : ['onetwo'])
  })

  it('makes a writer wait while one segment is being appended and the next is full', async () => {
    const { body, hold, release } = recorder()
    hold()
    await body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    const second = body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    expect(await isPending(second)).toBe(true)
    release()
    await second
  })

  it('makes a writer wait for its segment while the log has much to write', async () => {
    const { body, hold, release, state } = recorder()
    hold()
    state.pendingBytes = MAX_PENDING_BYTES + 1
    const first = body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    expect(await isPending(first)).toBe(true)
    release()
    await first
  })

  it('rejects once the log failed, tells once, and appends nothing more', async () => {
    const { body, state, failures, entries, timers } = recorder(true)
    const failure = new LogUnavailable('full')
    state.failure = failure
    // Whether the write itself is told depends on how soon the log fails.
    await body.write(new Uint8Array(MAX_SEGMENT_BYTES)).catch(() => {})
    await settled()
    expect(failures).toEqual([failure])
    await expect(body.write(utf8.encode('x'))).rejects.toBe(failure)
    await expect(body.end(ok)).rejects.toBe(failure)
    expect([failures.length, entries().length, timers()]).toEqual([1, 1, 0])
  })

  it('rejects a writer that was waiting when the log failed', async () => {
    const { body, state, hold, release } = recorder()
    const failure = new LogUnavailable('full')
    state.failure = failure
    hold()
    await body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    const waiting = body.write(new Uint8Array(MAX_SEGMENT_BYTES))
    release()
    await expect(waiting).rejects.toBe(failure)
  })
})
