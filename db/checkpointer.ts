// When to checkpoint: tells the checkpoint thread after so much was written. In: what was committed. Never waits, never
// throws: what it does not do, the writer does when the WAL has reached its bound (connection.ts).

import { Worker } from 'node:worker_threads'

/** Well below the WAL's bound, so that little is left for a commit to do that reaches it. */
const EVERY_BYTES = 16 * 1024 * 1024
/** What a commit writes beside its entries: whole pages of the log, its indexes and the read model. */
const COMMIT_BYTES = 64 * 1024

export interface Checkpointer {
  /** A commit of so many bytes was acknowledged. */
  wrote(bytes: number): void
  /** Ends the thread and its connection; a later commit starts another. */
  end(): Promise<void>
}

export function createCheckpointer(workerData: {
  readonly path: string
  readonly encryptionKey?: string
}): Checkpointer {
  let thread: Worker | null = null
  let written = 0
  let running: Promise<void> | null = null

  /** Resolves when it is done, or the thread has ended. */
  function run(wanted: 'checkpoint' | 'close'): Promise<void> {
    const worker = thread ?? new Worker(new URL('./checkpoint-thread.ts', import.meta.url), { workerData })
    thread = worker
    return new Promise((resolve) => {
      const done = (): void => {
        worker.off('message', done)
        worker.off('error', ended)
        worker.off('exit', ended)
        resolve()
      }
      const ended = (): void => {
        if (thread === worker) thread = null
        done()
      }
      worker.on('message', done)
      worker.on('error', ended)
      worker.on('exit', ended)
      worker.postMessage(wanted)
    })
  }

  async function finish(): Promise<void> {
    // A thread that is ended within a native call takes the process with it on Bun.
    if (thread !== null) await run('close')
    await thread?.terminate()
    thread = null
  }

  return {
    wrote(bytes) {
      written += bytes + COMMIT_BYTES
      if (running !== null || written < EVERY_BYTES) return
      written = 0
      running = run('checkpoint').finally(() => {
        running = null
      })
    },
    async end() {
      await running
      running = finish().finally(() => {
        running = null
      })
      await running
    },
  }
}
