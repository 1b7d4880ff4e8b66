// Secrets, and what reaches into pods, held. In: a stage. Out: tests.

import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { filesWith, formsOf } from '../recordings.ts'
import { held } from './held.ts'
import { eventually, type Of, said } from './story.ts'

/** Plain, or in a Secret's `data`, which is base64. */
const PLACEHOLDERS = ['⟦masked:', Buffer.from('⟦masked').toString('base64')]

/** What people are shown of a Secret, and what is kept of it: never its values. */
export function declareSecrets({ stage, namespace, version }: Of): void {
  const plain = () => `held-plain-${randomBytes(9).toString('hex')}`
  const secret = (name: string, value: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\nstringData: {password: ${value}}\n`

  test.concurrent.each([
    [
      'create',
      (name: string, value: string) => ({
        run: `kubectl create secret generic ${name} -n {ns} --from-literal=password=${value}`,
      }),
    ],
    [
      'apply',
      (name: string, value: string) => ({
        run: 'kubectl apply -n {ns} -f {dir}/s.yaml',
        files: { 's.yaml': secret(name, value) },
      }),
    ],
    [
      'apply --server-side',
      (name: string, value: string) => ({
        run: 'kubectl apply --server-side -n {ns} -f {dir}/s.yaml',
        files: { 's.yaml': secret(name, value) },
      }),
    ],
  ])('a Secret by kubectl %s: people see that it changes, not what it holds', async (how, row) => {
    const { people, world } = stage()
    const value = plain()
    const name = `dark-${version}-${how.replaceAll(/[^a-z]/g, '')}`
    const who = await stage().agent(version, 'held', namespace())
    const { client, hold } = await held(who, row(name, value), stage())
    const shown = JSON.stringify(await people.show(hold.id))
    expect(
      PLACEHOLDERS.filter((one) => shown.includes(one)),
      shown,
    ).not.toEqual([])
    for (const form of formsOf(value)) expect(shown).not.toContain(form)
    await people.approve(hold.id)
    expect((await said(client))[0]).toBe(0)
    const stored = await stage().admin(['get', 'secret', name, '-n', namespace(), '-o', 'jsonpath={.data.password}'])
    expect(Buffer.from(stored, 'base64').toString()).toBe(value)
    expect(await filesWith(world.folder, formsOf(value))).toEqual([])
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
  test.concurrent('an approved command is that command and no other', async () => {
    const { people } = stage()
    const who = await agent()
    const one = await held(who, { run: `kubectl exec box -n {ns} -- sh -c 'echo one'` }, stage())
    const other = who.door.start(`kubectl exec box -n {ns} -- sh -c 'echo two'`)
    const open = async () => (await people.of(who.username)).filter(({ state }) => state === 'pending')
    await eventually('both wait', async () => (await open()).length === 2)
    await people.approve(one.hold.id)
    expect(await said(one.client)).toEqual([0, expect.stringMatching(/^one$/m)])
    const [left] = await open()
    expect(left?.id).not.toBe(one.hold.id)
    await people.deny(left?.id ?? '', 'not that one')
    expect(await said(other)).toEqual([1, expect.stringContaining('not that one')])
  })
  test.concurrent('a client that cannot be served is told so, and nobody is asked', async () => {
    const who = await agent()
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }
    const { code, stderr } = await who.door.run('kubectl exec box -n {ns} -- true', { env })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/kubectl 1\.3\d|SPDY/)])
    expect(await stage().people.of(who.username)).toEqual([])
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
