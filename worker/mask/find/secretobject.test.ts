// A Secret that something prints in a container: kubectl, a call of the API, a file. `«…»` is what must be masked.

import { expect, test } from 'vitest'
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
