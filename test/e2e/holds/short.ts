// The short form of the suite for one more runtime. In: a runtime. Out: tests.

import { afterAll, beforeAll, describe } from 'vitest'
import type { Runtime } from '../../contract/world.ts'
import { declareAnswers, declareBound } from './answers.ts'
import { declareKillSwitch, declareRestarts } from './ends.ts'
import { SETUP } from './files.ts'
import { declareHeld, HELD } from './held.ts'
import { declareLimits, declarePlans } from './plans.ts'
import { declareReach, declareSecrets } from './reach.ts'
import { openStage, type Stage } from './stage.ts'

const KUBECONFIG = process.env.KUBECONFIG ?? ''
const REAL = KUBECONFIG !== ''
const POLL_MS = 1_500
/** One of each kind: a body, a patch, a delete, an editor, helm, each stream; and every row that is told to come again. */
const KINDS = /create configmap|patch|delete cm|edit|helm|exec/

export function declareShort(runtime: Runtime): void {
  let stage: Stage
  let namespace = ''
  const version = 'v35'
  const of = { stage: () => stage, namespace: () => namespace, version, blind: runtime === 'workerd' } as const

  beforeAll(async () => {
    stage = await openStage({ runtime, kubeconfig: KUBECONFIG, pollMs: POLL_MS })
    namespace = await stage.namespace(`holds-${runtime}`)
    await stage.admin(['apply', '-n', namespace, '-f', '-'], SETUP(stage.image, REAL))
    await stage.admin(['wait', '-n', namespace, '--for=condition=Ready', 'pod/box', 'pod/talker', '--timeout=60s'])
  })
  afterAll(() => stage?.close())

  describe(`kubectl 1.35 and helm 4 with the gateway on ${runtime}`, () => {
    describe('held, and finished by itself once approved', () =>
      declareHeld({ ...of, rows: HELD.filter(({ run }) => KINDS.test(run)) }))
    describe('answers', () => declareAnswers(of))
    describe('what a hold is bound to', () => declareBound(of))
    describe('Secrets', () => declareSecrets(of))
    describe('into pods', () => declareReach(of))
    describe('plans and grants', () => declarePlans(of))
    describe('limits', () => declareLimits(of))
    describe('parts that end', () => declareRestarts(of))
    describe('the kill switch', () => declareKillSwitch(of))
  })
}
