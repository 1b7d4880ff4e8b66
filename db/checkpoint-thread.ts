// The checkpoint thread: moves the WAL of an embedded database into its file on a connection of its own, so that no
// commit waits for the syncs of it. In: `checkpoint` or `close`. Out: one message to each when it is done, also in vain.

import { parentPort, workerData } from 'node:worker_threads'
import { type Connection, createConnection } from './connection.ts'

const { path, encryptionKey }: { path: string; encryptionKey?: string } = workerData
let opened: Connection | null = null

parentPort?.on('message', (wanted: 'checkpoint' | 'close') => {
  try {
    if (wanted === 'close') opened?.close()
    else {
      opened ??= createConnection(path, encryptionKey)
      opened.checkpoint()
    }
  } catch {
    // A later one, or the writer itself when the WAL is full, does what this one did not.
    opened = null
  }
  parentPort?.postMessage(null)
})
