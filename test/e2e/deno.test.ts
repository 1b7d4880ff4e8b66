// A shorter table of commands with the gateway on Deno, and parts of it killed under running clients.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Door } from './door.ts'
import { type Installation, startInstallation } from './installation.ts'
import { declareKilled } from './killed.ts'
import { newSecret, openDoor, setUp } from './manifests.ts'
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

describe('afterwards', () => {
  beforeAll(() => rows.over)
  declareKilled(() => door)
})
