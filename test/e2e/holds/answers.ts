// What people answer, and what an answer is bound to. In: a stage. Out: tests.

import { expect, test } from 'vitest'
import { config } from './files.ts'
import { aRound, held } from './held.ts'
import { creating, eventually, type Of, said } from './story.ts'

/** How long a client that was told to come again may stay away, and a few seconds. */
const GONE_MS = 45_000

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
    await eventually('it is withdrawn', async () => (await stage().people.show(hold.id)).state === 'withdrawn', GONE_MS)
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
    // The one that comes again only once the first was carried out hears from the gateway's dry run that the object is there.
    expect(ends.find(([code]) => code === 1)?.[1]).toMatch(/was used|already exists/)
    expect((await people.sentBy(first.hold)).map(({ result }) => result?.code)).toEqual([201])
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
