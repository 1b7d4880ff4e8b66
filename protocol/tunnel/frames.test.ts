import { expect, test } from 'vitest'
import {
  decodeFrames,
  decodeGoaway,
  decodeReset,
  decodeWindow,
  encodeFrame,
  encodeGoaway,
  encodeHeader,
  encodeReset,
  encodeWindow,
  FLAG,
  isOneStreamsData,
  TYPE,
} from './frames.ts'
import { encodeHead, parseRequestHead, parseResponseHead, type RequestHead } from './head.ts'
import { MAX_DATA_BYTES, MAX_HEAD_BYTES } from './limits.ts'

const none = new Uint8Array(0)
const joined = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts))

test('frames of one message come out in order as they went in', () => {
  const message = joined(
    encodeFrame(TYPE.HEAD, FLAG.END, 1, Uint8Array.of(1, 2)),
    encodeFrame(TYPE.DATA, FLAG.MORE, 0x7fffffff, Uint8Array.of(3)),
    encodeWindow(0, 70_000),
    encodeFrame(TYPE.END, 0, 3, none),
    encodeReset(5, 'upstream', 'gone'),
    encodeFrame(TYPE.PING, FLAG.ACK, 0, new Uint8Array(8)),
    encodeGoaway(9, 'bye'),
  )
  const frames = [...decodeFrames(message)]
  expect(frames.map(({ type, flags, stream }) => [type, flags, stream])).toEqual([
    [1, 1, 1],
    [2, 2, 0x7fffffff],
    [3, 0, 0],
    [4, 0, 3],
    [5, 0, 5],
    [6, 4, 0],
    [7, 0, 0],
  ])
  expect(decodeWindow(frames[2]?.payload ?? none)).toBe(70_000)
  expect(decodeReset(frames[4]?.payload ?? none)).toEqual({ code: 'upstream', reason: 'gone' })
  expect(decodeGoaway(frames[6]?.payload ?? none)).toEqual({ lastStream: 9, reason: 'bye' })
})

test('a message cut anywhere inside a frame is refused', () => {
  const message = encodeFrame(TYPE.DATA, 0, 1, Uint8Array.of(1, 2, 3))
  for (let cut = 0; cut < message.length; cut++) {
    expect(() => [...decodeFrames(message.subarray(0, cut))], `cut at ${cut}`).toThrow()
  }
})

test.each([
  ['type 0', encodeFrame(0, 0, 1, none)],
  ['type 8', encodeFrame(8, 0, 1, none)],
  ['an unknown flag', encodeFrame(TYPE.DATA, 8, 1, none)],
  ['MORE on HEAD', encodeFrame(TYPE.HEAD, FLAG.MORE, 1, Uint8Array.of(1))],
  ['END within a message', encodeFrame(TYPE.DATA, FLAG.END | FLAG.MORE, 1, Uint8Array.of(1))],
  ['an empty HEAD', encodeFrame(TYPE.HEAD, 0, 1, none)],
  ['HEAD on the session', encodeFrame(TYPE.HEAD, 0, 0, Uint8Array.of(1))],
  ['DATA on the session', encodeFrame(TYPE.DATA, 0, 0, none)],
  ['PING on a stream', encodeFrame(TYPE.PING, 0, 1, new Uint8Array(8))],
  ['GOAWAY on a stream', encodeFrame(TYPE.GOAWAY, 0, 1, new Uint8Array(4))],
  ['a stream number over 31 bits', encodeFrame(TYPE.END, 0, 0x80000000, none)],
  ['WINDOW of 3 bytes', encodeFrame(TYPE.WINDOW, 0, 1, new Uint8Array(3))],
  ['PING of 7 bytes', encodeFrame(TYPE.PING, 0, 0, new Uint8Array(7))],
  ['END with a payload', encodeFrame(TYPE.END, 0, 1, Uint8Array.of(1))],
  ['RESET without a code', encodeFrame(TYPE.RESET, 0, 1, none)],
  ['DATA one past its limit', encodeFrame(TYPE.DATA, 0, 1, new Uint8Array(MAX_DATA_BYTES + 1))],
  ['HEAD one past its limit', encodeFrame(TYPE.HEAD, 0, 1, new Uint8Array(MAX_HEAD_BYTES + 1))],
  ['a length that lies', encodeHeader(TYPE.DATA, 0, 1, 10)],
])('%s is refused', (_name, message) => {
  expect(() => [...decodeFrames(message)]).toThrow()
})

