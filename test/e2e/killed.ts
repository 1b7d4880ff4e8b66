// Kills a part of an installation under running clients. In: a door. Out: what each client said, and that all is well again.

import { describe, expect, test } from 'vitest'
import type { Door } from './door.ts'
import { sessionsOf } from './recordings.ts'

/** Waits until `up` says that the part is back, and a command works. */
async function recovered(door: Door, part: string): Promise<void> {
  await expect.poll(() => door.installation.said(), { timeout: 30_000 }).toContain(`${part} is back`)
  await expect
    .poll(async () => (await door.run('kubectl get pod box -n {ns}')).code, { timeout: 30_000, interval: 200 })
    .toBe(0)
  await door.must('kubectl exec box -n {ns} -- true')
}

async function kill(door: Door, part: 'gateway' | 'connector'): Promise<void> {
  const [pid] = await door.installation.processes(part)
  if (pid === undefined) throw new Error(`there is no ${part}`)
  process.kill(pid, 'SIGKILL')
}

/** Streams of three kinds, each under way. */
async function streams(door: Door) {
  const logs = door.start('kubectl logs -f talker -n {ns} --tail=1')
  const shell = door.start('kubectl exec -it box -n {ns} -- sh', { tty: true })
  const watch = door.start('kubectl get configmaps -n {ns} -w -v=6')
  // What it prints first comes of a list: only then does it watch.
  const watching = watch.until(/watch=true"? (?:status=")?200 OK/)
  await Promise.all([logs.until(/\S/), shell.until(/[#$] /), watch.until(/^kept-a/m), watching])
  return { logs, shell, watch }
}

/** Declares the tests. */
export function declareKilled(door: () => Door): void {
  describe('a part is killed in mid-stream', () => {
    test('the connector: every client says so, and the next command works', async () => {
      const { logs, shell, watch } = await streams(door())
      await kill(door(), 'connector')
      const [logsEnd, shellEnd, watchEnd] = await Promise.all([logs.done, shell.done, watch.done])
      expect([shellEnd.code, shellEnd.stdout]).toEqual([
        1,
        expect.stringMatching(/error: the stream to the cluster was lost: .*\(request [0-9a-f-]{36}\)/),
      ])
      expect([logsEnd.code, logsEnd.stderr]).toEqual([1, expect.stringMatching(/^error: .+/)])
      // kubectl prints the Status that ends a watch as one more row.
      expect(watchEnd.stdout).toMatch(/^Failure +ServiceUnavailable +.*the connector was lost/m)

      // A command in between is refused in words, or already answered.
      const between = await door().run('kubectl get pod box -n {ns}')
      if (between.code !== 0) expect(between.stderr).toContain('no connector for this connection is dialled in')
      await recovered(door(), 'the connector')
    })

    test('the gateway: every client ends, and the next command works', async () => {
      const { logs, shell, watch } = await streams(door())
      await kill(door(), 'gateway')
      const ends = await Promise.all([logs.done, shell.done, watch.done])
      expect(ends.slice(0, 2).map(({ code }) => code)).toEqual([1, 1])
      await recovered(door(), 'the gateway')
    })

    test('what was streaming is recorded as broken off or unknown, and nothing is left running', async () => {
      const recorded = (await sessionsOf(door().installation)).flatMap(({ items }) =>
        items.flatMap((item) => item.items),
      )
      const targets = (outcome: string): string[] =>
        recorded.filter(({ result }) => result?.outcome === outcome).map(({ request }) => request.target)
      for (const outcomes of [[...targets('failed'), ...targets('unknown')], targets('unknown')]) {
        expect(outcomes).toContainEqual(expect.stringContaining('/pods/box/exec?command=sh&'))
      }
      for (const outcome of ['failed', 'unknown']) {
        expect(targets(outcome)).toContainEqual(expect.stringContaining('follow=true'))
        expect(targets(outcome)).toContainEqual(expect.stringMatching(/configmaps\?.*watch=true/))
      }
      expect(recorded.filter(({ result }) => result === undefined).map(({ request }) => request.target)).toEqual([])
    })
  })
}
