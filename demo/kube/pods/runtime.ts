// What stands in for the kubelet's containers: a log per container and, on demand, a shell over files in memory.
// No process is started and no file of the host is read.

import { randomBytes } from 'node:crypto'
import type { Cluster } from '../cluster.ts'
import { type KubeObject, objectsAt, textAt } from '../json.ts'
import { LogBuffer, MAX_LINES } from './log-buffer.ts'
import { PodShell } from './shell.ts'

/** All simulated containers of a cluster. */
export class PodRuntime {
  readonly cluster: Cluster
  readonly #waiting = new Map<string, (exitCode: number) => void>()
  readonly #shells = new Map<string, PodShell>()
  readonly #runs = new Map<string, AbortController>()
  #ips = 1
  readonly #logs = new Map<string, Map<string, LogBuffer>>()

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** The log of a container, empty when it has written nothing. */
  logOf(pod: KubeObject, container: string): LogBuffer {
    const uid = pod.metadata.uid ?? ''
    let logs = this.#logs.get(uid)
    if (logs === undefined) {
      logs = new Map()
      this.#logs.set(uid, logs)
    }
    let log = logs.get(container)
    if (log === undefined) {
      log = new LogBuffer()
      logs.set(container, log)
    }
    return log
  }

  /** True while a container is in state running. */
  isRunning(pod: KubeObject, container: string): boolean {
    const live = this.cluster.store.get('pods.', pod.metadata.namespace ?? '', pod.metadata.name)
    if (live === undefined || live.metadata.uid !== pod.metadata.uid) return false
    const statuses = [
      ...objectsAt(live, 'status', 'containerStatuses'),
      ...objectsAt(live, 'status', 'ephemeralContainerStatuses'),
    ]
    return (
      textAt(
        statuses.find((status) => status.name === container),
        'state',
        'running',
        'startedAt',
      ) !== ''
    )
  }

  /** Writes a line to a container's log. */
  log(pod: KubeObject, container: string, text: string): void {
    this.logOf(pod, container).add(this.cluster.clock.now(), text)
  }

  /** A pod address nobody has had. */
  nextIp(): string {
    this.#ips++
    return `10.244.${(this.#ips >> 8) & 255}.${this.#ips & 255}`
  }

  /** A container id. */
  nextId(): string {
    return randomBytes(16).toString('hex')
  }

  /** A container that does nothing until someone attaches; its end is the end of that session. */
  awaitAttach(pod: KubeObject, container: string, finish: (exitCode: number) => void): void {
    this.#waiting.set(`${pod.metadata.uid ?? ''}/${container}`, finish)
  }

  /** The one attach a container waits for, taken at most once. */
  takeAttach(pod: KubeObject, container: string): ((exitCode: number) => void) | undefined {
    const key = `${pod.metadata.uid ?? ''}/${container}`
    const finish = this.#waiting.get(key)
    this.#waiting.delete(key)
    return finish
  }

  /** The shell of a container, made on first use. */
  shellOf(pod: KubeObject, container: string): PodShell {
    const key = `${pod.metadata.uid ?? ''}/${container}`
    let shell = this.#shells.get(key)
    if (shell === undefined) {
      shell = new PodShell(this.cluster, pod, container)
      this.#shells.set(key, shell)
    }
    return shell
  }

  /** Runs a container's own command in the simulated shell; its output is the log. */
  runCommand(pod: KubeObject, container: string, argv: readonly string[], finish: (exitCode: number) => void): void {
    const shell = this.shellOf(pod, container)
    const words = argv.length === 0 ? ['true'] : argv
    const aborter = new AbortController()
    this.#runs.set(`${pod.metadata.uid ?? ''}/${container}`, aborter)
    const run = async () => {
      const outcome = await shell.run(words, await shell.begin(pod), new Uint8Array(), aborter.signal)
      for (const text of [outcome.stdout, outcome.stderr].map((bytes) => Buffer.from(bytes).toString('utf8'))) {
        for (const line of text.split('\n').slice(0, MAX_LINES)) if (line !== '') this.log(pod, container, line)
      }
      return outcome.exitCode
    }
    run().then(finish, () => finish(1))
  }

  /** Forgets a pod that is gone. */
  forget(uid: string): void {
    for (const log of this.#logs.get(uid)?.values() ?? []) log.end()
    this.#logs.delete(uid)
    for (const [key, run] of this.#runs) if (key.startsWith(`${uid}/`)) run.abort()
    for (const map of [this.#waiting, this.#shells, this.#runs]) {
      for (const key of map.keys()) if (key.startsWith(`${uid}/`)) map.delete(key)
    }
  }
}
