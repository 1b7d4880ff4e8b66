// exec and attach: checks what is asked, then runs it on the session's channels and says how it ended.

import type { Status } from '../../../protocol/status.ts'
import { failure } from '../../../protocol/status.ts'
import { at, type KubeObject, listAt } from '../json.ts'
import { containerSpec } from '../pods/files.ts'
import { containerOf, requireStarted } from '../pods/logs.ts'
import type { PodRuntime } from '../pods/runtime.ts'
import { notFound, refuse } from '../refusal.ts'
import type { RequestInfo } from '../request.ts'
import type { Channels } from './channels.ts'
import { NoSuchCommand, runSession } from './session.ts'

/** A checked exec or attach. */
export interface Checked {
  readonly pod: KubeObject
  readonly container: string
  readonly argv: readonly string[]
  readonly stdin: boolean
  readonly tty: boolean
}

const yes = (query: URLSearchParams, name: string) => ['1', 'true'].includes(query.get(name) ?? '')

/** The pod of a request, or 404. */
export function podOf(runtime: PodRuntime, info: RequestInfo): KubeObject {
  const pod = runtime.cluster.store.get('pods.', info.namespace, info.name)
  if (pod === undefined) throw notFound('pods', '', info.name)
  return pod
}

/** Checks an exec or attach as the API server and the kubelet do, before the connection is upgraded. */
export function checkExec(runtime: PodRuntime, info: RequestInfo): Checked {
  const pod = podOf(runtime, info)
  const { query } = info
  const container = containerOf(pod, query.get('container') ?? '')
  const argv = query.getAll('command')
  if (info.subresource === 'exec' && argv.length === 0)
    throw refuse('BadRequest', 'you must specify at least one command for the container')
  requireStarted(pod, container)
  if (!runtime.isRunning(pod, container))
    throw refuse('InternalError', `unable to upgrade connection: container not found ("${container}")`)
  return { pod, container, argv, stdin: yes(query, 'stdin'), tty: yes(query, 'tty') }
}

const SUCCESS: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }

/** The Status that ends a session. */
function endStatus(exitCode: number): Status {
  if (exitCode === 0) return SUCCESS
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command, exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}

async function attachLogs(runtime: PodRuntime, checked: Checked, channels: Channels): Promise<void> {
  const buffer = runtime.logOf(checked.pod, checked.container)
  const lines: string[] = []
  let ended = false
  let wake: () => void = () => {}
  const off = buffer.follow((line) => {
    if (line === undefined) ended = true
    else if (lines.length < 1000) lines.push(line.text)
    wake()
  })
  const stop = () => {
    ended = true
    wake()
  }
  channels.signal.addEventListener('abort', stop, { once: true })
  try {
    while (!ended || lines.length > 0) {
      const line = lines.shift()
      if (line !== undefined) await channels.stdout(Buffer.from(`${line}${checked.tty ? '\r' : ''}\n`))
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
          if (ended || lines.length > 0) resolve()
        })
      }
    }
  } finally {
    off()
  }
}

/** Runs a checked session on its channels, to the end. Never rejects: a client that is gone ends it. */
export async function serveExec(
  runtime: PodRuntime,
  subresource: string,
  checked: Checked,
  channels: Channels,
): Promise<void> {
  const { pod, container } = checked
  const shell = runtime.shellOf(pod, container)
  const own = subresource === 'attach' ? runtime.takeAttach(pod, container) : undefined
  let code = 0
  try {
    if (subresource === 'attach' && own === undefined) await attachLogs(runtime, checked, channels)
    else {
      const spec = containerSpec(pod, container)
      const words = [...listAt(spec, 'command'), ...listAt(spec, 'args')].filter((word) => typeof word === 'string')
      const argv = subresource === 'exec' ? checked.argv : words.length > 0 ? words : ['sh']
      const tty = subresource === 'exec' ? checked.tty : at(spec, 'tty') === true
      code = await runSession({ argv, stdin: checked.stdin, tty }, channels, shell, await shell.begin(pod))
    }
    await channels.finish(endStatus(code))
  } catch (error) {
    const why = error instanceof NoSuchCommand ? error.message : 'the simulated container failed'
    code = code === 0 ? 128 : code
    const status = failure(
      'InternalError',
      `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: ${why}: unknown`,
    )
    await channels.finish(status).catch(() => undefined)
  } finally {
    own?.(code)
  }
}
