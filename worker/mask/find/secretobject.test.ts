// A Secret that something prints in a container: kubectl, a call of the API, a file. `«…»` is what must be masked.

import { expect, test } from 'vitest'
import { MaskError } from '../error.ts'
import { createTextStream } from '../stream.ts'
import { MASKING } from '../testing.ts'

const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')

const YAML = 'apiVersion: v1\ndata:\n  config: «dks3LXFUMnhXcDk=»\n  "x.pem": «YWJjZGVmZ2hpamts»\n'
const REST = 'metadata:\n  name: db\n  namespace: shop\ntype: Opaque\n'
const FORMS: Readonly<Record<string, string>> = {
  'kubectl get -o yaml': `${YAML}kind: Secret\n${REST}`,
  'a list': `apiVersion: v1\nitems:\n- ${YAML.trimEnd().replaceAll('\n', '\n  ')}\n  kind: Secret\n  metadata:\n    name: db\nkind: List\n`,
  immutable: `${YAML}immutable: true\nkind: Secret\n${REST}`,
  'written by hand': `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\nstringData:\n  motto: «all good things»\n  file: |\n    «first line»\n    «second line»\n`,
  several: `kind: ConfigMap\ndata:\n  a: plain\n---\n${YAML}kind: Secret\n${REST}`,
  'cut short behind its data': YAML,
  'kubectl get -o json':
    '{\n    "apiVersion": "v1",\n    "data": {\n        "config": "«dks3LXFUMnhXcDk=»",\n        "a": "«YWJjZGVmZ2hpamts»"\n    },\n    "kind": "Secret",\n    "metadata": {\n        "name": "db"\n    }\n}\n',
  'the API':
    '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","annotations":{"a":"b"},"managedFields":[{"fieldsV1":{"f:data":{".":{},"f:config":{}}}}]},"data":{"config":"«dks3LXFUMnhXcDk=»"},"type":"Opaque"}\n',
  'JSON in JSON': '{"msg":"{\\"kind\\":\\"Secret\\",\\"data\\":{\\"config\\":\\"«dks3LXFUMnhXcDk=»\\"}}"}\n',
}

/** A form without its marks, and where what they enclose stands. */
function places(form: string): { text: string; wanted: string[] } {
  return { text: form.replaceAll(/[«»]/g, ''), wanted: [...form.matchAll(/«([^»]*)»/g)].map(([, one]) => one!) }
}

