// Many objects and one question: plans, grants; and limits, past which people are asked again. In: a stage. Out: tests.

import { expect, test } from 'vitest'
import { config } from './files.ts'
import { held } from './held.ts'
import { creating, directory, type Of, said } from './story.ts'

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
