// Looks at the gateway from inside while it is measured: how late its loop is, how much memory it holds. Loaded into every process of
// `sallyport up` by `--preload`; of use in the gateway only, which it tells by its command line. In: commands on a socket. Out: figures.

import { createServer } from 'node:net'
import process from 'node:process'

/** Short enough to see what is asked for, 10 ms, and long enough not to be felt. */
const EVERY_MS = 2

/** What was seen since it was asked to look. */
export interface Seen {
  /** Milliseconds that the loop was late, at worst, and at worst but for one time in a hundred. */
  readonly worstMs: number
  readonly p99Ms: number
  /** The longest it worked without letting others have their turn: the same on a machine where others work too. */
  readonly workMs: number
  readonly residentBytes: number
  readonly peakBytes: number
}

/** Bun's own way to collect garbage, for a figure of memory that means something. */
const collect: ((full: boolean) => void) | undefined = Reflect.get(globalThis, 'Bun')?.gc

function watch(path: string): void {
  let lags: number[] = []
  let peak = 0
  let work = 0
  let timer: ReturnType<typeof setInterval> | null = null

  function look(): Seen {
    if (timer !== null) clearInterval(timer)
    timer = null
    const sorted = lags.sort((a, b) => a - b)
    const residentBytes = process.memoryUsage.rss()
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    return { worstMs: at(1), p99Ms: at(0.99), workMs: work, residentBytes, peakBytes: Math.max(peak, residentBytes) }
  }

  function begin(): void {
    lags = []
    peak = 0
    work = 0
    let used = process.threadCpuUsage()
    let last = performance.now()
    let turns = 0
    timer = setInterval(() => {
      const now = performance.now()
      const { user, system } = process.threadCpuUsage(used)
      used = process.threadCpuUsage()
      work = Math.max(work, (user + system) / 1000)
      lags.push(Math.max(0, now - last - EVERY_MS))
      last = now
      if (turns++ % 5 === 0) peak = Math.max(peak, process.memoryUsage.rss())
    }, EVERY_MS)
    timer.unref()
  }

  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (command) => {
      if (String(command) === 'begin') {
        collect?.(true)
        begin()
        socket.end('{}')
      } else socket.end(JSON.stringify(look()))
    })
  })
  server.listen(path)
  server.unref()
}

const path = process.env.SALLYPORT_BENCH_WATCH
if (path !== undefined && process.argv.some((argument) => argument.endsWith('worker/runtime/main.ts'))) watch(path)
