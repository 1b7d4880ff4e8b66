// Credentials written past the gateway and read back through it by real kubectl, in every format: not one can be read, nothing
// ordinary is touched, and nothing the gateway keeps holds one. On the demo cluster, or on the real one whose administrator's
// kubeconfig KUBECONFIG names.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Look, look, looks } from '../corpus/cluster.ts'
import type { Entry } from '../corpus/entries.ts'
import { eventsOf, manifests, type Plot, waits } from '../corpus/plant.ts'
import { formsOf, Haystack } from '../corpus/search.ts'
import { madeUpCredentials, ORDINARY } from './credentials.ts'
import { type Installation, startInstallation, type Version } from './installation.ts'
import { exportOf, filesWith, type Shown, sessionsOf } from './recordings.ts'

const KUBECONFIG = process.env.KUBECONFIG ?? ''
const REAL = KUBECONFIG !== ''
const NAMESPACE = `masking-${process.pid}`
const CREDENTIALS = madeUpCredentials(4)
const ordinary = ORDINARY.map(
  (text): Entry => ({ source: 'ordinary', rule: '', kind: 'benign', text, secret: '', name: null }),
)
const keyed = [...CREDENTIALS, ...ordinary].map(
  (entry, index) => [`k${String(index).padStart(4, '0')}`, entry] as const,
)
const PLOT: Plot = { name: 'kept', entries: new Map(keyed) }
/** Outputs that print the texts as they stand, one after the other. */
const PLAIN = /logs|exec kept .*-- sh -c for f in [^|]*end"$/

/** Of the old client, one of each way out; what differs is only what it asks for. */
const OLD = /-o yaml$|logs -f|logs kept-log -n \S+$|-it -- |-- env$|describe/

let installation: Installation
let folder = ''