test.each(Object.entries(FORMS))('%s', (_, form) => {
  const { text, wanted } = places(form)
  const bytes = encoder.encode(text)
  const { hits } = MASKING.finder.find(bytes, { final: true })
  expect(hits.map(({ start, end }) => latin.decode(bytes.subarray(start, end)))).toEqual(wanted)
  const masked = (cuts: readonly Uint8Array[]): string => {
    const stream = createTextStream(MASKING, { 1: 'stdout' })
    return [...cuts.flatMap((piece) => stream.push(1, piece)), ...stream.end()]
      .map((piece) => latin.decode(piece.bytes))
      .join('')
  }
  const whole = masked([bytes])
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(masked([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toBe(whole)
  }
})

test.each([
  YAML.replaceAll(/[«»]/g, '').concat('kind: ConfigMap\n', REST),
  'kind: ConfigMap\napiVersion: v1\ndata:\n  config: dks3LXFUMnhXcDk=\n',
  'apiVersion: apps/v1\ndata:\n  config: dks3LXFUMnhXcDk=\nkind: Thing\n',
  '{"apiVersion":"v1","data":{"config":"dks3LXFUMnhXcDk="},"kind":"ConfigMap"}',
  '{"kind":"Secret"} {"data":{"config":"hello world"}}',
  'apiVersion: v1\ndata:\n  mode: fast\n  level: debug\n',
  'metadata:\n  name: db\n',
  'kind: Secret\nmetadata:\n  name: db\n---\ndata:\n  a: hello\n',
])('%s is left', (text) => {
  expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
})

const WORD = 'dks3LXFUMnhXcDk='
const VALUE = WORD.slice(0, 15).repeat(400).slice(0, 4000)
const many = (count: number, one: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => one(n)).join('')
const streamed = (text: string, size: number, isSlow = false): string => {
  const stream = createTextStream(MASKING, { 1: 'stdout', 2: 'stderr' })
  const bytes = encoder.encode(text)
  const out: Uint8Array[] = []
  try {
    for (let at = 0; at < bytes.length; at += size) {
      out.push(...stream.push(1, bytes.subarray(at, at + size)).map((piece) => piece.bytes))
      if (isSlow) out.push(...stream.flush().map((piece) => piece.bytes))
    }
    out.push(...stream.end().map((piece) => piece.bytes))
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
  }
  return out.map((piece) => latin.decode(piece)).join('')
}
/** Each must be masked whole, and masked or withheld in a stream. */
const LARGE: Readonly<Record<string, string>> = {
  'YAML, long data': `apiVersion: v1\ndata:\n${many(40, (n) => `  k${n}: ${VALUE}\n`)}kind: Secret\n${REST}`,
  'YAML, its kind in front': `apiVersion: v1\nkind: Secret\ndata:\n${many(40, (n) => `  k${n}: ${VALUE}\n`)}${REST}`,
  'YAML, many values': `apiVersion: v1\ndata:\n${many(6000, (n) => `  k${n}: ${WORD}\n`)}kind: Secret\n${REST}`,
  'YAML, one long value': `apiVersion: v1\ndata:\n  k: ${VALUE.repeat(100)}\nkind: Secret\n${REST}`,
  'JSON, long data': `{"apiVersion":"v1","data":{${many(40, (n) => `"k${n}":"${VALUE}",`)}"z":"${WORD}"},"kind":"Secret"}\n`,
  'JSON, many values': `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"data":{${many(6000, (n) => `"k${n}":"${WORD}",`)}"z":"${WORD}"}}\n`,
  'JSON, one long value': `{\n "apiVersion": "v1",\n "data": {\n  "k": "${VALUE.repeat(100)}"\n },\n "kind": "Secret"\n}\n`,
  'JSON, long metadata in front': `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a","annotations":{"a":"${'some words "of\\" it '.replace('"', '\\"').repeat(800)}"}},"data":{"a":"${WORD}"}}\n`,
  'JSON, long metadata behind': `{"apiVersion":"v1","data":{"a":"${WORD}"},"metadata":{"a":"${'some words '.repeat(300)}"},"kind":"Secret"}\n`,
  'YAML, long metadata in front': `apiVersion: v1\nkind: Secret\nmetadata:\n${many(300, (n) => `  a${n}: some words that are written here\n`)}data:\n  a: ${WORD}\n`,
  'YAML, long metadata behind': `apiVersion: v1\ndata:\n  a: ${WORD}\nmetadata:\n${many(30, (n) => `  a${n}: some words that are written here\n`)}kind: Secret\n`,
  'a list of the API': `{"kind":"SecretList","apiVersion":"v1","metadata":{},"items":[${many(900, (n) => `{"metadata":{"name":"s${n}"},"data":{"config":"${WORD}"},"type":"Opaque"},`).slice(0, -1)}]}\n`,
}

test.each(Object.entries(LARGE))('%s: masked, or withheld from a stream', (_, text) => {
  const bytes = encoder.encode(text)
  const { hits } = MASKING.finder.find(bytes, { final: true })
  let rest = ''
  let at = 0
  for (const { start, end } of hits) {
    rest += text.slice(at, start)
    at = end
  }
  rest += text.slice(at)
  expect(rest).not.toContain(WORD.slice(0, 15))
  for (const size of [700, 8192, 32_768, 1 << 20]) {
    for (const isSlow of [false, true]) {
      expect(streamed(text, size, isSlow), `${size} ${isSlow}`).not.toContain(WORD.slice(0, 15))
    }
  }
})

test.each([
  `apiVersion: v1\ndata:\n${many(300, (n) => `  file${n}: |\n${many(10, () => '    {"title": "Requests by second", "type": "graph"}\n')}`)}kind: ConfigMap\n${REST}`,
  `{"apiVersion":"v1","data":{${many(3000, (n) => `"k${n}":"some words of a file, with a comma",`)}"z":"x"},"kind":"ConfigMap"}\n`,
  `{"kind":"ConfigMapList","items":[${many(900, (n) => `{"metadata":{"name":"s${n}"},"data":{"config":"complete"}},`).slice(0, -1)}]}\n`,
  many(2000, (n) => `{"status":"success","data":{"result":"complete"},"type":"reply","n":${n}}\n`),
  many(4000, () => 'event: ping\ndata:\n\n'),
])('large and no Secret passes, %#', (text) => {
  expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
  for (const size of [8192, 1 << 20]) expect(streamed(text, size) === text).toBe(true)
})
