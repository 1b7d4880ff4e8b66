// Limits and the kill switch: past a limit requests wait for people, over a restart too; what a person stops ends at once,
// with the reason in words; and what is let in by a rule ends when the rule does.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlockSummary, NewBlock } from '../../worker/api/types.ts'
import { begin, changing, type Person, personOf } from './people.ts'
import { openRaw } from './raw.ts'
import { handshake, type OpenSocket, openSocket, readAll } from './socket.ts'
import { post } from './tricks.ts'
import { json } from './upstream.ts'
import { type AskOptions, RUNTIMES, startWorld, until, type World } from './world.ts'

const MAPS = '/api/v1/namespaces/shop/configmaps'
const SECRETS = '/api/v1/namespaces/shop/secrets'
const EXEC = '/api/v1/namespaces/d/pods/p/exec'
const WATCH = '/api/v1/namespaces/d/endpoints'

const ALL = `
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: all}
spec:
  subjects: [{groups: [ai-agents]}]
  connections: [test]
  rules:
  - {name: paths, effect: Allow, verbs: [get], paths: ["*"]}
  - {name: all, effect: Allow, verbs: ["*"], resources: ["*", "*/*"]}
  - {name: held, effect: Hold, verbs: [delete, connect], resources: [configmaps, pods/exec], names: [held]}
  - {name: never, effect: Deny, verbs: [delete], resources: [configmaps], names: [never]}
`
const limited = (group: string, limit: string): string => `
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: ${group}}
spec:
  subjects: [{groups: [${group}]}]
  connections: [test]
  rules: [{name: nothing-else, effect: Deny, verbs: [get], paths: [/none]}]
  limits: [${limit}]
`
const POLICY = [
  ALL,
  limited('writers', '{name: three-writes, count: writes, per: session, max: 3}'),
  limited('deleters', '{name: one-deletion, count: deletions, per: session, max: 1}'),
  limited('readers', '{name: two-secrets, count: secretReads, per: session, max: 2}'),
  limited('typists', '{name: some-bytes, count: execBytes, per: session, max: 1000}'),
  limited('hasty', '{name: two-at-once, count: writes, per: session, within: 5s, max: 2}'),
  limited('crowds', '{name: three-at-once, count: writes, per: session, max: 3}'),
  `
---
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: edge}
spec:
  subjects: [{groups: [edge]}]
  connections: [test]
  rules:
  - {name: labelled, effect: Allow, verbs: [patch], resources: [configmaps], namespaces: [shop], when: oldObject.kind == 'ConfigMap'}
  limits: [{name: one-write, count: writes, per: session, max: 1}]
`,
  limited('people', '{name: of-one-person, count: requests, per: identity, within: 1h, max: 4}'),
].join('')

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  let admin: Person

  beforeAll(async () => {
    world = await startWorld(runtime, { upstream: 'demo', policy: POLICY, config: { holds: { pollMs: 1000 } } })
    admin = personOf(world.api)
    world.upstream.onUpgrade(EXEC, 'v5.channel.k8s.io', async (socket) => {
      for (let each = await socket.read(); each !== null; each = await socket.read()) {
        await socket.write(Buffer.concat([Buffer.of(1), Buffer.from(each).subarray(1)]))
      }
    })
    world.upstream.on('/api/v1/namespaces/d/pods/p', json({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }))
    world.upstream.on(WATCH, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"type":"ADDED","object":{"kind":"Endpoints","metadata":{"name":"e"}}}\n')
    })
  })
  afterAll(() => world?.close())

  const agent = async (sub: string, ...groups: string[]) => ({
    token: await world.issuer.sign({ sub, groups: ['ai-agents', ...groups] }),
  })
  const make = (name: string): AskOptions =>
    post(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } }))
  const messageOf = (text: string): string => (JSON.parse(text) as { message: string }).message
  const waitingOf = async (username: string): Promise<{ id: string; rule: string; reason: string }> => {
    let found: Awaited<ReturnType<Person['holds']>>[number] | undefined
    await until(`${username} waits`, async () => {
      found = (await admin.holds()).find((one) => one.agent.username === username && one.state === 'pending')
      return found !== undefined
    })
    if (found === undefined) throw new Error('unreachable')
    return found
  }
  /** Tokens of one session, as the CLI's exec plugin has them. */
  const sessionOf = async (sub: string, ...groups: string[]): Promise<{ token: string; session: string }> => {
    const { token } = await agent(sub, ...groups)
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: token,
      audience: 'test',
    })
    const answer = await world.ask('/oauth/token', {
      prefix: '',
      token: null,
      ...post(form.toString(), 'application/x-www-form-urlencoded'),
    })
    const { access_token, session } = JSON.parse(answer.text) as { access_token: string; session: string }
    return { token: access_token, session }
  }

  describe.concurrent('past a limit', () => {
    it('writes wait; dry runs, reads and refused ones do not count; an approved one passes', async () => {
      const me = await agent('writer', 'writers')
      for (const name of ['w-1', 'w-2', 'w-3']) {
        expect((await world.ask(`${MAPS}?dryRun=All`, { ...make(name), ...me })).status).toBe(201)
        expect((await world.ask(`${MAPS}/never`, { method: 'DELETE', ...me })).status).toBe(403)
        expect((await world.ask(`${MAPS}/web-config`, me)).status).toBe(200)
        expect((await world.ask(MAPS, { ...make(name), ...me })).status).toBe(201)
      }
      const answer = begin(world, MAPS, { ...make('w-4'), ...me })
      const hold = await waitingOf('writer')
      expect(hold).toMatchObject({ rule: 'three-writes', reason: 'the limit of 3 writes per session is reached' })
      expect((await world.ask(`${MAPS}/w-1`, me)).status).toBe(200)
      expect((await world.ask(`${MAPS}?dryRun=All`, { ...make('w-5'), ...me })).status).toBe(201)
      await admin.approve(hold.id)
      expect((await answer).status).toBe(201)
    })

    it('another session of another identity is not stopped by it', async () => {
      const me = await agent('other-writer', 'writers')
      expect((await world.ask(MAPS, { ...make('o-1'), ...me })).status).toBe(201)
    })

    it('many at once are no way past it, and what the cluster refuses does not use it up', async () => {
      const me = await agent('crowd', 'crowds')
      const bad = { ...make('c-0'), body: '{"apiVersion":"v1","kind":"Nonsense","metadata":{"name":"c-0"}}' }
      expect((await world.ask(`${MAPS}/absent?dryRun=All`, { ...bad, method: 'PUT', ...me })).status).toBe(404)
      const names = Array.from({ length: 9 }, (_, at) => `c-${at + 1}`)
      const answers = await Promise.all(names.map((name) => world.ask(MAPS, { ...make(name), ...me })))
      const statuses = answers.map(({ status }) => status).sort()
      expect(statuses).toEqual([201, 201, 201, 429, 429, 429, 429, 429, 429])
    })

    it('the last write that may pass still does when the object changes meanwhile', async () => {
      const { token } = { token: await world.issuer.sign({ sub: 'edge', groups: ['edge'] }) }
      const config = (name: string, data: Record<string, string>) =>
        world.kube?.put('configmaps.', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace: 'shop', uid: name },
          data,
        })
      world.kube?.put('clusterrolebindings.rbac.authorization.k8s.io', {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'edge' },
        roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'Group', name: 'edge' }],
      })
      config('edge', { a: 'b' })
      let changes = 0
      world.upstream.onArrival = ({ method, url }) => {
        if (method !== 'PATCH' || !url.endsWith('/edge') || changes > 0) return
        changes += 1
        config('edge', { a: 'b', c: 'd' })
      }
      const patch = {
        method: 'PATCH',
        headers: [['content-type', 'application/merge-patch+json']],
        body: '{"data":{"a":"x"}}',
        token,
      } as const
      const answer = await world.ask(`${MAPS}/edge`, patch)
      world.upstream.onArrival = null
      expect(changes).toBe(1)
      expect(answer.status, answer.text).toBe(200)
      expect((await world.ask(`${MAPS}/edge`, patch)).status).toBe(429)
    })

    it('deletions wait', async () => {
      const me = await agent('deleter', 'deleters')
      for (const name of ['d-1', 'd-2']) expect((await world.ask(MAPS, { ...make(name), ...me })).status).toBe(201)
      expect((await world.ask(`${MAPS}/d-1`, { method: 'DELETE', ...me })).status).toBe(200)
      expect((await world.ask(`${MAPS}/d-2`, { method: 'DELETE', ...me })).status).toBe(429)
      expect((await waitingOf('deleter')).rule).toBe('one-deletion')
      expect(changing(world, 0, `${MAPS}/d-2`)).toEqual([])
    })

    it('reads of Secrets wait', async () => {
      const me = await agent('reader', 'readers')
      for (const name of ['api-keys', 'db-credentials']) {
        expect((await world.ask(`${SECRETS}/${name}`, me)).status).toBe(200)
      }
      const before = world.upstream.seen.filter(({ url }) => url.startsWith(`${SECRETS}/web-tls`)).length
      expect((await world.ask(`${SECRETS}/web-tls`, me)).status).toBe(429)
      expect((await world.ask(SECRETS, me)).status).toBe(429)
      expect(world.upstream.seen.filter(({ url }) => url.startsWith(`${SECRETS}/web-tls`))).toHaveLength(before)
    })

    it('bytes of execs count as they pass: the next exec waits in its handshake', async () => {
      const me = await agent('typist', 'typists')
      const socket = await openSocket(world, `${EXEC}?command=cat&stdin=true&stdout=true`, me)
      await socket.write(Buffer.concat([Buffer.of(0), Buffer.alloc(600, 'x')]))
      expect((await socket.read())?.length).toBe(601)
      socket.close(1000, '')
      const answer = handshake(world, `${EXEC}?command=id`, me)
      const hold = await waitingOf('typist')
      expect(hold.rule).toBe('some-bytes')
      await admin.deny(hold.id)
      expect((await answer).status).toBe(403)
    })

    it('within a time: it waits until that is over', async () => {
      const me = await agent('hasty', 'hasty')
      const started = Date.now()
      for (const name of ['h-1', 'h-2']) expect((await world.ask(MAPS, { ...make(name), ...me })).status).toBe(201)
      const third = await world.ask(MAPS, { ...make('h-3'), ...me })
      expect(third.status === 429 || Date.now() - started > 5000).toBe(true)
      expect((await waitingOf('hasty')).reason).toContain('within 5s')
      await until('the time is over', async () => (await world.ask(MAPS, { ...make('h-4'), ...me })).status === 201)
      expect(Date.now() - started).toBeGreaterThan(5000)
    })
  })

  describe('the kill switch', () => {
    const block = async (asked: NewBlock): Promise<BlockSummary> => {
      const answer = await admin.post('/api/v1/blocks', asked)
      expect(answer.status, answer.text).toBe(201)
      return JSON.parse(answer.text) as BlockSummary
    }
    const lift = async (name: string): Promise<void> => {
      const answer = await world.api(`/api/v1/blocks/${name}`, { method: 'DELETE' })
      expect(answer.status).toBe(204)
    }
    const openWatch = (token: string): { text: () => string } => {
      const socket = openRaw({
        port: world.port,
        ca: world.ca,
        target: `/clusters/test${WATCH}?watch=true`,
        headers: [['authorization', `Bearer ${token}`]],
      })
      let text = ''
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      return { text: () => text }
    }
    const lastOf = async (socket: OpenSocket): Promise<string> => {
      const { messages, error } = await readAll(socket)
      expect(error).toBeNull()
      const last = Buffer.from(messages.at(-1) ?? [])
      expect(last[0]).toBe(3)
      return last.toString()
    }

    it.each(['session', 'identity', 'connection'] as const)(
      'of the %s: what is open ends, what waits is refused, the next is told why, and lifting it works',
      async (kind) => {
        const username = `stopped-${kind}`
        const { token, session } = await sessionOf(username)
        const bystander = await sessionOf(`bystander-of-${kind}`)
        const watch = openWatch(token)
        const other = openWatch(bystander.token)
        await until('both watch', () => watch.text().includes('ADDED') && other.text().includes('ADDED'))
        const exec = await openSocket(world, `${EXEC}?command=cat&stdin=true`, { token })
        const held = world.ask(`${MAPS}/held`, { method: 'DELETE', token })
        const heldExec = handshake(world, '/api/v1/namespaces/d/pods/held/exec?command=id', { token })
        await until('two wait', async () => {
          const mine = (await admin.holds()).filter((one) => one.agent.username === username)
          return mine.filter(({ state }) => state === 'pending').length === 2
        })
        const value = { session, identity: username, connection: 'test' }[kind]
        const started = Date.now()
        const { name } = await block({ kind, value, reason: 'it went astray' })
        const says = new RegExp(`this ${kind} was ended by a person: it went astray`)
        await until('the watch ends', () => watch.text().includes('"type":"ERROR"'))
        expect(watch.text()).toMatch(says)
        expect(await lastOf(exec)).toMatch(says)
        const refused = await held
        // Told to come again a moment before: then it is refused when it does.
        if (refused.status !== 429) expect(refused.text).toMatch(says)
        expect([403, 429]).toContain(refused.status)
        const refusedExec = await heldExec
        expect(refusedExec.status).toBe(403)
        expect(refusedExec.text).toMatch(says)
        expect(Date.now() - started).toBeLessThan(5000)
        const before = world.upstream.seen.length
        const next = await world.ask(`${MAPS}/web-config`, { token })
        expect(next.status).toBe(403)
        expect(messageOf(next.text)).toMatch(says)
        expect(messageOf(next.text)).toContain(`block ${name}`)
        expect(world.upstream.seen).toHaveLength(before)
        const onlooker = await world.ask(`${MAPS}/web-config`, { token: bystander.token })
        expect(onlooker.status).toBe(kind === 'connection' ? 403 : 200)
        expect(other.text().includes('"type":"ERROR"')).toBe(kind === 'connection')
        await lift(name)
        expect((await world.ask(`${MAPS}/web-config`, { token })).status).toBe(200)
      },
    )

    it('an approval does not let through what was stopped while it waited', async () => {
      const { token } = await sessionOf('stopped-late')
      const held = begin(world, `${MAPS}/held`, { method: 'DELETE', token })
      const { id } = await waitingOf('stopped-late')
      const { name } = await block({ kind: 'identity', value: 'stopped-late' })
      await admin.approve(id)
      expect((await held).status).toBe(403)
      expect(changing(world, 0, `${MAPS}/held`)).toEqual([])
      await lift(name)
    })
  })

  describe('row 32: a rule that is taken away', () => {
    const rules = (effect: string): string => `
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: passing}
spec:
  subjects: [{groups: [passing]}]
  connections: [test]
  rules: [{name: into, effect: ${effect}, verbs: [connect], resources: [pods/exec], namespaces: [d]}]
`
    it.each([
      ['Allow', 'Hold', /access ended: this needs approval now/],
      ['Hold', 'Deny', /access ended: denied by policy/],
    ])('ends the exec it let in: %s becomes %s', async (from, to, says) => {
      await world.apply(rules(from))
      const { token } = { token: await world.issuer.sign({ sub: `passing-${from}`, groups: ['passing'] }) }
      const opening = openSocket(world, `${EXEC}?command=cat&stdin=true`, { token })
      opening.catch(() => undefined)
      if (from === 'Hold') await admin.approve((await waitingOf('passing-Hold')).id)
      const socket = await opening
      const started = Date.now()
      await world.apply(rules(to))
      const { messages } = await readAll(socket)
      expect(Date.now() - started).toBeLessThan(5000)
      expect(Buffer.from(messages.at(-1) ?? []).toString()).toMatch(says)
    })
  })

  // Last: it takes the gateway away.
  it('a restart gives nobody a fresh allowance: of a session, nor of an identity', async () => {
    const writer = await sessionOf('restarted', 'writers')
    const one = await agent('somebody', 'people')
    for (const name of ['r-1', 'r-2', 'r-3']) {
      expect((await world.ask(MAPS, { ...make(name), token: writer.token })).status).toBe(201)
    }
    for (let at = 0; at < 4; at += 1) expect((await world.ask(`${MAPS}/web-config`, one)).status).toBe(200)
    expect((await world.ask(`${MAPS}/web-config`, one)).status).toBe(429)
    await world.gatewayDown()
    await world.gatewayUp()
    await until('the connector is back', async () =>
      (await world.api('/api/v1/connections')).text.includes('"live":true'),
    )
    expect((await world.ask(MAPS, { ...make('r-4'), token: writer.token })).status).toBe(429)
    expect((await world.ask(`${MAPS}/web-config`, one)).status).toBe(429)
    expect((await world.ask(`${MAPS}/web-config`, await agent('somebody-else', 'people'))).status).toBe(200)
    expect((await world.ask(MAPS, { ...make('r-5'), ...(await agent('newcomer', 'writers')) })).status).toBe(201)
  })
})
