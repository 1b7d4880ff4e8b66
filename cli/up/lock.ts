// One `sallyport up` per data folder. The lock is a file with the pid in it; one whose process is gone counts for nothing.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../command.ts'

/** True when a process of this id runs here. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Takes the lock.
 * @returns gives it back
 * @throws Failure when another `up` has it
 */
export function lockData(data: string): () => void {
  const path = join(data, 'up.pid')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const pid = Number(readFileSync(path, 'utf8'))
      if (Number.isInteger(pid) && pid > 0 && runs(pid)) {
        throw new Failure(
          `sallyport up is already running on ${data} (pid ${pid}); stop it first, or give another --data`,
        )
      }
      rmSync(path, { force: true })
    }
  }
  throw new Failure(`the lock ${path} cannot be taken; is another sallyport up starting?`)
}
