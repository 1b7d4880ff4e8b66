// Row 31 of the abuse cases: a connector of one connection claims another; two processes with one key. With real connectors.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectorIdentity, openIdentity } from '../../connector/identity.ts'
import { runConnector } from '../../connector/main.ts'
import { fromDuplex } from '../../protocol/websocket.ts'
import { type Handshake, handshake, readAll } from './socket.ts'
import { json } from './upstream.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  let url: string
  beforeAll(async () => {
    world = await startWorld(runtime)
    url = `https://127.0.0.1:${world.port}`
    world.upstream.on('/api/v1/namespaces/d/pods/p', json({ kind: 'Pod' }))
    await world.api('/api/v1/connections/other', {
      method: 'PUT',
      body: '{"description":"another cluster"}',
      headers: { 'content-type': 'application/json' },
    })
  })
  afterAll(() => world?.close())

  const codeFor = async (connection: string): Promise<string> => {
    const answer = await world.api(`/api/v1/connections/${connection}/enrolments`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    return (JSON.parse(answer.text) as { code: string }).code
  }
  const identity = async (name: string, connection: string): Promise<ConnectorIdentity> =>
    openIdentity(join(world.folder, name), { url, ca: world.ca }, { code: await codeFor(connection), name })

  const dial = (token: string | null, connection: string, instance = randomBytes(16).toString('hex')) =>
    handshake(world, `/connect?connection=${connection}&instance=${instance}`, {
      prefix: '',
      protocols: ['sallyport.tunnel.v1'],
      token,
    })

  const expectRefusedDial = (answer: Handshake, status: number, says: RegExp): void => {
    expect(answer.status, answer.text).toBe(status)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', code: status })
    expect(answer.text).toMatch(says)
  }

  it('row 31: a key bound to another connection is refused, and what passes still goes to the right one', async () => {
    const other = await identity('other', 'other')
    expectRefusedDial(await dial(await other.token(url), 'test'), 403, /not bound/)
    expect((await world.ask('/api/v1/namespaces/d/pods/p')).status).toBe(200)
  })

  it('row 31: the connector itself will not start for a connection it is not enrolled for', async () => {
    const connector = runConnector({
      gateway: url,
      gatewayCa: world.ca,
      connection: 'other',
      state: join(world.folder, 'connector'),
      kubeconfig: join(world.folder, 'cluster.kubeconfig'),
      log: () => undefined,
    })
    await expect(connector.closed).rejects.toThrow(/enrolled for test, not for other/)
  })

  it('row 31: a token is taken once', async () => {
    const one = await identity('once', 'other')
    const token = await one.token(url)
    const first = await dial(token, 'other')
    expect(first.status, first.text).toBe(101)
    expectRefusedDial(await dial(token, 'other'), 401, /not valid/)
    first.raw.destroy()
  })

  it.each([
    ['no token', async () => null],
    ['an agent’s token', async () => world.token],
    [
      'a key that was never enrolled',
      async () => {
        const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
        const connectors = JSON.parse((await world.api('/api/v1/connectors')).text) as { items: { id: string }[] }
        const id = connectors.items[0]?.id ?? ''
        return new SignJWT({})
          .setProtectedHeader({ alg: 'EdDSA', typ: 'sallyport-connector+jwt' })
          .setIssuer(id)
          .setSubject(id)
          .setAudience(url)
          .setIssuedAt()
          .setExpirationTime('60s')
          .setJti(crypto.randomUUID())
          .sign(privateKey)
      },
    ],
    ['a token for another gateway', async () => (await identity('elsewhere', 'test')).token('https://gateway.example')],
  ])('row 31: %s does not dial in', async (_what, make) => {
    expectRefusedDial(await dial(await make(), 'test'), 401, /not known/)
  })

  it('row 31: a second process with a key that answers is turned away; the first goes on', async () => {
    const first = await identity('twice', 'other')
    const open = await dial(await first.token(url), 'other')
    expect(open.status, open.text).toBe(101)
    // The one that is connected answers pings, as a live connector does: here through the real one of `test`.
    const second = runConnector({
      gateway: url,
      gatewayCa: world.ca,
      connection: 'test',
      state: join(world.folder, 'connector'),
      kubeconfig: join(world.folder, 'cluster.kubeconfig'),
      log: (_level, event, facts) => lines.push(`${event} ${JSON.stringify(facts ?? {})}`),
    })
    const lines: string[] = []
    await until('the second is told why', () => lines.some((line) => /another process with this key/.test(line)))
    expect((await world.ask('/api/v1/namespaces/d/pods/p')).status).toBe(200)
    second.close()
    await second.closed
    open.raw.destroy()
  })

  it('row 31: an enrolment code works once, and a key enrols once', async () => {
    const code = await codeFor('test')
    const { publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    const { kty, crv, x } = await exportJWK(publicKey)
    const enrol = (withCode: string) =>
      world.api('/api/v1/enrol', {
        method: 'POST',
        body: JSON.stringify({ code: withCode, publicKey: { kty, crv, x }, name: 'e' }),
        headers: { 'content-type': 'application/json' },
      })
    expect((await enrol(code)).status).toBeLessThan(300)
    expect((await enrol(code)).status).toBeGreaterThanOrEqual(400)
    expect((await enrol(await codeFor('test'))).status).toBeGreaterThanOrEqual(400)
  })

  it('row 31: a revoked connector is cut off at once and stays out', async () => {
    const one = await identity('revoked', 'other')
    const open = await dial(await one.token(url), 'other')
    expect(open.status, open.text).toBe(101)
    const socket = fromDuplex(open.raw, { role: 'client', protocol: '', head: open.head, maxMessageBytes: 1 << 20 })
    const ended = readAll(socket)
    const answer = await world.api(`/api/v1/connectors/${one.id}`, { method: 'DELETE' })
    expect(answer.status, answer.text).toBeLessThan(300)
    expect(String((await ended).error)).toMatch(/revoked/)
    expectRefusedDial(await dial(await one.token(url), 'other'), 401, /revoked/)
  })

  it('an upgrade on /connect that is no connector’s is refused', async () => {
    for (const target of ['/connect', '/connect?connection=test', '/connect?connection=test&instance=1&x=y']) {
      const answer = await handshake(world, target, { prefix: '', protocols: ['sallyport.tunnel.v1'] })
      expect(answer.status).toBe(400)
    }
  })
})
