import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../json.ts'
import { testCluster } from '../testing.ts'
import { PodShell } from './shell.ts'

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u' },
  spec: {
    containers: [
      {
        name: 'c',
        env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
        envFrom: [{ prefix: 'P_', secretRef: { name: 's' } }],
        volumeMounts: [{ name: 'v', mountPath: '/mnt' }],
      },
    ],
    volumes: [{ name: 'v', secret: { secretName: 's' } }],
  },
}

function shell() {
  const { ask, cluster } = testCluster()
  ask('/api/v1/namespaces/default/secrets', {
    method: 'POST',
    body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { k: "it's ü" } },
  })
  const made = new PodShell(cluster, pod, 'c')
  const run = async (argv: readonly string[], stdin: Uint8Array = new Uint8Array()) => {
    const outcome = await made.run(argv, await made.begin(pod), stdin, new AbortController().signal)
    return {
      code: outcome.exitCode,
      bytes: Buffer.from(outcome.stdout),
      text: Buffer.from(outcome.stdout).toString(),
      error: Buffer.from(outcome.stderr).toString(),
    }
  }
  return { made, run, ask }
}

describe('the simulated shell', () => {
  it.each([
    ['an environment from a secret', ['sh', '-c', 'echo "$PASSWORD $P_k"'], "it's ü it's ü\n", 0],
    ['a mounted secret', ['cat', '/mnt/k'], "it's ü", 0],
    ['arguments taken as they are', ['echo', "a'b", '$HOME', '*'], "a'b $HOME *\n", 0],
    ['positional arguments', ['sh', '-c', 'echo $1-$2', 'x', 'a b', 'c'], 'a b-c\n', 0],
    ['an exit code', ['sh', '-c', 'exit 9'], '', 9],
    ['a full path', ['/bin/sh', '-c', 'id -u >/dev/null; echo ok'], 'ok\n', 0],
    ['a failing test', ['test', '-d', '/nope'], '', 1],
  ])('gives %s', async (_name, argv, text, code) => {
    expect(await shell().run(argv)).toMatchObject({ text, code })
  })
  it('passes bytes through as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    expect((await shell().run(['cat'], bytes)).bytes).toEqual(bytes)
  })
  it('sees a secret that has changed', async () => {
    const { run, ask } = shell()
    await run(['true'])
    ask('/api/v1/namespaces/default/secrets/s', {
      method: 'PATCH',
      body: { stringData: { k: 'new' } },
      type: 'application/merge-patch+json',
    })
    expect((await run(['cat', '/mnt/k'])).text).toBe('new')
  })
  it('sees no file and no variable of the host', async () => {
    const { run } = shell()
    expect(
      (await run(['sh', '-c', 'ls /home /root/.ssh 2>/dev/null; cat /proc/self/environ 2>/dev/null'])).text,
    ).not.toMatch(/node_modules|PWD=/)
    expect(
      (await run(['env'])).text.split('\n').filter((line) => /^(USER|LOGNAME|SHELL|npm_|VITEST)/.test(line)),
    ).toEqual([])
  })
  it.each([
    ['echo a\n', true],
    ['for i in 1 2; do\n', false],
    ['if true; then\n', false],
    ['if true; then\necho x\nfi\n', true],
    ['echo "a\n', false],
    ['echo a |\n', false],
    ['echo a \\\n', false],
    ['cat <<E\nx\n', false],
    ['cat <<E\nx\nE\n', true],
    ['fi\n', true],
  ])('%j is a whole command: %j', (text, whole) => {
    expect(shell().made.isComplete(text)).toBe(whole)
  })
})
