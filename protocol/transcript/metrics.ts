// Prints `kubectl top`. In: a PodMetricsList or NodeMetricsList. Out: a table. No I/O.

import { type Fields, fields, items, text } from './json.ts'
import { TablePrinter } from './table.ts'

/** CPU in millicores: `12345678n` → 13, `2` → 2000. */
function millicores(quantity: string): number {
  const match = /^([\d.]+)([num]?)$/.exec(quantity)
  if (!match) return 0
  const factor = { n: 1e-6, u: 1e-3, m: 1, '': 1000 }[match[2] ?? ''] ?? 0
  return Math.ceil(Number(match[1]) * factor)
}

/** Memory in mebibytes: `2048Ki` → 2. */
function mebibytes(quantity: string): number {
  const match = /^([\d.]+)(Ki|Mi|Gi|Ti|k|M|G|T)?$/.exec(quantity)
  if (!match) return 0
  const factors: Readonly<Record<string, number>> = {
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
    Ti: 2 ** 40,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
  }
  return Math.floor((Number(match[1]) * (factors[match[2] ?? ''] ?? 1)) / 2 ** 20)
}

/** True for what the metrics API lists. */
export function isMetrics(object: Fields): boolean {
  return object.kind === 'PodMetricsList' || object.kind === 'NodeMetricsList'
}

/** The table of usage; `namespaces` as `-A` would show them. */
export function metricsText(list: Fields, namespaces: boolean): string {
  const rows = items(list.items).map((item) => {
    const { usage, containers, metadata } = fields(item)
    const usages = containers === undefined ? [fields(usage)] : items(containers).map((c) => fields(fields(c).usage))
    const cpu = usages.reduce((sum, one) => sum + millicores(text(one.cpu)), 0)
    const memory = usages.reduce((sum, one) => sum + mebibytes(text(one.memory)), 0)
    return { cells: [text(fields(metadata).name), `${cpu}m`, `${memory}Mi`], object: { metadata } }
  })
  const columnDefinitions = ['NAME', 'CPU(cores)', 'MEMORY(bytes)'].map((name) => ({ name, priority: 0 }))
  return new TablePrinter({ namespaces, prefix: '', asNamed: true }).print({ columnDefinitions, rows })
}
