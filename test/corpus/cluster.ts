// The judgement on a real cluster: secrets are written past the gateway and read back through it by real kubectl, in every way it can
// print them; then they are looked for in everything that the gateway kept. In: entries, the cluster's kubeconfig. Out: a report.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type Installation, startInstallation, type Version } from '../e2e/installation.ts'
import { sessionsOf } from '../e2e/recordings.ts'
import type { Entry } from './entries.ts'
import { eventsOf, logOf, manifests, type Plot, PRINT, plotsOf, sampleOf, waits } from './plant.ts'
import { RECALL, Table, TOUCHED } from './report.ts'
import { formsOf, Haystack } from './search.ts'

const IMAGE = 'localhost/busybox:1'
/** So many secrets of each source, and at least one of each of its rules. */
const PER_SOURCE = 60

/** A command line that prints a plot, and the way its secrets take. */
export interface Look {
  readonly carrier: string
  readonly args: readonly string[]
  /** Ended by Ctrl-C when this was printed. */
  readonly until?: RegExp
  readonly tty?: boolean
  /** Absent: every version. */
  readonly only?: Version
}

const RANGE = '{{range $k,$v := .data}}{{$k}} {{$v}}{{"\\n"}}{{end}}'

/** These show the whole namespace, or what only the first plot has. */
const ONCE: readonly string[] = ['event', 'dump']

