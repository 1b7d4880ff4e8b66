import { expect, it } from 'vitest'
import type { CommandSummary, RequestRecord } from '../../../worker/api/types.ts'
import { loadCommand } from './load.ts'

const COMMAND: CommandSummary = {
  id: 'c',
  session: 's',
  title: 'kubectl exec -i web -- cat',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:00.000Z',
  requests: 1,
  denials: 0,
  holds: 0,
  masks: 0,
  outcome: 'running',
  stream: 'r',
}
const EXEC: RequestRecord = {
  id: 'r',
  session: 's',
  command: 'c',
  at: '2026-01-01T00:00:00.000Z',
  request: {
    method: 'GET',
    target: '/api/v1/namespaces/shop/pods/web/exec?command=cat',
    verb: 'connect',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: 'exec',
    namespace: 'shop',
    name: 'web',
    userAgent: 'kubectl/v1.35.2',
    exec: { argv: ['cat'], container: '', stdin: true, tty: false },
  },
  bodies: [],
  leaf: '',
}

function api(record: RequestRecord) {
  const asked: string[] = []
  const nothing = { bytes: new Uint8Array(0), cut: false, mediaType: '' }
  return {
    asked,
    requests: async () => ({ items: [record] }),
    stream: async (id: string) => {
      asked.push(id)
      return nothing
    },
    body: async () => nothing,
  }
}

it('does not ask for the recording of an exec that has said nothing yet', async () => {
  const of = api(EXEC)
  const loaded = await loadCommand(of, COMMAND)
  expect([of.asked, loaded.source]).toEqual([[], 'recording'])
})

it('asks for one that has begun', async () => {
  const of = api({ ...EXEC, bodies: [{ kind: 'stream', mediaType: '', bytes: 1 }] })
  await loadCommand(of, COMMAND)
  expect(of.asked).toEqual(['r'])
})
