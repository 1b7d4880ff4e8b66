// pods/log: tail, since, timestamps, limitBytes, previous and follow. In: a call. Out: text, perhaps endless.

import type { Call } from '../handlers/call.ts'
import { found } from '../handlers/read.ts'
import { type KubeObject, objectsAt, textAt } from '../json.ts'
import { refuse } from '../refusal.ts'
import type { DemoResponse } from '../request.ts'
import type { LogLine } from './log-buffer.ts'
import type { PodRuntime } from './runtime.ts'

/** Lines that may wait for a slow follower; older ones are dropped, as a rotated log would lose them. */
const MAX_WAITING_LINES = 5000

/** The container a subresource call means: the named one, or the only or default one. Refuses (400) otherwise. */
export function containerOf(pod: KubeObject, asked: string): string {
  const names = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) =>
    objectsAt(pod, 'spec', list).map((c) => textAt(c, 'name')),
  )
  if (asked !== '') {
    if (!names.includes(asked))
      throw refuse('BadRequest', `container ${asked} is not valid for pod ${pod.metadata.name}`)
    return asked
  }
  const main = objectsAt(pod, 'spec', 'containers').map((c) => textAt(c, 'name'))
  const byAnnotation = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
  if (byAnnotation !== undefined && main.includes(byAnnotation)) return byAnnotation
  if (main.length === 1 && main[0] !== undefined) return main[0]
  throw refuse(
    'BadRequest',
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${main.join(' ')}]`,
  )
}

/** Refuses (400) while a container has not started. */
export function requireStarted(pod: KubeObject, container: string): void {
  const status = [
    ...objectsAt(pod, 'status', 'containerStatuses'),
    ...objectsAt(pod, 'status', 'ephemeralContainerStatuses'),
  ].find((s) => s.name === container)
  const waiting = textAt(status, 'state', 'waiting', 'reason')
  if (status === undefined || (waiting !== '' && waiting !== 'CrashLoopBackOff')) {
    throw refuse(
      'BadRequest',
      `container "${container}" in pod "${pod.metadata.name}" is waiting to start: ${waiting === '' ? 'ContainerCreating' : waiting}`,
    )
  }
}

function stamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000000Z')
}

/** GET pods/NAME/log. */
export function podLog(call: Call, runtime: PodRuntime): DemoResponse {
  const { query } = call.info
  const pod = found(call)
  const container = containerOf(pod, query.get('container') ?? '')
  requireStarted(pod, container)
  const buffer = runtime.logOf(pod, container)
  const previous = query.get('previous') === 'true'
  if (previous && buffer.previous === undefined)
    throw refuse('BadRequest', `previous terminated container "${container}" in pod "${pod.metadata.name}" not found`)
  const sinceSeconds = query.get('sinceSeconds')
  const sinceTime = query.get('sinceTime')
  const from =
    sinceSeconds !== null
      ? call.cluster.clock.now() - Number(sinceSeconds) * 1000
      : sinceTime !== null
        ? Date.parse(sinceTime)
        : 0
  const stamped = query.get('timestamps') === 'true'
  const limit = query.get('limitBytes') === null ? Number.POSITIVE_INFINITY : Number(query.get('limitBytes'))
  const tail = query.get('tailLines')
  let lines = [...((previous ? buffer.previous : buffer.lines) ?? [])].filter((line) => line.timeMs >= from)
  if (tail !== null && Number(tail) >= 0) lines = Number(tail) === 0 ? [] : lines.slice(-Number(tail))
  const shown = (line: LogLine) => `${stamped ? `${stamp(line.timeMs)} ` : ''}${line.text}\n`
  const headers = { 'content-type': 'text/plain' }
  if (query.get('follow') !== 'true' || previous) {
    const all = Buffer.from(lines.map(shown).join(''), 'utf8')
    return { status: 200, headers, body: all.length > limit ? all.subarray(0, limit) : all }
  }
  const queue: LogLine[] = lines
  const { signal } = call.request
  let ended = !runtime.isRunning(pod, container)
  let wake: () => void = () => {}
  const off = buffer.follow((line) => {
    if (line === undefined) ended = true
    else {
      queue.push(line)
      if (queue.length > MAX_WAITING_LINES) queue.shift()
    }
    wake()
  })
  const stop = () => {
    ended = true
    wake()
  }
  signal.addEventListener('abort', stop, { once: true })
  async function* stream(): AsyncGenerator<string> {
    let sent = 0
    try {
      while (true) {
        const batch = queue.splice(0, 200)
        if (batch.length > 0) {
          const piece = batch.map(shown).join('')
          const room = limit - sent
          if (Buffer.byteLength(piece) >= room) {
            yield Buffer.from(piece).subarray(0, room).toString('utf8')
            return
          }
          sent += Buffer.byteLength(piece)
          yield piece
        } else if (ended || signal.aborted) return
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
            if (queue.length > 0 || ended) resolve()
          })
        }
      }
    } finally {
      off()
      signal.removeEventListener('abort', stop)
    }
  }
  return { status: 200, headers, body: stream() }
}