async function must(args: readonly string[], items: readonly unknown[] | null = null): Promise<void> {
  const stdin = items === null ? {} : { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) }
  const { code, stderr } = await installation.admin(args, stdin)
  expect(code, stderr).toBe(0)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-masking-'))
  installation = await startInstallation(REAL ? { kubeconfig: KUBECONFIG } : {})
  await must(['create', 'namespace', NAMESPACE])
  await must(['create', '--validate=false', '-n', NAMESPACE, '-f', '-'], manifests(PLOT, 'localhost/busybox:1'))
  await must(['create', '--validate=false', '-n', NAMESPACE, '-f', '-'], eventsOf(PLOT, NAMESPACE))
  for (const wait of waits(PLOT)) await must(['wait', '-n', NAMESPACE, '--timeout=60s', ...wait])
})
afterAll(async () => {
  if (REAL) await installation?.admin(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false'])
  await installation?.close()
  await rm(folder, { recursive: true, force: true })
})

/** The kinds that can be read in an output. */
function readableIn(bytes: Uint8Array): string[] {
  const haystack = new Haystack(bytes)
  return CREDENTIALS.flatMap(({ rule, secret }) => {
    const piece = haystack.readable(secret)
    return piece === null ? [] : [`${rule}: ${piece}`]
  })
}

const rows = (version: Version): [string, Look][] =>
  looks(PLOT, NAMESPACE)
    .filter(({ only, carrier }) => (only ?? version) === version && carrier !== 'value')
    .map((each): [string, Look] => [each.args.join(' ').replaceAll(NAMESPACE, 'NS'), each])
    .filter(([title]) => version === 'v35' || OLD.test(title))

for (const version of ['v35', 'v30'] as const) {
  describe.concurrent(`kubectl ${version === 'v35' ? '1.35' : '1.30'} on ${REAL ? 'a real cluster' : 'the demo cluster'}`, () => {
    test.each(rows(version))('%s', async (title, row) => {
      const { bytes, code, err } = await look(installation, version, row)
      expect(code, err).toBe(0)
      expect(readableIn(bytes)).toEqual([])
      if (!PLAIN.test(title)) return
      const text = Buffer.from(bytes).toString('utf8')
      for (const line of ORDINARY) expect(text).toContain(line)
      // The lines between the credentials stand.
      expect(text.match(/## k\d{4}/g)?.length).toBe(PLOT.entries.size)
    })

    test('cp of files that hold credentials ends with a reason', async () => {
      const into = join(folder, version)
      const { code, stderr } = await installation.kubectl(version, ['cp', '-n', NAMESPACE, 'kept:/tmp/d', into])
      const names = await readdir(into).catch(() => [])
      const files = await Promise.all(names.map((name) => readFile(join(into, name))))
      expect(readableIn(Buffer.concat([...files, Buffer.from(stderr)]))).toEqual([])
      expect([code, stderr]).toEqual([1, expect.stringContaining('the archive holds a secret')])
    })

    test('cp of a file that holds none brings it as it is', async () => {
      const into = join(folder, `${version}-ordinary`)
      const args = ['cp', '-n', NAMESPACE, `kept:/tmp/d/${keyed.at(-1)?.[0]}`, into]
      const { code, stderr } = await installation.kubectl(version, args)
      expect(code, stderr).toBe(0)
      expect(await readFile(into, 'utf8')).toBe(ORDINARY.at(-1))
    })
  })
}

describe('in one session', () => {
  const env = { SALLYPORT_SESSION: 'one' }
  const printed = async (args: readonly string[], input = ''): Promise<string> => {
    const result = await installation.kubectl('v35', [...args, '-n', NAMESPACE], { env, stdin: input })
    expect(result.code, result.stderr).toBe(0)
    return `${result.stdout}${result.stderr}`
  }
  /** The tag that stands for a credential of a kind in an output. */
  const tagIn = (text: string, kind: RegExp): string | undefined => kind.exec(text)?.[1]

  test('a credential has the same tag wherever it stands', async () => {
    const at = /aws_secret_access_key = ⟦masked:[a-z0-9-]+:([0-9a-f]{12})⟧/
    const texts = await Promise.all(
      [
        ['get', 'configmap', 'kept', '-o', 'yaml'],
        ['logs', 'kept-log'],
        ['describe', 'pod', 'kept'],
      ].map((args) => printed(args)),
    )
    const [first, ...others] = texts.map((text) => tagIn(text, at))
    expect(first).toMatch(/^[0-9a-f]{12}$/)
    expect(others).toEqual([first, first])
  })

  test('what an agent writes is not kept as it wrote it', async () => {
    const [, ...some] = CREDENTIALS
    const made = some.map(({ secret }, index) => `--from-literal=k${index}=${secret}`)
    await printed(['create', 'secret', 'generic', 'written', ...made])
    const data = Object.fromEntries(some.map(({ text }, index) => [`k${index}`, text]))
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'written' }, data }
    await printed(['apply', '-f', '-'], JSON.stringify(manifest))
    expect(readableIn(Buffer.from(await printed(['get', 'configmap,secret', '-o', 'yaml'])))).toEqual([])
  })
})

describe('what was kept', () => {
  let sessions: Shown[]
  beforeAll(async () => {
    sessions = await sessionsOf(installation)
  })

  test('every session that saw credentials counts them', () => {
    const counts = sessions.map(({ masks }) => masks)
    expect(counts.length).toBeGreaterThan(5)
    expect(Math.min(...counts)).toBeGreaterThan(0)
  })

  test('no credential is in a file, a log or an export, in any form', async () => {
    const needles = CREDENTIALS.flatMap(({ secret }) => formsOf(secret))
    expect(await filesWith(installation.folder, needles)).toEqual([])
    for (const needle of needles) expect(installation.said()).not.toContain(needle)
    for (const { id } of sessions) {
      for (const format of ['ndjson', 'asciicast'] as const) {
        const text = await exportOf(installation, id, format)
        for (const needle of needles) expect(text.includes(needle), `${needle} in the ${format} of ${id}`).toBe(false)
      }
    }
  })
})
