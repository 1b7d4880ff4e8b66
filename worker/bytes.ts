// Small things done with bodies that are pulled: from bytes, whole with a limit, mapped. No I/O of its own.

import type { ByteSource } from './context.ts'
import type { Clock } from './ports.ts'

/** A source of one chunk. */
export function fromBytes(bytes: Uint8Array): ByteSource {
  let left: Uint8Array | null = bytes.length === 0 ? null : bytes
  return {
    read() {
      const chunk = left
      left = null
      return Promise.resolve(chunk)
    },
    cancel() {
      left = null
    },
  }
}

/** Joins chunks; returns the chunk itself when there is one. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  if (first !== undefined && chunks.length === 1) return first
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const out = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

/** Bytes that come in pieces and are wanted as one. */
export interface Gathering {
  readonly length: number
  /** Takes a piece; the first is kept as it is, so it must not be changed afterwards. */
  push(chunk: Uint8Array): void
  /** All of it. What came as one piece is not copied. Once only. */
  whole(): Uint8Array
}

/** Copies pieces together as they come: a million pieces of one byte, kept apart, take hundreds of megabytes. */
export function createGathering(): Gathering {
  let bytes: Uint8Array = new Uint8Array(0)
  let length = 0
  let alone = true
  return {
    get length() {
      return length
    },
    push(chunk) {
      if (chunk.length === 0) return
      const needed = length + chunk.length
      if (length === 0) bytes = chunk
      else {
        if (alone || needed > bytes.length) {
          const grown = new Uint8Array(Math.max(needed, 2 * length, MIN_GATHERED_BYTES))
          grown.set(bytes.subarray(0, length))
          bytes = grown
        }
        bytes.set(chunk, length)
        alone = false
      }
      length = needed
    },
    whole() {
      return bytes.length === length ? bytes : bytes.slice(0, length)
    },
  }
}

const MIN_GATHERED_BYTES = 1024

/** Why a body could not be read whole. */
export type BodyTrouble = 'too-large' | 'slow' | 'broken'

/**
 * Reads a body whole. On trouble the source is cancelled and what was read is dropped.
 * @param limits.maxBytes a body of exactly this size is still read
 * @param limits.deadlineMs for the whole body, from now
 */
export function readWhole(
  source: ByteSource,
  limits: { maxBytes: number; deadlineMs: number },
  clock: Clock,
): Promise<{ ok: true; bytes: Uint8Array } | { ok: false; trouble: BodyTrouble }> {
  const gathered = createGathering()
  let over = false
  return new Promise((resolve) => {
    const end = (read: { ok: true; bytes: Uint8Array } | { ok: false; trouble: BodyTrouble }, why?: string): void => {
      if (over) return
      over = true
      cancelTimer()
      if (why !== undefined) source.cancel(why)
      resolve(read)
    }
    const cancelTimer = clock.after(limits.deadlineMs, () =>
      end({ ok: false, trouble: 'slow' }, 'the body came too slowly'),
    )
    // Not a race of each read with the deadline: a promise keeps what waits for it, piece by piece.
    const run = async (): Promise<void> => {
      while (!over) {
        const chunk = await source.read()
        if (over) return
        if (chunk === null) return end({ ok: true, bytes: gathered.whole() })
        if (gathered.length + chunk.length > limits.maxBytes) {
          return end({ ok: false, trouble: 'too-large' }, 'the body is too large')
        }
        gathered.push(chunk)
      }
    }
    run().catch(() => end({ ok: false, trouble: 'broken' }))
  })
}

/** A source as a web stream, for the places that need one (Hono, workerd). Pulls only when asked. */
export function toStream(source: ByteSource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await source.read()
          if (chunk === null) controller.close()
          else controller.enqueue(chunk)
        } catch (error) {
          controller.error(error)
        }
      },
      cancel(reason) {
        source.cancel(String(reason))
      },
    },
    { highWaterMark: 0 },
  )
}

/** A web stream as a source; locked at the first read. Empty chunks are passed over. */
export function fromStream(stream: ReadableStream<Uint8Array>): ByteSource {
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  return {
    async read() {
      for (;;) {
        reader ??= stream.getReader()
        const { done, value } = await reader.read()
        if (done) return null
        if (value.length > 0) return value
      }
    },
    cancel(reason) {
      // The reader rejects when the stream already broke; that has been reported by read().
      ;(reader ?? stream).cancel(reason).catch(() => undefined)
    },
  }
}
