import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../command.ts'
import { dryRunOf, plan } from './plan.ts'
import { fakeGateway, holdDetail } from './testing.ts'

describe('dryRunOf', () => {
  it.each([
    ['kubectl apply -f d', 'kubectl apply -f d --dry-run=server'],
    [
      '/usr/bin/kubectl -n shop --context c scale deploy/web --replicas=3',
      '/usr/bin/kubectl -n shop --context c scale deploy/web --replicas=3 --dry-run=server',
    ],
    ['kubectl --namespace=shop delete pod web', 'kubectl --namespace=shop delete pod web --dry-run=server'],
    ['kubectl run x --image=y -- sh --dry-run', 'kubectl run x --image=y --dry-run=server -- sh --dry-run'],
    ['kubectl apply --dry-run=server -f d', 'kubectl apply --dry-run=server -f d'],
  ])('%s', (typed, expected) => {
    expect(dryRunOf(typed.split(' ')).join(' ')).toBe(expected)
  })
  it.each([
    ['', /must be kubectl/],
    ['rm -rf /', /must be kubectl/],
    ['kubectl', /cannot be planned/],
    ['kubectl get pods', /kubectl get cannot be planned/],
    ['kubectl -n apply exec web -- sh', /kubectl exec cannot be planned/],
    ['kubectl apply --dry-run=client -f d', /leave --dry-run out/],
    ['kubectl apply --dry-run -f d', /leave --dry-run out/],
  ])('refuses %j', (typed, words) => {
    const act = () => dryRunOf(typed === '' ? [] : typed.split(' '))
    expect(act).toThrow(UsageError)
    expect(act).toThrow(words)
  })
})

describe('plan', () => {
  let gateway: Awaited<ReturnType<typeof fakeGateway>>
  let kubectl = ''
  beforeEach(async () => {
    gateway = await fakeGateway()
    kubectl = join(gateway.data, 'kubectl')
    await writeFile(kubectl, `#!/bin/sh\necho "$@" > "${gateway.data}/argv"\n`)
    await chmod(kubectl, 0o755)
  })
  afterEach(() => gateway.close())
  const run = (...argv: string[]) => plan(gateway.invocation(['plan'], '--', ...argv), 1)

  it('names the plan that the dry run opened', async () => {
    const opened = holdDetail({ kind: 'plan', title: '2 requests' })
    let looks = 0
    gateway.answers.set('GET /api/v1/approvals', () => {
      looks += 1
      if (looks === 1) return { items: [holdDetail({ id: 'old', kind: 'plan' })] }
      return {
        items: [looks === 2 ? { ...opened, state: 'collecting' } : opened, holdDetail({ id: 'old', kind: 'plan' })],
      }
    })
    expect(await run(kubectl, 'apply', '-f', 'x')).toBe(0)
    expect(gateway.out()).toContain(`plan ${opened.id}: 2 requests\n`)
  })

  it('says when nothing is held', async () => {
    gateway.answers.set('GET /api/v1/approvals', { items: [] })
    expect(await run(kubectl, 'apply', '-f', 'x')).toBe(0)
    expect(gateway.out()).toContain('no plan was opened')
  })

  it('cannot see plans as an agent, and goes on', async () => {
    expect(await run(kubectl, 'apply', '-f', 'x')).toBe(0)
    expect(gateway.out()).toContain('inbox')
  })

  it('ends with 1 when the command does not succeed', async () => {
    await writeFile(kubectl, '#!/bin/sh\nexit 7\n')
    expect(await run(kubectl, 'apply', '-f', 'x')).toBe(1)
    await expect(run(join(gateway.data, 'no', 'kubectl'), 'apply')).rejects.toThrow('cannot run')
  })
})
