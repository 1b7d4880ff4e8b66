// `npm run bench [-- --json] [--seconds N]`: the door against direct access and `kubectl proxy`, side by side in one run.
// Everything is on: TLS, token, policy, mask, recorded intent. Rounds alternate between the ways, so that a noisy machine is
// noisy for all of them; quote ratios, not numbers. Loopback only; ends by itself.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { issueCertificate, makeAuthority } from '../../demo/certificates.ts'
import { clients } from '../clients.ts'
import { decideFigures, decideText } from './decide.ts'
import { type Round, run, type Target } from './load.ts'
import { maskingFigures, maskingText } from './masking.ts'
import type { Seen } from './watch.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const BUN = join(ROOT, 'node_modules/.bin/bun')
const asJson = process.argv.includes('--json')
const secondsAt = process.argv.indexOf('--seconds')
const roundMs = 1000 * (secondsAt === -1 ? 2 : Number(process.argv[secondsAt + 1]))
const ROUNDS = 3

const children: ChildProcess[] = []

/** Starts a program and resolves with the first group that `pattern` finds in its output. */
function start(
  command: string,
  args: readonly string[],
  pattern: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  children.push(child)
  return new Promise((found, reject) => {
    let text = ''
    child.on('exit', (code) => reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${text}`)))
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        text += `${line}\n`
        const match = pattern.exec(line)
        if (match !== null) found(match[1] ?? '')
      })
    }
  })
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string }
  }[]
  readonly users: readonly {
    readonly user: {
      readonly exec: {
        readonly command: string
        readonly args: readonly string[]
        readonly env?: readonly { name: string; value: string }[] | null
      }
    }
  }[]
}

/** Path, port, CA and token of the agent's way in, as kubectl would find them. */
async function wayIn(file: string): Promise<{ port: number; prefix: string; ca: string; token: string }> {
  const config = parse(await readFile(file, 'utf8')) as Kubeconfig
  const cluster = config.clusters[0]?.cluster
  const exec = config.users[0]?.user.exec
  if (cluster === undefined || exec === undefined) throw new Error(`${file} is not an agent's kubeconfig`)
  const url = new URL(cluster.server)
  const env = { ...process.env, ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])) }
  const { stdout } = await promisify(execFile)(exec.command, [...exec.args], { env })
  const credential = JSON.parse(stdout) as { status: { token: string } }
  return {
    port: Number(url.port),
    prefix: url.pathname,
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString('utf8'),
    token: credential.status.token,
  }
}

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

interface Figure {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly requestsPerSecond: number
  readonly megabytesPerSecond: number
}

/** The median over rounds of each figure. */
function summarise(rounds: readonly Round[]): Figure {
  return {
    p50Ms: median(rounds.map(({ latencies }) => percentile(latencies, 0.5))),
    p99Ms: median(rounds.map(({ latencies }) => percentile(latencies, 0.99))),
    requestsPerSecond: median(rounds.map(({ requests, seconds }) => requests / seconds)),
    megabytesPerSecond: median(rounds.map(({ bytes, seconds }) => bytes / seconds / 1e6)),
  }
}

async function compare(targets: readonly Target[], clientCount: number): Promise<Record<string, Figure>> {
  const rounds = new Map<string, Round[]>(targets.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) rounds.get(target.name)?.push(await run(target, clientCount, roundMs))
  }
  return Object.fromEntries([...rounds].map(([name, each]) => [name, summarise(each)]))
}

function print(title: string, figures: Record<string, Figure>): void {
  const base = figures['kubectl proxy']
  process.stdout.write(`\n${title}\n`)
  for (const [name, figure] of Object.entries(figures)) {
    const ratio =
      base === undefined ? '' : `${(figure.requestsPerSecond / base.requestsPerSecond).toFixed(2)} × kubectl proxy`
    process.stdout.write(
      `  ${name.padEnd(14)} p50 ${figure.p50Ms.toFixed(2)} ms  p99 ${figure.p99Ms.toFixed(2)} ms  ${figure.requestsPerSecond.toFixed(0).padStart(6)} requests/s  ${figure.megabytesPerSecond.toFixed(1).padStart(7)} MB/s  ${ratio}\n`,
    )
  }
}

/** Asks the gateway's watch. */
function ask(path: string, command: 'begin' | 'end'): Promise<Seen> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(path, () => socket.write(command))
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
    })
    socket.on('end', () => resolve(JSON.parse(text) as Seen))
    socket.on('error', reject)
  })
}

interface Inside {
  readonly loopWorstMs: number
  readonly loopP99Ms: number
  readonly workWorstMs: number
  readonly extraBytesPerRequest: number
}

/** What a load does to the gateway's loop and memory, seen from inside. */
async function inside(path: string, target: Target, clientCount: number): Promise<Inside> {
  await run(target, clientCount, roundMs / 2)
  await ask(path, 'begin')
  const { residentBytes } = await ask(path, 'end')
  const worst: number[] = []
  const p99: number[] = []
  const work: number[] = []
  let peak = 0
  for (let round = 0; round < ROUNDS; round++) {
    await ask(path, 'begin')
    await run(target, clientCount, roundMs)
    const seen = await ask(path, 'end')
    worst.push(seen.worstMs)
    p99.push(seen.p99Ms)
    work.push(seen.workMs)
    peak = Math.max(peak, seen.peakBytes)
  }
  return {
    loopWorstMs: median(worst),
    loopP99Ms: median(p99),
    workWorstMs: median(work),
    extraBytesPerRequest: Math.max(0, peak - residentBytes) / clientCount,
  }
}

