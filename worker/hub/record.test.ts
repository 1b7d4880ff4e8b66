import { describe, expect, it } from 'vitest'
import { failure } from '../../protocol/status.ts'
import type { Entry } from '../ports.ts'
import { decided, testClock, testLog, utf8 } from '../record/fixtures.ts'
import type { Passage, Response } from './passage.ts'
import { maskForRecord, refuseRecorded } from './record.ts'
import { maskingThatFinds } from './testing.ts'

function set() {
  const { log, entries } = testLog()
  const { clock } = testClock()
  let left = 0
  const passage = {
    hub: { log, clock, newId: () => 'result' },
    visit: { session: 's', command: 'c', open: null },
    stream: { opened: false },
    masking: maskingThatFinds('hunter2'),
    leave: () => {
      left += 1
    },
  } as unknown as Passage
  const result = () => entries().find(({ event }: Entry) => event.type === 'request.result')?.event.res
  return { passage, entries, result, left: () => left }
}

describe('refuseRecorded', () => {
  it('records our own refusal as refused, in the words the client got', async () => {
    const { passage, result, left } = set()
    const reply = await refuseRecorded(passage, decided, { kind: 'forbidden', message: 'not here' }, null)
    expect(reply.status).toBe(403)
    expect(result()).toMatchObject({ outcome: 'refused', code: 403, reason: 'Forbidden', message: 'not here' })
    expect(left()).toBe(1)
  })

  it('records the API server’s own refusal as failed, with its reason and message', async () => {
    const { passage, result } = set()
    const status = failure('AlreadyExists', 'namespaces "shop" already exists')
    const answer: Response = { kind: 'response', status: 409, headers: [], body: utf8.encode(JSON.stringify(status)) }
    const refusal = { kind: 'upstream', message: 'the API server refused it' } as const
    expect(await refuseRecorded(passage, decided, refusal, null, { by: 'cluster', answer })).toBe(answer)
    expect(result()).toMatchObject({
      outcome: 'failed',
      code: 409,
      reason: 'AlreadyExists',
      message: 'namespaces "shop" already exists',
    })
  })

  it('records a repeated refusal as the first was told', async () => {
    const { passage, result } = set()
    const status = failure('Forbidden', 'exec is not for agents')
    const answer: Response = { kind: 'response', status: 403, headers: [], body: utf8.encode(JSON.stringify(status)) }
    const refusal = { kind: 'unsupported-client', message: 'repeated' } as const
    await refuseRecorded(passage, decided, refusal, null, { by: 'gateway', answer })
    expect(result()).toMatchObject({
      outcome: 'refused',
      code: 403,
      reason: 'Forbidden',
      message: 'exec is not for agents',
    })
  })

  it('keeps its own words when the answer is no Status', async () => {
    const { passage, result } = set()
    const answer: Response = { kind: 'response', status: 429, headers: [], body: utf8.encode('slow down') }
    const refusal = { kind: 'upstream', message: 'the API server refused it' } as const
    await refuseRecorded(passage, decided, refusal, null, { by: 'cluster', answer })
    expect(result()).toMatchObject({ outcome: 'failed', code: 429, message: 'the API server refused it' })
  })

  it('records no secret that stands where a kind does, or in the reason of a denial', async () => {
    const { passage, entries } = set()
    const at = 'x-hunter2'
    const info = { ...decided.info, apiGroup: at, apiVersion: at, resource: at, subresource: at, path: `/apis/${at}` }
    const decision = { ...decided.decision, effect: 'Deny', reason: `no policy allows get on ${at}.${at}` } as const
    await refuseRecorded(passage, { ...decided, info, decision }, { kind: 'forbidden', message: 'no' }, null)
    expect(JSON.stringify(entries())).not.toContain('hunter2')
    expect(entries()[0]?.event.mask?.places?.map((place) => place.at)).toEqual(
      expect.arrayContaining(['group', 'version', 'resource', 'subresource', 'reason']),
    )
  })

  it('leaves a kind that is a plain word as it is: limits are counted by it', async () => {
    const { passage, entries } = set()
    const knowing = { ...passage, masking: maskingThatFinds('secrets') }
    const info = { ...decided.info, resource: 'secrets', apiVersion: 'v1beta1', path: '/api/v1/x' }
    await refuseRecorded(knowing, { ...decided, info }, { kind: 'forbidden', message: 'no' }, null)
    expect(entries()[0]?.event.request).toMatchObject({ resource: 'secrets', version: 'v1beta1' })
  })

  it('records what was asked and what was said masked, and counts it', async () => {
    const { passage, entries } = set()
    const exec = {
      argv: ['echo', 'hunter2'],
      container: '',
      stdin: false,
      stdout: true,
      stderr: true,
      tty: false,
      ports: [],
    }
    const info = { ...decided.info, subresource: 'exec', query: 'command=echo&command=hunter2', exec }
    const refusal = { kind: 'forbidden', message: 'not hunter2' } as const
    await refuseRecorded(passage, { ...decided, info }, refusal, null)
    expect(JSON.stringify(entries())).not.toContain('hunter2')
    const [intent] = entries()
    expect(intent?.event.mask).toMatchObject({ count: 2, rules: { played: 2 } })
    expect(intent?.event.request?.exec?.argv[1]).toMatch(/^⟦masked:played:/)
  })

  it('records the first word of a session masked too', async () => {
    const { passage, entries } = set()
    const data = { purpose: 'to try hunter2', client: 'curl' }
    const open: Entry = { event: { v: 1, type: 'session.open', id: 'o', ts: '', session: 's', data } }
    await refuseRecorded(
      { ...passage, visit: { ...passage.visit, open } },
      decided,
      { kind: 'forbidden', message: '' },
      null,
    )
    expect(entries()[0]?.event).toMatchObject({
      type: 'session.open',
      data: { purpose: expect.stringMatching(/^to try ⟦masked:played:/), client: 'curl' },
      mask: { count: 1 },
    })
  })

  it('may not be sent, and is recorded without its words, when they cannot be masked', async () => {
    const { passage, entries } = set()
    const request = { ...decided, client: { ...decided.client, userAgent: 'FAIL' } }
    expect(maskForRecord(request, null, passage.masking)).toMatchObject({
      ok: false,
      reason: 'the request cannot be recorded: it is spent',
    })
    await refuseRecorded(passage, request, { kind: 'malformed', message: 'no' }, null)
    const [intent] = entries()
    expect(intent?.event.request?.userAgent).not.toContain('FAIL')
    expect(intent?.event.mask?.withheld).toContain('it is spent')
  })
})
