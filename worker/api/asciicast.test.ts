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

it('ends with a recording what it does to the terminal, and its size', async () => {
  const hostile = join([
    encodeRecord({ t: 0, channel: 4, payload: bytes('{"Width":10,"Height":3}') }),
    encodeRecord({ t: 500, channel: 1, payload: bytes('\u001b[?1049h\u001b[8mhidden\u001b[2147483647b') }),
  ])
  const lines: unknown[] = []
  const port: Recordings = {
    ...recordings(() => fromBytes(hostile)),
    commands: async () => ({ items: [COMMAND, { ...COMMAND, id: 'c2' }] }),
  }
  for await (const line of writeAsciicast(SESSION, port)) lines.push(JSON.parse(line))
  const recover = '\u001b[!p\u001b[?1047l\u001b[?5l\u001b[20l\u001b[0m'
  expect(lines.slice(3, 10)).toEqual([
    [0, 'r', '10x3'],
    [0.5, 'o', '\u001b[?1049h\u001b[8mhidden'],
    [0, 'o', `${recover}\r\n`],
    [1.5, 'o', 'command terminated with exit code 3\r\n'],
    [0, 'm', 'kubectl exec web -- sh'],
    [0, 'r', '120x40'],
    [0, 'o', '\u001b[1m$ kubectl exec web -- sh\u001b[0m\r\n'],
  ])
})

it('ends with a log what it does to the terminal', async () => {
  const log: RequestRecord = {
    ...REQUEST,
    request: { ...REQUEST.request, verb: 'get', subresource: 'log', target: '/api/v1/namespaces/shop/pods/web/log' },
    result: { outcome: 'ok', code: 200, durationMs: 1, bytes: 3 },
    bodies: [{ kind: 'response', mediaType: 'text/plain', bytes: 3 }],
  }
  const { stream: _none, ...command } = COMMAND
  const port: Recordings = {
    ...recordings(() => fromBytes(bytes('a\u001b[8mb\n'))),
    commands: async () => ({ items: [command] }),
    requests: async () => ({ items: [log] }),
  }
  const text: string[] = []
  for await (const line of writeAsciicast(SESSION, port)) text.push(String(JSON.parse(line)[2] ?? ''))
  expect(text.at(-1)).toBe('a\u001b[8mb\r\n\u001b[!p\u001b[?1047l\u001b[?5l\u001b[20l\u001b[0m')
})
