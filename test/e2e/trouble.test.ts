// The connector dies while clients stream through it: each gets a clear error, `up` starts it again, the next command works.
// And a shorter table on Deno, with the same clients.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Door } from './door.ts'
import { type Installation, startInstallation } from './installation.ts'
import { newSecret, openDoor, setUp } from './manifests.ts'
import { sessionsOf } from './recordings.ts'
import { APPLY } from './rows/change.ts'
import { HELM } from './rows/helm.ts'
import { GET } from './rows/look.ts'
import { EXEC, FORWARD, LOGS } from './rows/reach.ts'
import { Lanes, plan } from './table.ts'

const KUBECONFIG = process.env.KUBECONFIG ?? ''
const REAL = KUBECONFIG !== ''
const NAMESPACE = `e2e-deno-${process.pid}`
const rows = plan(
  { exec: EXEC, helm: HELM, get: GET, apply: APPLY, logs: LOGS, 'port-forward': FORWARD },
  { version: 'v35', real: REAL, lanes: new Lanes() },
)

let installation: Installation
let folder: string
let door: Door

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-e2e-files-'))
  installation = await startInstallation({ runtime: 'deno', ...(REAL ? { kubeconfig: KUBECONFIG } : {}) })
  door = await openDoor({ installation, version: 'v35', namespace: NAMESPACE, folder, secret: newSecret() })
  await setUp(door)
  rows.start(door)
})

afterAll(async () => {
  if (REAL) await installation?.admin(['delete', 'namespace', '--ignore-not-found', '--wait=false', NAMESPACE])
  await installation?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('kubectl 1.35 and helm 4 with the gateway on Deno', () => rows.declare())

describe('the connector is killed', () => {
  beforeAll(() => rows.over)

  test('in mid-stream: every client says so, and the next command works', async () => {
    const logs = door.start('kubectl logs -f talker -n {ns} --tail=1')
    const shell = door.start('kubectl exec -it box -n {ns} -- sh', { tty: true })
    const watch = door.start('kubectl get configmaps -n {ns} -w')
    await Promise.all([logs.until(/\n/), shell.until(/[#$] /), watch.until(/^kept-a/m)])

    const [pid] = await installation.processes('connector')
    if (pid === undefined) throw new Error('there is no connector')
    process.kill(pid, 'SIGKILL')

    const [logsEnd, shellEnd, watchEnd] = await Promise.all([logs.done, shell.done, watch.done])
    expect(shellEnd.stdout).toMatch(/error: the stream to the cluster was lost: .*\(request [0-9a-f-]{36}\)/)
    expect(shellEnd.code).toBe(1)
    expect([logsEnd.code, logsEnd.stderr]).toEqual([1, expect.stringMatching(/^error: .+/)])
    // kubectl prints the Status that ends a watch as one more row.
    expect(watchEnd.stdout).toMatch(/^Failure +ServiceUnavailable +.*the connector was lost/m)

    // A command in between is refused in words, or already answered.
    const between = await door.run('kubectl get pod box -n {ns}')
    if (between.code !== 0) expect(between.stderr).toContain('no connector for this connection is dialled in')

    await expect.poll(() => installation.said(), { timeout: 30_000 }).toContain('the connector is back')
    await expect
      .poll(async () => (await door.run('kubectl get pod box -n {ns}')).code, { timeout: 30_000, interval: 200 })
      .toBe(0)
    await door.must('kubectl exec box -n {ns} -- true')
  })

  test('what was streaming is recorded as broken off, and nothing is left running', async () => {
    const requests = (await sessionsOf(installation)).flatMap(({ items }) => items.flatMap((item) => item.items))
    const lost = requests.filter(({ result }) => result?.outcome === 'failed' || result?.outcome === 'unknown')
    const targets = lost.map(({ request }) => request.target)
    expect(targets).toContainEqual(expect.stringContaining('/pods/box/exec?command=sh&'))
    expect(targets).toContainEqual(expect.stringContaining('follow=true'))
    expect(targets).toContainEqual(expect.stringMatching(/configmaps\?.*watch=true/))
    expect(requests.filter(({ result }) => result === undefined).map(({ request }) => request.target)).toEqual([])
  })
})
