// A short lock between processes: a file that exists while somebody is in. One left behind by a crash is taken over.

import { mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from './command.ts'

/** A lock older than this was left behind: what it guards takes a second at most, and its HTTP calls 30 s. */
const STALE_MS = 45_000
const RETRY_MS = 25
const GIVE_UP_MS = 60_000

/** Runs `work` while no other process does. @throws Failure after a minute without the lock */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const giveUpAt = Date.now() + GIVE_UP_MS
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close()
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const made = await stat(path).then(
      (found) => found.mtimeMs,
      () => Number.POSITIVE_INFINITY,
    )
    if (Date.now() - made > STALE_MS) await rm(path, { force: true })
    else if (Date.now() > giveUpAt) throw new Failure(`the lock ${path} is held by another process`)
    else await pause(RETRY_MS)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}
