// MaskPolicies: in force at once, on what is open too, and nothing passes while one cannot be read.

import { join } from 'node:path'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRaw } from './raw.ts'
import { json } from './upstream.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

const PATH = '/apis/acme.io/v1/namespaces/d/vaults/v'
const VAULT = { apiVersion: 'acme.io/v1', kind: 'Vault', metadata: { name: 'v' }, spec: { token: 'red', size: 3 } }

const policy = (spec: string) => `apiVersion: sallyport/v1
kind: MaskPolicy
metadata: {name: vaults}
spec: ${spec}
`
const FIELD = '{fields: [{name: vault-token, resources: [vaults.acme.io], paths: [spec.token]}]}'
const OTHERS = `{subjects: [{groups: [others]}], ${FIELD.slice(1)}`

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld(runtime)
    world.upstream.on(PATH, json(VAULT))
  })
  afterAll(() => world?.close())
  const token = async (): Promise<string> => JSON.parse((await world.ask(PATH)).text).spec.token
  const remove = (name: string) => world.api(`/api/v1/documents/MaskPolicy/${name}`, { method: 'DELETE' })

  it('a field is masked from the moment the policy is applied to the moment it is deleted', async () => {
    expect(await token()).toBe('red')
    await world.apply(policy(OTHERS))
    expect(await token()).toBe('red')
    await world.apply(policy(FIELD))
    expect(await token()).toMatch(/^⟦masked:vault-token:[0-9a-f]{12}⟧$/)
    expect((await remove('vaults')).status).toBe(204)
    expect(await token()).toBe('red')
  })

  it('a watch that is open ends when what is masked for it changes, and no other does', async () => {
    const held: (() => void)[] = []
    world.upstream.on('/apis/acme.io/v1/namespaces/d/vaults', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      held.push(() => response.end())
    })
    let text = ''
    const socket = openRaw({
      port: world.port,
      ca: world.ca,
      target: '/clusters/test/apis/acme.io/v1/namespaces/d/vaults?watch=true',
      headers: [['authorization', `Bearer ${world.token}`]],
    })
    socket.on('data', (chunk: Buffer) => {
      text += String(chunk)
    })
    await until('the watch is open', () => held.length === 1 && text.includes('\r\n\r\n'))
    await world.apply(policy(OTHERS))
    expect(await token()).toBe('red')
    expect(text).not.toContain('ERROR')
    await world.apply(policy(FIELD))
    await until('the watch ends', () => text.includes('what is masked has changed; run the command again'))
    expect(text).toContain('"type":"ERROR"')
    socket.destroy()
    for (const end of held) end()
    await remove('vaults')
  })

  it('one that is not valid is refused with its place, and changes nothing', async () => {
    await expect(world.apply(policy('{feilds: []}'))).rejects.toThrow('422')
    await expect(world.apply(policy('{feilds: []}'))).rejects.toThrow('line 4, column 16: spec.feilds')
    expect(await token()).toBe('red')
  })

  it('while one that is stored cannot be read nothing passes, and the answer says why', async () => {
    // As an older gateway would find it that a newer one left.
    const database = new Database(join(world.databaseFolder, 'log.db'), { timeout: 5_000 })
    const document = {
      apiVersion: 'sallyport/v1',
      kind: 'MaskPolicy',
      metadata: { name: 'newer' },
      spec: { shapes: [] },
    }
    database
      .prepare(
        `INSERT INTO documents (revision, kind, name, document, source, applied_by, applied_at, deleted)
SELECT coalesce(max(revision), 0) + 1, 'MaskPolicy', 'newer', ?, '', 'root', '2026-01-01T00:00:00.000Z', 0 FROM documents`,
      )
      .run(JSON.stringify(document))
    database.close()
    await until('it is found', async () => (await world.ask(PATH)).status === 403)
    const seen = world.upstream.seen.length
    const answer = await world.ask(PATH)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'Forbidden', code: 403 })
    expect(answer.text).toContain('nothing may pass: mask policy newer cannot be used: spec.shapes: is not a known key')
    expect(world.upstream.seen.length).toBe(seen)
    expect((await remove('newer')).status).toBe(204)
    expect(await token()).toBe('red')
  })
})
