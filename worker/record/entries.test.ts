import { describe, expect, it } from 'vitest'
import { intentEntry, recordedRequest, refusalEntries, resultEntry } from './entries.ts'
import { decided, NOW, place, plainWords, utf8 } from './fixtures.ts'

const request = recordedRequest(decided, plainWords)

describe('entries', () => {
  it('an intent says who asks what, and what was decided; never a header', () => {
    const visit = { ...place, open: null, leave: () => {} }
    const entry = intentEntry(decided, visit, {
      request,
      body: { mediaType: 'application/json', bytes: utf8.encode('{}') },
    })
    expect(entry).toEqual({
      event: {
        v: 1,
        type: 'request.intent',
        id: 'r1',
        ts: '2026-01-02T03:04:05.006Z',
        session: 's1',
        command: 'c1',
        actor: { username: 'agent', groups: ['ai-agents'], issuer: 'https://id.example' },
        connection: 'prod',
        request: {
          method: 'GET',
          target: '/api/v1/namespaces/shop/pods?limit=500',
          verb: 'list',
          group: '',
          version: 'v1',
          resource: 'pods',
          subresource: '',
          namespace: 'shop',
          name: '',
          userAgent: 'kubectl/v1.35.2',
          kubectlCommand: 'kubectl get',
        },
        decision: decided.decision,
      },
      body: { kind: 'request', seq: 0, mediaType: 'application/json', bytes: utf8.encode('{}') },
    })
    expect(JSON.stringify(entry.event)).not.toContain('secret-token')
  })

  it('a preparatory intent has its own id and refers to the request it prepares', () => {
    const { event } = intentEntry(decided, place, {
      request: recordedRequest(decided, plainWords, { method: 'POST', target: '/x?y' }),
      preparatory: 'dry-run',
      id: 'r1-dry',
    })
    expect([event.id, event.ref, event.request?.preparatory, event.request?.method, event.request?.target]).toEqual([
      'r1-dry',
      'r1',
      'dry-run',
      'POST',
      '/x?y',
    ])
  })

  const exec = { argv: ['sh'], container: 'app', stdin: true, stdout: true, stderr: false, tty: true, ports: [] }
  it.each([
    ['exec', { argv: ['sh'], container: 'app', stdin: true, tty: true }],
    ['portforward', undefined],
  ])('%s: argv is recorded where something is run', (subresource, expected) => {
    const info = { ...decided.info, subresource, exec }
    expect(recordedRequest({ ...decided, info }, plainWords).exec).toEqual(expected)
  })

  it('cuts what a client claims of itself', () => {
    const client = { userAgent: 'u'.repeat(10_000), command: 'c'.repeat(10_000), session: '' }
    const claims = recordedRequest({ ...decided, client }, plainWords)
    expect([claims.userAgent.length, claims.kubectlCommand?.length]).toEqual([512, 512])
  })

  it('masks every word before it cuts any', () => {
    const long = `${'x'.repeat(509)}SECRET`
    const info = {
      ...decided.info,
      path: '/api/v1/namespaces/SECRET/pods/SECRET/exec',
      query: 'command=SECRET',
      namespace: 'SECRET',
      name: 'SECRET',
      subresource: 'exec',
      exec: { ...exec, argv: ['SECRET'], container: 'SECRET' },
    }
    const client = { userAgent: long, command: long, session: '' }
    const masked = recordedRequest(
      { ...decided, info, client },
      {
        text: (words) => words.replaceAll('SECRET', '*'),
        argv: (argv) => argv.map(() => '*'),
        target: (path, query, argv) => `${path}?${query} ${argv.join()}`.replaceAll('SECRET', '*'),
      },
    )
    expect(JSON.stringify(masked)).not.toContain('SEC')
    expect(masked.target).toBe('/api/v1/namespaces/*/pods/*/exec?command=* *')
  })

  it('a refusal is intent and result at once', () => {
    const [intent, result] = refusalEntries(decided, place, {
      id: 'e1',
      at: NOW + 5,
      outcome: 'refused',
      code: 403,
      reason: 'Forbidden',
      message: 'no',
      request,
    })
    expect(intent?.event.type).toBe('request.intent')
    expect(result?.event).toEqual({
      v: 1,
      type: 'request.result',
      id: 'e1',
      ts: '2026-01-02T03:04:05.011Z',
      ...place,
      ref: 'r1',
      res: { outcome: 'refused', code: 403, reason: 'Forbidden', message: 'no', durationMs: 5, bytes: 0 },
    })
  })
})

it('a result carries its segment of the body', () => {
  const res = { outcome: 'ok', code: 200, durationMs: 1, bytes: 1 } as const
  const body = { mediaType: 'text/plain', bytes: utf8.encode('x'), seq: 4 }
  expect(resultEntry(res, { ...place, id: 'e1', at: NOW, ref: 'r1', body }).body).toEqual({ kind: 'response', ...body })
})
