// Jobs and cron jobs. A job makes pods until enough have succeeded; a cron job makes jobs when its minute comes.

import { now, timestamp } from '../cluster.ts'
import { at, clone, type JsonObject, type KubeObject, listAt, numberAt, objectAt, objectsAt, textAt } from '../json.ts'
import {
  type Context,
  condition,
  drop,
  emit,
  isActive,
  isReady,
  make,
  ownedBy,
  ownedIn,
  putStatus,
  resourceOf,
} from './context.ts'
import { podFrom } from './deployments.ts'

/** One step of a job. */
export function reconcileJob(context: Context, job: KubeObject): void {
  const { cluster } = context
  if (job.metadata.deletionTimestamp !== undefined) return
  const conditions = objectsAt(job, 'status', 'conditions')
  if (conditions.some((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True')) return
  const completions = numberAt(job, ['spec', 'completions'], 1)
  const pods = ownedIn(cluster, 'pods.', job)
  const phase = (wanted: string) => pods.filter((pod) => textAt(pod, 'status', 'phase') === wanted).length
  const succeeded = phase('Succeeded')
  const failed = phase('Failed')
  const suspended = at(job, 'spec', 'suspend') === true
  const active = pods.filter(isActive)
  const base: JsonObject = {
    ...(suspended ? {} : { startTime: textAt(job, 'status', 'startTime') || now(cluster) }),
    ...(succeeded > 0 ? { succeeded } : {}),
    ...(failed > 0 ? { failed } : {}),
    uncountedTerminatedPods: {},
  }
  if (succeeded >= completions) {
    emit(cluster, job, 'Normal', 'Completed', 'Job completed', 'job-controller')
    putStatus(cluster, 'jobs.batch', job, {
      ...base,
      ready: 0,
      terminating: 0,
      completionTime: now(cluster),
      conditions: [
        condition(
          cluster,
          conditions,
          'SuccessCriteriaMet',
          true,
          'CompletionsReached',
          'Reached expected number of succeeded pods',
          { lastProbeTime: now(cluster) },
        ),
        condition(
          cluster,
          conditions,
          'Complete',
          true,
          'CompletionsReached',
          'Reached expected number of succeeded pods',
          { lastProbeTime: now(cluster) },
        ),
      ],
    })
    return
  }
  if (failed > numberAt(job, ['spec', 'backoffLimit'], 6)) {
    emit(
      cluster,
      job,
      'Warning',
      'BackoffLimitExceeded',
      'Job has reached the specified backoff limit',
      'job-controller',
    )
    const why = ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'] as const
    putStatus(cluster, 'jobs.batch', job, {
      ...base,
      ready: 0,
      conditions: [condition(cluster, conditions, 'Failed', true, why[0], why[1], { lastProbeTime: now(cluster) })],
    })
    for (const pod of active) drop(cluster, resourceOf(cluster, '', 'pods'), pod, 0)
    return
  }
  const parallelism = suspended ? 0 : Math.min(numberAt(job, ['spec', 'parallelism'], 1), completions - succeeded)
  for (let i = active.length; i < parallelism; i++) {
    const pod = make(
      cluster,
      '',
      'pods',
      podFrom(job, objectAt(job, 'spec', 'template'), { generateName: `${job.metadata.name}-` }),
    )
    emit(cluster, job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, 'job-controller')
  }
  const running = ownedIn(cluster, 'pods.', job).filter(isActive)
  putStatus(cluster, 'jobs.batch', job, {
    ...base,
    active: running.length,
    ready: running.filter(isReady).length,
    terminating: 0,
  })
}

function fieldMatches(field: string, value: number): boolean {
  return field.split(',').some((part) => {
    const [range = '*', stepText = '1'] = part.split('/')
    const step = Number(stepText)
    const [from = 0, to = range.includes('-') ? 0 : range === '*' ? Number.MAX_SAFE_INTEGER : Number(range)] =
      range === '*' ? [0] : range.split('-').map(Number)
    const end = stepText !== '1' && !range.includes('-') && range !== '*' ? Number.MAX_SAFE_INTEGER : to
    return value >= from && value <= end && step > 0 && (value - from) % step === 0
  })
}

/** True when a five-field cron schedule names the minute of a time (UTC). */
export function scheduleMatches(schedule: string, timeMs: number): boolean {
  const named: Readonly<Record<string, string>> = {
    '@hourly': '0 * * * *',
    '@daily': '0 0 * * *',
    '@weekly': '0 0 * * 0',
    '@monthly': '0 0 1 * *',
  }
  const fields = (named[schedule] ?? schedule).trim().split(/\s+/)
  const date = new Date(timeMs)
  const values = [date.getUTCMinutes(), date.getUTCHours(), date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCDay()]
  return fields.length === 5 && fields.every((field, i) => fieldMatches(field, values[i] ?? 0))
}

/** Makes the job of a cron job for a time. */
function runCronJob(context: Context, cron: KubeObject, timeMs: number): KubeObject {
  const { cluster } = context
  const owners = ownedBy(cron)
  const template = objectAt(cron, 'spec', 'jobTemplate')
  const strings = (value: JsonObject) =>
    Object.fromEntries(Object.entries(value).filter((e): e is [string, string] => typeof e[1] === 'string'))
  const job = make(cluster, 'batch', 'jobs', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${cron.metadata.name}-${Math.floor(timeMs / 60_000)}`,
      namespace: cron.metadata.namespace ?? '',
      labels: strings(objectAt(template, 'metadata', 'labels')),
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(timeMs) },
      ...(owners === undefined ? {} : { ownerReferences: owners }),
    },
    spec: clone(objectAt(template, 'spec')),
  })
  emit(cluster, cron, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`, 'cronjob-controller')
  return job
}

/** Keeps a cron job's status and history in step with its jobs. */
export function reconcileCronJob(context: Context, cron: KubeObject): void {
  const { cluster } = context
  const jobs = ownedIn(cluster, 'jobs.batch', cron).sort((a, b) =>
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''),
  )
  const ended = (job: KubeObject, type: string) =>
    objectsAt(job, 'status', 'conditions').some((c) => c.type === type && c.status === 'True')
  for (const [type, limit] of [
    ['Complete', 'successfulJobsHistoryLimit'],
    ['Failed', 'failedJobsHistoryLimit'],
  ] as const) {
    const done = jobs.filter((job) => ended(job, type))
    for (const job of done.slice(0, Math.max(0, done.length - numberAt(cron, ['spec', limit], 3))))
      drop(cluster, resourceOf(cluster, 'batch', 'jobs'), job)
  }
  const active = jobs.filter((job) => !ended(job, 'Complete') && !ended(job, 'Failed'))
  const last = jobs.at(-1)
  const lastSuccess = jobs.filter((job) => ended(job, 'Complete')).at(-1)
  putStatus(cluster, 'cronjobs.batch', cron, {
    ...(active.length > 0
      ? {
          active: active.map((job) => ({
            apiVersion: 'batch/v1',
            kind: 'Job',
            name: job.metadata.name,
            namespace: job.metadata.namespace,
            uid: job.metadata.uid,
          })),
        }
      : {}),
    ...(last === undefined
      ? textAt(cron, 'status', 'lastScheduleTime') === ''
        ? {}
        : { lastScheduleTime: textAt(cron, 'status', 'lastScheduleTime') }
      : {
          lastScheduleTime:
            last.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ??
            last.metadata.creationTimestamp,
        }),
    ...(lastSuccess === undefined ? {} : { lastSuccessfulTime: textAt(lastSuccess, 'status', 'completionTime') }),
  })
}

/** Runs the cron jobs whose minute it is. */
export function runDueCronJobs(context: Context): void {
  const { cluster } = context
  const minute = Math.floor(cluster.clock.now() / 60_000) * 60_000
  for (const cron of cluster.store.list('cronjobs.batch')) {
    if (
      at(cron, 'spec', 'suspend') === true ||
      cron.metadata.deletionTimestamp !== undefined ||
      !scheduleMatches(textAt(cron, 'spec', 'schedule'), minute)
    )
      continue
    const name = `${cron.metadata.name}-${Math.floor(minute / 60_000)}`
    const busy = textAt(cron, 'spec', 'concurrencyPolicy') === 'Forbid' && listAt(cron, 'status', 'active').length > 0
    if (!busy && cluster.store.get('jobs.batch', cron.metadata.namespace ?? '', name) === undefined)
      runCronJob(context, cron, minute)
  }
}
