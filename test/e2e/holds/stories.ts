// Stories of held commands that are more than one command and one answer. In: a stage. Out: tests.

import { mkdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Version } from '../installation.ts'
import type { Running } from '../process.ts'
import { config, idlePod } from './files.ts'
import { aRound, held } from './held.ts'
import type { Agent, Stage } from './stage.ts'

interface Of {
  readonly stage: () => Stage
  readonly namespace: () => string
  readonly version: Version
  /** workerd does not say that a client has gone while it waits for its answer: seen only when it does not come again. */
  readonly blind?: boolean
}

/** How long a client that was told to come again may stay away, and a few seconds. */
const GONE_MS = 45_000

const said = async (client: Running): Promise<[code: number, text: string]> => {
  const { code, stdout, stderr } = await client.done
  return [code, `${stdout}\n${stderr}`]
}
const creating = (name: string) => ({ run: `kubectl create configmap ${name} -n {ns} --from-literal=a=b` })

/** A folder with manifests, as an agent would apply it. */
async function directory(agent: Agent, files: Readonly<Record<string, string>>): Promise<void> {
  const path = agent.door.fill('{dir}/all')
  await mkdir(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(`${path}/${name}.yaml`, text)
}

/** Answers. */
export function declareAnswers({ stage, namespace, version }: Of): void {
  const agent = (username?: string) => stage().agent(version, 'held', namespace(), username)

  test.concurrent.each([
    ['kubectl create', creating(`never-${version}`)],
    ['kubectl exec', { run: 'kubectl exec box -n {ns} -- echo never' }],
    ['kubectl exec -it', { run: 'kubectl exec -it box -n {ns} -- echo never', options: { tty: true } }],
    ['helm install', { run: `helm install never-${version} {charts}/chart -n {ns} --set image={image}` }],
  ])('denied: %s ends with 1 and prints the reason', async (_name, row) => {
    const who = await agent()
    const { client, hold } = await held(who, row, stage())
    await stage().people.deny(hold.id, 'not on a Friday')
    const [code, text] = await said(client)
    expect([code, text]).toEqual([1, expect.stringContaining('not on a Friday')])
    expect(text).not.toMatch(/^never/m)
  })

  test.concurrent('answered by the command line: sallyport approvals approve', async () => {
    const { client, hold } = await held(await agent(), creating(`by-cli-${version}`), stage())
    const listed = await stage().cli(['approvals', 'list', '-o', 'json'])
    expect(listed.stdout).toContain(hold.id)
    const done = await stage().cli(['approvals', 'approve', hold.id, '--reason', 'fine'])
    expect(done.code, done.stderr).toBe(0)
    expect(await said(client)).toEqual([0, expect.stringContaining('created')])
  })

  test.concurrent('two people are needed, and two different ones', async () => {
    const { people } = stage()
    const who = await stage().agent(version, 'twice', namespace())
    const { client, hold } = await held(who, creating(`twice-${version}`), stage())
    await people.approve(hold.id)
    const again = await people.ask(`/api/v1/approvals/${hold.id}/approve`, {
      method: 'POST',
      body: { seen: (await people.show(hold.id)).reviewSha256 },
    })
    expect(again.status).toBe(409)
    expect((await people.show(hold.id)).state).toBe('pending')
    await people.approve(hold.id, { token: await people.tokenOf('alice', ['sre']) })
    expect(await said(client)).toEqual([0, expect.stringContaining('created')])
  })

  test.concurrent('nobody approves their own request, whatever their groups', async () => {
    const { people } = stage()
    const who = await agent()
    const { client, hold } = await held(who, creating(`own-${version}`), stage())
    const token = await people.tokenOf(who.username, ['sre', 'admins'])
    const body = { seen: (await people.show(hold.id)).reviewSha256 }
    expect((await people.ask(`/api/v1/approvals/${hold.id}/approve`, { method: 'POST', body, token })).status).toBe(403)
    await people.deny(hold.id, 'no')
    expect((await said(client))[0]).toBe(1)
  })
}

/** What a hold is bound to. */
export function declareBound({ stage, namespace, version, blind = false }: Of): void {
  const agent = (username?: string) => stage().agent(version, 'held', namespace(), username)

  test.concurrent('Ctrl-C withdraws: kubectl create', async () => {
    const { client, hold } = await held(await agent(), creating(`gone-${version}`), stage())
    client.interrupt()
    await client.done
    await expect.poll(async () => (await stage().people.show(hold.id)).state, { timeout: GONE_MS }).toBe('withdrawn')
    const body = { seen: (await stage().people.show(hold.id)).reviewSha256 }
    expect((await stage().people.ask(`/api/v1/approvals/${hold.id}/approve`, { method: 'POST', body })).status).toBe(
      409,
    )
  })
  test.skipIf(blind).concurrent('Ctrl-C withdraws: kubectl exec', async () => {
    const { client, hold } = await held(await agent(), { run: 'kubectl exec box -n {ns} -- true' }, stage())
    client.interrupt()
    await client.done
    await stage().people.state(hold.id, 'withdrawn')
  })

  test.concurrent('two identical requests at once share one question, and one is carried out', async () => {
    const { people } = stage()
    const who = await agent()
    const first = await held(who, creating(`once-${version}`), stage())
    const second = who.door.start(creating(`once-${version}`).run)
    await people.state(first.hold.id, 'pending')
    // The second one has been told to come again as well by then: it waits in the same hold.
    await aRound(first.hold)
    expect((await people.of(who.username)).map(({ id }) => id)).toEqual([first.hold.id])
    await people.approve(first.hold.id)
    const ends = await Promise.all([said(first.client), said(second)])
    expect(ends.map(([code]) => code).toSorted()).toEqual([0, 1])
    expect(ends.find(([code]) => code === 1)?.[1]).toMatch(/was used/)
    expect((await people.of(who.username)).length).toBe(1)
  })

  test.concurrent('an approval is for one identity', async () => {
    const { people } = stage()
    const [one, other] = [await agent(), await agent()]
    const row = creating(`mine-${version}`)
    const first = await held(one, row, stage())
    const second = await held(other, row, stage())
    expect(second.hold.id).not.toBe(first.hold.id)
    await people.approve(first.hold.id)
    expect(await said(first.client)).toEqual([0, expect.stringContaining('created')])
    expect((await people.show(second.hold.id)).state).toMatch(/pending|spoiled/)
    if ((await people.show(second.hold.id)).state === 'pending') await people.deny(second.hold.id, 'no')
    expect((await said(second.client))[0]).toBe(1)
  })

  test.concurrent('an object that changed since it was shown: refused, and said so', async () => {
    const moved = `moved-${version}`
    await stage().admin(['apply', '-n', namespace(), '-f', '-'], config(moved, 'blue'))
    const row = { run: `kubectl patch cm ${moved} -n {ns} --type=merge -p '{"data":{"shape":"round"}}'` }
    const { client, hold } = await held(await agent(), row, stage())
    await stage().admin(['patch', 'cm', moved, '-n', namespace(), '--type=merge', '-p', '{"data":{"colour":"black"}}'])
    await stage().people.ask(`/api/v1/approvals/${hold.id}/approve`, {
      method: 'POST',
      body: { seen: (await stage().people.show(hold.id)).reviewSha256 },
    })
    expect(await said(client)).toEqual([1, expect.stringMatching(/has changed since/)])
    expect(await stage().admin(['get', 'cm', moved, '-n', namespace(), '-o', 'jsonpath={.data}'])).not.toContain(
      'round',
    )
  })

  test.concurrent('an object whose status alone changed: the approval stands', async () => {
    const name = `busy-${version}`
    await stage().admin(['create', 'deployment', name, '-n', namespace(), `--image=${stage().image}`, '--replicas=0'])
    const { client, hold } = await held(await agent(), { run: `kubectl label deploy ${name} -n {ns} a=b` }, stage())
    const patch = '{"status":{"conditions":[{"type":"Progressing","status":"False","reason":"Test"}]}}'
    await stage().admin([
      'patch',
      'deploy',
      name,
      '-n',
      namespace(),
      '--subresource=status',
      '--type=merge',
      '-p',
      patch,
    ])
    await stage().people.approve(hold.id)
    expect(await said(client)).toEqual([0, expect.stringContaining('labeled')])
  })
}

/** Streams into pods and copies. */
export function declareReach({ stage, namespace, version }: Of): void {
  const agent = () => stage().agent(version, 'held', namespace())

  test.concurrent('kubectl attach waits in its handshake, then shows what the container prints', async () => {
    const { client, hold } = await held(await agent(), { run: 'kubectl attach talker -n {ns}' }, stage())
    await stage().people.approve(hold.id)
    await client.until(/\n.*(talk \d|"msg")/)
    client.interrupt()
    await client.done
  })
  test.concurrent('kubectl port-forward waits in its handshake, then forwards', async () => {
    if (stage().real) return
    const { client, hold } = await held(await agent(), { run: 'kubectl port-forward pod/served -n {ns} :80' }, stage())
    await stage().people.approve(hold.id)
    const [, port] = await client.until(/Forwarding from 127\.0\.0\.1:(\d+)/)
    expect(await (await fetch(`http://127.0.0.1:${port}/one`)).text()).toContain('GET /one')
    client.interrupt()
    await client.done
  })
  test.concurrent('kubectl cp down, and up where the cluster can', async () => {
    const { people } = stage()
    const who = await agent()
    const { door, username } = who
    if (!stage().real) {
      await writeFile(door.fill('{dir}/up.txt'), 'copied\n')
      const up = door.start('kubectl cp {dir}/up.txt {ns}/box:/tmp/up.txt')
      expect(await people.approveAll(username, up)).toBeGreaterThan(0)
      expect((await said(up))[0]).toBe(0)
    }
    const down = door.start('kubectl cp {ns}/box:/etc/hostname {dir}/down.txt')
    expect(await people.approveAll(username, down)).toBeGreaterThan(0)
    expect(await said(down)).toEqual([0, expect.any(String)])
  })
}

/** Many objects, one question. */
export function declarePlans({ stage, namespace, version }: Of): void {
  const APPLY = 'kubectl apply -n {ns} -f {dir}/all'
  const names = [1, 2, 3, 4, 5].map((n) => `plan-${version}-${n}`)
  const manifests = (colour: string) => Object.fromEntries(names.map((name) => [name, config(name, colour)]))

  test.concurrent('a plan: what a dry run showed is asked once, and passes once', async () => {
    const { people } = stage()
    const who = await stage().agent(version, 'held', namespace())
    const { door, username } = who
    await directory(who, manifests('blue'))
    const dry = await door.must(`${APPLY} --dry-run=server`)
    expect(dry.match(/created \(server dry run\)/g)).toHaveLength(names.length)
    const plan = await people.pending(username)
    expect([plan.kind, plan.requests]).toEqual(['plan', names.length])
    const shown = JSON.stringify((await people.show(plan.id)).review.requests)
    for (const name of names) expect(shown).toContain(name)
    await people.approve(plan.id)

    const applied = await door.must(APPLY)
    expect(applied.match(/ created$/gm)).toHaveLength(names.length)
    await people.state(plan.id, 'used')
    expect((await people.of(username)).map(({ id }) => id)).toEqual([plan.id])

    // Once: the same again, after somebody took an object away, is a new question.
    await stage().admin(['delete', 'cm', names[0] ?? '', '-n', namespace()])
    const again = door.start(APPLY)
    const anew = await people.pending(username, again)
    expect(anew.id).not.toBe(plan.id)
    await people.deny(anew.id, 'only once')
    expect(await said(again)).toEqual([1, expect.stringContaining('only once')])
  })

  test.concurrent('a plan: a changed file asks anew, the others pass', async () => {
    const { people } = stage()
    const who = await stage().agent(version, 'held', namespace())
    const { door, username } = who
    const [one = '', two = ''] = ['a', 'b'].map((letter) => `changed-${version}-${letter}`)
    await directory(who, { [one]: config(one, 'blue'), [two]: config(two, 'blue') })
    await door.must(`${APPLY} --dry-run=server`)
    const plan = await people.pending(username)
    await people.approve(plan.id)
    await directory(who, { [two]: config(two, 'black') })
    const client = door.start(APPLY)
    const asked = await people.pending(username, client)
    expect([asked.id === plan.id, asked.kind]).toEqual([false, 'request'])
    await people.deny(asked.id, 'that was not in the plan')
    const [code, text] = await said(client)
    expect([code, text]).toEqual([1, expect.stringContaining('that was not in the plan')])
    expect(text).toContain(`configmap/${one} created`)
    expect(await stage().admin(['get', 'cm', two, '-n', namespace(), '--ignore-not-found'])).toBe('')
  })

  test.concurrent('a plan is for one identity', async () => {
    const { people } = stage()
    const [who, other] = [
      await stage().agent(version, 'held', namespace()),
      await stage().agent(version, 'held', namespace()),
    ]
    const name = `theirs-${version}`
    for (const each of [who, other]) await directory(each, { [name]: config(name, 'blue') })
    await who.door.must(`${APPLY} --dry-run=server`)
    await people.approve((await people.pending(who.username)).id)
    const client = other.door.start(APPLY)
    const asked = await people.pending(other.username, client)
    await people.deny(asked.id, 'no')
    expect((await said(client))[0]).toBe(1)
  })

  test.concurrent('helm upgrade: one question, answered as a grant for the namespace', async () => {
    const { people } = stage()
    const release = `steady-${version}`
    const set = '-n {ns} --set image={image},replicas=0'
    const first = await stage().agent(version, 'free', namespace())
    await first.door.must(`helm install ${release} {charts}/chart ${set}`)
    const who = await stage().agent(version, 'held', namespace())
    const row = { run: `helm upgrade ${release} {charts}/chart ${set},greeting=again` }
    const { client, hold } = await held(who, row, stage())
    await people.approve(hold.id, { grant: { scope: 'namespace', forS: 300 } })
    expect(await said(client)).toEqual([0, expect.stringContaining('REVISION: 2')])
    expect((await people.of(who.username)).map(({ id }) => id)).toEqual([hold.id])
    const [grant] = await people.grants(who.username)
    expect(grant).toMatchObject({ namespace: namespace(), hold: hold.id })
    expect(grant?.uses).toBeGreaterThan(1)
    // Once it is ended, the next write is a question again.
    await people.endGrant(grant?.id ?? '')
    const after = await held(who, creating(`after-grant-${version}`), stage())
    await people.deny(after.hold.id, 'over')
    expect((await said(after.client))[0]).toBe(1)
  })
}

/** Past a limit, people are asked. */
export function declareLimits({ stage, namespace, version }: Of): void {
  test.concurrent('five writes pass, the sixth waits for a person', async () => {
    const { people } = stage()
    const who = await stage().agent(version, 'limited', namespace())
    for (const n of [1, 2, 3, 4, 5]) await who.door.must(creating(`counted-${version}-${n}`).run)
    await who.door.must('kubectl get cm -n {ns}')
    const { client, hold } = await held(who, creating(`counted-${version}-6`), stage())
    expect(hold).toMatchObject({ rule: 'five-writes', policy: 'limited' })
    await people.approve(hold.id)
    expect(await said(client)).toEqual([0, expect.stringContaining('created')])
    // Another session of the same identity counts anew.
    const elsewhere = await stage().agent(version, 'limited', namespace(), who.username)
    await elsewhere.door.must(creating(`counted-${version}-7`).run)
  })

  test.concurrent('a grant does not lift a limit', async () => {
    const { people } = stage()
    const who = await stage().agent(version, 'granted', namespace())
    const { client, hold } = await held(who, creating(`granted-${version}-1`), stage())
    await people.approve(hold.id, { grant: { scope: 'namespace', forS: 300 } })
    expect((await said(client))[0]).toBe(0)
    for (const n of [2, 3]) await who.door.must(creating(`granted-${version}-${n}`).run)
    const past = await held(who, creating(`granted-${version}-4`), stage())
    expect(past.hold.rule).toBe('three-writes')
    await people.deny(past.hold.id, 'enough')
    expect(await said(past.client)).toEqual([1, expect.stringContaining('enough')])
  })
}

/** The kill switch. These stop everything of their connection: run them alone. */
export function declareKillSwitch({ stage, namespace, version }: Of): void {
  test.each(['session', 'identity', 'connection'] as const)(
    'a %s is ended: its streams end, and the next command says why',
    async (kind) => {
      const { people } = stage()
      const who = await stage().agent(version, 'free', namespace())
      const value = { session: who.session, identity: who.username, connection: 'test' }[kind]
      const watch = who.door.start('kubectl get cm -n {ns} -w')
      const logs = who.door.start('kubectl logs -f talker -n {ns} --tail=1')
      const shell = who.door.start('kubectl exec -it box -n {ns} -- sh', { tty: true })
      await Promise.all([watch.until(/^kept-b/m), logs.until(/\S/), shell.until(/[#$] /)])
      const name = await people.block({ kind, value, reason: 'it went astray' })
      try {
        const [watched, logged, shelled] = await Promise.all([said(watch), said(logs), said(shell)])
        expect(watched[1]).toContain('it went astray')
        expect([logged[0], shelled]).toEqual([1, [1, expect.stringContaining('it went astray')]])
        const next = await who.door.run('kubectl get cm -n {ns}')
        expect([next.code, next.stderr]).toEqual([1, expect.stringMatching(/was ended by a person: it went astray/)])
        if (kind === 'session') {
          const elsewhere = await stage().agent(version, 'free', namespace(), who.username)
          await elsewhere.door.must('kubectl get cm -n {ns}')
        }
      } finally {
        await people.unblock(name)
      }
      await expect.poll(async () => (await who.door.run('kubectl get cm -n {ns}')).code, { timeout: 15_000 }).toBe(0)
    },
  )
}

/** Parts that end while something is held. These stop the connection for all: run them alone. */
export function declareRestarts({ stage, namespace, version }: Of): void {
  const agent = () => stage().agent(version, 'held', namespace())

  test('the connector ends and comes back: what waits goes on waiting', async () => {
    const who = await agent()
    const write = await held(who, creating(`bridge-${version}`), stage())
    const into = await held(await agent(), { run: 'kubectl exec box -n {ns} -- echo back' }, stage())
    await stage().connectorDown()
    await stage().connectorUp()
    for (const { hold } of [write, into]) await stage().people.approve(hold.id)
    expect(await said(write.client)).toEqual([0, expect.stringContaining('created')])
    expect(await said(into.client)).toEqual([0, expect.stringContaining('back')])
  })

  test('the gateway ends: the same command finds its question again, and its answer', async () => {
    const { people, world } = stage()
    const who = await agent()
    const planner = await agent()
    const name = `survives-${version}`
    const { client, hold } = await held(who, creating(name), stage())
    await directory(planner, { [`${name}-plan`]: config(`${name}-plan`, 'blue') })
    await planner.door.must('kubectl apply -n {ns} -f {dir}/all --dry-run=server')
    const plan = await people.pending(planner.username)
    await people.approve(plan.id)
    await world.gatewayDown()
    await client.done
    await world.gatewayUp()
    await expect.poll(() => people.connected(), { timeout: 30_000 }).toBe(true)

    // Asked before, answered after.
    expect(await people.show(hold.id)).toMatchObject({ state: 'pending' })
    const again = who.door.start(creating(name).run)
    await aRound({ ...hold, openedAt: new Date().toISOString() })
    expect((await people.of(who.username)).map(({ id }) => id)).toEqual([hold.id])
    await people.approve(hold.id)
    expect(await said(again)).toEqual([0, expect.stringContaining('created')])
    const twice = await held(who, creating(name), stage()).catch((error: unknown) => String(error))
    // It exists now: the API server says so by the dry run, or people are asked anew.
    if (typeof twice !== 'string') {
      expect(twice.hold.id).not.toBe(hold.id)
      await people.deny(twice.hold.id, 'no')
      await twice.client.done
    } else expect(twice).toMatch(/already exists/)

    // Answered before.
    const applied = await planner.door.must('kubectl apply -n {ns} -f {dir}/all')
    expect(applied).toContain('created')
    expect((await people.of(planner.username)).map(({ id }) => id)).toEqual([plan.id])
  })
}

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
    await expect.poll(owned, { timeout: 15_000 }).not.toBe('')
    const { token, username } = await stage().agent(version, 'held', namespace())
    const target = `/apis/apps/v1/namespaces/${namespace()}/deployments/${name}?propagationPolicy=Orphan`
    const asked = world.ask(target, { method: 'DELETE', token })
    await people.approve((await people.pending(username)).id)
    const first = await asked
    const done = first.status === 429 ? await world.ask(target, { method: 'DELETE', token }) : first
    expect(done.status, done.text).toBe(200)
    await expect.poll(() => exists('deploy', name), { timeout: 15_000 }).toBe(false)
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
    await expect.poll(() => exists('pod', name), { timeout: 15_000 }).toBe(false)
  })
}
