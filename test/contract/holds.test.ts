// Holds: a request waits for people, and passes once when they approve exactly that. What the cluster stores says what passed;
// until an answer is there nothing reaches it but reads and dry runs. Tests with objects of their own run side by side.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../demo/kube/json.ts'
import type { HoldDetail } from '../../worker/api/types.ts'
import type { Kube } from './kube.ts'
import { askPatiently, begin, changing, type Person, personOf } from './people.ts'
import { type Leaving, openLeaving, type RawAnswer } from './raw.ts'
import { type Handshake, handshake, openSocket, readAll, type UpgradeOptions } from './socket.ts'
import { post } from './tricks.ts'
import { type AskOptions, RUNTIMES, startWorld, until, type World } from './world.ts'

const MAPS = '/api/v1/namespaces/shop/configmaps'
const PODS = '/api/v1/namespaces/shop/pods'
const BOX = `${PODS}/box`

const POLICY = `
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: holds}
spec:
  subjects: [{groups: [ai-agents]}]
  connections: [test]
  rules:
  - {name: paths, effect: Allow, verbs: [get], paths: ["*"]}
  - {name: look, effect: Allow, verbs: [get, list, watch], resources: [configmaps, pods], namespaces: [shop, payments]}
  - {name: soon, effect: Hold, verbs: [patch], resources: [configmaps], names: [soon], approval: {holdFor: 10s}}
  - {name: brief, effect: Hold, verbs: [patch], resources: [configmaps], names: [brief], approval: {validFor: 10s}}
  - {name: change, effect: Hold, verbs: [create, update, patch, delete, deletecollection], resources: ["*", "*/*"], namespaces: [shop]}
  - {name: secrets, effect: Hold, verbs: [get], resources: [secrets], namespaces: [shop]}
  - name: into
    effect: Hold
    verbs: [connect]
    resources: [pods/exec, pods/attach, pods/portforward]
    namespaces: [shop]
    approval: {grant: {maxFor: 10m}}
  - name: granted
    effect: Hold
    verbs: [create, update, patch, delete]
    resources: [configmaps, services]
    namespaces: [payments, default]
    approval: {grant: {maxFor: 10m}}
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: editing}
spec:
  subjects: [{groups: [editors]}]
  connections: [test]
  rules:
  - {name: change, effect: Allow, verbs: [update, patch], resources: [configmaps], namespaces: [shop]}
  - {name: make, effect: Hold, verbs: [create], resources: [configmaps], namespaces: [shop]}
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: changing}
spec:
  subjects: [{groups: [changers]}]
  connections: [test]
  rules:
  - {name: change, effect: Hold, verbs: [update, patch], resources: [configmaps], namespaces: [shop]}
`

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  let kube: Kube
  let admin: Person
  const path = (name: string) => `${MAPS}/${name}`
  const of = (name: string): RegExp => new RegExp(`"${name}"`)

  beforeAll(async () => {
    world = await startWorld(runtime, { upstream: 'demo', policy: POLICY, config: { holds: { pollMs: 1000 } } })
    if (world.kube === null) throw new Error('no cluster')
    kube = world.kube
    admin = personOf(world.api)
    await made('box', { image: 'registry.demo.invalid/shop/web:2.4.1' })
  })
  afterAll(() => world?.close())

  /** A Pod that runs. */
  const made = async (name: string, container: object): Promise<void> => {
    const answer = begin(world, PODS, {
      ...post(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name },
          spec: { containers: [{ name: 'c', ...container }] },
        }),
      ),
      ...(await agent(`maker-of-${name}`)),
    })
    const { id } = await admin.waiting(/^create pods /)
    await admin.approve(id)
    expect((await answer).status).toBe(201)
    await until('the pod runs', () =>
      JSON.stringify(kube.get('pods.', 'shop', name)?.status ?? {}).includes('"Running"'),
    )
  }
  const agent = async (sub: string, groups: readonly string[] = ['ai-agents']) => ({
    token: await world.issuer.sign({ sub, groups }),
  })
  const seed = (name: string, more: Partial<KubeObject> = {}, namespace = 'shop'): KubeObject =>
    kube.put('configmaps.', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, uid: name },
      data: { a: 'before' },
      ...more,
    })
  const dataOf = (name: string, namespace = 'shop') => kube.get('configmaps.', namespace, name)?.data
  const patch = (a: string, type = 'merge-patch+json'): AskOptions => ({
    method: 'PATCH',
    headers: [['content-type', `application/${type}`]],
    body: JSON.stringify({ data: { a } }),
  })
  const leave = (client: Leaving): void => (runtime === 'workerd' ? client.reset() : client.close())
  const messageOf = ({ text }: { readonly text: string }): string => (JSON.parse(text) as { message: string }).message
  const stateOf = async (id: string): Promise<string> => (await admin.hold(id)).state
  /** Nobody waits for it any more when it is approved: its client was told to come again. */
  const approvedInAbsence = async (target: string, ask: AskOptions, name: string): Promise<HoldDetail> => {
    const told = await world.ask(target, ask)
    expect(told.status, told.text).toBe(429)
    const hold = await admin.waiting(of(name))
    expect((await admin.approve(hold.id)).status).toBe(200)
    return hold
  }
  const startShake = (target: string, options: UpgradeOptions): Promise<Handshake> => {
    const answer = handshake(world, target, options)
    answer.catch(() => undefined)
    return answer
  }

  describe.concurrent('one request', () => {
    it('waits, passes once when it is approved, and the next time asks again', async () => {
      const me = await agent('once')
      seed('once')
      const ask = { ...patch('after'), ...me }
      const answer = begin(world, path('once'), ask)
      const hold = await admin.waiting(of('once'))
      expect(hold).toMatchObject({
        kind: 'request',
        title: 'patch configmaps "once" in namespace "shop"',
        policy: 'holds',
        rule: 'change',
        agent: { username: 'once' },
        requests: 1,
        used: 0,
        mayAnswer: true,
      })
      const [shown] = hold.review.requests
      expect(shown?.diff).toMatchObject({ kind: 'lines', added: 1, removed: 1 })
      expect(JSON.stringify(shown?.diff)).toContain('after')
      expect(changing(world, 0, path('once'))).toEqual([])
      expect(dataOf('once')).toEqual({ a: 'before' })
      expect((await admin.approve(hold.id)).status).toBe(200)
      const passed = await answer
      expect(passed.status, passed.text).toBe(200)
      expect(dataOf('once')).toEqual({ a: 'after' })
      await until('it is used', async () => (await stateOf(hold.id)) === 'used')
      const record = JSON.parse((await world.api(`/api/v1/requests/${passed.headers.get('audit-id')}`)).text)
      expect(record).toMatchObject({ hold: hold.id, decision: { effect: 'Hold', rule: 'change' } })
      const again = begin(world, path('once'), ask)
      const second = await admin.waiting(of('once'))
      expect(second.id).not.toBe(hold.id)
      await admin.deny(second.id, 'once is enough')
      const denied = await again
      expect(denied.status).toBe(403)
      expect(messageOf(denied)).toContain(`hold ${second.id} was denied by admin: once is enough`)
      expect(changing(world, 0, path('once'))).toHaveLength(1)
    })

    it('is told to come again with 429 and whole seconds, and comes back to the same hold', async () => {
      const me = await agent('patient')
      seed('patient')
      const ask = { ...patch('after'), ...me }
      const told = [await world.ask(path('patient'), ask), await world.ask(path('patient'), ask)]
      const hold = await admin.waiting(of('patient'))
      for (const answer of told) {
        expect(answer.status).toBe(429)
        expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
        expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'TooManyRequests' })
        expect(messageOf(answer)).toContain(`hold ${hold.id} waits for approval`)
      }
      const answer = begin(world, path('patient'), ask)
      await admin.approve(hold.id)
      expect((await answer).status).toBe(200)
      expect((await admin.holds()).filter(({ title }) => of('patient').test(title))).toHaveLength(1)
    })

    it('whose client was told ten times gets a 403 that names the hold, and is let in when it is run again', async () => {
      const me = await agent('ten-times')
      seed('ten-times')
      const ask = { ...patch('after'), ...me }
      const started = Date.now()
      const answer = await askPatiently(world, path('ten-times'), ask)
      expect(answer.status, answer.text).toBe(403)
      expect(Date.now() - started).toBeGreaterThan(10_000)
      const hold = await admin.waiting(of('ten-times'))
      expect(messageOf(answer)).toContain(`hold ${hold.id} waits`)
      expect(messageOf(answer)).toContain('Run the same command again')
      const again = begin(world, path('ten-times'), ask)
      await admin.approve(hold.id)
      expect((await again).status).toBe(200)
    })

    it('another body, identity, query or kind of patch is another question', async () => {
      const [me, other] = [await agent('bound'), await agent('bound-other')]
      seed('bound')
      const hold = await approvedInAbsence(path('bound'), { ...patch('after'), ...me }, 'bound')
      const others = [
        await world.ask(path('bound'), { ...patch('something else'), ...me }),
        await world.ask(path('bound'), { ...patch('after'), ...other }),
        await world.ask(`${path('bound')}?fieldManager=x`, { ...patch('after'), ...me }),
        await world.ask(path('bound'), { ...patch('after', 'strategic-merge-patch+json'), ...me }),
      ]
      expect(others.map(({ status }) => status)).toEqual([429, 429, 429, 429])
      expect(dataOf('bound')).toEqual({ a: 'before' })
      expect(await stateOf(hold.id)).toBe('approved')
      expect((await world.ask(path('bound'), { ...patch('after'), ...me })).status).toBe(200)
      expect(dataOf('bound')).toEqual({ a: 'after' })
    })

    it('is not let through on an object that has changed since', async () => {
      const me = await agent('moved')
      seed('moved')
      const hold = await approvedInAbsence(path('moved'), { ...patch('after'), ...me }, 'moved')
      seed('moved', { data: { a: 'before', b: 'new' } })
      const answer = await world.ask(path('moved'), { ...patch('after'), ...me })
      expect(answer.status).toBe(429)
      expect((await admin.waiting(of('moved'))).id).not.toBe(hold.id)
      expect(changing(world, 0, path('moved'))).toEqual([])
    })

    it('is spoiled when the object changes while it waits', async () => {
      const me = await agent('spoiled')
      seed('spoiled')
      const answer = begin(world, path('spoiled'), { ...patch('after'), ...me })
      const hold = await admin.waiting(of('spoiled'))
      seed('spoiled', { data: { a: 'somebody was quicker' } })
      await admin.approve(hold.id)
      const refused = await answer
      // A client that came back just now has asked about the object as it is.
      expect([403, 429]).toContain(refused.status)
      if (refused.status === 403) {
        expect(messageOf(refused)).toContain(`the object has changed since it was shown in hold ${hold.id}`)
        expect(await stateOf(hold.id)).toBe('spoiled')
      }
      expect(dataOf('spoiled')).toEqual({ a: 'somebody was quicker' })
    })

    it('passes although a controller writes status and versions all the time, pinned to the last one', async () => {
      const me = await agent('busy')
      seed('busy')
      const answer = begin(world, path('busy'), { ...patch('after'), ...me })
      const hold = await admin.waiting(of('busy'))
      const { metadata } = seed('busy', { status: { observed: 1 } })
      await admin.approve(hold.id)
      expect((await answer).status).toBe(200)
      const sent = world.upstream.seen.find(({ method, url }) => method === 'PATCH' && url === path('busy'))
      expect(JSON.parse(String(sent?.body))).toEqual({
        metadata: { resourceVersion: metadata.resourceVersion },
        data: { a: 'after' },
      })
    })

    it('twice at the same time: one question, one is executed, the other is told', async () => {
      const me = await agent('twins')
      seed('twins')
      const ask = (session: string): Promise<RawAnswer> =>
        begin(world, path('twins'), {
          ...patch('after'),
          ...me,
          headers: [...(patch('').headers ?? []), ['kubectl-session', session]],
        })
      const answers = [ask('one'), ask('two')]
      const hold = await admin.waiting(of('twins'))
      await admin.approve(hold.id)
      const done = await Promise.all(answers)
      // The second may have been on its way back: then it asks anew, and is not executed either.
      expect(done.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(changing(world, 0, path('twins'))).toHaveLength(1)
      const [other] = done.filter(({ status }) => status !== 200)
      if (other?.status === 403) expect(messageOf(other)).toMatch(/used by another identical request/)
    })

    it('nobody answers runs out', async () => {
      const me = await agent('soon')
      seed('soon')
      const answer = await askPatiently(world, path('soon'), { ...patch('after'), ...me })
      expect(answer.status, answer.text).toBe(403)
      expect(messageOf(answer)).toMatch(/nobody approved hold \S+ in time/)
      const soon = async () => (await admin.holds()).filter(({ title }) => of('soon').test(title))
      // The client is answered first, and what is listed comes after.
      await until('it is listed as expired', async () => (await soon())[0]?.state === 'expired')
      const [hold] = await soon()
      expect((await admin.approve(hold?.id ?? '')).status).toBe(409)
      expect(changing(world, 0, path('soon'))).toEqual([])
    })

    it('whose approval nobody uses in time asks anew', async () => {
      const me = await agent('brief')
      seed('brief')
      const hold = await approvedInAbsence(path('brief'), { ...patch('after'), ...me }, 'brief')
      await until('the approval has run out', async () => (await stateOf(hold.id)) === 'expired')
      const again = await world.ask(path('brief'), { ...patch('after'), ...me })
      expect(again.status).not.toBe(200)
      expect(changing(world, 0, path('brief'))).toEqual([])
    })

    it('is withdrawn when its client goes', async () => {
      const me = await agent('gone')
      seed('gone')
      const ask = {
        port: world.port,
        ca: world.ca,
        target: `/clusters/test${path('gone')}`,
        method: 'PATCH',
        headers: [...(patch('').headers ?? []), ['authorization', `Bearer ${me.token}`]] as const,
        body: patch('after').body ?? '',
      }
      let client: Leaving
      let hold: HoldDetail
      do {
        client = openLeaving(ask)
        hold = await admin.waiting(of('gone'))
        leave(client)
        // Told to come again before it left, it is still expected: then it does, and leaves anew.
      } while (client.answered)
      await until('it is withdrawn', async () => (await stateOf(hold.id)) === 'withdrawn')
      expect((await admin.approve(hold.id)).status).toBe(409)
      expect(changing(world, 0, path('gone'))).toEqual([])
    })

    it('that the cluster would refuse asks nobody', async () => {
      const me = await agent('invalid')
      const answer = await world.ask(path('not-there-at-all'), { ...patch('after'), ...me })
      expect(answer.status, answer.text).toBe(404)
      expect((await admin.holds()).filter(({ title }) => of('not-there-at-all').test(title))).toEqual([])
    })
  })

  describe.concurrent('what only looks like a dry run', () => {
    it.each([
      ['a GET of a Secret', 'api-keys', '/api/v1/namespaces/shop/secrets/api-keys?dryRun=All', {}],
      [
        'a deletion whose body says nothing of it',
        'kept',
        `${MAPS}/kept?dryRun=All`,
        { ...post('{"kind":"DeleteOptions","apiVersion":"v1"}'), method: 'DELETE' },
      ],
      [
        'a deletion whose body denies it',
        'kept-too',
        `${MAPS}/kept-too?dryRun=All`,
        { ...post('{"kind":"DeleteOptions","apiVersion":"v1","dryRun":[]}'), method: 'DELETE' },
      ],
    ] as const)('%s is held', async (what, name, target, ask) => {
      const me = await agent(what)
      if (name !== 'api-keys') seed(name)
      const answer = begin(world, target, { ...ask, ...me })
      const hold = await admin.waiting(of(name))
      expect(hold.kind).toBe('request')
      await admin.deny(hold.id)
      const refused = await answer
      expect(refused.status, refused.text).toBe(403)
      expect(changing(world, 0, target.split('?')[0])).toEqual([])
      if (name === 'api-keys') expect(world.upstream.seen.filter(({ url }) => url === target)).toEqual([])
      else expect(dataOf(name)).toEqual({ a: 'before' })
    })

    it('an exec is held', async () => {
      const me = await agent('dry-exec')
      const target = `${BOX}/exec?command=id&stdout=true&dryRun=All`
      const answer = startShake(target, me)
      const { id } = await waitingFor('dry-exec')
      expect(world.upstream.seen.filter(({ url }) => url === target)).toEqual([])
      await admin.deny(id)
      expect((await answer).status).toBe(403)
      expect(world.upstream.seen.filter(({ url }) => url === target)).toEqual([])
    })
  })

  /** By who asks, where titles are alike. */
  const waitingFor = async (username: string, state = 'pending'): Promise<HoldDetail> => {
    let id = ''
    await until(`${username} waits`, async () => {
      id = (await admin.holds()).find((one) => one.agent.username === username && one.state === state)?.id ?? ''
      return id !== ''
    })
    return admin.hold(id)
  }

  describe.concurrent('exec, attach, port-forward', () => {
    it('exec waits in its handshake, then runs; the review names argv, stdin and tty', async () => {
      const me = await agent('shell')
      const target = `${BOX}/exec?command=sh&command=-c&command=echo%20hello&stdout=true&stderr=true`
      const answer = startShake(target, me)
      const hold = await waitingFor('shell')
      expect(hold.review.requests[0]?.request.exec).toEqual({
        argv: ['sh', '-c', 'echo hello'],
        container: '',
        stdin: false,
        tty: false,
      })
      expect(changing(world, 0, target)).toEqual([])
      await admin.approve(hold.id)
      const opened = await answer
      expect(opened.status, opened.text).toBe(101)
      const frames: Buffer[] = []
      opened.raw.on('data', (chunk: Buffer) => frames.push(chunk))
      opened.raw.resume()
      await until('it prints', () => Buffer.concat([opened.head, ...frames]).includes('hello'))
      opened.raw.destroy()
      await until('it is used', async () => (await stateOf(hold.id)) === 'used')
    })

    it('row 26: an approved command is not approved with stdin, a terminal, or more words', async () => {
      const me = await agent('stdin')
      const approved = `${BOX}/exec?command=sh&stdout=true`
      const answer = startShake(approved, me)
      const hold = await waitingFor('stdin')
      const others = [
        'command=sh&stdout=true&stdin=true',
        'command=sh&stdout=true&tty=true',
        'command=sh&command=-x&stdout=true',
      ].map((query) => startShake(`${BOX}/exec?${query}`, me))
      await until('four questions are asked', async () => {
        const mine = (await admin.holds()).filter((one) => one.agent.username === 'stdin' && one.state === 'pending')
        return mine.length === 4
      })
      await admin.approve(hold.id)
      const opened = await answer
      expect(opened.status).toBe(101)
      opened.raw.destroy()
      expect(changing(world, 0, `${BOX}/exec?command=sh`).filter((line) => line.includes('stdin=true'))).toEqual([])
      for (const one of await admin.holds()) {
        if (one.agent.username === 'stdin' && one.state === 'pending') await admin.deny(one.id)
      }
      expect((await Promise.all(others)).map(({ status }) => status)).toEqual([403, 403, 403])
    })

    it('attach waits', async () => {
      const me = await agent('attacher')
      const answer = startShake(`${BOX}/attach?stdout=true`, me)
      const hold = await waitingFor('attacher')
      expect(hold.title).toContain('pods/attach')
      await admin.approve(hold.id)
      const opened = await answer
      expect(opened.status, opened.text).toBe(101)
      opened.raw.destroy()
    })

    it('port-forward waits', async () => {
      const me = await agent('forwarder')
      const answer = startShake(`${BOX}/portforward`, { ...me, protocols: ['SPDY/3.1+portforward.k8s.io'] })
      const hold = await waitingFor('forwarder')
      expect(hold.title).toContain('pods/portforward')
      await admin.approve(hold.id)
      const opened = await answer
      expect(opened.status, opened.text).toBe(101)
      opened.raw.destroy()
    })

    it('the SPDY repetition of a denied exec gets its answer, and asks nobody', async () => {
      const me = await agent('spdy')
      const target = `${BOX}/exec?command=id&stdout=true`
      const answer = startShake(target, me)
      const hold = await waitingFor('spdy')
      await admin.deny(hold.id, 'not today')
      const [first, second] = [
        await answer,
        await handshake(world, target, { ...me, method: 'POST', upgrade: 'SPDY/3.1', protocols: [] }),
      ]
      expect(first.status).toBe(403)
      expect(messageOf(first)).toContain('not today')
      expect(second.status).toBe(403)
      expect(second.text).toBe(first.text)
      expect((await admin.holds()).filter((one) => one.agent.username === 'spdy')).toHaveLength(1)
    })

    it('an exec whose client goes during its handshake is withdrawn', async () => {
      const me = await agent('hung-up')
      const client = openLeaving({
        port: world.port,
        ca: world.ca,
        target: `/clusters/test${BOX}/exec?command=id&stdout=true`,
        headers: [
          ['connection', 'Upgrade'],
          ['upgrade', 'websocket'],
          ['sec-websocket-version', '13'],
          ['sec-websocket-key', Buffer.alloc(16, 1).toString('base64')],
          ['sec-websocket-protocol', 'v5.channel.k8s.io'],
          ['authorization', `Bearer ${me.token}`],
        ],
      })
      const hold = await waitingFor('hung-up')
      leave(client)
      await until('it is withdrawn', async () => (await stateOf(hold.id)) === 'withdrawn')
    })
  })

  // By itself: a plan is over when it is quiet for two seconds, which a busy machine can be.
  describe('a plan', () => {
    it('is what dry runs showed, one question, and then exactly those requests pass, once each', async () => {
      const me = await agent('planner')
      seed('plan-b')
      seed('plan-c')
      const session = [['kubectl-session', 'plan-1']] as const
      const requests: readonly (readonly [string, AskOptions])[] = [
        [
          `${path('plan-a')}?fieldManager=m`,
          {
            method: 'PATCH',
            headers: [['content-type', 'application/apply-patch+yaml'], ...session],
            body: JSON.stringify({
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'plan-a' },
              data: { a: 'x' },
            }),
          },
        ],
        [path('plan-b'), { ...patch('after'), headers: [...(patch('').headers ?? []), ...session] }],
      ]
      for (const [target, ask] of requests) {
        const query = target.includes('?') ? '&dryRun=All' : '?dryRun=All'
        const answer = await world.ask(`${target}${query}`, { ...ask, ...me })
        expect(answer.status, answer.text).toBeLessThan(300)
      }
      const dryDelete = await world.ask(path('plan-c'), {
        method: 'DELETE',
        headers: [['content-type', 'application/json'], ...session],
        body: '{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}',
        ...me,
      })
      expect(dryDelete.status, dryDelete.text).toBe(200)
      expect(dataOf('plan-b')).toEqual({ a: 'before' })
      expect(dataOf('plan-c')).toEqual({ a: 'before' })
      expect(dataOf('plan-a')).toBeUndefined()
      const hold = await waitingFor('planner')
      expect(hold).toMatchObject({ kind: 'plan', requests: 3, used: 0 })
      expect(hold.review.requests.map(({ title }) => title)).toEqual([
        'patch configmaps "plan-a" in namespace "shop"',
        'patch configmaps "plan-b" in namespace "shop"',
        'delete configmaps "plan-c" in namespace "shop"',
      ])
      expect((await admin.approve(hold.id)).status).toBe(200)
      // As kubectl runs it later: another invocation.
      const real: readonly (readonly [string, AskOptions])[] = [
        ...requests,
        [
          path('plan-c'),
          {
            method: 'DELETE',
            headers: [['content-type', 'application/json']],
            body: '{"kind":"DeleteOptions","apiVersion":"v1"}',
          },
        ],
      ]
      for (const [target, ask] of real) {
        const answer = await world.ask(target, { ...ask, ...me })
        expect(answer.status, answer.text).toBeLessThan(300)
      }
      expect(dataOf('plan-a')).toEqual({ a: 'x' })
      expect(dataOf('plan-b')).toEqual({ a: 'after' })
      expect(kube.get('configmaps.', 'shop', 'plan-c')).toBeUndefined()
      expect(await admin.hold(hold.id)).toMatchObject({ state: 'used', used: 3 })
      const again = await world.ask(requests[1]?.[0] ?? '', { ...requests[1]?.[1], ...me })
      expect(again.status).toBe(429)
    })

    it('lets nothing else pass', async () => {
      const me = await agent('strayer')
      seed('stray')
      const dry = await world.ask(`${path('stray')}?dryRun=All`, { ...patch('after'), ...me })
      expect(dry.status).toBe(200)
      const hold = await waitingFor('strayer')
      expect(hold.kind).toBe('plan')
      await admin.approve(hold.id)
      const other = await world.ask(path('stray'), { ...patch('more than was shown'), ...me })
      expect(other.status).toBe(429)
      seed('stray', { data: { a: 'before', b: 'since' } })
      const changed = await world.ask(path('stray'), { ...patch('after'), ...me })
      expect(changed.status).toBe(429)
      expect(changing(world, 0, path('stray'))).toEqual([])
    })
  })

  describe.concurrent('rows 20 and 22: what holds is what it amounts to', () => {
    const apply = (name: string): AskOptions => ({
      method: 'PATCH',
      headers: [['content-type', 'application/apply-patch+yaml']],
      body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'made' } }),
    })
    it('an apply that would create is held where create is, and passes where the object is there', async () => {
      const me = { token: await world.issuer.sign({ sub: 'editor', groups: ['ai-agents-editors', 'editors'] }) }
      rbac('editors')
      const answer = begin(world, `${path('made-new')}?fieldManager=m`, { ...apply('made-new'), ...me })
      const hold = await admin.waiting(of('made-new'))
      expect(hold).toMatchObject({ policy: 'editing', rule: 'make' })
      expect(kube.get('configmaps.', 'shop', 'made-new')).toBeUndefined()
      await admin.approve(hold.id)
      expect((await answer).status).toBe(201)
      const update = await world.ask(`${path('made-new')}?fieldManager=m&force=true`, { ...apply('made-new'), ...me })
      expect(update.status, update.text).toBe(200)
    })

    it('an apply that would create, by one whom nobody may let create, asks nobody', async () => {
      const me = { token: await world.issuer.sign({ sub: 'changer', groups: ['changers'] }) }
      rbac('changers')
      for (const [target, ask] of [
        [`${path('never-made')}?fieldManager=m`, apply('never-made')],
        [path('never-made'), { ...post(apply('never-made').body ?? ''), method: 'PUT' }],
      ] as const) {
        const answer = await world.ask(target, { ...ask, ...me })
        expect(answer.status, answer.text).toBe(403)
        expect(messageOf(answer)).toMatch(/create/)
      }
      expect((await admin.holds()).filter((one) => one.agent.username === 'changer')).toEqual([])
      expect(changing(world, 0, path('never-made'))).toEqual([])
    })

    it.each([
      [
        'eviction',
        `${PODS}/evicted/eviction`,
        post('{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"evicted"}}'),
        'delete pods/eviction "evicted"',
      ],
      ['a collection', `${MAPS}?labelSelector=gone%3Dyes`, { method: 'DELETE' }, 'deletecollection configmaps in'],
    ] as const)('%s is held', async (what, target, ask, title) => {
      const me = await agent(`remover of ${what}`)
      kube.put('pods.', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'evicted', namespace: 'shop' }, spec: {} })
      const answer = begin(world, target, { ...ask, ...me })
      const hold = await waitingFor(`remover of ${what}`)
      expect(hold.title).toContain(title)
      await admin.deny(hold.id)
      expect((await answer).status).toBe(403)
      expect(changing(world, 0, target)).toEqual([])
    })
  })

  /** Lets a group do everything in the cluster, so that only the gateway decides. */
  const rbac = (group: string): void => {
    kube.put('clusterrolebindings.rbac.authorization.k8s.io', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: group },
      roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', name: group }],
    })
  }

  describe.concurrent('a grant', () => {
    const at = (name: string, namespace = 'payments') => `/api/v1/namespaces/${namespace}/configmaps/${name}`
    const opened = async (
      username: string,
      grant: { readonly scope: 'namespace' | 'object'; readonly forS: number },
    ): Promise<string> => {
      const me = await agent(username)
      seed(username, {}, 'payments')
      const answer = begin(world, at(username), { ...patch('after'), ...me })
      const hold = await waitingFor(username)
      expect(hold.offer).toMatchObject({ maxForS: 600, namespace: 'payments' })
      const approved = await admin.approve(hold.id, { grant })
      expect(approved.status, approved.text).toBe(200)
      expect((await answer).status).toBe(200)
      return (await admin.hold(hold.id)).grant ?? ''
    }

    it('of a namespace covers it and nothing else, until it is ended', async () => {
      const me = await agent('wide')
      const grant = await opened('wide', { scope: 'namespace', forS: 600 })
      seed('wide-2', {}, 'payments')
      seed('wide-3', {}, 'default')
      expect((await world.ask(at('wide-2'), { ...patch('after'), ...me })).status).toBe(200)
      expect((await world.ask(at('wide-2'), { method: 'DELETE', ...me })).status).toBe(200)
      const uncovered = [
        await world.ask(at('wide-3', 'default'), { ...patch('after'), ...me }),
        await world.ask(at('wide', 'shop'), { ...post('{}'), method: 'PUT', ...me }),
        await world.ask(at('wide'), { ...patch('by another'), ...(await agent('not-wide')) }),
      ]
      expect(uncovered.map(({ status }) => status)).not.toContain(200)
      expect(await admin.grant(grant)).toMatchObject({ uses: 3, namespace: 'payments' })
      expect((await admin.api(`/api/v1/grants/${grant}`, { method: 'DELETE' })).status).toBe(204)
      expect((await world.ask(at('wide'), { ...patch('once more'), ...me })).status).toBe(429)
      expect(dataOf('wide', 'payments')).toEqual({ a: 'after' })
      expect(await admin.grant(grant)).toMatchObject({ endedBy: 'admin' })
    })

    it('of an object covers that one, and expires', async () => {
      const me = await agent('narrow-grant')
      const grant = await opened('narrow-grant', { scope: 'object', forS: 3 })
      seed('narrow-other', {}, 'payments')
      expect((await world.ask(at('narrow-other'), { ...patch('after'), ...me })).status).toBe(429)
      await until('it has expired', async () => Date.parse((await admin.grant(grant)).expiresAt) < Date.now())
      expect((await world.ask(at('narrow-grant'), { ...patch('too late'), ...me })).status).toBe(429)
      expect(dataOf('narrow-grant', 'payments')).toEqual({ a: 'after' })
    })

    it('that ends, ends the exec it let in; one that expires does so too', async () => {
      const execs = await Promise.all(
        [
          ['exec-ended', 600],
          ['exec-expired', 4],
        ].map(async ([username, forS]) => {
          const me = await agent(String(username))
          const first = startShake(`${BOX}/exec?command=sleep&command=1000&stdout=true`, me)
          const hold = await waitingFor(String(username))
          await admin.approve(hold.id, { grant: { scope: 'object', forS: Number(forS) } })
          ;(await first).raw.destroy()
          const socket = await openSocket(world, `${BOX}/exec?command=sleep&command=2000&stdout=true`, me)
          return { grant: (await admin.hold(hold.id)).grant ?? '', end: readAll(socket) }
        }),
      )
      await admin.api(`/api/v1/grants/${execs[0]?.grant ?? ''}`, { method: 'DELETE' })
      for (const { end } of execs) {
        const { messages, error } = await end
        expect(error).toBeNull()
        const last = Buffer.from(messages.at(-1) ?? [])
        expect(last[0]).toBe(3)
        expect(last.toString()).toMatch(/access ended: the grant it passed by has ended/)
      }
    })

    it.each([
      ['longer than the rule offers', 'granted-long', { scope: 'namespace', forS: 601 }],
      ['where the rule offers none', 'granted-none', { scope: 'namespace', forS: 60 }],
    ] as const)('%s is refused, and the question stays open', async (_what, name, grant) => {
      const me = await agent(name)
      const inShop = name === 'granted-none'
      seed(name, {}, inShop ? 'shop' : 'payments')
      const answer = begin(world, at(name, inShop ? 'shop' : 'payments'), { ...patch('after'), ...me })
      const hold = await waitingFor(name)
      expect((await admin.approve(hold.id, { grant })).status).toBe(409)
      expect(await stateOf(hold.id)).toBe('pending')
      await admin.approve(hold.id)
      expect((await answer).status).toBe(200)
    })
  })

  // One after the other, and last: they take the gateway or the connector away.
  describe('what breaks', () => {
    it('a connector that is away while a request is held: refused, and let in when it is back', async () => {
      const me = await agent('no-connector')
      seed('no-connector')
      const ask = { ...patch('after'), ...me }
      const told = await world.ask(path('no-connector'), ask)
      expect(told.status).toBe(429)
      const hold = await admin.waiting(of('no-connector'))
      const waiting = world.ask(path('no-connector'), ask)
      await world.connectorDown()
      await admin.approve(hold.id)
      const refused = await waiting
      expect([429, 503]).toContain(refused.status)
      expect(await stateOf(hold.id)).toBe('approved')
      await world.connectorUp()
      expect((await askPatiently(world, path('no-connector'), ask)).status).toBe(200)
      expect(dataOf('no-connector')).toEqual({ a: 'after' })
      expect(changing(world, 0, path('no-connector'))).toHaveLength(1)
    })

    it('a gateway that is killed: what was held is still asked, what was approved still passes, once', async () => {
      const [waiter, absent, planner] = [await agent('killed-1'), await agent('killed-2'), await agent('killed-3')]
      for (const name of ['killed-1', 'killed-2', 'killed-3']) seed(name)
      const first = world.ask(path('killed-1'), { ...patch('after'), ...waiter }).catch(() => null)
      const held = await admin.waiting(of('killed-1'))
      await approvedInAbsence(path('killed-2'), { ...patch('after'), ...absent }, 'killed-2')
      await world.ask(`${path('killed-3')}?dryRun=All`, { ...patch('after'), ...planner })
      await waitingFor('killed-3', 'collecting')
      await world.gatewayDown()
      await first
      await world.gatewayUp()
      await until('the connector is back', async () =>
        (await world.api('/api/v1/connections')).text.includes('"live":true'),
      )
      const again = begin(world, path('killed-1'), { ...patch('after'), ...waiter })
      expect((await admin.waiting(of('killed-1'))).id).toBe(held.id)
      await admin.approve(held.id)
      expect((await again).status).toBe(200)
      expect((await world.ask(path('killed-2'), { ...patch('after'), ...absent })).status).toBe(200)
      expect((await world.ask(path('killed-2'), { ...patch('after'), ...absent })).status).not.toBe(200)
      const plan = await waitingFor('killed-3')
      expect(plan.kind).toBe('plan')
      await admin.approve(plan.id)
      expect((await world.ask(path('killed-3'), { ...patch('after'), ...planner })).status).toBe(200)
      for (const name of ['killed-1', 'killed-2', 'killed-3']) expect(changing(world, 0, path(name))).toHaveLength(1)
    })
  })
})
