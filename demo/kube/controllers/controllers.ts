// The controllers' loop: every change puts the objects it concerns into a queue, and the queue is worked off a moment
// later, once per object. Nothing polls, except the clock of cron jobs.

import type { Cluster } from '../cluster.ts'
import { FOREGROUND } from '../handlers/write.ts'
import { type KubeObject, stringsAt, textAt } from '../json.ts'
import type { PodRuntime } from '../pods/runtime.ts'
import type { Change } from '../store.ts'
import type { Context } from './context.ts'
import { reconcileDeployment, reconcileReplicaSet } from './deployments.ts'
import { collect, defineResource, reconcileForeground, reconcileNamespace, undefineResource } from './housekeeping.ts'
import { reconcileCronJob, reconcileJob, runDueCronJobs } from './jobs.ts'
import { reconcilePod, rescheduleAll } from './pods.ts'
import { reconcileAutoscaler, reconcileBudget, reconcileClaim, reconcileService } from './services.ts'
import { reconcileDaemonSet, reconcileStatefulSet } from './sets.ts'

/** Changes within this time are worked off together. */
const BATCH_MS = 5

/** A failed step is tried again after this. */
const RETRY_MS = 1000

const STEPS: Readonly<Record<string, (context: Context, object: KubeObject) => void>> = {
  'pods.': reconcilePod,
  'deployments.apps': reconcileDeployment,
  'replicasets.apps': (context, set) => reconcileReplicaSet(context, set, 'replicasets.apps'),
  'replicationcontrollers.': (context, set) => reconcileReplicaSet(context, set, 'replicationcontrollers.'),
  'statefulsets.apps': reconcileStatefulSet,
  'daemonsets.apps': reconcileDaemonSet,
  'jobs.batch': reconcileJob,
  'cronjobs.batch': reconcileCronJob,
  'services.': reconcileService,
  'namespaces.': reconcileNamespace,
  'persistentvolumeclaims.': reconcileClaim,
  'horizontalpodautoscalers.autoscaling': reconcileAutoscaler,
  'poddisruptionbudgets.policy': reconcileBudget,
}

const OWNER_SHELVES: Readonly<Record<string, string>> = {
  Deployment: 'deployments.apps',
  ReplicaSet: 'replicasets.apps',
  ReplicationController: 'replicationcontrollers.',
  StatefulSet: 'statefulsets.apps',
  DaemonSet: 'daemonsets.apps',
  Job: 'jobs.batch',
  CronJob: 'cronjobs.batch',
}

/** Starts the controllers; the answer stops them. */
export function startControllers(cluster: Cluster, runtime: PodRuntime): () => void {
  const timers = new Set<() => void>()
  let stopped = false
  const later = (delayMs: number, run: () => void) => {
    if (stopped) return
    const cancel = cluster.clock.after(delayMs, () => {
      timers.delete(cancel)
      if (!stopped) run()
    })
    timers.add(cancel)
  }
  const context: Context = { cluster, runtime, later }
  const queue = new Set<string>()
  let waiting = false

  const work = () => {
    waiting = false
    for (const key of [...queue]) {
      queue.delete(key)
      const [shelf = '', namespace = '', name = ''] = key.split('|')
      const object = cluster.store.get(shelf, namespace, name)
      if (object === undefined) continue
      try {
        if (object.metadata.finalizers?.includes(FOREGROUND) === true) reconcileForeground(context, shelf, object)
        STEPS[shelf]?.(context, object)
      } catch {
        // Most often another change came between; the step is taken again from what is stored then.
        later(RETRY_MS, () => add(shelf, namespace, name))
      }
    }
  }
  const add = (shelf: string, namespace: string, name: string) => {
    queue.add(`${shelf}|${namespace}|${name}`)
    if (waiting) return
    waiting = true
    later(BATCH_MS, work)
  }
  const addObject = (shelf: string, object: KubeObject) =>
    add(shelf, object.metadata.namespace ?? '', object.metadata.name)

  const related = (shelf: string, change: Change) => {
    const { object } = change
    const namespace = object.metadata.namespace ?? ''
    for (const owner of object.metadata.ownerReferences ?? []) {
      const home = OWNER_SHELVES[owner.kind]
      if (home !== undefined) add(home, namespace, owner.name)
    }
    if (shelf === 'pods.') {
      for (const service of cluster.store.list('services.', namespace)) {
        const wanted = Object.entries(stringsAt(service, 'spec', 'selector'))
        if (wanted.length > 0 && wanted.every(([key, value]) => object.metadata.labels?.[key] === value))
          addObject('services.', service)
      }
      for (const budget of cluster.store.list('poddisruptionbudgets.policy', namespace))
        addObject('poddisruptionbudgets.policy', budget)
    }
    if (shelf.endsWith('.apps')) {
      for (const hpa of cluster.store.list('horizontalpodautoscalers.autoscaling', namespace)) {
        if (textAt(hpa, 'spec', 'scaleTargetRef', 'name') === object.metadata.name)
          addObject('horizontalpodautoscalers.autoscaling', hpa)
      }
    }
    if (shelf === 'nodes.') {
      later(BATCH_MS, () => rescheduleAll(context))
      for (const set of cluster.store.list('daemonsets.apps')) addObject('daemonsets.apps', set)
    }
    const home = namespace === '' ? undefined : cluster.store.get('namespaces.', '', namespace)
    if (change.type === 'DELETED' && home?.metadata.deletionTimestamp !== undefined) add('namespaces.', '', namespace)
  }

  const off = cluster.store.subscribeAll((shelf, change) => {
    const { object } = change
    if (shelf === 'customresourcedefinitions.apiextensions.k8s.io') {
      if (change.type === 'DELETED') undefineResource(context, object)
      else defineResource(context, object)
    }
    if (shelf === 'events.') return
    if (change.type === 'DELETED') {
      if (shelf === 'pods.') runtime.forget(object.metadata.uid ?? '')
      later(BATCH_MS, () => collect(context, object))
    } else if (STEPS[shelf] !== undefined || object.metadata.deletionTimestamp !== undefined) addObject(shelf, object)
    related(shelf, change)
  })

  const cron = () => {
    const next = 60_000 - (cluster.clock.now() % 60_000) + 50
    later(next, () => {
      try {
        runDueCronJobs(context)
      } finally {
        cron()
      }
    })
  }
  cron()

  return () => {
    stopped = true
    off()
    for (const cancel of timers) cancel()
    timers.clear()
  }
}
