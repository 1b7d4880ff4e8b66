// Rows that reach into pods: logs, exec, attach, cp, port-forward, run. Bytes are compared by their SHA-256.

import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Door, TableRow } from '../door.ts'
import type { Running } from '../process.ts'

const NO_STDIN = { code: 1, err: [/^Error from server \(BadRequest\): .*cannot half-close stdin/m] } as const
const NO_FORWARD = { code: 1, err: [/does not serve port-forward over WebSocket/] } as const

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const LOGS: readonly TableRow[] = [
  { run: 'kubectl logs talker -n {ns}', out: [/\n/] },
  { run: 'kubectl logs talker -n {ns} --tail=1', out: [/^[^\n]+\n$/] },
  {
    run: 'kubectl logs talker -n {ns} -c main --timestamps --tail=1',
    out: [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z .+\n$/],
  },
  { run: 'kubectl logs talker -n {ns} --since=1h', out: [/\n/] },
  // What the cut leaves undecided (`lev` of the demo's JSON) could be the head of a secret; `talk ` of the real cluster's is a whole word.
  { run: 'kubectl logs talker -n {ns} --limit-bytes=5', out: [/^(?:talk |\{"⟦masked:cut:[0-9a-f]{12}⟧)$/] },
  { run: 'kubectl logs talker -n {ns} -c nosuch', code: 1, err: ['nosuch'] },
  { run: 'kubectl logs talker -n {ns} -p', code: 1, err: [/previous terminated container .* not found/] },
  { run: 'kubectl logs deploy/ledger -n payments -p', on: 'demo', out: ['password authentication failed'] },
  { run: 'kubectl logs -l app=talker -n {ns} --prefix', out: ['[pod/talker/main]'] },
  {
    name: 'kubectl logs -f: lines arrive while it runs, and Ctrl-C ends it',
    check: async (door) => {
      const logs = door.start('kubectl logs -f talker -n {ns} --tail=1')
      await logs.until(/^[^\n]+\n[^\n]+\n/)
      logs.interrupt()
      expect((await logs.done).stderr).toBe('')
    },
  },
]

export const EXEC: readonly TableRow[] = [
  { run: 'kubectl exec box -n {ns} -- true', out: [/^$/] },
  {
    run: `kubectl exec box -n {ns} -- sh -c 'echo out; echo err >&2; exit 3'`,
    code: 3,
    out: [/^out\n$/],
    err: [/^err\n/, 'command terminated with exit code 3'],
  },
  { run: 'kubectl exec box -n {ns} -c main -- echo chosen', out: [/^chosen\n$/] },
  { run: 'kubectl exec box -n {ns} -c nosuch -- true', code: 1, err: ['nosuch'] },
  { run: 'kubectl exec nosuch -n {ns} -- true', code: 1, err: ['(NotFound)', '"nosuch" not found'] },
  { run: 'kubectl exec -i box -n {ns} -- cat', stdin: 'piped\n', out: [/^piped\n$/], real: NO_STDIN },
  {
    name: 'kubectl exec: 5 MB of output come whole',
    check: async (door) => {
      // The same bytes each time: among random ones a credential comes up by chance, seldom but not never.
      await door.must(
        `kubectl exec box -n {ns} -- sh -c 'seq 1 100000 | gzip > /tmp/one; cat ${'/tmp/one '.repeat(24)} > /tmp/five'`,
      )
      const said = await door.must('kubectl exec box -n {ns} -- sha256sum /tmp/five')
      const { bytes, code } = await door.run('kubectl exec box -n {ns} -- cat /tmp/five')
      expect([code, hashOf(bytes)]).toEqual([0, said.split(' ')[0]])
      expect(bytes.length).toBeGreaterThan(5_000_000)
    },
  },
  {
    name: 'kubectl exec -it: a shell in a terminal, with its exit code',
    check: async (door) => {
      const shell = door.start('kubectl exec -it box -n {ns} -- sh', { tty: true })
      await shell.until(/[#$] /)
      shell.type('echo $((40+2))\r')
      await shell.until(/^42\r?$/m)
      shell.type('exit 4\r')
      const { code, stdout } = await shell.done
      expect([code, stdout]).toEqual([4, expect.stringContaining('exit code 4')])
    },
  },
  { run: 'kubectl exec -it box -n {ns} -- echo hello', tty: true, out: ['hello'] },
  {
    name: 'kubectl attach shows what the container prints next',
    check: async (door) => {
      const attached = door.start('kubectl attach talker -n {ns}')
      await attached.until(/\n.*(talk \d|"msg")/)
      attached.interrupt()
      await attached.done
    },
  },
  {
    run: `kubectl run once -n {ns} --rm -i --restart=Never --image=localhost/busybox:1 -- sh -c 'sleep 2; echo done once'`,
    out: ['done once', 'pod "once" deleted'],
    // An old API server cannot take the attach; kubectl then shows the logs, as far as they have come.
    real: { out: ['pod "once" deleted'] },
  },
  {
    run: `kubectl run once-tty -n {ns} --rm -it --restart=Never --image=localhost/busybox:1 -- sh -c 'sleep 2; echo done twice'`,
    tty: true,
    out: ['done twice', 'pod "once-tty" deleted'],
  },
]

/** A folder of the test's own with a file at `name` that is no text, the same each time. */
async function binaryFile(door: Door, name: string): Promise<{ path: string; hash: string }> {
  const path = door.fill(`{dir}/${name}`)
  const bytes = createHash('shake256', { outputLength: 300_000 }).update(name).digest()
  await writeFile(path, bytes)
  return { path, hash: hashOf(bytes) }
}

export const CP: readonly TableRow[] = [
  {
    name: 'kubectl cp up and down: a binary file',
    on: 'demo',
    check: async (door) => {
      const { hash } = await binaryFile(door, 'up.bin')
      await door.must('kubectl cp {dir}/up.bin {ns}/box:/tmp/up.bin')
      expect(await door.must('kubectl exec box -n {ns} -- sha256sum /tmp/up.bin')).toContain(hash)
      await door.must('kubectl cp {ns}/box:/tmp/up.bin {dir}/down.bin')
      expect(hashOf(await readFile(door.fill('{dir}/down.bin')))).toBe(hash)
    },
  },
  {
    name: 'kubectl cp up and down: a directory',
    on: 'demo',
    check: async (door) => {
      const tree = door.fill('{dir}/tree')
      await mkdir(`${tree}/inner`, { recursive: true })
      await cp((await binaryFile(door, 'leaf.bin')).path, `${tree}/inner/leaf.bin`)
      await writeFile(`${tree}/note.txt`, 'a note\n')
      await door.must('kubectl cp {dir}/tree box:/tmp/tree -n {ns} -c main')
      await door.must('kubectl cp {ns}/box:/tmp/tree {dir}/tree-back')
      for (const name of ['inner/leaf.bin', 'note.txt']) {
        expect(hashOf(await readFile(door.fill(`{dir}/tree-back/${name}`)))).toBe(
          hashOf(await readFile(`${tree}/${name}`)),
        )
      }
    },
  },
  { run: 'kubectl cp {dir}/applied.yaml {ns}/box:/tmp/x', on: 'real', ...NO_STDIN },
  {
    name: 'kubectl cp down: a binary file',
    on: 'real',
    check: async (door) => {
      await door.must(`kubectl exec box -n {ns} -- sh -c 'seq 1 100000 | gzip > /tmp/down'`)
      const said = await door.must('kubectl exec box -n {ns} -- sha256sum /tmp/down')
      await door.must('kubectl cp {ns}/box:/tmp/down {dir}/down.bin')
      expect(hashOf(await readFile(door.fill('{dir}/down.bin')))).toBe(said.split(' ')[0])
    },
  },
]

/** The local port a port-forward listens on. */
async function portOf(forward: Running): Promise<string> {
  return (await forward.until(/Forwarding from 127\.0\.0\.1:(\d+)/))[1] ?? ''
}

export const FORWARD: readonly TableRow[] = [
  {
    name: 'kubectl port-forward: two connections at once, then Ctrl-C',
    on: 'demo',
    check: async (door) => {
      const forward = door.start('kubectl port-forward deploy/web -n {ns} :80')
      const at = `http://127.0.0.1:${await portOf(forward)}`
      const [one, two] = await Promise.all([fetch(`${at}/one`), fetch(`${at}/two`)])
      expect(await one.text()).toContain('GET /one')
      expect(await two.text()).toContain('GET /two')
      forward.interrupt()
      await forward.done
    },
  },
  { run: 'kubectl port-forward pod/box -n {ns} :80', on: 'real', ...NO_FORWARD },
]
