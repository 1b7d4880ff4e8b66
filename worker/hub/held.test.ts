import { describe, expect, it } from 'vitest'
import type { BodyFormat, Decided } from '../context.ts'
import type { TakenBody } from './body.ts'
import { gather } from './gather.ts'
import { holdable } from './held.ts'
import { decidedFor, maskingThatFinds, playedPassage } from './testing.ts'

const MAP = '/api/v1/namespaces/shop/configmaps/c'

const asked = (method: string, target: string, bodyFormat: BodyFormat, expiresAt = 60): Decided =>
  decidedFor(method, target, {
    bodyFormat,
    client: { userAgent: 'kubectl', command: '', session: '' },
    identity: { user: { username: 'agent', uid: '', groups: [], extra: {} }, issuer: 'i', expiresAt },
  })

const body = (format: BodyFormat, text: string): TakenBody => ({
  bytes: new TextEncoder().encode(text),
  format,
  value: format === 'protobuf' ? { apiVersion: 'v1', kind: 'DeleteOptions' } : JSON.parse(text),
})

/** The held request, over an API server whose object has this data at each look. */
async function held(
  method: string,
  target: string,
  sent: TakenBody | null,
  looks: readonly unknown[] = [{ a: 'b' }],
  expiresAt = 60,
) {
  let at = 0
  const object = (): unknown => ({
    kind: 'ConfigMap',
    metadata: { name: 'c', resourceVersion: String(at) },
    data: looks[Math.min(at++, looks.length - 1)],
  })
  const { passage } = playedPassage(() => ({ status: 200, body: object() }))
  const decided = asked(method, target, sent?.format ?? 'none', expiresAt)
  const holding = await holdable(passage, decided, sent, sent, gather(passage, decided, sent))
  if (!holding.ok) throw new Error('not held')
  return holding.held
}

describe('what an approval is bound to of the body', () => {
  const keyOf = async (method: string, sent: TakenBody | null): Promise<string> => {
    const { request } = await held(method, MAP, sent)
    return request.body === null ? 'none' : new TextDecoder().decode(request.body)
  }
  it('is another for the same JSON as another kind of patch', async () => {
    const [merge, strategic] = [body('merge-patch', '{"a":[]}'), body('strategic-merge-patch', '{"a":[]}')]
    expect(await keyOf('PATCH', merge)).not.toBe(await keyOf('PATCH', strategic))
  })
  it('is the same for a deletion and its dry run', async () => {
    const [dry, real] = [
      body('json', '{"dryRun":["All"],"kind":"DeleteOptions"}'),
      body('json', '{"kind":"DeleteOptions"}'),
    ]
    expect(await keyOf('DELETE', dry)).toBe(await keyOf('DELETE', real))
  })
  it('is another for other options of a deletion', async () => {
    const [one, other] = [
      body('json', '{"propagationPolicy":"Orphan"}'),
      body('json', '{"propagationPolicy":"Background"}'),
    ]
    expect(await keyOf('DELETE', one)).not.toBe(await keyOf('DELETE', other))
    expect(await keyOf('DELETE', one)).not.toBe(await keyOf('DELETE', null))
  })
  it('is all of a deletion’s protobuf, of which only its kind is known here', async () => {
    expect(await keyOf('DELETE', body('protobuf', 'Orphan'))).not.toBe(
      await keyOf('DELETE', body('protobuf', 'Background')),
    )
  })
})

describe('the look afresh before it passes', () => {
  it('finds what it was bound to, and the version to pin it to', async () => {
    const one = await held('DELETE', MAP, null)
    expect(await one.request.confirm()).toEqual({ ok: true, value: one.request.binding })
    expect(one.version).toBe('1')
  })
  it('finds that it has changed', async () => {
    const one = await held('DELETE', MAP, null, [{ a: 'b' }, { a: 'c' }])
    const fresh = await one.request.confirm()
    expect(fresh.ok && fresh.value !== one.request.binding).toBe(true)
  })
  it('sends a client whose token ran out back for another, and asks nothing', async () => {
    const one = await held('DELETE', MAP, null, [{ a: 'b' }], 0)
    expect(await one.request.confirm()).toMatchObject({ ok: false, refusal: { kind: 'held', retryAfterS: 1 } })
  })
})

describe('what people are shown', () => {
  it('is the request as it will be sent, without the dry run that told of it', async () => {
    const { request } = await held(
      'PATCH',
      `${MAP}?dryRun=All&fieldManager=m`,
      body('merge-patch', '{"data":{"a":"c"}}'),
      [{ a: 'b' }, { a: 'c' }],
    )
    const review = await request.review()
    if (!review.ok) throw new Error('not shown')
    expect(review.value).toMatchObject({
      title: 'patch configmaps "c" in namespace "shop"',
      request: { target: `${MAP}?fieldManager=m` },
      body: { text: '{"data":{"a":"c"}}', cut: false },
      diff: { kind: 'lines', added: 1, removed: 1 },
    })
  })
})

describe('what people are shown of the words of a request', () => {
  const TARGET = '/api/v1/namespaces/shop/pods/web/exec?command=login&command=hunter2&stdout=true'

  async function asked(userAgent = 'kubectl') {
    const played = playedPassage(() => ({
      status: 200,
      body: { kind: 'Pod', metadata: { name: 'web', resourceVersion: '1' } },
    }))
    const passage = { ...played.passage, masking: maskingThatFinds('hunter2') }
    const decided = decidedFor('GET', TARGET, {
      upgrade: { kind: 'websocket', protocols: ['v5.channel.k8s.io'] },
      client: { userAgent, command: '', session: 'c' },
      identity: {
        user: { username: 'agent', uid: '', groups: [], extra: {} },
        issuer: 'i',
        expiresAt: 60,
        purpose: 'log in with hunter2',
      },
    })
    return holdable(passage, decided, null, null, gather(passage, decided, null))
  }

  it('is masked, while what is sent and what the approval is bound to are exact', async () => {
    const holding = await asked()
    if (!holding.ok) throw new Error('not held')
    const { request } = holding.held
    const review = await request.review()
    if (!review.ok) throw new Error('no review')
    expect(JSON.stringify([review.value, request.request, request.identity])).not.toContain('hunter2')
    expect(review.value.request.exec?.argv[1]).toMatch(/^⟦masked:played:/)
    expect(request.identity.purpose).toMatch(/^log in with ⟦masked:played:/)
    expect(request.query).toContain('command=hunter2')
  })

  it('is not asked about when it cannot be masked', async () => {
    expect(await asked('FAIL')).toMatchObject({ ok: false, refusal: { kind: 'malformed' } })
  })
})