/** Every way of looking at a plot. */
export function looks(plot: Plot, ns: string): Look[] {
  const { name } = plot
  const on = ['-n', ns]
  const print = (carrier: string, what: readonly string[], formats: readonly string[]): Look[] =>
    formats.map((format) => ({ carrier, args: ['get', ...what, ...on, ...(format === '' ? [] : ['-o', format])] }))
  const formats = ['', 'yaml', 'json', 'name', 'wide']
  const exec = ['exec', name, ...on]
  return [
    ...print(
      'configmap',
      ['configmap', name],
      [...formats, 'jsonpath={.data}', `go-template=${RANGE}`, 'custom-columns=D:.data'],
    ),
    { carrier: 'configmap', args: ['describe', 'configmap', name, ...on] },
    // kubectl before 1.31 leaves out the path of the server's address here.
    { carrier: 'configmap', args: ['get', '--raw', `/api/v1/namespaces/${ns}/configmaps/${name}`], only: 'v35' },
    { carrier: 'configmap', args: ['get', 'configmap', name, ...on, '-w', '-o', 'yaml'], until: /uid: / },
    ...print('env', ['pod', name], [...formats, 'jsonpath={.spec.containers[*].env}', 'go-template={{.spec}}']),
    ...print('env', ['pod', name], ['custom-columns=E:.spec.containers[*].env']),
    { carrier: 'env', args: ['describe', 'pod', name, ...on] },
    { carrier: 'log', args: ['logs', logOf(plot), ...on] },
    { carrier: 'log', args: ['logs', logOf(plot), ...on, '--timestamps'] },
    { carrier: 'log', args: ['logs', logOf(plot), ...on, '--tail=1000', '--prefix'] },
    { carrier: 'log', args: ['logs', '-f', logOf(plot), ...on], until: /## end/ },
    { carrier: 'exec', args: [...exec, '--', 'sh', '-c', PRINT] },
    { carrier: 'exec', args: [...exec, '-it', '--', 'sh', '-c', PRINT], tty: true },
    { carrier: 'exec', args: [...exec, '--', 'env'] },
    { carrier: 'exec', args: [...exec, '--', 'sh', '-c', `(${PRINT}) >&2`] },
    { carrier: 'exec base64', args: [...exec, '--', 'sh', '-c', `(${PRINT}) | base64`] },
    ...print('event', ['events', '--field-selector', `involvedObject.name=${name}`], ['', 'yaml', 'json', 'wide']),
    ...print(
      'secret',
      ['secret', name],
      [...formats, 'jsonpath={.data}', `go-template=${RANGE}`, 'custom-columns=D:.data'],
    ),
    ...print(
      'secret',
      ['secret', name],
      ['go-template={{range $k,$v := .data}}{{$k}} {{$v | base64decode}}{{"\\n"}}{{end}}'],
    ),
    { carrier: 'secret', args: ['describe', 'secret', name, ...on] },
    { carrier: 'secret', args: ['get', 'secrets', ...on, '-o', 'yaml'] },
    { carrier: 'secret', args: ['get', 'all,secrets,configmaps', ...on, '-o', 'json'] },
    { carrier: 'dump', args: ['cluster-info', 'dump', '--namespaces', ns] },
    // In one session: what was masked as a Secret is found again by value.
    { carrier: 'value', args: ['get', 'secret', name, ...on, '-o', 'yaml'] },
    { carrier: 'value', args: ['get', 'configmap', name, ...on, '-o', 'yaml'] },
    { carrier: 'value', args: ['describe', 'pod', name, ...on] },
    { carrier: 'value', args: ['logs', logOf(plot), ...on] },
    { carrier: 'value', args: [...exec, '--', 'sh', '-c', PRINT] },
    { carrier: 'value', args: [...exec, '--', 'sh', '-c', 'for f in /tmp/d/k*; do base64 -w 0 $f; echo; done'] },
  ]
}

/** What a look printed, and how it ended. */
export interface Seen {
  readonly bytes: Uint8Array
  readonly code: number
  readonly err: string
}

/** Looks, in a session of its carrier: what was masked as a Secret is found again by value in the same session. */
export async function look(
  installation: Installation,
  version: Version,
  { args, until, tty, carrier }: Look,
): Promise<Seen> {
  const options = {
    env: { SALLYPORT_SESSION: `corpus ${version} ${carrier}` },
    ...(tty === undefined ? {} : { tty }),
  }
  if (until === undefined) {
    const result = await installation.kubectl(version, args, options)
    return { bytes: Buffer.concat([result.bytes, Buffer.from(result.stderr)]), code: result.code, err: result.stderr }
  }
  const running = installation.start('kubectl', version, args, options)
  const found = await running.until(until).then(
    () => 0,
    () => 1,
  )
  running.interrupt()
  const result = await running.done
  return { bytes: Buffer.concat([result.bytes, Buffer.from(result.stderr)]), code: found, err: result.stderr }
}

async function must(installation: Installation, args: readonly string[], stdin?: string): Promise<void> {
  const { code, stderr } = await installation.admin(args, stdin === undefined ? {} : { stdin })
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr.slice(0, 2000)}`)
}

/** Files below a folder, whole. */
async function filesBelow(folder: string): Promise<[string, Uint8Array][]> {
  const files: [string, Uint8Array][] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.push([path.slice(folder.length + 1), await readFile(path).catch(() => new Uint8Array(0))])
  }
  return files
}

/** Runs it. @returns the report, and whether it is good enough */
export async function judgeOnCluster(
  all: readonly Entry[],
  kubeconfig: string,
  versions: readonly Version[] = ['v35', 'v30'],
): Promise<{ readonly report: string; readonly good: boolean }> {
  const sample = sampleOf(all, PER_SOURCE)
  const plots = plotsOf(sample)
  const ns = `corpus-${process.pid}`
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-corpus-'))
  const installation = await startInstallation({ kubeconfig })
  const bySource = new Table()
  const byLook = new Table()
  const problems: string[] = []
  const misses: string[] = []
  /** By carrier, the entries that were looked at, and whether all outputs hid them. */
  const hidden = new Map<string, Map<Entry, boolean>>()
  /** Entries whose secret some client could read: their recordings hold it too. */
  const read = new Set<Entry>()
  const started = Date.now()
  try {
    const touched = await whatWasTouched(installation)
    await must(installation, ['create', 'namespace', ns])
    for (const plot of plots) {
      const items = manifests(plot, IMAGE)
      await must(
        installation,
        ['create', '-n', ns, '-f', '-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
      )
    }
    for (const plot of plots) {
      for (const wait of waits(plot)) await must(installation, ['wait', '-n', ns, '--timeout=120s', ...wait])
    }
    const [first] = plots
    if (first !== undefined) {
      const items = eventsOf(first, ns)
      await must(
        installation,
        ['create', '-n', ns, '-f', '-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
      )
    }

    for (const plot of plots) {
      for (const version of plot === first ? versions : versions.slice(0, 1)) {
        for (const each of looks(plot, ns)) {
          if ((ONCE.includes(each.carrier) && plot !== first) || (each.only ?? version) !== version) continue
          const seen = await look(installation, version, each)
          const title = `${version} ${each.carrier === 'value' ? 'after the Secret: ' : ''}${each.args.join(' ').replaceAll(ns, 'NS').replaceAll(plot.name, 'c').slice(0, 90)}`
          if (seen.code !== 0)
            problems.push(`${plot.name} ${title}: ended with ${seen.code}: ${seen.err.slice(0, 300)}`)
          judgeOutput(each.carrier, title, plot, seen.bytes)
        }
        const into = join(folder, `${plot.name}-${version}`)
        const copy = { carrier: 'cp', args: ['cp', '-n', ns, `${plot.name}:/tmp/d`, into] }
        const seen = await look(installation, version, copy)
        // An archive ends at the first secret in it, and says so.
        const ended = seen.code === 1 && seen.err.includes('the archive holds a secret')
        if (!ended) problems.push(`${plot.name} ${version} cp: ended with ${seen.code}: ${seen.err.slice(0, 300)}`)
        const copied = await filesBelow(into).catch(() => [])
        judgeOutput('cp', `${version} cp c:/tmp/d`, plot, Buffer.concat(copied.map(([, bytes]) => bytes)))
      }
    }
    const kept = await whatWasKept(installation, sample, read)
    for (const [carrier, entries] of hidden) {
      for (const [{ source }, good] of entries) bySource.add(source, carrier, good)
    }
    const low = bySource.below(RECALL)
    const carriers = [...new Set(bySource.rows().flatMap(([, columns]) => [...columns.keys()]))]
    const report = [
      `${sample.length} secrets in ${plots.length} plots, ${byLook.rows().length} ways to look, ${Math.round((Date.now() - started) / 1000)} s`,
      `\nMasked, percent of each source's secrets, in every output of a carrier (at least ${100 * RECALL}):\n${bySource.text(carriers)}`,
      `\nBy command:\n${byLook.text(['masked'])}`,
      `\nCommands that failed:\n${problems.join('\n') || 'none'}`,
      `\nMasked in what the cluster held before: ${touched.masked.length} of ${touched.strings} strings\n${touched.masked.join('\n')}`,
      `\nFound in what the gateway kept, though no client could read it: ${kept.leaks.length}\n${kept.leaks.join('\n')}`,
      `\nLooked through: ${kept.places.join(', ')}`,
      `\nBelow:\n${low.join('\n') || 'nothing'}`,
      `\nMisses:\n${misses.join('\n')}`,
    ].join('\n')
    const rare = touched.masked.length <= TOUCHED * touched.strings
    return { report, good: rare && low.length === 0 && kept.leaks.length === 0 && problems.length === 0 }
  } finally {
    await installation.admin(['delete', 'namespace', ns, '--ignore-not-found', '--wait=false'])
    await installation.close()
    await rm(folder, { recursive: true, force: true })
  }

  function judgeOutput(carrier: string, title: string, plot: Plot, bytes: Uint8Array): void {
    const haystack = new Haystack(bytes)
    const entries = hidden.get(carrier) ?? new Map<Entry, boolean>()
    hidden.set(carrier, entries)
    for (const [key, entry] of plot.entries) {
      const piece = haystack.readable(entry.secret)
      entries.set(entry, piece === null && (entries.get(entry) ?? true))
      byLook.add(title, 'masked', piece === null)
      if (piece === null) continue
      read.add(entry)
      misses.push(
        `${entry.source} ${entry.rule}  ${carrier}  ${plot.name} ${key} ${title}  left ${JSON.stringify(piece)}  in ${JSON.stringify(entry.text.slice(0, 300))}`,
      )
    }
  }
}

