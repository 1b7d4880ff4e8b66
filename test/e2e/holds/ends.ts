// What ends while something runs or waits: sessions by the kill switch, the connector, the gateway. In: a stage. Out: tests,
// which stop the connection for all others and so run alone.

import { expect, test } from 'vitest'
import { config } from './files.ts'
import { aRound, held } from './held.ts'
import { creating, directory, eventually, type Of, said } from './story.ts'

/** The kill switch. These stop everything of their connection: run them alone. */
export function declareKillSwitch({ stage, namespace, version }: Of): void {
  test.each(['session', 'identity', 'connection'] as const)(
    'a %s is ended: its streams end, and the next command says why',
    async (kind) => {
      const { people } = stage()
      const who = await stage().agent(version, 'free', namespace())
      const value = { session: who.session, identity: who.username, connection: 'test' }[kind]
      const watch = who.door.start('kubectl get cm -n {ns} -w -v=6')
      const logs = who.door.start('kubectl logs -f talker -n {ns} --tail=1')
      const shell = who.door.start('kubectl exec -it box -n {ns} -- sh', { tty: true })
      // What it prints first comes of a list: only then does it watch.
      const watching = watch.until(/watch=true"? (?:status=")?200 OK/)
      await Promise.all([watching, logs.until(/\S/), shell.until(/[#$] /)])
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
      await eventually('it may again', async () => (await who.door.run('kubectl get cm -n {ns}')).code === 0)
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
    // Long enough for a client to come by meanwhile.
    await aRound({ ...write.hold, openedAt: new Date().toISOString() })
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
    await eventually('the connector is back', () => people.connected())

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
