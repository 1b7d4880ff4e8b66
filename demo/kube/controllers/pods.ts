// Scheduler and kubelet in one: binds pods, starts their containers after a moment, restarts what ends, ends what is deleted.

import { now, timestamp } from '../cluster.ts'
import { at, type JsonObject, type KubeObject, listAt, numberAt, objectAt, objectsAt, textAt } from '../json.ts'
import { behaviourOf, runsCommand } from '../pods/behaviour.ts'
import { shelfOf } from '../store.ts'
import { NODE_NAME } from '../version.ts'
import { type Context, condition, emit, fresh, resourceOf } from './context.ts'

const START_DELAY_MS = 500
const READY_DELAY_MS = 400
const STOP_DELAY_MS = 700
const BACKOFF_MS = [1000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000] as const

const PODS = 'pods.'

type Statuses = JsonObject[]

function statusesOf(pod: KubeObject): Statuses {
  return structuredClone(objectsAt(pod, 'status', 'containerStatuses'))
}

function write(context: Context, pod: KubeObject, statuses: Statuses): KubeObject | undefined {
  const { cluster } = context
  const live = fresh(cluster, PODS, pod)
  if (live === undefined) return undefined
  const before = at(live, 'status', 'conditions')
  const restart = textAt(live, 'spec', 'restartPolicy')
  const ended = statuses.length > 0 && statuses.every((s) => objectAt(s, 'state').terminated !== undefined)
  const failed = statuses.some((s) => numberAt(s, ['state', 'terminated', 'exitCode']) !== 0)
  const started = statuses.some((s) => objectAt(s, 'state').running !== undefined || numberAt(s, ['restartCount']) > 0)
  const phase =
    ended && restart !== 'Always' ? (failed ? 'Failed' : 'Succeeded') : started || ended ? 'Running' : 'Pending'
  const ready = statuses.length > 0 && statuses.every((s) => s.ready === true)
  const unready = statuses.filter((s) => s.ready !== true).map((s) => textAt(s, 'name'))
  const done = phase === 'Succeeded'
  const why = done ? 'PodCompleted' : 'ContainersNotReady'
  const words = done ? '' : `containers with unready status: [${unready.join(' ')}]`
  const ip = textAt(live, 'status', 'podIP') || context.runtime.nextIp()
  const status: JsonObject = {
    ...objectAt(live, 'status'),
    phase,
    conditions: [
      condition(cluster, before, 'PodReadyToStartContainers', true, '', ''),
      condition(cluster, before, 'Initialized', true, done ? 'PodCompleted' : '', ''),
      condition(cluster, before, 'Ready', ready, ready ? '' : why, ready ? '' : words),
      condition(cluster, before, 'ContainersReady', ready, ready ? '' : why, ready ? '' : words),
      condition(cluster, before, 'PodScheduled', true, '', ''),
    ],
    hostIP: '192.0.2.10',
    hostIPs: [{ ip: '192.0.2.10' }],
    ...(started || ended ? { podIP: ip, podIPs: [{ ip }] } : {}),
    startTime: textAt(live, 'status', 'startTime') || now(cluster),
    containerStatuses: statuses,
  }
  return cluster.store.put(PODS, { ...live, status })
}

function change(
  context: Context,
  pod: KubeObject,
  name: string,
  edit: (status: JsonObject) => void,
): KubeObject | undefined {
  const live = fresh(context.cluster, PODS, pod)
  if (live === undefined) return undefined
  const statuses = statusesOf(live)
  const mine = statuses.find((status) => status.name === name)
  if (mine === undefined) return undefined
  edit(mine)
  return write(context, live, statuses)
}

