// The files and the environment of a simulated container: a small base, and what its volumes and env bring in.
// In: the pod as stored. Out: paths and bytes. Nothing of the host is read.

import type { Cluster } from '../cluster.ts'
import { issueToken } from '../handlers/reviews.ts'
import {
  at,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  objectAt,
  objectsAt,
  textAt,
} from '../json.ts'

/** Files by absolute path. */
export type Files = Map<string, Uint8Array>

const utf8 = new TextEncoder()

function decoded(object: KubeObject | undefined, key: string): Uint8Array | undefined {
  const value = at(object, 'data', key)
  if (typeof value !== 'string') return undefined
  return object?.kind === 'Secret' ? Buffer.from(value, 'base64') : utf8.encode(value)
}

function allKeys(object: KubeObject | undefined): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>()
  for (const key of Object.keys(objectAt(object, 'data'))) {
    const bytes = decoded(object, key)
    if (bytes !== undefined) out.set(key, bytes)
  }
  return out
}

function chosen(object: KubeObject | undefined, items: readonly JsonObject[]): Map<string, Uint8Array> {
  if (items.length === 0) return allKeys(object)
  const out = new Map<string, Uint8Array>()
  for (const item of items) {
    const bytes = decoded(object, textAt(item, 'key'))
    if (bytes !== undefined) out.set(textAt(item, 'path'), bytes)
  }
  return out
}

function fieldText(pod: KubeObject, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path)
  if (keyed !== null) return textAt(pod, 'metadata', keyed[1] ?? '', keyed[2] ?? '')
  const found = at(pod, ...path.split('.'))
  if (isObject(found))
    return Object.entries(found)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join('\n')
  return found === undefined || found === null ? '' : String(found)
}

/** Tokens already handed to a pod, so that it reads the same one each time. */
const tokens = new WeakMap<Cluster, Map<string, string>>()

function tokenOf(cluster: Cluster, pod: KubeObject, seconds: Json | undefined, audience: string): string {
  const known = tokens.get(cluster) ?? new Map<string, string>()
  tokens.set(cluster, known)
  const key = `${pod.metadata.uid ?? ''}/${audience}`
  const have = known.get(key)
  const issued = have === undefined ? undefined : cluster.issued.get(have)
  if (have !== undefined && issued !== undefined && issued.expiresAt > cluster.clock.now()) return have
  const account = cluster.store.get(
    'serviceaccounts.',
    pod.metadata.namespace ?? '',
    textAt(pod, 'spec', 'serviceAccountName') || 'default',
  )
  if (account === undefined) return ''
  const token = issueToken({ cluster }, account, typeof seconds === 'number' ? seconds : 3600, [audience])
  known.set(key, token)
  return token
}

function volumeFiles(cluster: Cluster, pod: KubeObject, volume: JsonObject): Map<string, Uint8Array> {
  const namespace = pod.metadata.namespace ?? ''
  const secret = (name: string) => cluster.store.get('secrets.', namespace, name)
  const configMap = (name: string) => cluster.store.get('configmaps.', namespace, name)
  const downward = (items: readonly JsonObject[]) =>
    new Map(
      items.map((item) => [textAt(item, 'path'), utf8.encode(fieldText(pod, textAt(item, 'fieldRef', 'fieldPath')))]),
    )
  if (isObject(volume.secret))
    return chosen(secret(textAt(volume.secret, 'secretName')), objectsAt(volume.secret, 'items'))
  if (isObject(volume.configMap))
    return chosen(configMap(textAt(volume.configMap, 'name')), objectsAt(volume.configMap, 'items'))
  if (isObject(volume.downwardAPI)) return downward(objectsAt(volume.downwardAPI, 'items'))
  const out = new Map<string, Uint8Array>()
  for (const source of objectsAt(volume, 'projected', 'sources')) {
    const found = isObject(source.secret)
      ? chosen(secret(textAt(source.secret, 'name')), objectsAt(source.secret, 'items'))
      : isObject(source.configMap)
        ? chosen(configMap(textAt(source.configMap, 'name')), objectsAt(source.configMap, 'items'))
        : isObject(source.downwardAPI)
          ? downward(objectsAt(source.downwardAPI, 'items'))
          : new Map<string, Uint8Array>()
    for (const [path, bytes] of found) out.set(path, bytes)
    if (isObject(source.serviceAccountToken)) {
      const { path, expirationSeconds, audience } = source.serviceAccountToken
      out.set(
        typeof path === 'string' ? path : 'token',
        utf8.encode(
          tokenOf(
            cluster,
            pod,
            expirationSeconds,
            typeof audience === 'string' ? audience : 'https://kubernetes.default.svc',
          ),
        ),
      )
    }
  }
  return out
}

