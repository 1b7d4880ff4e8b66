import { expect, test } from 'vitest'
import type { MessageSocket, Recorded } from '../context.ts'
import { settled, testClock } from '../record/fixtures.ts'
import { answerUpgrade, CLIENT_STARTS_MS } from './forward.ts'
import { decidedFor, PlayedSocket, playedPassage } from './testing.ts'

/** An upgrade that the API server accepted, and the client's end of it, on a clock that stands until it is advanced. */
async function accepted(subresource: string, protocol: string) {
  const { passage } = playedPassage(() => ({ status: 200, body: {} }))
  const { clock, advance } = testClock()
  const decided = decidedFor('GET', `/api/v1/namespaces/d/pods/p/${subresource}?command=id&stdin=true&stdout=true`, {
    upgrade: { kind: 'websocket', protocols: [protocol] },
  })
  const recorded: Recorded = {
    ...decided,
    receipt: { id: 'i', leaf: 'leaf' },
    session: 's',
    command: 'c',
    bodyBytes: null,
  }
  const upstream = new PlayedSocket(protocol)
  const client = new PlayedSocket(protocol)
  const reply = await answerUpgrade({ ...passage, hub: { ...passage.hub, clock } }, recorded, upstream)
  if (reply.kind !== 'upgrade') throw new Error('not accepted')
  const run = (socket: MessageSocket): Promise<void> => reply.run(socket)
  return { upstream, client, advance, run }
}

const message = (channel: number, text: string): Uint8Array =>
  new Uint8Array([channel, ...new TextEncoder().encode(text)])
const SUCCESS = message(3, '{"kind":"Status","status":"Success"}')

test.each(['exec', 'attach'])('%s: a client that has only just been told gets nothing yet', async (subresource) => {
  const { upstream, client, advance, run } = await accepted(subresource, 'v5.channel.k8s.io')
  upstream.play(message(1, 'at once\n'), SUCCESS, null)
  const done = run(client)
  await settled()
  advance(CLIENT_STARTS_MS - 1)
  await settled()
  expect(client.written).toEqual([])
  expect(client.closed).toBeNull()
  advance(1)
  await done
  expect(client.written.map((each) => each[0])).toEqual([1, 3])
  expect(client.closed?.code).toBe(1000)
})

test('a port-forward begins at once: its clients know their streams from the beginning', async () => {
  const { upstream, client, run } = await accepted('portforward', 'SPDY/3.1+portforward.k8s.io')
  upstream.play(Uint8Array.of(1, 2, 3), null)
  await run(client)
  expect(client.written).toEqual([Uint8Array.of(1, 2, 3)])
})
