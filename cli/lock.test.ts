import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Failure } from './command.ts'
import { withLock } from './lock.ts'
import { lockData } from './up/lock.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('lets one in at a time and gives every result', async () => {
  let inside = 0
  let most = 0
  const work = async (value: number) => {
    inside += 1
    most = Math.max(most, inside)
    await new Promise((resolve) => setImmediate(resolve))
    inside -= 1
    return value
  }
  const results = await Promise.all([1, 2, 3, 4].map((value) => withLock(join(folder, 'l'), () => work(value))))
  expect(results).toEqual([1, 2, 3, 4])
  expect(most).toBe(1)
})

it('is free again after a failure', async () => {
  const failing = withLock(join(folder, 'l'), () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  expect(await withLock(join(folder, 'l'), async () => 'in')).toBe('in')
})

it('takes over a lock that was left behind', async () => {
  const path = join(folder, 'l')
  await writeFile(path, '')
  await utimes(path, new Date(0), new Date(0))
  expect(await withLock(path, async () => 'in')).toBe('in')
})

it('lets one `up` use a data folder, and the next when it is gone', () => {
  const unlock = lockData(folder)
  expect(() => lockData(folder)).toThrow(Failure)
  expect(() => lockData(folder)).toThrow(`already running on ${folder} (pid ${process.pid})`)
  unlock()
  lockData(folder)()
})

it('passes over the lock of a process that is gone', async () => {
  await writeFile(join(folder, 'up.pid'), '999999999\n')
  lockData(folder)()
})
