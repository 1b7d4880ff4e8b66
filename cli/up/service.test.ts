import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isReadyLine, Service, type ServiceOptions } from './service.ts'

it.each([
  ['{"ready":true,"url":"https://x"}', true],
  ['{"ready":false}', false],
  ['{"ready":"true"}', false],
  ['ready', false],
  ['null', false],
])('%s is a ready line: %s', (line, expected) => {
  expect(isReadyLine(line)).toBe(expected)
})

let folder = ''
let service: Service | null = null
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-service-'))
})
afterEach(async () => {
  await service?.stop()
  service = null
  await rm(folder, { recursive: true, force: true })
})

/** A part that says its pid, then is ready, then waits until it is killed. */
const WAITS =
  'console.error("pid " + process.pid); console.log(JSON.stringify({ready: true})); setInterval(() => {}, 1e6)'

function make(program: string, extra: Partial<ServiceOptions> = {}): { service: Service; said: string[] } {
  const said: string[] = []
  const made = new Service({
    name: 'the part',
    command: process.execPath,
    args: ['-e', program],
    logFile: join(folder, 'part.log'),
    ready: isReadyLine,
    say: (line) => said.push(line),
    ...extra,
  })
  service = made
  return { service: made, said }
}

const log = () => readFile(join(folder, 'part.log'), 'utf8').catch(() => '')
const pids = async () => [...(await log()).matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid))
const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('Service', () => {
  it('is started when the part says so, and gone when it is stopped', async () => {
    const { service } = make(WAITS)
    await service.start()
    await vi.waitFor(async () => expect(await pids()).toHaveLength(1))
    const [pid = 0] = await pids()
    expect(alive(pid)).toBe(true)
    await service.stop()
    expect(alive(pid)).toBe(false)
  })

  it('fails when the part ends before it is ready, and names the log', async () => {
    const { service } = make('console.error("no config"); process.exit(3)')
    await expect(service.start()).rejects.toThrow(
      `ended before it was ready (exit code 3); see ${join(folder, 'part.log')}`,
    )
  })

  it('fails when there is no such program', async () => {
    const { service } = make('', { command: join(folder, 'nothing') })
    await expect(service.start()).rejects.toThrow('cannot start the part')
  })

  it('starts a part again that was killed, and says so', async () => {
    let restarted = 0
    const { service, said } = make(WAITS, {
      onRestarted: () => {
        restarted += 1
      },
    })
    await service.start()
    await vi.waitFor(async () => expect(await pids()).toHaveLength(1))
    process.kill((await pids())[0] ?? 0, 'SIGKILL')
    await vi.waitFor(() => expect(restarted).toBe(1), { timeout: 10_000 })
    expect(said).toEqual(['the part ended (SIGKILL); starting it again in 0.5 s', 'the part is back'])
    expect(await pids()).toHaveLength(2)
  })

  it('ends a part that does not heed SIGTERM', { timeout: 20_000 }, async () => {
    const { service } = make(`process.on("SIGTERM", () => {}); ${WAITS}`)
    await service.start()
    await vi.waitFor(async () => expect(await pids()).toHaveLength(1))
    const [pid = 0] = await pids()
    await service.stop()
    expect(alive(pid)).toBe(false)
  })

  it('is not started again after it was stopped', async () => {
    const { service, said } = make(WAITS)
    await service.start()
    await service.stop()
    expect(said).toEqual([])
  })
})

it('the guard ends a part whose starter is gone', async () => {
  const { spawn } = await import('node:child_process')
  const part = join(folder, 'part.mjs')
  await writeFile(part, 'setInterval(() => {}, 1e6); console.log("on")')
  const guard = join(import.meta.dirname, 'guard.ts')
  const child = spawn(process.execPath, ['--import', guard, part], { stdio: ['pipe', 'pipe', 'ignore'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  child.stdin.end()
  expect(await ended).toBe('SIGTERM')
})
