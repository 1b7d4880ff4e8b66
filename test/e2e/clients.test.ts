// Real, unmodified kubectl 1.35 and 1.30 and helm 4 and 3 through the whole door: one table of commands, each row a test.
// On the demo cluster, or on the real one whose administrator's kubeconfig KUBECONFIG names. Rows of one group follow each
// other; groups run side by side.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Door, TableRow } from './door.ts'
import { type Installation, startInstallation, type Version } from './installation.ts'
import { declareKilled } from './killed.ts'
import { newSecret, openDoor, setUp } from './manifests.ts'
import { exportOf, filesWith, formsOf, type Shown, seededSecrets, sessionsOf } from './recordings.ts'
import { APPLY, CREATE, DELETE, PATCH, ROLLOUT } from './rows/change.ts'
import { HELM, HELM_SECRET } from './rows/helm.ts'
import { DESCRIBE, GET } from './rows/look.ts'
import { CP, EXEC, FORWARD, LOGS } from './rows/reach.ts'
import { REFUSED } from './rows/refused.ts'
import { Lanes, plan } from './table.ts'

const KUBECONFIG = process.env.KUBECONFIG ?? ''
const REAL = KUBECONFIG !== ''
const GROUPS: Readonly<Record<string, readonly TableRow[]>> = {
  rollout: ROLLOUT,
  exec: EXEC,
  get: GET,
  delete: DELETE,
  create: CREATE,
  helm: HELM,
  apply: APPLY,
  patch: PATCH,
  describe: DESCRIBE,
  logs: LOGS,
  cp: CP,
  'port-forward': FORWARD,
  'helm with a Secret': HELM_SECRET,
  refused: REFUSED,
}
const VERSIONS: Readonly<Record<Version, string>> = { v35: 'kubectl 1.35, helm 4', v30: 'kubectl 1.30, helm 3' }
const VERSION_NAMES = ['v35', 'v30'] as const satisfies readonly Version[]

const lanes = new Lanes()
const plans = {
  v35: plan(GROUPS, { version: 'v35', real: REAL, lanes }),
  v30: plan(GROUPS, { version: 'v30', real: REAL, lanes }),
}

const NAMESPACES: Readonly<Record<Version, string>> = {
  v35: `e2e-v35-${process.pid}`,
  v30: `e2e-v30-${process.pid}`,
}
const SECRET = newSecret()

let installation: Installation
/** kubectl 1.35's. */
let door: Door
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-e2e-files-'))
  installation = await startInstallation(REAL ? { kubeconfig: KUBECONFIG } : {})
  const open = async (version: Version): Promise<Door> => {
    const namespace = NAMESPACES[version]
    const opened = await openDoor({ installation, version, namespace, folder, secret: SECRET })
    await setUp(opened)
    return opened
  }
  const [v35, v30] = await Promise.all([open('v35'), open('v30')])
  door = v35
  plans.v35.start(v35)
  plans.v30.start(v30)
})

afterAll(async () => {
  const namespaces = Object.values(NAMESPACES).flatMap((name) => [name, `${name}-more`])
  if (REAL) await installation?.admin(['delete', 'namespace', '--ignore-not-found', '--wait=false', ...namespaces])
  await installation?.close()
  await rm(folder, { recursive: true, force: true })
})

for (const version of VERSION_NAMES) {
  describe(`${VERSIONS[version]} on ${REAL ? 'a real cluster' : 'the demo cluster'}`, () => plans[version].declare())
}

describe('what was recorded', () => {
  let sessions: Shown[]
  beforeAll(async () => {
    await Promise.all([plans.v35.over, plans.v30.over])
    sessions = await sessionsOf(installation)
  })

  test('one session for each run of an agent', () => {
    expect(sessions.map(({ agent }) => agent.username)).toEqual(['agent', 'agent'])
  })

  test.each([
    /^kubectl get pods -n e2e-v35-\d+$/,
    /^kubectl get (configmaps|cm) -n e2e-v35-\d+ .*-w$/,
    /^kubectl exec box -n e2e-v35-\d+ .*-- true$/,
    /^kubectl logs talker -n e2e-v35-\d+/,
    /^kubectl apply --server-side .*-n e2e-v35-\d+/,
    /^kubectl rollout undo/,
    /^kubectl scale/,
    /^kubectl get pod nosuch -n e2e-v35-\d+$/,
    /^kubectl delete (ns|namespaces?) ?\/?e2e-v35-\d+/,
    /^helm install calm/,
  ])('a command is called %s', (title) => {
    const titles = sessions.flatMap(({ items }) => items.map((item) => item.title))
    expect(
      titles.some((each) => title.test(each)),
      titles.join('\n'),
    ).toBe(true)
  })

  test('a watch and a followed log that Ctrl-C ended are cancelled, and nothing is left running', () => {
    const requests = sessions.flatMap(({ items }) => items.flatMap((item) => item.items))
    const outcomes = (part: string): (string | undefined)[] =>
      requests.filter(({ request }) => request.target.includes(part)).map(({ result }) => result?.outcome)
    expect(outcomes('labelSelector=watched%3Dyes&resourceVersion')).toEqual(['cancelled', 'cancelled'])
    expect(outcomes('follow=true')).toContain('cancelled')
    expect(requests.filter(({ result }) => result === undefined).map(({ request }) => request.target)).toEqual([])
  })

  test('an asciicast is version 3 and shows the commands in their order', async () => {
    for (const { id, items } of sessions) {
      const [head = '', ...lines] = (await exportOf(installation, id, 'asciicast')).trimEnd().split('\n')
      expect(JSON.parse(head)).toMatchObject({ version: 3 })
      const shown = lines
        .map((line): unknown => JSON.parse(line))
        .map((event) => (Array.isArray(event) ? event[2] : ''))
      const text = shown.join('')
      let at = 0
      for (const { title } of items.slice(0, 5)) {
        at = text.indexOf(title, at)
        expect(at, `${title} in the asciicast`).toBeGreaterThanOrEqual(0)
      }
    }
  })

  test('no value of a Secret is in an export or in any file', async () => {
    const needles = [SECRET, ...(REAL ? [] : seededSecrets())].flatMap(formsOf)
    for (const { id } of sessions) {
      for (const format of ['ndjson', 'asciicast'] as const) {
        const text = await exportOf(installation, id, format)
        // Bodies are in no leaf, only what was masked of them.
        expect(text).toContain(format === 'ndjson' ? '"mask":{"count":' : '⟦masked:')
        for (const needle of needles) expect(text.includes(needle), `${needle} in the ${format} of ${id}`).toBe(false)
      }
    }
    expect(await filesWith(installation.folder, needles)).toEqual([])
  })
})

declareKilled(() => door)
