// What a Pod specification gives away: containers, images, Secrets it mounts, and whether it reaches for the node.
// In: an object of the API as parsed JSON, or null. Out: values for conditions. What is missing or of the wrong form counts as
// absent, since the object may be any. No I/O, no clock.

import { MAP, member, NULL, type Overload } from './functions.ts'
import { Failure, type Meter } from './values.ts'

const CONTAINERS = ['initContainers', 'containers', 'ephemeralContainers']

/**
 * The Pod specification of an object: a Pod's own, or the template's of whatever makes Pods (Deployment, StatefulSet, Job,
 * CronJob, PodTemplate, a custom resource of the same form), or the debug containers that API servers before 1.22 keep in an
 * object of their own. Null when there is none.
 * @throws Failure where there are two: one of them may be a decoy in a custom resource that keeps whatever it is given
 */
export function podSpecOf(object: unknown): Readonly<Record<string, unknown>> | null {
  const spec = at(object, 'spec')
  const candidates = [
    spec,
    at(at(spec, 'template'), 'spec'),
    at(at(at(at(spec, 'jobTemplate'), 'spec'), 'template'), 'spec'),
    at(at(object, 'template'), 'spec'),
    at(object, 'kind') === 'EphemeralContainers' ? object : null,
  ]
  const [found, other] = candidates.map(record).filter((candidate) => candidate !== null && looksLikePod(candidate))
  if (other !== undefined) throw new Failure('the object holds more than one Pod specification')
  return found ?? null
}

function looksLikePod(spec: Readonly<Record<string, unknown>>): boolean {
  return CONTAINERS.some((name) => Array.isArray(at(spec, name)))
}

/** All containers: init, ordinary and ephemeral ones. */
function allContainers(spec: unknown): readonly Readonly<Record<string, unknown>>[] {
  return CONTAINERS.flatMap((name) => records(at(spec, name)))
}

/** Images of all containers and of image volumes, each once. */
function images(spec: unknown): readonly string[] {
  const ofVolumes = records(at(spec, 'volumes')).map((volume) => at(at(volume, 'image'), 'reference'))
  return strings([...allContainers(spec).map((container) => at(container, 'image')), ...ofVolumes])
}

/** Names of all Secrets it mounts, takes variables from, or pulls and mounts with, each once. */
function secretNames(spec: unknown): readonly string[] {
  const names: unknown[] = records(at(spec, 'imagePullSecrets')).map((reference) => at(reference, 'name'))
  for (const volume of records(at(spec, 'volumes'))) {
    names.push(at(at(volume, 'secret'), 'secretName'))
    for (const source of records(at(at(volume, 'projected'), 'sources'))) names.push(at(at(source, 'secret'), 'name'))
    // Drivers that authenticate with a Secret, each with its own name for it.
    for (const [type, source] of Object.entries(volume)) {
      if (type === 'name') continue
      for (const key of ['secretRef', 'nodePublishSecretRef']) names.push(at(at(source, key), 'name'))
      if (type !== 'secret') names.push(at(source, 'secretName'))
    }
  }
  for (const container of allContainers(spec)) {
    for (const from of records(at(container, 'envFrom'))) names.push(at(at(from, 'secretRef'), 'name'))
    for (const variable of records(at(container, 'env'))) {
      names.push(at(at(at(variable, 'valueFrom'), 'secretKeyRef'), 'name'))
    }
  }
  return strings(names)
}

/**
 * Whether it has more of the node than a plain Pod: a privileged container, one that may gain privileges, added capabilities,
 * host processes of Windows, paths, network, processes, IPC or ports of the host. `allowPrivilegeEscalation` counts where it
 * is set to true; left out, it is true by default on the node, as for almost every Pod there is.
 */
function privileged(spec: unknown): boolean {
  if (['hostNetwork', 'hostPID', 'hostIPC'].some((name) => at(spec, name) === true)) return true
  if (records(at(spec, 'volumes')).some((volume) => record(at(volume, 'hostPath')) !== null)) return true
  if (hostProcess(at(spec, 'securityContext'))) return true
  return allContainers(spec).some((container) => {
    const context = at(container, 'securityContext')
    const added = at(at(context, 'capabilities'), 'add')
    return (
      at(context, 'privileged') === true ||
      at(context, 'allowPrivilegeEscalation') === true ||
      (Array.isArray(added) && added.length > 0) ||
      hostProcess(context) ||
      records(at(container, 'ports')).some((port) => takesHostPort(at(port, 'hostPort')))
    )
  })
}

function hostProcess(context: unknown): boolean {
  return at(at(context, 'windowsOptions'), 'hostProcess') === true
}

function takesHostPort(port: unknown): boolean {
  return port !== undefined && port !== null && port !== 0n && port !== 0
}

function at(object: unknown, key: string): unknown {
  const holder = record(object)
  return holder !== null && Object.hasOwn(holder, key) ? holder[key] : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return isRecord(value) ? value : null
}

function records(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter(isRecord) : []
}

function strings(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.filter((value) => typeof value === 'string' && value !== ''))].filter(
    (value) => typeof value === 'string',
  )
}

/** Pays for a walk over everything the functions look at. */
function pay(spec: unknown, meter: Meter): void {
  meter.spend(10)
  for (const name of [...CONTAINERS, 'volumes', 'imagePullSecrets']) {
    for (const each of records(at(spec, name))) {
      meter.spend(10)
      for (const list of ['env', 'envFrom', 'ports']) meter.spend(4 * size(at(each, list)))
      meter.spend(4 * size(at(at(each, 'projected'), 'sources')) + Object.keys(each).length * 4)
    }
  }
}

function size(list: unknown): number {
  return Array.isArray(list) ? list.length : 0
}

function onSpec(name: string, result: string, run: (spec: unknown) => unknown): Overload[] {
  const paid = (meter: Meter, spec: unknown): unknown => {
    pay(spec, meter)
    return run(spec)
  }
  return [member(name, [MAP], result, paid), member(name, [NULL], result, paid)]
}

/** Each on the Pod specification, and on null as on one without anything. */
export const POD_SPEC: readonly Overload[] = [
  ...onSpec('podSpec', 'dyn', podSpecOf),
  ...onSpec('allContainers', 'list<dyn>', allContainers),
  ...onSpec('images', 'list<string>', images),
  ...onSpec('secretNames', 'list<string>', secretNames),
  ...onSpec('privileged', 'bool', privileged),
]