test('DATA and HEAD at their limits are taken', () => {
  expect([...decodeFrames(encodeFrame(TYPE.DATA, 0, 1, new Uint8Array(MAX_DATA_BYTES)))]).toHaveLength(1)
  expect([...decodeFrames(encodeFrame(TYPE.HEAD, 0, 1, new Uint8Array(MAX_HEAD_BYTES)))]).toHaveLength(1)
})

test.each([0, 0x80000000])('credit of %i is refused', (credit) => {
  const [frame] = decodeFrames(encodeWindow(1, credit))
  expect(() => decodeWindow(frame?.payload ?? none)).toThrow()
})

test('an unknown reset code is refused', () => {
  expect(() => decodeReset(Uint8Array.of(200))).toThrow()
})

const request: RequestHead = {
  id: 'i',
  receipt: { id: 'i', leaf: 'l' },
  method: 'GET',
  target: '/x',
  headers: [['accept', '*/*']],
  user: { username: 'ü', uid: '', groups: ['g'], extra: { k: ['v'] } },
}
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

test('a request HEAD survives, with and without an upgrade', () => {
  expect(parseRequestHead(encodeHead(request))).toEqual(request)
  const upgrading = { ...request, upgrade: { protocols: ['v5.channel.k8s.io'] } }
  expect(parseRequestHead(encodeHead(upgrading))).toEqual(upgrading)
})

test.each([
  ['not JSON', new TextEncoder().encode('{')],
  ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ['a list', json([])],
  ['null', json(null)],
  ['an unknown field', json({ ...request, more: 1 })],
  ['no id', json({ ...request, id: undefined })],
  ['a number for the method', json({ ...request, method: 1 })],
  ['headers that are an object', json({ ...request, headers: {} })],
  ['a header that is no pair', json({ ...request, headers: [['a']] })],
  ['a header value that is a number', json({ ...request, headers: [['a', 1]] })],
  ['groups that are a string', json({ ...request, user: { ...request.user, groups: 'g' } })],
  ['an extra value that is a string', json({ ...request, user: { ...request.user, extra: { k: 'v' } } })],
  ['an extra called __proto__', new TextEncoder().encode(JSON.stringify(request).replace('"k"', '"__proto__"'))],
  ['an unknown field in the receipt', json({ ...request, receipt: { id: 'i', leaf: 'l', x: 1 } })],
  ['an upgrade without protocols', json({ ...request, upgrade: {} })],
])('a request HEAD that is %s is refused', (_name, payload) => {
  expect(() => parseRequestHead(payload)).toThrow(/HEAD/)
})

test('response HEADs survive', () => {
  for (const head of [
    { status: 200, headers: [['a', 'b'] as const] },
    { upgraded: true as const, protocol: 'p' },
    { failure: { kind: 'timeout' as const, message: 'm', sent: true } },
  ]) {
    expect(parseResponseHead(encodeHead(head))).toEqual(head)
  }
})

test.each([
  ['an informational status', { status: 101, headers: [] }],
  ['a status that is no integer', { status: 200.5, headers: [] }],
  ['a status of 600', { status: 600, headers: [] }],
  ['no headers', { status: 200 }],
  ['an unknown failure', { failure: { kind: 'lost', message: '', sent: true } }],
  ['a failure that does not say whether it was sent', { failure: { kind: 'timeout', message: '' } }],
  ['upgraded: false', { upgraded: false, protocol: 'p' }],
])('a response HEAD with %s is refused', (_name, value) => {
  expect(() => parseResponseHead(json(value))).toThrow(/HEAD/)
})

test.each<[string, Uint8Array[], boolean]>([
  ['one frame', [encodeFrame(TYPE.DATA, 0, 1, Uint8Array.of(1))], true],
  ['several', [encodeFrame(TYPE.DATA, 0, 0x01020304, none), encodeFrame(TYPE.DATA, FLAG.END, 0x01020304, none)], true],
  ['two streams', [encodeFrame(TYPE.DATA, 0, 0x01020304, none), encodeFrame(TYPE.DATA, 0, 0x01020305, none)], false],
  ['a HEAD before', [encodeFrame(TYPE.HEAD, 0, 1, Uint8Array.of(1)), encodeFrame(TYPE.DATA, 0, 1, none)], false],
  ['an END behind', [encodeFrame(TYPE.DATA, 0, 1, none), encodeFrame(TYPE.END, 0, 1, none)], false],
  ['a header that is cut off', [encodeFrame(TYPE.DATA, 0, 1, none), Uint8Array.of(0, 0)], false],
])('data of one stream alone: %s', (_name, frames, expected) => {
  expect(isOneStreamsData(joined(...frames))).toBe(expected)
})
