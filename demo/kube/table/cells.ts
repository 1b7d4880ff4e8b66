// Cells that take more than a path: the status of a pod, the ports of a service. In: an object. Out: text. Pure.

import { at, type Json, type KubeObject, numberAt, objectAt, objectsAt, textAt } from '../json.ts'
import { humanDuration, or, since } from './column.ts'

/** What kubectl calls the status of a pod: the phase, or the reason a container waits or ended for. */
export function podStatus(pod: KubeObject): string {
  let reason = textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase')
  for (const status of objectsAt(pod, 'status', 'containerStatuses').reverse()) {
    const waiting = textAt(status, 'state', 'waiting', 'reason')
    const ended = objectAt(status, 'state', 'terminated')
    if (waiting !== '') reason = waiting
    else if (ended.reason !== undefined) reason = textAt(ended, 'reason')
    else if (ended.exitCode !== undefined) reason = `ExitCode:${numberAt(ended, ['exitCode'])}`
  }
  if (reason === 'Completed' && objectsAt(pod, 'status', 'containerStatuses').some((s) => s.ready === true))
    reason = 'Running'
  return pod.metadata.deletionTimestamp === undefined ? reason : 'Terminating'
}

/** Restarts of a pod, and how long ago the last was. */
export function restarts(pod: KubeObject, now: number): string {
  const statuses = objectsAt(pod, 'status', 'containerStatuses')
  const count = statuses.reduce((sum, status) => sum + numberAt(status, ['restartCount']), 0)
  const last =
    statuses
      .map((status) => textAt(status, 'lastState', 'terminated', 'finishedAt'))
      .sort()
      .at(-1) ?? ''
  return count > 0 && last !== '' ? `${count} (${since(last, now)} ago)` : String(count)
}

/** The ports of a service. */
export function ports(service: KubeObject): string {
  return or(
    objectsAt(service, 'spec', 'ports')
      .map(
        (p) =>
          `${numberAt(p, ['port'])}${p.nodePort === undefined ? '' : `:${numberAt(p, ['nodePort'])}`}/${textAt(p, 'protocol')}`,
      )
      .join(','),
  )
}

/** The first addresses of an endpoints object. */
export function endpoints(o: KubeObject): string {
  const all = objectsAt(o, 'subsets').flatMap((s) =>
    objectsAt(s, 'addresses').flatMap((a) =>
      objectsAt(s, 'ports').map((p) => `${textAt(a, 'ip')}:${numberAt(p, ['port'])}`),
    ),
  )
  return or(all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(','))
}

/** Ready or not, and whether pods may be put on it. */
export function nodeStatus(node: KubeObject): string {
  const state =
    objectsAt(node, 'status', 'conditions').find((c) => c.type === 'Ready')?.status === 'True' ? 'Ready' : 'NotReady'
  return at(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state
}

/** What an autoscaler measures and wants. */
export function metricsText(hpa: KubeObject): string {
  return or(
    objectsAt(hpa, 'spec', 'metrics')
      .map((m, i) => {
        const current = at(hpa, 'status', 'currentMetrics', i, 'resource', 'current', 'averageUtilization')
        return `${textAt(m, 'resource', 'name')}: ${typeof current === 'number' ? `${current}%` : '<unknown>'}/${numberAt(m, ['resource', 'target', 'averageUtilization'])}%`
      })
      .join(', '),
  )
}

/** How long a job took, or takes. */
export function jobDuration(job: KubeObject, now: number): string {
  const start = textAt(job, 'status', 'startTime')
  const end = textAt(job, 'status', 'completionTime')
  return start === '' ? '' : humanDuration((end === '' ? now : Date.parse(end)) - Date.parse(start))
}

/** Complete, Failed or Running. */
export function jobStatus(job: KubeObject): string {
  const conditions = objectsAt(job, 'status', 'conditions')
    .filter((c) => c.status === 'True')
    .map((c) => textAt(c, 'type'))
  return conditions.includes('Complete') ? 'Complete' : conditions.includes('Failed') ? 'Failed' : 'Running'
}

/** Used and hard amounts of a quota. */
export function quota(o: KubeObject, which: (name: string) => boolean): string {
  const used = objectAt(o, 'status', 'used')
  return Object.entries(objectAt(o, 'spec', 'hard'))
    .filter(([name]) => which(name))
    .map(([name, hard]) => `${name}: ${String(used[name] ?? 0)}/${String(hard)}`)
    .join(', ')
}

/** Access modes by their short names. */
export function accessModes(modes: readonly Json[]): string {
  const SHORT: Readonly<Record<string, string>> = {
    ReadWriteOnce: 'RWO',
    ReadOnlyMany: 'ROX',
    ReadWriteMany: 'RWX',
    ReadWriteOncePod: 'RWOP',
  }
  return modes.map((mode) => SHORT[String(mode)] ?? String(mode)).join(',')
}
