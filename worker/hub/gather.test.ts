import { describe, expect, it } from 'vitest'
import type { BodyFormat, Decided } from '../context.ts'
import { gather } from './gather.ts'
import { decidedFor, type PlayedApiServer, playedPassage } from './testing.ts'

const WEB = '/apis/apps/v1/namespaces/shop/deployments/web'
const SECRET = '/api/v1/namespaces/shop/secrets/s'

const asked = (method: string, target: string, bodyFormat: BodyFormat = 'none'): Decided =>
  decidedFor(method, target, {
    headers: [
      ['accept', 'application/json;as=Table;g=meta.k8s.io;v=v1'],
      ['content-type', 'application/merge-patch+json'],
    ],
    bodyFormat,
    decision: { effect: 'Allow', policy: '', rule: '', reason: '', revision: 1 },
  })
const BODY = { bytes: new TextEncoder().encode('{"spec":{"replicas":5}}'), format: 'merge-patch' as const, value: {} }

function gathered(api: PlayedApiServer, decided: Decided, body: typeof BODY | null = BODY) {
  const played = playedPassage(api)
  return { ...played, gathering: gather(played.passage, decided, body) }
}
const answers =
  (status: number, body: unknown): PlayedApiServer =>
  () => ({ status, body })

describe('what would be stored', () => {
  it('is asked for once, by a dry run of the very body that answers JSON, recorded before it is sent', async () => {
    const { gathering, sent, order } = gathered(
      answers(200, { spec: { replicas: 5 } }),
      asked('PATCH', WEB, 'merge-patch'),
    )
    expect(await gathering.object()).toMatchObject({ ok: true, value: { value: { spec: { replicas: 5n } } } })
    await gathering.object()
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ method: 'PATCH', target: `${WEB}?dryRun=All`, body: BODY.bytes, repeatable: false })
    expect(sent[0]?.headers.filter(([name]) => name === 'accept')).toEqual([['accept', 'application/json']])
    expect(order).toEqual(['dry-run', 'sent', 'request.result'])
  })

  it('keeps the query it came with', async () => {
    const { gathering, sent } = gathered(
      answers(200, {}),
      asked('PATCH', `${WEB}?fieldManager=m&force=true`, 'merge-patch'),
    )
    await gathering.object()
    expect(sent[0]?.target).toBe(`${WEB}?fieldManager=m&force=true&dryRun=All`)
  })

  it('is nothing where nothing is sent, and then nothing is asked', async () => {
    const { gathering, sent } = gathered(answers(200, {}), asked('PATCH', WEB, 'none'), null)
    expect(await gathering.object()).toEqual({ ok: true, value: { value: null, masked: null } })
    expect(sent).toEqual([])
  })

  it('that the API server refuses is its own answer', async () => {
    const status = { kind: 'Status', status: 'Failure', message: 'replicas: Invalid', reason: 'Invalid', code: 422 }
    const { gathering } = gathered(answers(422, status), asked('PATCH', WEB, 'merge-patch'))
    const got = await gathering.object()
    if (got.ok || !('given' in got)) throw new Error('no answer was given')
    expect(got.given).toMatchObject({ by: 'cluster', answer: { status: 422 } })
  })

  it('is refused where it is no JSON object that can be read', async () => {
    const deep = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`)
    const { gathering } = gathered(answers(200, deep), asked('PATCH', WEB, 'merge-patch'))
    expect(await gathering.object()).toMatchObject({ ok: false, refusal: { kind: 'upstream' } })
  })
})

describe('the object as it stands', () => {
  it('is read once, as whoever asks', async () => {
    const { gathering, sent, order } = gathered(answers(200, { kind: 'X' }), asked('PATCH', WEB, 'merge-patch'))
    await gathering.oldObject()
    await gathering.oldObject()
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({
      method: 'GET',
      target: WEB,
      body: null,
      repeatable: true,
      user: { username: 'agent' },
    })
    expect(order).toEqual(['read', 'sent', 'request.result'])
  })

  it('of a Secret is exact for conditions and masked for people', async () => {
    const { gathering } = gathered(
      answers(200, { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, data: { password: 'aHVudGVyMg==' } }),
      asked('PATCH', SECRET, 'merge-patch'),
    )
    const got = await gathering.oldObject()
    if (!got.ok) throw new Error('not read')
    expect(got.value.value).toMatchObject({ data: { password: 'aHVudGVyMg==' } })
    const shown = new TextDecoder().decode(got.value.masked ?? new Uint8Array())
    expect(shown).toContain('"password"')
    expect(shown).not.toContain('aHVudGVyMg==')
  })

  it('may be absent', async () => {
    const { gathering } = gathered(answers(404, { kind: 'Status' }), asked('PATCH', WEB, 'merge-patch'))
    expect(await gathering.oldObject()).toEqual({ ok: true, value: { value: null, masked: null } })
  })

  it.each([403, 500])('that cannot be read (%i) lets nothing pass', async (status) => {
    const { gathering } = gathered(answers(status, { kind: 'Status' }), asked('PATCH', WEB, 'merge-patch'))
    expect(await gathering.oldObject()).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } })
  })
})
