import { expect, it } from 'vitest'
import { encodeRecord } from '../../protocol/recording.ts'
import { fromBytes, join } from '../bytes.ts'
import type { ByteSource } from '../context.ts'
import type { Recordings } from '../ports.ts'
import { writeAsciicast } from './asciicast.ts'
import { RECORDINGS, REQUEST, SESSION } from './fakes.ts'
import type { CommandSummary, RequestRecord } from './types.ts'

const COMMAND: CommandSummary = {
  id: 'c1',
  session: 's1',
  title: 'kubectl exec web -- \u001b]52;c;AA\u0007sh',
  startedAt: '2026-01-01T00:00:01.000Z',
  endedAt: '2026-01-01T00:00:03.000Z',
  requests: 1,
  denials: 0,
  holds: 0,
  masks: 0,
  outcome: 'ok',
  stream: 'r1',
}
const EXEC: RequestRecord = {
  ...REQUEST,
  at: '2026-01-01T00:00:01.000Z',
  request: {
    ...REQUEST.request,
    verb: 'connect',
    subresource: 'exec',
    exec: { argv: ['sh'], container: 'web', stdin: true, tty: true },
  },
  result: { outcome: 'ok', code: 101, durationMs: 2000, bytes: 3, exitCode: 3 },
  bodies: [{ kind: 'stream', mediaType: 'application/octet-stream', bytes: 3 }],
}
const bytes = (text: string) => new TextEncoder().encode(text)
const STREAM = join([
  encodeRecord({ t: 0, channel: 4, payload: bytes('{"Width":100,"Height":30}') }),
  encodeRecord({ t: 500, channel: 0, payload: bytes('typed secret') }),
  encodeRecord({ t: 500, channel: 1, payload: bytes('caf\u00e9').subarray(0, 4) }),
  encodeRecord({ t: 1000, channel: 1, payload: bytes('caf\u00e9 \u001b]52;c;AA\u0007ok\r\n').subarray(4) }),
])

function recordings(stream: () => ByteSource): Recordings {
  return {
    ...RECORDINGS,
    commands: async () => ({ items: [COMMAND] }),
    requests: async () => ({ items: [EXEC] }),
    body: async () => ({ mediaType: '', bytes: stream() }),
  }
}

async function events(stream: () => ByteSource): Promise<unknown[]> {
  const lines: unknown[] = []
  for await (const line of writeAsciicast(SESSION, recordings(stream))) lines.push(JSON.parse(line))
  return lines
}

const EXPECTED = [
  [1, 'm', 'kubectl exec web -- sh'],
  [0, 'o', '\u001b[1m$ kubectl exec web -- sh\u001b[0m\r\n'],
  [0, 'r', '100x30'],
  [0.5, 'o', 'caf'],
  [0.5, 'o', '\u00e9 ok\r\n'],
  [1, 'o', 'command terminated with exit code 3\r\n'],
]

it('plays an exec with its own timing, without what was typed and without the clipboard', async () => {
  const [header, ...rest] = await events(() => fromBytes(STREAM))
  expect(header).toMatchObject({ version: 3, timestamp: 1_767_225_600, title: 'agent on demo' })
  expect(rest).toEqual(EXPECTED)
})

it('plays the same wherever the stored segments are cut', async () => {
  for (let at = 0; at <= STREAM.length; at += 1) {
    const parts = [STREAM.subarray(0, at), STREAM.subarray(at)].filter((part) => part.length > 0)
    const source = () => {
      const left = [...parts]
      return { read: async () => left.shift() ?? null, cancel: () => undefined }
    }
    expect((await events(source)).slice(1)).toEqual(EXPECTED)
  }
})
