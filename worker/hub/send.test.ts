import { describe, expect, it } from 'vitest'
import type { Outcome, Recorded, Refusal } from '../context.ts'
import { pinned, send } from './send.ts'
import { decidedFor, playedPassage } from './testing.ts'

const TARGET = '/api/v1/namespaces/shop/configmaps/c'
const BYTES = new TextEncoder().encode('{"data":{"a":"b"}}')
const SENT = { bytes: BYTES, format: 'merge-patch' as const, value: { data: { a: 'b' } } }
const CHANGED: Refusal = { kind: 'not-approved', message: 'it has changed' }

const recorded = (): Recorded => ({
  ...decidedFor('PATCH', TARGET, {
    headers: [['content-type', 'application/merge-patch+json']],
    bodyFormat: 'merge-patch',
    decision: { effect: 'Allow', policy: 'p', rule: 'r', reason: '', revision: 1 },
  }),
  receipt: { id: 'r', leaf: 'leaf' },
  session: 's',
  command: 'c',
  bodyBytes: BYTES,
})

/** Sends a write pinned to version 1. The API server answers these statuses in turn, the judgement these outcomes. */
async function sending(statuses: readonly number[], judgements: readonly Outcome<string>[]) {
  let at = 0
  let judged = 0
  const played = playedPassage(() => ({ status: statuses[at++] ?? 200, body: { kind: 'Status' } }))
  const request = recorded()
  const pin = {
    version: '1',
    async again(): Promise<Outcome<string>> {
      const outcome = judgements[judged++]
      if (outcome === undefined) throw new Error('judged too often')
      return outcome
    },
  }
  const outgoing = pinned(request, SENT, pin)
  if (!outgoing.ok) throw new Error(outgoing.refusal.message)
  const reply = await send(played.passage, request, outgoing.value, SENT)
  return {
    status: reply.kind === 'response' ? reply.status : 101,
    versions: played.sent.map(
      ({ body }) => /"resourceVersion":"(\w+)"/.exec(new TextDecoder().decode(body ?? BYTES))?.[1],
    ),
    judged,
  }
}
const at = (value: string): Outcome<string> => ({ ok: true, value })

describe('a write that is pinned', () => {
  it('is sent once where nothing has changed', async () => {
    expect(await sending([200], [])).toEqual({ status: 200, versions: ['1'], judged: 0 })
  })
  it.each([409, 422])(
    'is judged anew when the API server answers %i, and sent with the version that was judged',
    async (status) => {
      expect(await sending([status, 200], [at('2')])).toEqual({ status: 200, versions: ['1', '2'], judged: 1 })
    },
  )
  it('is not sent again when it does not pass any more', async () => {
    expect(await sending([409], [{ ok: false, refusal: CHANGED }])).toEqual({ status: 403, versions: ['1'], judged: 1 })
  })
  it('is not sent again when the object is as it was: the answer is about something else', async () => {
    expect(await sending([422], [at('1')])).toEqual({ status: 422, versions: ['1'], judged: 1 })
  })
  it('is not sent again when the object has gone', async () => {
    expect(await sending([409], [at('')])).toEqual({ status: 409, versions: ['1'], judged: 1 })
  })
  it('is tried five times at most on an object that never rests', async () => {
    const never = [409, 409, 409, 409, 409]
    const seen = await sending(never, ['2', '3', '4', '5', '6'].map(at))
    expect(seen).toEqual({ status: 409, versions: ['1', '2', '3', '4', '5'], judged: 4 })
  })
  it.each([403, 404, 500])('is not tried again after %i', async (status) => {
    expect(await sending([status], [])).toMatchObject({ status, versions: ['1'], judged: 0 })
  })
})

describe('a request whose access ends while it is on its way', () => {
  it('is told why, and not that it was given up', async () => {
    const { passage } = playedPassage(() => ({ status: 200, body: {} }))
    const ended: Refusal = { kind: 'ended', message: 'this session was ended by a person' }
    const failure = { kind: 'cancelled', message: '', sent: false } as const
    const reply = await send(
      {
        ...passage,
        stream: { ...passage.stream, ended },
        hub: { ...passage.hub, tunnel: { live: 1, open: async () => ({ ok: false, failure }) } },
      },
      recorded(),
      { bytes: BYTES, json: false, version: '', pin: null },
      SENT,
    )
    expect(reply.kind === 'response' && reply.status).toBe(403)
    expect(reply.kind === 'response' && new TextDecoder().decode(reply.body as Uint8Array)).toContain(ended.message)
  })
})
