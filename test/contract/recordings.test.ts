// What the recordings API shows of what happened: sessions, commands, requests, bodies and exports; how requests are grouped;
// token exchange; the two ways a connection is addressed.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSocket, readAll } from './socket.ts'
import { json } from './upstream.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

const NS = '/api/v1/namespaces/d'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

interface Session {
  readonly id: string
  readonly agent: { readonly username: string }
  readonly purpose?: string
  readonly userAgent: string
  readonly commands: number
  readonly requests: number
  readonly denials: number
}
interface Command {
  readonly id: string
  readonly title: string
  readonly requests: number
  readonly denials: number
  readonly outcome: string
  readonly stream?: string
}
interface Requested {
  readonly id: string
  readonly command: string
  readonly request: { readonly method: string; readonly target: string; readonly verb: string }
  readonly decision?: { readonly effect: string; readonly policy: string; readonly rule: string }
  readonly result?: { readonly outcome: string; readonly code: number }
}

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld(runtime)
    world.upstream.on(`${NS}/pods/p`, json({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }))
    world.upstream.on(`${NS}/pods`, json({ apiVersion: 'v1', kind: 'PodList', items: [] }))
    world.upstream.on(`${NS}/configmaps`, json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }, 201))
    world.upstream.onUpgrade(`${NS}/pods/p/exec`, 'v5.channel.k8s.io', async (socket) => {
      await socket.write(Buffer.from('\x01hello from the pod\r\n'))
      await socket.write(Buffer.from('\x03{"status":"Success"}'))
      socket.close(1000, '')
    })
  })
  afterAll(() => world?.close())

  const get = async <T>(path: string): Promise<T> => {
    const answer = await world.api(path)
    expect(answer.status, `${path}: ${answer.text}`).toBe(200)
    return JSON.parse(answer.text) as T
  }
  it.skipIf(runtime === 'workerd')('keeps the database from other users of the machine', async () => {
    const files = await readdir(world.databaseFolder)
    const modes = await Promise.all(
      files.map(async (file) => (await stat(join(world.databaseFolder, file))).mode & 0o077),
    )
    expect(files).toContain('log.db')
    expect(modes).toEqual(files.map(() => 0))
  })

  const list = async <T>(path: string): Promise<readonly T[]> => (await get<{ items: T[] }>(path)).items
  const sessionOf = async (agent: string): Promise<Session> => {
    const [session, ...more] = await list<Session>(`/api/v1/sessions?agent=${agent}`)
    expect(more).toEqual([])
    if (session === undefined) throw new Error(`no session of ${agent}`)
    return session
  }
  const finished = async (session: string): Promise<readonly Requested[]> => {
    let items: readonly Requested[] = []
    await until('every result is recorded', async () => {
      items = await list<Requested>(`/api/v1/sessions/${session}/requests?limit=500`)
      return items.every(({ result }) => result !== undefined)
    })
    return items
  }
  const run = (uuid: string, command: string) => [
    ['kubectl-session', uuid] as const,
    ['kubectl-command', command] as const,
    ['user-agent', 'kubectl/v1.35.2 (linux/amd64)'] as const,
  ]

  it('one run of kubectl is one command, whatever it asks; refusals are in it', async () => {
    const token = await world.issuer.sign({ sub: 'grouped' })
    const first = run('11111111-1111-4111-8111-111111111111', 'kubectl get')
    const second = run('22222222-2222-4222-8222-222222222222', 'kubectl create')
    await world.ask(`${NS}/pods`, { token, headers: first })
    await world.ask(`${NS}/pods/p`, { token, headers: first })
    await world.ask(`${NS}/configmaps`, {
      token,
      method: 'POST',
      body: '{"kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"b"}}',
      headers: [...second, ['content-type', 'application/json']],
    })
    const denied = await world.ask('/api/v1/namespaces/forbidden/pods/p', { token, headers: first })
    expect(denied.status).toBe(403)

    const session = await sessionOf('grouped')
    expect(session.id).toMatch(UUID)
    const requests = await finished(session.id)
    expect(session).toMatchObject({ commands: 2, requests: 4, denials: 1, userAgent: 'kubectl/v1.35.2 (linux/amd64)' })
    expect(
      requests.map(({ request, decision, result }) => [
        request.method,
        request.target,
        decision?.effect,
        result?.outcome,
        result?.code,
      ]),
    ).toEqual([
      ['GET', `${NS}/pods`, 'Allow', 'ok', 200],
      ['GET', `${NS}/pods/p`, 'Allow', 'ok', 200],
      ['POST', `${NS}/configmaps`, 'Allow', 'ok', 201],
      ['GET', '/api/v1/namespaces/forbidden/pods/p', 'Deny', 'refused', 403],
    ])
    expect(requests[3]?.decision).toMatchObject({ policy: 'contract', rule: 'not-here' })
    expect(new Set([requests[0]?.command, requests[1]?.command, requests[3]?.command]).size).toBe(1)

    const commands = await list<Command>(`/api/v1/sessions/${session.id}/commands`)
    expect(commands.map(({ requests: count, denials, outcome }) => [count, denials, outcome])).toEqual([
      [3, 1, 'refused'],
      [1, 0, 'ok'],
    ])
    expect(commands[0]?.title).toMatch(/^kubectl get /)

    const body = (id: string | undefined, kind: string) => world.api(`/api/v1/requests/${id}/body?kind=${kind}`)
    expect((await body(requests[2]?.id, 'request')).text).toContain('"data":{"a":"b"}')
    expect((await body(requests[1]?.id, 'response')).text).toBe(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}',
    )
    expect((await body(requests[0]?.id, 'request')).status).toBe(404)
  })

  it('the id of a request is the Audit-ID upstream and the one a client is told', async () => {
    const denied = await world.ask('/api/v1/namespaces/forbidden/pods/p')
    const id = denied.headers.get('audit-id')
    expect((await get<Requested>(`/api/v1/requests/${id}`)).result).toMatchObject({ outcome: 'refused', code: 403 })
    await world.ask(`${NS}/pods/p`, { headers: [['audit-id', 'chosen-by-the-client']] })
    const upstream = String(world.upstream.seen.at(-1)?.headers['audit-id'])
    expect(upstream).toMatch(UUID)
    expect((await get<Requested>(`/api/v1/requests/${upstream}`)).request.target).toBe(`${NS}/pods/p`)
  })

  it('a session is exported as its leaves, and as an asciicast with what the exec printed', async () => {
    const token = await world.issuer.sign({ sub: 'exported' })
    const socket = await openSocket(world, `${NS}/pods/p/exec?command=ls&command=-l&stdout=true`, {
      token,
      headers: run('33333333-3333-4333-8333-333333333333', 'kubectl exec'),
    })
    await readAll(socket)
    const session = await sessionOf('exported')
    const [request] = await finished(session.id)
    const [command] = await list<Command>(`/api/v1/sessions/${session.id}/commands`)
    expect(command?.stream).toBe(request?.id)

    const ndjson = await world.api(`/api/v1/sessions/${session.id}/export?format=ndjson`)
    const leaves = ndjson.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; writer: string; wseq: number })
    expect(leaves.map(({ type }) => type)).toEqual([
      'session.open',
      'request.intent',
      'stream.open',
      'stream.segment',
      'stream.close',
      'request.result',
    ])
    expect(leaves.every(({ wseq }, at) => at === 0 || wseq > (leaves[at - 1]?.wseq ?? 0))).toBe(true)

    const cast = await world.api(`/api/v1/sessions/${session.id}/export?format=asciicast`)
    const [header = '', ...events] = cast.text.trimEnd().split('\n')
    expect(JSON.parse(header)).toMatchObject({ version: 3 })
    expect(events.length).toBeGreaterThan(0)
    expect(cast.text).toContain('hello from the pod')
  })

  it('a preparatory look is a request of its own in the same command', async () => {
    const token = await world.issuer.sign({ sub: 'narrow', groups: [] })
    world.upstream.on(`${NS}/configmaps/there`, json({ kind: 'ConfigMap', metadata: { name: 'there' } }))
    const answer = await world.ask(`${NS}/configmaps/there`, {
      token,
      method: 'PUT',
      body: '{"kind":"ConfigMap","metadata":{"name":"there"}}',
      headers: [['content-type', 'application/json']],
    })
    expect(answer.status, answer.text).toBe(200)
    const requests = await finished((await sessionOf('narrow')).id)
    expect(requests.map(({ request }) => request)).toMatchObject([
      { method: 'PUT', verb: 'update' },
      { method: 'GET', preparatory: 'exists' },
    ])
  })

  describe('token exchange', () => {
    const exchange = async (over: Record<string, string> = {}) => {
      const form = new URLSearchParams({
        grant_type: EXCHANGE,
        subject_token: await world.issuer.sign({ sub: 'exchanged' }),
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        audience: 'test',
        purpose: 'find out why the shop is slow',
        ...over,
      })
      return world.ask('', {
        prefix: '/oauth/token',
        token: null,
        method: 'POST',
        body: form.toString(),
        headers: [['content-type', 'application/x-www-form-urlencoded']],
      })
    }

    it('binds a session and its purpose, and continues it', async () => {
      const first = await exchange()
      expect(first.status, first.text).toBe(200)
      expect(first.headers.get('cache-control')).toMatch(/no-store/)
      const token = JSON.parse(first.text) as { access_token: string; session: string; expires_in: number }
      expect(token).toMatchObject({ token_type: 'Bearer' })
      expect(token.expires_in).toBeLessThanOrEqual(900)
      expect((await world.ask(`${NS}/pods/p`, { token: token.access_token })).status).toBe(200)
      expect(world.upstream.seen.at(-1)?.headers['impersonate-user']).toBe('exchanged')
      const session = await get<Session>(`/api/v1/sessions/${token.session}`)
      expect(session).toMatchObject({ agent: { username: 'exchanged' }, purpose: 'find out why the shop is slow' })

      const second = await exchange({ session_token: token.access_token })
      expect((JSON.parse(second.text) as { session: string }).session).toBe(token.session)
    })

    it.each([
      ['another connection', { audience: 'other' }],
      ['the API', { audience: 'api' }],
    ])('a token for %s does not pass here', async (_what, over) => {
      const answer = await exchange(over)
      if (answer.status !== 200) {
        expect(JSON.parse(answer.text)).toHaveProperty('error')
        return
      }
      const { access_token: token } = JSON.parse(answer.text) as { access_token: string }
      expect((await world.ask(`${NS}/pods/p`, { token })).status).toBe(401)
    })

    it.each([
      ['an unknown grant', { grant_type: 'password' }, 'unsupported_grant_type'],
      ['a token that is none', { subject_token: 'x' }, 'invalid_request'],
      ['a purpose of two lines', { purpose: 'a\nb' }, 'invalid_request'],
      ['a session without proof', { session: '01890a5d-ac96-774b-bcce-b302099a8057' }, 'invalid_request'],
      ['no target', { audience: '' }, 'invalid_target'],
    ])('%s is refused as RFC 6749 says', async (_what, over, error) => {
      const answer = await exchange(over as Record<string, string>)
      expect(answer.status).toBe(400)
      expect(JSON.parse(answer.text)).toMatchObject({ error })
    })
  })

  describe('addresses', () => {
    it('a connection is reached by host name as well, where the prefix means nothing', async () => {
      const answer = await world.ask(`${NS}/pods/p`, { prefix: '', host: `test.gw.test:${world.port}` })
      expect(answer.status, answer.text).toBe(200)
      expect(world.upstream.seen.at(-1)?.url).toBe(`${NS}/pods/p`)
      expect((await world.ask(`${NS}/pods/p`, { prefix: '', host: 'TEST.GW.TEST' })).status).toBe(200)
    })

    it.each([
      ['a connection that is not there', { prefix: '/clusters/nowhere' }, 404],
      ['a host name that is not there', { prefix: '', host: 'nowhere.gw.test' }, 404],
      ['a name that is no label', { prefix: '/clusters/Te_st' }, 404],
      ['a host name in two labels', { prefix: '', host: 'a.test.gw.test' }, 404],
    ])('%s is a Status', async (_what, options, status) => {
      const before = world.upstream.seen.length
      const answer = await world.ask(`${NS}/pods/p`, options)
      expect(answer.status, answer.text).toBe(status)
      expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', code: status })
      expect(world.upstream.seen).toHaveLength(before)
    })

    it.each(['loc/../x', 'x?y', 'user@host', 'a b', 'test.gw.test#x', ''])('the Host %j is refused', async (host) => {
      const before = world.upstream.seen.length
      const answer = await world.ask(`${NS}/pods/p`, { host }).catch(() => null)
      if (answer !== null) expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(world.upstream.seen).toHaveLength(before)
    })
  })
})
