// The real kubectl and helm against a demo cluster in this process. No gateway in between.

import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clients } from '../../test/clients.ts'
import { makeServer } from '../certificates.ts'
import { type DemoCluster, startDemoCluster } from './server.ts'

const CHARTS = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'test', 'fixtures')
const TIMEOUT_MS = 60_000

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let cluster: DemoCluster
let folder: string
let binaries: Awaited<ReturnType<typeof clients>>

beforeAll(async () => {
  binaries = await clients()
  folder = await mkdtemp(join(tmpdir(), 'demo-kube-'))
  const pems = await makeServer('sallyport-demo', ['localhost', '127.0.0.1'])
  cluster = await startDemoCluster({
    tls: { cert: pems.cert, key: pems.key, ca: pems.ca },
    credentials: [{ token: 'test-token', user: { username: 'tester', groups: ['system:masters'] } }],
  })
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server: cluster.url, 'certificate-authority-data': Buffer.from(pems.ca).toString('base64') },
      },
    ],
    users: [{ name: 'u', user: { token: 'test-token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    'current-context': 'x',
  }
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config))
}, 120_000)

afterAll(async () => {
  await cluster?.close()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

function run(binary: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      env: { HOME: folder, PATH: '/usr/bin:/bin', KUBECONFIG: join(folder, 'kubeconfig') },
      timeout: TIMEOUT_MS,
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => out.push(piece))
    child.stderr.on('data', (piece: Buffer) => err.push(piece))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
    child.stdin.end(input)
  })
}

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 2
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: app, image: "registry.demo.invalid/nginx:1", ports: [{containerPort: 80}]}]}
`

describe.each(['v35', 'v30'] as const)('clients of %s', (generation) => {
  const kubectl = (args: readonly string[], input?: string) => run(binaries[generation].kubectl, args, input)
  const helm = (args: readonly string[]) => run(binaries[generation].helm, args)
  const name = `app-${generation}`

  it('see an honest version and the seeded workloads', { timeout: TIMEOUT_MS }, async () => {
    expect((await kubectl(['version'])).stdout).toContain('+sallyport-demo')
    expect((await kubectl(['wait', '--for=condition=Available', 'deploy', '--all', '--timeout=30s'])).code).toBe(0)
    const table = await kubectl(['get', 'deploy'])
    expect(table.stdout).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\n/)
    expect(table.stdout).toMatch(/^web +3\/3 +3 +3 /m)
  })

  it('apply on both sides, roll out, undo, scale and delete', { timeout: TIMEOUT_MS * 2 }, async () => {
    const text = manifest.replaceAll('NAME', name)
    expect(await kubectl(['apply', '-f', '-'], text)).toMatchObject({
      code: 0,
      stdout: `deployment.apps/${name} created\n`,
    })
    expect((await kubectl(['apply', '-f', '-'], text)).stdout).toBe(`deployment.apps/${name} unchanged\n`)
    expect((await kubectl(['apply', '--server-side', '-f', '-'], text)).stdout).toBe(
      `deployment.apps/${name} serverside-applied\n`,
    )
    expect((await kubectl(['rollout', 'status', `deploy/${name}`])).stdout).toContain('successfully rolled out')
    expect((await kubectl(['set', 'image', `deploy/${name}`, 'app=registry.demo.invalid/nginx:2'])).code).toBe(0)
    expect((await kubectl(['rollout', 'status', `deploy/${name}`])).stdout).toContain('successfully rolled out')
    expect((await kubectl(['rollout', 'undo', `deploy/${name}`])).code).toBe(0)
    expect(
      (await kubectl(['get', 'deploy', name, '-o', 'jsonpath={.spec.template.spec.containers[0].image}'])).stdout,
    ).toBe('registry.demo.invalid/nginx:1')
    expect((await kubectl(['scale', `deploy/${name}`, '--replicas=3'])).stdout).toContain('scaled')
    const other = await kubectl(['apply', '--server-side', '--field-manager=other', '-f', '-'], text)
    expect(other).toMatchObject({ code: 1 })
    expect(other.stderr).toContain('conflict with "kubectl')
    expect((await kubectl(['delete', 'deploy', name, '--cascade=foreground'])).code).toBe(0)
    expect((await kubectl(['get', 'rs', '-l', `app=${name}`, '-o', 'name'])).stdout).toBe('')
  })

  it('run commands in pods, with input, exit codes and a lot of output', { timeout: TIMEOUT_MS }, async () => {
    expect(await kubectl(['exec', 'deploy/checkout', '--', 'sh', '-c', 'echo $DB_USER; exit 7'])).toMatchObject({
      code: 7,
      stdout: 'shop\n',
    })
    expect((await kubectl(['exec', '-i', 'deploy/checkout', '--', 'cat'], 'hello\n')).stdout).toBe('hello\n')
    expect((await kubectl(['exec', 'deploy/checkout', '--', 'cat', '/var/run/secrets/db/username'])).stdout).toBe(
      'shop',
    )
    expect((await kubectl(['exec', 'deploy/checkout', '--', 'head', '-c', '5000000', '/dev/zero'])).stdout.length).toBe(
      5_000_000,
    )
    expect((await kubectl(['exec', 'deploy/checkout', '--', 'nosuch'])).stderr).toContain('executable file not found')
  })

  it('copy files both ways, byte for byte', { timeout: TIMEOUT_MS }, async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31) & 255))
    await writeFile(join(folder, 'up.bin'), bytes)
    const pod = (await kubectl(['get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].metadata.name}'])).stdout
    expect((await kubectl(['cp', join(folder, 'up.bin'), `${pod}:/tmp/x.bin`])).code).toBe(0)
    expect((await kubectl(['cp', `${pod}:/tmp/x.bin`, join(folder, 'down.bin')])).code).toBe(0)
    expect(await readFile(join(folder, 'down.bin'))).toEqual(bytes)
  })

  it('forward a port', { timeout: TIMEOUT_MS }, async () => {
    const child = execFile(binaries[generation].kubectl, ['port-forward', 'svc/web', ':80'], {
      env: { HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') },
    })
    try {
      const port = await new Promise<string>((resolve, reject) => {
        child.stdout?.on('data', (text: string) => {
          const found = /127\.0\.0\.1:(\d+)/.exec(text)?.[1]
          if (found !== undefined) resolve(found)
        })
        child.on('close', () => reject(new Error('port-forward ended')))
      })
      expect(await (await fetch(`http://127.0.0.1:${port}/hi`)).json()).toMatchObject({
        simulated: true,
        namespace: 'shop',
        port: 8080,
        request: 'GET /hi HTTP/1.1',
      })
    } finally {
      child.kill()
    }
  })

  it('read logs, describe, top, explain and can-i', { timeout: TIMEOUT_MS }, async () => {
    expect((await kubectl(['logs', '-n', 'payments', 'deploy/ledger', '--tail=1'])).stdout).toBe(
      'ledger: exiting with code 1\n',
    )
    expect((await kubectl(['describe', 'pod', '-l', 'app=checkout'])).stdout).toContain(
      'Successfully assigned shop/checkout-',
    )
    expect((await kubectl(['top', 'pods'])).stdout).toMatch(/^db-0 +\d+m +\d+Mi/m)
    expect((await kubectl(['explain', 'deployment.spec.strategy'])).stdout).toContain('rollingUpdate')
    expect((await kubectl(['auth', 'can-i', 'delete', 'pods', '--as=someone'])).stdout).toBe('no\n')
    expect((await kubectl(['get', 'pod', 'nope'])).stderr).toBe('Error from server (NotFound): pods "nope" not found\n')
  })

  it('empty a namespace when it is deleted', { timeout: TIMEOUT_MS }, async () => {
    expect((await kubectl(['create', 'ns', name])).code).toBe(0)
    expect((await kubectl(['-n', name, 'create', 'secret', 'generic', 's', '--from-literal=a=b'])).code).toBe(0)
    expect((await kubectl(['delete', 'ns', name])).code).toBe(0)
    expect((await kubectl(['get', 'ns', name])).stderr).toContain('NotFound')
  })

  it.each(['chart', 'chart-secret'])(
    'install, upgrade, roll back and uninstall %s by helm',
    { timeout: TIMEOUT_MS * 2 },
    async (chart) => {
      const release = `${chart}-${generation}`
      const path = join(CHARTS, chart)
      expect((await helm(['install', release, path, '--wait'])).stdout).toContain('STATUS: deployed')
      expect((await helm(['upgrade', release, path, '--set', 'replicas=2', '--wait'])).stdout).toContain(
        'has been upgraded',
      )
      expect((await helm(['list', '-o', 'json'])).stdout).toContain('"revision":"2"')
      expect((await helm(['rollback', release, '1'])).stdout).toContain('Rollback was a success')
      expect((await kubectl(['get', 'deploy', release, '-o', 'jsonpath={.spec.replicas}'])).stdout).toBe('1')
      expect((await helm(['uninstall', release])).stdout).toContain('uninstalled')
      expect(
        (await kubectl(['get', 'deploy,svc,cm,secret', '-l', `app.kubernetes.io/instance=${release}`, '-o', 'name']))
          .stdout,
      ).toBe('')
    },
  )
})
