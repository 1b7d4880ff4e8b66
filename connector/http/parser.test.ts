import { describe, expect, test } from 'vitest'
import { MAX_CHUNK_LINE_BYTES, MAX_RESPONSE_HEAD_BYTES } from '../limits.ts'
import { ResponseParser } from './parser.ts'

interface Seen {
  head: string
  body: string
  end: string
}

/** Feeds chunks, then the end of the connection if `close`, and gives what came out. */
function parse(
  chunks: readonly string[],
  options: { method?: string; upgrading?: boolean; close?: boolean } = {},
): Seen {
  const seen: Seen = { head: '', body: '', end: '' }
  const parser = new ResponseParser(options.method ?? 'GET', options.upgrading ?? false, {
    head: (status, headers) => {
      seen.head += `${status} ${headers.map(([name, value]) => `${name}=${value}`).join(';')}`
    },
    body: (chunk) => {
      seen.body += Buffer.from(chunk).toString('latin1')
    },
    end: (reusable) => {
      seen.end += reusable ? 'end' : 'end, close'
    },
    upgraded: (head) => {
      seen.end += `upgraded ${Buffer.from(head).toString('latin1')}`
    },
    fault: () => {
      seen.end += 'fault'
    },
  })
  for (const chunk of chunks) parser.push(Buffer.from(chunk, 'latin1'))
  if (options.close === true) parser.close()
  return seen
}

const CASES: [string, string, Partial<Seen>, { method?: string; upgrading?: boolean; close?: boolean }?][] = [
  [
    'a length',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A:  b \r\n\r\nabc',
    { head: '200 content-length=3;x-a=b', body: 'abc', end: 'end' },
  ],
  ['a length of 0', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { body: '', end: 'end' }],
  [
    'the same length twice',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
    { body: 'a', end: 'end' },
  ],
  ['no reason phrase', 'HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n', { head: '404 content-length=0', end: 'end' }],
  [
    'chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n',
    { body: 'abc0123456789', end: 'end' },
  ],
  ['a body until the end', 'HTTP/1.0 200 OK\r\n\r\nabc', { body: 'abc', end: 'end, close' }, { close: true }],
  [
    'Connection: close',
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na',
    { body: 'a', end: 'end, close' },
  ],
  [
    'informational heads before it',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na',
    { head: '200 content-length=1', body: 'a', end: 'end' },
  ],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { body: '', end: 'end' }],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', { body: '', end: 'end' }],
  ['HEAD with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', { body: '', end: 'end' }, { method: 'HEAD' }],
  [
    '101 when asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nrest',
    { head: '101 upgrade=websocket', end: 'upgraded rest' },
    { upgrading: true },
  ],
  ['bytes after the end', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabHTTP', { body: 'a', end: 'end, close' }],
  ['101 when not asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', { head: '', end: 'fault' }],
  [
    'a length and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
    { head: '', end: 'fault' },
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc', { head: '', end: 'fault' }],
  ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc', { head: '', end: 'fault' }],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', { head: '', end: 'fault' }],
  [
    'another transfer coding',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    { head: '', end: 'fault' },
  ],
  ['a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', { head: '', end: 'fault' }],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n', { head: '', end: 'fault' }],
  ['a bare LF in a header', 'HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n', { head: '', end: 'fault' }],
  ['a control character in a header', 'HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n', { head: '', end: 'fault' }],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n', { head: '', end: 'fault' }],
  [
    'a malformed chunk size',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n',
    { body: '', end: 'fault' },
  ],
  [
    'a chunk longer than its size',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n',
    { body: 'abc', end: 'fault' },
  ],
  [
    'a chunk line without CR',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n',
    { body: '', end: 'fault' },
  ],
  [
    'a length cut short',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab',
    { body: 'ab', end: 'fault' },
    { close: true },
  ],
  [
    'chunks cut short',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    { body: 'abc', end: 'fault' },
    { close: true },
  ],
  ['a head cut short', 'HTTP/1.1 200 OK\r\nContent-', { head: '', end: 'fault' }, { close: true }],
]

test.each(CASES)('%s', (_name, text, expected, options) => {
  expect(parse([text], options)).toMatchObject(expected)
})

// What follows a 101, or the end of an answer, is the connection's next owner's when it comes later.
test.each(CASES.filter(([name]) => name !== 'bytes after the end' && name !== '101 when asked for'))(
  '%s: the same at every split point',
  (_name, text, expected, options) => {
    for (let cut = 0; cut <= text.length; cut++) {
      expect(parse([text.slice(0, cut), text.slice(cut)], options), `cut at ${cut}`).toMatchObject(expected)
    }
    expect(parse([...text], options)).toMatchObject(expected)
  },
)

describe('limits', () => {
  const head = (bytes: number) => {
    const start = 'HTTP/1.1 204 No Content\r\nA: '
    return `${start}${'x'.repeat(bytes - start.length - 4)}\r\n\r\n`
  }
  test('a head at its limit is taken, one byte more is not, and not waited for', () => {
    expect(parse([head(MAX_RESPONSE_HEAD_BYTES)]).end).toBe('end')
    expect(parse([head(MAX_RESPONSE_HEAD_BYTES + 1)]).end).toBe('fault')
    expect(parse(['x'.repeat(MAX_RESPONSE_HEAD_BYTES + 1)]).end).toBe('fault')
  })
  test('chunk lines and informational heads are bounded', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(parse([chunked, `1;${'x'.repeat(MAX_CHUNK_LINE_BYTES)}`]).end).toBe('fault')
    expect(parse([chunked, '0\r\n', 'A: b\r\n'.repeat(MAX_RESPONSE_HEAD_BYTES)]).end).toBe('fault')
    expect(parse(['HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)]).end).toBe('fault')
  })
})
