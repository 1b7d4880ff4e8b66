import { describe, expect, it } from 'vitest'
import { createGathering, fromBytes, fromStream, join, readWhole, toStream } from './bytes.ts'
import type { ByteSource } from './context.ts'
import type { Clock } from './ports.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

function chunks(...parts: (Uint8Array | Error | 'never')[]): ByteSource & { cancelled: string[] } {
  const cancelled: string[] = []
  return {
    cancelled,
    async read() {
      const part = parts.shift()
      if (part instanceof Error) throw part
      if (part === 'never') return new Promise<never>(() => undefined)
      return part ?? null
    },
    cancel: (reason) => {
      cancelled.push(reason)
    },
  }
}

/** A clock whose timers fire when told. */
function clock(): Clock & { fire(): void; waiting: number } {
  const timers = new Set<() => void>()
  return {
    now: () => 0,
    after(_ms, callback) {
      timers.add(callback)
      return () => timers.delete(callback)
    },
    fire() {
      for (const timer of timers) timer()
    },
    get waiting() {
      return timers.size
    },
  }
}

describe('readWhole', () => {
  it('reads a body of exactly the limit, and takes its timer back', async () => {
    const time = clock()
    const read = await readWhole(chunks(bytes(1, 2), bytes(3)), { maxBytes: 3, deadlineMs: 1 }, time)
    expect(read).toEqual({ ok: true, bytes: bytes(1, 2, 3) })
    expect(time.waiting).toBe(0)
  })

  it('refuses one byte more, and tells the source', async () => {
    const source = chunks(bytes(1, 2), bytes(3, 4))
    expect(await readWhole(source, { maxBytes: 3, deadlineMs: 1 }, clock())).toEqual({
      ok: false,
      trouble: 'too-large',
    })
    expect(source.cancelled).toHaveLength(1)
  })

  it('gives up a body that does not come', async () => {
    const time = clock()
    const source = chunks(bytes(1), 'never')
    const read = readWhole(source, { maxBytes: 9, deadlineMs: 1 }, time)
    await Promise.resolve()
    time.fire()
    expect(await read).toEqual({ ok: false, trouble: 'slow' })
    expect(source.cancelled).toHaveLength(1)
  })

  it('keeps no more of many small pieces than their bytes', async () => {
    const size = 200_000
    let left = size
    const one = bytes(7)
    const source: ByteSource = { read: async () => (left-- > 0 ? one : null), cancel: () => undefined }
    const read = await readWhole(source, { maxBytes: size, deadlineMs: 1 }, clock())
    expect(read.ok && read.bytes.length === size && read.bytes.buffer.byteLength === size).toBe(true)
  })

  it('does not read on once it is over', async () => {
    const time = clock()
    let reads = 0
    let give = (_chunk: Uint8Array): void => undefined
    const source: ByteSource = {
      read: () => {
        reads += 1
        return new Promise((resolve) => {
          give = resolve
        })
      },
      cancel: () => undefined,
    }
    const read = readWhole(source, { maxBytes: 9, deadlineMs: 1 }, time)
    time.fire()
    expect(await read).toEqual({ ok: false, trouble: 'slow' })
    give(bytes(1))
    await Promise.resolve()
    expect([reads, time.waiting]).toEqual([1, 0])
  })

  it('says that a body broke off', async () => {
    const read = await readWhole(chunks(bytes(1), new Error('reset')), { maxBytes: 9, deadlineMs: 1 }, clock())
    expect(read).toEqual({ ok: false, trouble: 'broken' })
  })
})

describe('createGathering', () => {
  it.each([
    ['nothing', [], []],
    ['one piece', [bytes(1, 2)], [1, 2]],
    ['empty pieces', [bytes(), bytes(1), bytes()], [1]],
    ['more than it had room for', [bytes(1), new Uint8Array(1023), new Uint8Array(2000), bytes(9)], null],
  ])('%s', (_name, parts, expected) => {
    const gathering = createGathering()
    for (const part of parts) gathering.push(part)
    const whole = gathering.whole()
    expect(whole).toEqual(expected === null ? join(parts) : bytes(...expected))
    expect(gathering.length).toBe(whole.length)
  })

  it('does not copy what came as one, and leaves it alone', () => {
    const gathering = createGathering()
    const first = bytes(1, 2)
    gathering.push(first)
    expect(gathering.whole()).toBe(first)
    gathering.push(bytes(3))
    expect([first, gathering.whole()]).toEqual([bytes(1, 2), bytes(1, 2, 3)])
  })
})

describe('sources', () => {
  it('join copies only what has parts', () => {
    const one = bytes(1)
    expect(join([one])).toBe(one)
    expect(join([])).toEqual(bytes())
    expect(join([bytes(1), bytes(), bytes(2, 3)])).toEqual(bytes(1, 2, 3))
  })

  it('gives bytes once', async () => {
    const source = fromBytes(bytes(1))
    expect(await source.read()).toEqual(bytes(1))
    expect(await source.read()).toBeNull()
    expect(await fromBytes(bytes()).read()).toBeNull()
  })

  it('is a stream and back, chunk by chunk, empty ones left out', async () => {
    const source = fromStream(toStream(chunks(bytes(1), bytes(), bytes(2))))
    expect([await source.read(), await source.read(), await source.read()]).toEqual([bytes(1), bytes(2), null])
  })

  it('pulls a stream’s source only when asked, and passes a cancel on', async () => {
    const source = chunks(bytes(1), bytes(2))
    const stream = toStream(source)
    const reader = stream.getReader()
    await reader.read()
    await reader.cancel('enough')
    expect(source.cancelled).toEqual(['enough'])
  })

  it('breaks a stream when its source breaks', async () => {
    const reader = toStream(chunks(new Error('gone'))).getReader()
    await expect(reader.read()).rejects.toThrow('gone')
  })
})