/** The container's spec, of whichever sort it is. */
export function containerSpec(pod: KubeObject, name: string): JsonObject {
  return (
    ['containers', 'initContainers', 'ephemeralContainers']
      .flatMap((list) => objectsAt(pod, 'spec', list))
      .find((c) => c.name === name) ?? {}
  )
}

/** What is mounted into a container now, and the directories of empty volumes. */
export function mountedFiles(
  cluster: Cluster,
  pod: KubeObject,
  container: string,
): { files: Files; directories: string[] } {
  const files: Files = new Map()
  const directories: string[] = []
  const volumes = new Map(objectsAt(pod, 'spec', 'volumes').map((volume) => [textAt(volume, 'name'), volume]))
  for (const mount of objectsAt(containerSpec(pod, container), 'volumeMounts')) {
    const volume = volumes.get(textAt(mount, 'name'))
    const path = textAt(mount, 'mountPath').replace(/\/$/, '')
    if (volume === undefined || path === '') continue
    directories.push(path)
    const subPath = textAt(mount, 'subPath')
    for (const [name, bytes] of volumeFiles(cluster, pod, volume)) {
      if (subPath === '') files.set(`${path}/${name}`, bytes)
      else if (subPath === name) files.set(path, bytes)
    }
  }
  return { files, directories: directories.filter((path) => !files.has(path)) }
}

/** Files every container has. */
export function baseFiles(pod: KubeObject): Record<string, string> {
  const { name, namespace = '' } = pod.metadata
  const ip = textAt(pod, 'status', 'podIP')
  return {
    '/etc/hostname': `${name}\n`,
    '/etc/hosts': `# simulated\n127.0.0.1\tlocalhost\n${ip}\t${name}\n`,
    '/etc/resolv.conf': `search ${namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.2\noptions ndots:5\n`,
    '/etc/os-release': 'NAME="Sallyport demo container"\nID=demo\nPRETTY_NAME="Sallyport demo container (simulated)"\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    '/root/.profile': '# simulated container\n',
    '/app/README': 'This container is simulated: files live in memory and no process runs.\n',
    '/var/log/app.log': '',
    '/tmp/.keep': '',
  }
}

/** The environment of a container as the kubelet would set it. */
export function environment(cluster: Cluster, pod: KubeObject, container: string): Record<string, string> {
  const namespace = pod.metadata.namespace ?? ''
  const spec = containerSpec(pod, container)
  const out: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOSTNAME: textAt(pod, 'spec', 'hostname') || pod.metadata.name,
    HOME: '/root',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_PORT: 'tcp://10.96.0.1:443',
  }
  for (const source of objectsAt(spec, 'envFrom')) {
    const secret = textAt(source, 'secretRef', 'name')
    const map = textAt(source, 'configMapRef', 'name')
    const object =
      secret !== ''
        ? cluster.store.get('secrets.', namespace, secret)
        : cluster.store.get('configmaps.', namespace, map)
    for (const [key, bytes] of allKeys(object))
      if (/^[A-Za-z_][\w.-]*$/.test(key)) out[`${textAt(source, 'prefix')}${key}`] = Buffer.from(bytes).toString('utf8')
  }
  for (const item of objectsAt(spec, 'env')) {
    const name = textAt(item, 'name')
    const from = objectAt(item, 'valueFrom')
    const secretRef = objectAt(from, 'secretKeyRef')
    const mapRef = objectAt(from, 'configMapKeyRef')
    if (secretRef.name !== undefined || mapRef.name !== undefined) {
      const ref = secretRef.name !== undefined ? secretRef : mapRef
      const object = cluster.store.get(
        secretRef.name !== undefined ? 'secrets.' : 'configmaps.',
        namespace,
        textAt(ref, 'name'),
      )
      const bytes = decoded(object, textAt(ref, 'key'))
      if (bytes !== undefined) out[name] = Buffer.from(bytes).toString('utf8')
    } else if (from.fieldRef !== undefined) out[name] = fieldText(pod, textAt(from, 'fieldRef', 'fieldPath'))
    else out[name] = textAt(item, 'value').replace(/\$\(([A-Za-z_]\w*)\)/g, (whole, key) => out[key] ?? whole)
  }
  return out
}

/** A container's command line, for `ps`. */
export function commandLine(pod: KubeObject, container: string): string {
  const spec = containerSpec(pod, container)
  const words = [...listAt(spec, 'command'), ...listAt(spec, 'args')].filter((word) => typeof word === 'string')
  return words.length > 0 ? words.join(' ') : `/app/${textAt(spec, 'name')}`
}
