// Which secrets are written into a cluster, and the objects they are written in. In: entries. Out: manifests. No I/O.

import type { Entry } from './entries.ts'
import { alike, Haystack } from './search.ts'

/** Entries that go into one ConfigMap, one Secret and one Pod. */
export interface Plot {
  readonly name: string
  /** By key: `k0001`. */
  readonly entries: ReadonlyMap<string, Entry>
}

/** So many in one plot: an object stays well below the API server's 1 MiB. */
const ENTRIES_PER_PLOT = 250
/** Shorter ones occur in other words too, so that finding one says nothing. */
const MIN_SECRET_LENGTH = 10

/**
 * A sample: of each source first one of each of its rules, then more, up to `perSource` or as many as it has rules. No two
 * secrets that are alike, and none that stands in another's text.
 */
export function sampleOf(entries: readonly Entry[], perSource: number): Entry[] {
  const taken: Entry[] = []
  const pieces = new Set<string>()
  const perRule = new Map<string, number>()
  const counts = new Map<string, number>()
  for (const round of [1, Number.POSITIVE_INFINITY]) {
    for (const entry of entries) {
      if (entry.kind !== 'secret' || entry.secret.length < MIN_SECRET_LENGTH || taken.includes(entry)) continue
      const rule = `${entry.source} ${entry.rule}`
      const count = counts.get(entry.source) ?? 0
      if ((perRule.get(rule) ?? 0) >= round || (round > 1 && count >= perSource)) continue
      if (alike(entry.secret, pieces)) continue
      perRule.set(rule, (perRule.get(rule) ?? 0) + 1)
      counts.set(entry.source, count + 1)
      taken.push(entry)
    }
  }
  // What stands in another entry too would be found there.
  const others = new Haystack(Buffer.from(taken.map(({ text, secret }) => text.replaceAll(secret, '')).join('\n')))
  return taken.filter(({ secret }) => others.readable(secret) === null)
}

/** Puts entries into plots. */
export function plotsOf(entries: readonly Entry[]): Plot[] {
  const plots: Plot[] = []
  for (let from = 0; from < entries.length; from += ENTRIES_PER_PLOT) {
    const some = entries.slice(from, from + ENTRIES_PER_PLOT)
    const keyed = some.map((entry, index) => [`k${String(from + index).padStart(4, '0')}`, entry] as const)
    plots.push({ name: `c${plots.length}`, entries: new Map(keyed) })
  }
  return plots
}

const texts = (plot: Plot): Record<string, string> =>
  Object.fromEntries([...plot.entries].map(([key, { text }]) => [key, text]))

/** Prints every entry after a line with its key. */
export const PRINT = 'for f in /tmp/d/k*; do echo "## $' + '{f##*/}"; cat $f; echo; done; echo "## end"'

/** Copies of the entries that are plain files. */
const COPY = 'mkdir -p /tmp/d; for f in /data/k*; do cat $f > /tmp/d/$' + '{f##*/}; done'

/** The name of the pod that prints a plot's entries into its log. */
export function logOf(plot: Plot): string {
  return `${plot.name}-log`
}

/** The objects of a plot, for the cluster's administrator to make: a pod to reach into, and one that has printed them. */
export function manifests(plot: Plot, image: string): unknown[] {
  const metadata = { name: plot.name }
  const pod = (name: string, script: string, env: readonly unknown[]): unknown => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'd', configMap: { name: plot.name } }],
      containers: [
        {
          name: 'main',
          image,
          imagePullPolicy: 'IfNotPresent',
          env,
          volumeMounts: [{ name: 'd', mountPath: '/data' }],
          command: ['sh', '-c', script],
        },
      ],
    },
  })
  const env = [...plot.entries].map(([key, { text }]) => ({ name: key.toUpperCase(), value: text }))
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: texts(plot) },
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: texts(plot) },
    pod(plot.name, `${COPY}; while :; do sleep 1; done`, env),
    pod(logOf(plot), `${COPY}; ${PRINT}`, []),
  ]
}

/** What must come true before a plot can be looked at: arguments of `kubectl wait`. */
export function waits(plot: Plot): string[][] {
  return [
    ['--for=condition=Ready', `pod/${plot.name}`],
    ['--for=jsonpath={.status.phase}=Succeeded', `pod/${logOf(plot)}`],
  ]
}

/** Events that quote the entries short enough for one. */
export function eventsOf(plot: Plot, namespace: string): unknown[] {
  const now = '2026-03-01T10:00:00Z'
  return [...plot.entries]
    .filter(([, { text }]) => text.length < 1000)
    .map(([key, { text }]) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${plot.name}.${key}`, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: plot.name, namespace },
      reason: 'Quoted',
      message: text,
      type: 'Normal',
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    }))
}
