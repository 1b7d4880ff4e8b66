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

/** Why a body could not be read whole. */
export type BodyTrouble = 'too-large' | 'slow' | 'broken'

/**
 * Reads a body whole. On trouble the source is cancelled and what was read is dropped.
 * @param limits.maxBytes a body of exactly this size is still read
 * @param limits.deadlineMs for the whole body, from now
 */
export async function readWhole(
  source: ByteSource,
  limits: { maxBytes: number; deadlineMs: number },
  clock: Clock,
): Promise<{ ok: true; bytes: Uint8Array } | { ok: false; trouble: BodyTrouble }> {
  const chunks: Uint8Array[] = []
  let length = 0
  let late = false
  let expire: () => void = () => {}
  const deadline = new Promise<'late'>((resolve) => {
    expire = () => resolve('late')
  })
  const cancelTimer = clock.after(limits.deadlineMs, () => {
    late = true
    expire()
  })
  try {
    for (;;) {
      const chunk = await Promise.race([source.read(), deadline])
      if (chunk === 'late' || late) {
        source.cancel('the body came too slowly')
        return { ok: false, trouble: 'slow' }
      }
      if (chunk === null) return { ok: true, bytes: join(chunks) }
      length += chunk.length
      if (length > limits.maxBytes) {
        source.cancel('the body is too large')
        return { ok: false, trouble: 'too-large' }
      }
      chunks.push(chunk)
    }
  } catch {
    return { ok: false, trouble: 'broken' }
  } finally {
    cancelTimer()
  }
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