const LOOP_BUDGET_MS = 10
const MEMORY_BUDGET_BYTES = 16 * 1024 * 1024

function insideText(figures: Readonly<Record<string, Inside>>): string {
  const kept = (yes: boolean) => (yes ? 'kept' : 'missed')
  let out = '\nInside the gateway\n'
  for (const [load, { loopWorstMs, loopP99Ms, workWorstMs, extraBytesPerRequest }] of Object.entries(figures)) {
    out += `  ${load.padEnd(26)} loop late by ${loopWorstMs.toFixed(1)} ms at worst, p99 ${loopP99Ms.toFixed(1)} ms, at work for ${workWorstMs.toFixed(1)} ms at a stretch  budget ${LOOP_BUDGET_MS} ms: ${kept(loopWorstMs <= LOOP_BUDGET_MS)}`
    out += `  memory ${(extraBytesPerRequest / 1e6).toFixed(1)} MB a request  budget ${(MEMORY_BUDGET_BYTES / 1e6).toFixed(0)} MB: ${kept(extraBytesPerRequest <= MEMORY_BUDGET_BYTES)}\n`
  }
  return out
}

async function main(): Promise<void> {
  // First, while nothing else runs.
  const deciding = decideFigures()
  const masking = maskingFigures()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  try {
    const { v35 } = await clients()
    const authority = await makeAuthority('bench')
    const certificate = await issueCertificate(authority, {
      commonName: 'localhost',
      names: ['localhost', '127.0.0.1'],
    })
    await Promise.all([
      writeFile(join(folder, 'cert.pem'), certificate.cert),
      writeFile(join(folder, 'key.pem'), certificate.key),
    ])
    const upstream = Number(
      await start(BUN, ['test/bench/upstream.ts', join(folder, 'cert.pem'), join(folder, 'key.pem')], /^(\d+)$/),
    )
    const kubeconfig = join(folder, 'kubeconfig')
    await writeFile(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          {
            name: 'c',
            cluster: {
              server: `https://127.0.0.1:${upstream}`,
              'certificate-authority-data': Buffer.from(authority.cert).toString('base64'),
            },
          },
        ],
        users: [{ name: 'u', user: { token: 'bench' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    )
    const proxy = Number(
      await start(
        v35.kubectl,
        ['proxy', '--port=0', `--kubeconfig=${kubeconfig}`],
        /Starting to serve on 127\.0\.0\.1:(\d+)/,
      ),
    )
    const data = join(folder, 'data')
    const watch = join(folder, 'watch')
    await start(
      'node',
      ['cli/bin.js', 'up', '--data', data, '--port', '0', '--kubeconfig', kubeconfig],
      /^(Stop with Ctrl-C)/,
      { BUN_OPTIONS: `--preload ${join(ROOT, 'test/bench/watch.ts')}`, SALLYPORT_BENCH_WATCH: watch },
    )
    const door = await wayIn(join(data, 'agent.kubeconfig'))

    const throughDoor = (path: string): Target => ({
      name: 'sallyport',
      port: door.port,
      tls: { ca: door.ca },
      path: `${door.prefix}${path}`,
      headers: { authorization: `Bearer ${door.token}`, accept: 'application/json' },
    })
    const targets = (path: string): Target[] => [
      {
        name: 'direct',
        port: upstream,
        tls: { ca: authority.cert },
        path,
        headers: { authorization: 'Bearer bench', accept: 'application/json' },
      },
      { name: 'kubectl proxy', port: proxy, path, headers: { accept: 'application/json' } },
      throughDoor(path),
    ]
    const one = '/api/v1/namespaces/bench/pods/web-00001'
    const list = '/api/v1/namespaces/bench/pods'
    const results = {
      'GET one Pod, 1 client': await compare(targets(one), 1),
      'GET one Pod, 16 clients': await compare(targets(one), 16),
      'GET a 5 MB PodList, 1 client': await compare(targets(list), 1),
    }
    const insides = {
      'GET one Pod, 16 clients': await inside(watch, throughDoor(one), 16),
      '5 MB PodList, 16 clients': await inside(watch, throughDoor(list), 16),
    }
    if (asJson) {
      const figures = { roundMs, rounds: ROUNDS, results, insides, deciding, masking }
      process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
    } else {
      for (const [title, figures] of Object.entries(results)) print(title, figures)
      process.stdout.write(insideText(insides))
      process.stdout.write(decideText(deciding))
      process.stdout.write(maskingText(masking))
    }
  } finally {
    for (const child of children.reverse()) child.kill('SIGTERM')
    await Promise.all(
      children.map((child) => (child.exitCode !== null ? null : new Promise((done) => child.once('exit', done)))),
    )
    await rm(folder, { recursive: true, force: true })
  }
}

await main()
