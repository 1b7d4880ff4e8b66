// Requests no kubectl sends, which look like something else than they are. In: a stage. Out: tests.

import { expect, test } from 'vitest'
import { idlePod } from './files.ts'
import { eventually, type Of } from './story.ts'

/** Requests no kubectl sends, which look like something else than they are. */
export function declareTricks({ stage, namespace, version }: Of): void {
  const CONFIG_MAPS = () => `/api/v1/namespaces/${namespace()}/configmaps`
  const json = (body: unknown, more: { method: string; type?: string }) => ({
    method: more.method,
    headers: [['content-type', more.type ?? 'application/json']] as const,
    body: JSON.stringify(body),
  })
  const options = (more: Record<string, unknown>) => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more })
  const exists = async (what: string, name: string): Promise<boolean> =>
    (await stage().admin(['get', what, name, '-n', namespace(), '--ignore-not-found', '-o', 'name'])) !== ''

  test.concurrent('a delete whose query alone says dryRun is no dry run: the API server goes by the body', async () => {
    const { people, world } = stage()
    const name = `kept-${version}`
    await stage().admin(['create', 'configmap', name, '-n', namespace()])
    const { token, username } = await stage().agent(version, 'held', namespace())
    const asked = await world.ask(`${CONFIG_MAPS()}/${name}?dryRun=All`, {
      ...json(options({}), { method: 'DELETE' }),
      token,
    })
    expect(asked.status).toBe(429)
    const hold = await people.pending(username)
    expect(hold.kind).toBe('request')
    await people.deny(hold.id, 'no')
    expect(await exists('cm', name)).toBe(true)
  })

  test.concurrent('a delete whose body says dryRun is one: it passes, into a plan', async () => {
    const { people, world } = stage()
    const name = `tried-${version}`
    await stage().admin(['create', 'configmap', name, '-n', namespace()])
    const { token, username } = await stage().agent(version, 'held', namespace())
    const asked = await world.ask(`${CONFIG_MAPS()}/${name}`, {
      ...json(options({ dryRun: ['All'] }), { method: 'DELETE' }),
      token,
    })
    expect(asked.status).toBe(200)
    expect(await exists('cm', name)).toBe(true)
    const plan = await people.pending(username)
    expect(plan.kind).toBe('plan')
    await people.deny(plan.id, 'no')
  })

  test.concurrent('a delete that asks in its query to leave the dependents leaves them, once it is approved', async () => {
    const { people, world } = stage()
    const name = `orphaning-${version}`
    await stage().admin(['create', 'deployment', name, '-n', namespace(), `--image=${stage().image}`, '--replicas=0'])
    const owned = () => stage().admin(['get', 'rs', '-n', namespace(), '-l', `app=${name}`, '-o', 'name'])
    await eventually('there is a replica set', async () => (await owned()) !== '')
    const { token, username } = await stage().agent(version, 'held', namespace())
    const target = `/apis/apps/v1/namespaces/${namespace()}/deployments/${name}?propagationPolicy=Orphan`
    const asked = world.ask(target, { method: 'DELETE', token })
    await people.approve((await people.pending(username)).id)
    const first = await asked
    const done = first.status === 429 ? await world.ask(target, { method: 'DELETE', token }) : first
    expect(done.status, done.text).toBe(200)
    await eventually('the deployment is gone', async () => !(await exists('deploy', name)))
    const owners = await stage().admin([
      'get',
      'rs',
      '-n',
      namespace(),
      '-l',
      `app=${name}`,
      '-o',
      'jsonpath={.items[*].metadata.ownerReferences}',
    ])
    expect([await owned(), owners]).toEqual([expect.stringMatching(/^replicaset/), ''])
  })

  test.concurrent('an eviction is held as the deletion it is, and then evicts', async () => {
    const { people, world } = stage()
    const name = `evicted-${version}`
    await stage().admin(['apply', '-n', namespace(), '-f', '-'], idlePod(name, stage().image))
    const { token, username } = await stage().agent(version, 'held', namespace())
    const apiVersion = stage().real ? 'policy/v1beta1' : 'policy/v1'
    const body = { apiVersion, kind: 'Eviction', metadata: { name, namespace: namespace() } }
    const how = { ...json(body, { method: 'POST' }), token }
    const target = `/api/v1/namespaces/${namespace()}/pods/${name}/eviction`
    const asked = world.ask(target, how)
    const hold = await people.pending(username)
    expect(hold.title).toMatch(/delete|evict/)
    expect(await exists('pod', name)).toBe(true)
    await people.approve(hold.id)
    const first = await asked
    const done = first.status === 429 ? await world.ask(target, how) : first
    expect(done.status, done.text).toBe(201)
    await eventually('the pod is gone', async () => !(await exists('pod', name)))
  })
}