/** What a container needs and is not there, in the kubelet's words; `''` when all is there. */
function missing(context: Context, pod: KubeObject, container: JsonObject): string {
  const { store } = context.cluster
  const namespace = pod.metadata.namespace ?? ''
  const check = (shelf: string, word: string, ref: JsonObject): string => {
    if (ref.name === undefined || ref.optional === true) return ''
    const found = store.get(shelf, namespace, textAt(ref, 'name'))
    if (found === undefined) return `${word} "${textAt(ref, 'name')}" not found`
    const key = textAt(ref, 'key')
    return key !== '' && at(found, 'data', key) === undefined
      ? `couldn't find key ${key} in ${word === 'secret' ? 'Secret' : 'ConfigMap'} ${namespace}/${textAt(ref, 'name')}`
      : ''
  }
  const refs = [
    ...objectsAt(container, 'env')
      .map((e) => objectAt(e, 'valueFrom'))
      .flatMap((v) => [
        check('secrets.', 'secret', objectAt(v, 'secretKeyRef')),
        check('configmaps.', 'configmap', objectAt(v, 'configMapKeyRef')),
      ]),
    ...objectsAt(container, 'envFrom').flatMap((e) => [
      check('secrets.', 'secret', objectAt(e, 'secretRef')),
      check('configmaps.', 'configmap', objectAt(e, 'configMapRef')),
    ]),
  ]
  return refs.find((text) => text !== '') ?? ''
}

/** Starts a container's run: its state, its first log lines, and what makes it end. */
function start(context: Context, pod: KubeObject, name: string): void {
  const { cluster, runtime } = context
  const live = fresh(cluster, PODS, pod)
  const container = objectsAt(live, 'spec', 'containers').find((c) => c.name === name)
  if (live === undefined || container === undefined || live.metadata.deletionTimestamp !== undefined) return
  const path = `spec.containers{${name}}`
  const lacking = missing(context, live, container)
  if (lacking !== '') {
    emit(cluster, live, 'Warning', 'Failed', `Error: ${lacking}`, 'kubelet', path)
    change(context, live, name, (s) => {
      s.state = { waiting: { reason: 'CreateContainerConfigError', message: lacking } }
    })
    context.later(3000, () => start(context, live, name))
    return
  }
  const image = textAt(container, 'image')
  emit(
    cluster,
    live,
    'Normal',
    'Pulled',
    `Container image "${image}" already present on machine and can be accessed by the pod`,
    'kubelet',
    path,
  )
  emit(cluster, live, 'Normal', 'Created', `Container created`, 'kubelet', path)
  emit(cluster, live, 'Normal', 'Started', `Container started`, 'kubelet', path)
  const startedAt = now(cluster)
  const running = change(context, live, name, (s) => {
    s.state = { running: { startedAt } }
    s.started = true
    s.containerID = `demo://${runtime.nextId()}`
  })
  if (running === undefined) return
  const behaviour = behaviourOf(image)
  for (const line of behaviour.start ?? []) runtime.log(running, name, line)
  const finish = (code: number) => exited(context, running, name, code, startedAt)
  const once = textAt(running, 'spec', 'restartPolicy') !== 'Always'
  const interactive = container.stdin === true
  const argv = [...listAt(container, 'command'), ...listAt(container, 'args')].filter(
    (word) => typeof word === 'string',
  )
  if (behaviour.exit !== undefined) {
    const { code, afterMs } = behaviour.exit
    context.later(afterMs, () => finish(code))
  } else if (interactive) runtime.awaitAttach(running, name, finish)
  else if (argv.length > 0 && (once || runsCommand(image))) runtime.runCommand(running, name, argv, finish)
  else if (argv.length === 0 && runsCommand(image)) context.later(300, () => finish(0))
  else {
    ready(context, running, name)
    tick(context, running, name, startedAt, 1)
    return
  }
  if (!once || argv.length > 0 || interactive) ready(context, running, name)
}

function ready(context: Context, pod: KubeObject, name: string): void {
  context.later(READY_DELAY_MS, () => {
    if (!context.runtime.isRunning(pod, name)) return
    change(context, pod, name, (s) => {
      s.ready = true
    })
  })
}