/** Reads everything but Secrets as the agent: what is masked in objects that hold nothing of ours? */
async function whatWasTouched(
  installation: Installation,
): Promise<{ readonly masked: readonly string[]; readonly strings: number }> {
  const kinds = await installation.admin(['api-resources', '--verbs=list', '-o', 'name'])
  const masked: string[] = []
  let strings = 0
  for (const kind of kinds.stdout.trim().split('\n')) {
    if (kind === 'secrets') continue
    const { stdout } = await installation.kubectl('v35', ['get', kind, '-A', '-o', 'json'])
    for (const [text] of stdout.matchAll(/"(?:[^"\\]|\\.)*"/g)) {
      strings++
      if (text.includes('⟦masked:')) masked.push(`${kind}: ${text.slice(0, 400)}`)
    }
  }
  return { masked, strings }
}

/** Looks through files, logs and exports. */
async function whatWasKept(
  installation: Installation,
  sample: readonly Entry[],
  read: ReadonlySet<Entry>,
): Promise<{ readonly leaks: readonly string[]; readonly places: readonly string[] }> {
  const places: [string, Uint8Array][] = [
    ['the log of the gateway', Buffer.from(installation.said())],
    ...(await filesBelow(installation.folder)).map(([path, bytes]): [string, Uint8Array] => [`file ${path}`, bytes]),
  ]
  for (const { id } of await sessionsOf(installation)) {
    for (const format of ['ndjson', 'asciicast', 'audit']) {
      const { code, stdout } = await installation.cli(['sessions', 'export', id, '--format', format])
      if (code === 0) places.push([`export ${format} of ${id}`, Buffer.from(stdout)])
    }
    const shown = await installation.cli(['sessions', 'show', id, '-o', 'json'])
    places.push([`session ${id}`, Buffer.from(shown.stdout)])
  }
  const leaks: string[] = []
  /** What clients could read: a short secret in base64 may look like a part of another. */
  const known = [...read].flatMap(({ text }) => formsOf(text)).join('\n')
  for (const [place, bytes] of places) {
    const haystack = new Haystack(bytes)
    for (const entry of sample) {
      if (read.has(entry)) continue
      const form = haystack.holds(entry.secret)
      if (form !== null && !known.includes(form))
        leaks.push(`${place}: ${entry.source} ${entry.rule} ${JSON.stringify(form)}`)
    }
  }
  const kinds = Map.groupBy(places, ([place]) => place.split(/[ /]/, 2).join(' '))
  const sizes = [...kinds].map(
    ([kind, some]) => `${kind} ${some.length} (${some.reduce((sum, [, { length }]) => sum + length, 0)} bytes)`,
  )
  return { leaks, places: sizes }
}

/** Runs it on the cluster of KUBECONFIG and writes `cluster.txt`. @returns whether it is good enough */
export async function runCluster(entries: readonly Entry[], out: string | undefined): Promise<boolean> {
  const kubeconfig = process.env.KUBECONFIG ?? ''
  if (kubeconfig === '') throw new Error('KUBECONFIG names no cluster')
  const { report, good } = await judgeOnCluster(entries, kubeconfig)
  if (out !== undefined) await writeFile(join(out, 'cluster.txt'), `${new Date().toISOString()}\n${report}\n`)
  process.stdout.write(`${report.split('\nMisses:')[0]}\n`)
  return good
}
