// Holds end to end with real clients: rules about objects, questions to people, plans, grants, limits, the kill switch.
// On the demo cluster, or on the real one whose administrator's kubeconfig KUBECONFIG names.

import { afterAll, beforeAll, describe } from 'vitest'
import { declareAnswers, declareBound } from './holds/answers.ts'
import { declareBounded } from './holds/bounded.ts'
import { declareKillSwitch, declareRestarts } from './holds/ends.ts'
import { SETUP } from './holds/files.ts'
import { declareHeld, HELD } from './holds/held.ts'
import { declareLimits, declarePlans } from './holds/plans.ts'
import { declareReach, declareSecrets } from './holds/reach.ts'
import { openStage, type Stage } from './holds/stage.ts'
import { declareTricks } from './holds/tricks.ts'
import type { Version } from './installation.ts'

const KUBECONFIG = process.env.KUBECONFIG ?? ''
const REAL = KUBECONFIG !== ''
const IMAGE = REAL ? 'localhost/busybox:1' : 'registry.demo.invalid/nginx:1.27'
const VERSIONS: Readonly<Record<Version, string>> = { v35: 'kubectl 1.35, helm 4', v30: 'kubectl 1.30, helm 3' }
/** Clients wait so long before they are told to come again; without it, most of a minute. */
const POLL_MS = 1_500

let stage: Stage
const namespaces: Record<Version, string> = { v35: '', v30: '' }

beforeAll(async () => {
  stage = await openStage({ runtime: 'bun', kubeconfig: KUBECONFIG, pollMs: POLL_MS })
  for (const version of ['v35', 'v30'] as const) {
    const namespace = await stage.namespace(`holds-${version}`)
    namespaces[version] = namespace
    await stage.admin(['apply', '-n', namespace, '-f', '-'], SETUP(IMAGE, REAL))
  }
  for (const namespace of Object.values(namespaces))
    await stage.admin(['wait', '-n', namespace, '--for=condition=Ready', 'pod/box', 'pod/talker', '--timeout=60s'])
})
afterAll(() => stage?.close())

for (const version of ['v35', 'v30'] as const) {
  const of = { stage: () => stage, namespace: () => namespaces[version], version }
  describe(`${VERSIONS[version]} on ${REAL ? 'a real cluster' : 'the demo cluster'}`, () => {
    describe('held, and finished by itself once approved', () => declareHeld({ ...of, rows: HELD }))
    describe('answers', () => declareAnswers(of))
    describe('what a hold is bound to', () => declareBound(of))
    describe('Secrets', () => declareSecrets(of))
    describe('into pods', () => declareReach(of))
    describe('plans and grants', () => declarePlans(of))
    describe('limits', () => declareLimits(of))
    if (version === 'v35') describe('what looks like something else', () => declareTricks(of))
    describe('rules about objects', () => declareBounded({ ...of, real: REAL, image: IMAGE }))
  })
}

describe('parts that end', () => {
  declareRestarts({ stage: () => stage, namespace: () => namespaces.v35, version: 'v35' })
})
describe('the kill switch', () => {
  declareKillSwitch({ stage: () => stage, namespace: () => namespaces.v35, version: 'v35' })
})