function tick(context: Context, pod: KubeObject, name: string, startedAt: string, n: number): void {
  const container = objectsAt(pod, 'spec', 'containers').find((c) => c.name === name)
  const { line, everyMs } = behaviourOf(textAt(container, 'image'))
  if (line === undefined || everyMs === undefined) return
  context.later(everyMs, () => {
    const live = fresh(context.cluster, PODS, pod)
    const status = objectsAt(live, 'status', 'containerStatuses').find((s) => s.name === name)
    if (live === undefined || textAt(status, 'state', 'running', 'startedAt') !== startedAt) return
    context.runtime.log(live, name, line(n, now(context.cluster)))
    tick(context, live, name, startedAt, n + 1)
  })
}

function exited(context: Context, pod: KubeObject, name: string, exitCode: number, startedAt: string): void {
  const { cluster, runtime } = context
  const live = fresh(cluster, PODS, pod)
  if (live === undefined) return
  const policy = textAt(live, 'spec', 'restartPolicy')
  const again = policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
  const terminated: JsonObject = {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt,
    finishedAt: now(cluster),
    containerID: `demo://${name}`,
  }
  if (!again) {
    change(context, live, name, (s) => {
      s.state = { terminated }
      s.ready = false
      s.started = false
    })
    runtime.logOf(live, name).end()
    return
  }
  let restarts = 0
  change(context, live, name, (s) => {
    restarts = numberAt(s, ['restartCount'])
    s.lastState = { terminated }
    s.ready = false
    s.started = false
    s.state = {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off ${Math.round((BACKOFF_MS[Math.min(restarts, 6)] ?? 300_000) / 1000)}s restarting failed container=${name} pod=${live.metadata.name}_${live.metadata.namespace ?? ''}(${live.metadata.uid ?? ''})`,
      },
    }
  })
  emit(
    cluster,
    live,
    'Warning',
    'BackOff',
    `Back-off restarting failed container ${name} in pod ${live.metadata.name}_${live.metadata.namespace ?? ''}(${live.metadata.uid ?? ''})`,
    'kubelet',
    `spec.containers{${name}}`,
  )
  context.later(BACKOFF_MS[Math.min(restarts, 6)] ?? 300_000, () => {
    const still = fresh(cluster, PODS, live)
    if (still === undefined || still.metadata.deletionTimestamp !== undefined) return
    runtime.logOf(still, name).rotate()
    change(context, still, name, (s) => {
      s.restartCount = numberAt(s, ['restartCount']) + 1
    })
    start(context, still, name)
  })
}

function bind(context: Context, pod: KubeObject): void {
  const { cluster } = context
  const node = cluster.store.get('nodes.', '', NODE_NAME)
  if (node === undefined || at(node, 'spec', 'unschedulable') === true) {
    const why =
      '0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.'
    emit(cluster, pod, 'Warning', 'FailedScheduling', why, 'default-scheduler')
    const scheduled = condition(cluster, at(pod, 'status', 'conditions'), 'PodScheduled', false, 'Unschedulable', why)
    cluster.store.put(PODS, { ...pod, status: { ...objectAt(pod, 'status'), conditions: [scheduled] } })
    return
  }
  const bound = cluster.store.put(PODS, { ...pod, spec: { ...objectAt(pod, 'spec'), nodeName: NODE_NAME } })
  emit(
    cluster,
    bound,
    'Normal',
    'Scheduled',
    `Successfully assigned ${pod.metadata.namespace ?? ''}/${pod.metadata.name} to ${NODE_NAME}`,
    'default-scheduler',
  )
}

function create(context: Context, pod: KubeObject): void {
  const statuses: Statuses = objectsAt(pod, 'spec', 'containers').map((c) => ({
    name: textAt(c, 'name'),
    image: textAt(c, 'image'),
    imageID: '',
    lastState: {},
    ready: false,
    restartCount: 0,
    started: false,
    state: { waiting: { reason: 'ContainerCreating' } },
  }))
  const inits = objectsAt(pod, 'spec', 'initContainers').map(
    (c): JsonObject => ({
      name: textAt(c, 'name'),
      image: textAt(c, 'image'),
      imageID: '',
      lastState: {},
      ready: true,
      restartCount: 0,
      state: {
        terminated: {
          exitCode: 0,
          reason: 'Completed',
          startedAt: now(context.cluster),
          finishedAt: now(context.cluster),
        },
      },
    }),
  )
  const made = write(context, pod, statuses)
  if (made === undefined) return
  if (inits.length > 0)
    context.cluster.store.put(PODS, { ...made, status: { ...objectAt(made, 'status'), initContainerStatuses: inits } })
  context.later(START_DELAY_MS, () => {
    for (const container of objectsAt(pod, 'spec', 'containers')) start(context, pod, textAt(container, 'name'))
  })
}

const stopping = new WeakMap<Context, Set<string>>()

function stop(context: Context, pod: KubeObject): void {
  const busy = stopping.get(context) ?? new Set<string>()
  stopping.set(context, busy)
  const uid = pod.metadata.uid ?? ''
  if (busy.has(uid)) return
  busy.add(uid)
  for (const container of objectsAt(pod, 'spec', 'containers')) {
    emit(
      context.cluster,
      pod,
      'Normal',
      'Killing',
      `Stopping container ${textAt(container, 'name')}`,
      'kubelet',
      `spec.containers{${textAt(container, 'name')}}`,
    )
  }
  context.later(Math.min(STOP_DELAY_MS, (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000), () => {
    busy.delete(uid)
    const live = fresh(context.cluster, PODS, pod)
    if (live !== undefined && (live.metadata.finalizers ?? []).length === 0)
      context.cluster.store.remove(PODS, live.metadata.namespace ?? '', live.metadata.name)
  })
}

/** Ephemeral containers run from the moment they are added. */
function ephemeral(context: Context, pod: KubeObject): boolean {
  const have = objectsAt(pod, 'status', 'ephemeralContainerStatuses')
  const added = objectsAt(pod, 'spec', 'ephemeralContainers').filter((c) => !have.some((s) => s.name === c.name))
  if (added.length === 0) return false
  const startedAt = timestamp(context.cluster.clock.now())
  const statuses = [
    ...have,
    ...added.map(
      (c): JsonObject => ({
        name: textAt(c, 'name'),
        image: textAt(c, 'image'),
        imageID: '',
        lastState: {},
        ready: false,
        restartCount: 0,
        state: { running: { startedAt } },
      }),
    ),
  ]
  const put = context.cluster.store.put(PODS, {
    ...pod,
    status: { ...objectAt(pod, 'status'), ephemeralContainerStatuses: statuses },
  })
  for (const c of added) {
    const name = textAt(c, 'name')
    const end = (exitCode: number) => {
      const live = fresh(context.cluster, PODS, put)
      if (live === undefined) return
      const next = objectsAt(live, 'status', 'ephemeralContainerStatuses').map((s) =>
        s.name === name
          ? {
              ...s,
              state: {
                terminated: {
                  exitCode,
                  reason: exitCode === 0 ? 'Completed' : 'Error',
                  startedAt,
                  finishedAt: now(context.cluster),
                },
              },
            }
          : s,
      )
      context.cluster.store.put(PODS, {
        ...live,
        status: { ...objectAt(live, 'status'), ephemeralContainerStatuses: next },
      })
    }
    const argv = [...listAt(c, 'command'), ...listAt(c, 'args')].filter((word) => typeof word === 'string')
    if (c.stdin === true) context.runtime.awaitAttach(put, name, end)
    else context.runtime.runCommand(put, name, argv, end)
  }
  return true
}

/** One step of a pod. */
export function reconcilePod(context: Context, pod: KubeObject): void {
  if (pod.metadata.deletionTimestamp !== undefined) {
    stop(context, pod)
    return
  }
  if (textAt(pod, 'spec', 'nodeName') === '') bind(context, pod)
  else if (objectsAt(pod, 'status', 'containerStatuses').length === 0) create(context, pod)
  else ephemeral(context, pod)
}

/** Pods that wait for a node, tried again when the node has changed. */
export function rescheduleAll(context: Context): void {
  const shelf = shelfOf(resourceOf(context.cluster, '', 'pods'))
  for (const pod of context.cluster.store.list(shelf))
    if (textAt(pod, 'spec', 'nodeName') === '' && pod.metadata.deletionTimestamp === undefined) bind(context, pod)
}
