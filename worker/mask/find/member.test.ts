// Values that stand in an object with a name that says what they are. `«…»` is what must be masked.

import { expect, test } from 'vitest'
import { createTextStream } from '../stream.ts'
import { MASKING } from '../testing.ts'

const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')

const FORMS: Readonly<Record<string, string>> = {
  'a variable of Terraform': 'variable "db_password" {\n  type = string\n  default = "«hunter2x9»"\n}\n',
  'a variable with a description':
    'variable "db_password" {\n  description = "The one of it"\n  sensitive = true\n  default     = "«hunter2x9»"\n}\nvariable "region" {\n  default = "eu-west-1"\n}\n',
  'a variable on one line': 'variable "db_password" { default = "«hunter2x9»" }\n',
  'outputs of Terraform':
    '{\n  "db_password": {\n    "sensitive": true,\n    "type": "string",\n    "value": "«hunter2x9»"\n  },\n  "region": {\n    "value": "eu-west-1"\n  }\n}\n',
  'a schema': '{"properties":{"password":{"type":"string","default":"«hunter2x9»"},"port":{"default":"5432"}}}',
  'a parameter, its default': '{"name":"DB_PASSWORD","default":"«hunter2x9»"}',
  'a parameter, described':
    '[{"id":"db_password","description":"said, of it","type":"string","default":"«hunter2x9»"},{"id":"region","default":"eu-west-1"}]',
  'a key and its val': '- key: DB_PASSWORD\n  val: «hunter2x9»\n',
  'parameters of Tekton':
    'params:\n- name: DB_PASSWORD\n  type: string\n  description: >-\n    The one of it\n  default: «hunter2x9»\n- name: region\n  default: eu-west-1\n',
  'inputs of a workflow':
    'inputs:\n  db_password:\n    description: The one of it\n    required: true\n    default: «hunter2x9»\n  region:\n    default: eu-west-1\n',
  'YAML in braces': '{name: DB_PASSWORD, type: string, default: «hunter2x9»}\n',
  'JSON in JSON': '{"msg":"{\\"name\\":\\"DB_PASSWORD\\",\\"type\\":\\"string\\",\\"default\\":\\"«hunter2x9»\\"}"}\n',
}

test.each(Object.entries(FORMS))('%s', (_, form) => {
  const text = form.replaceAll(/[«»]/g, '')
  const bytes = encoder.encode(text)
  const { hits } = MASKING.finder.find(bytes, { final: true })
  expect(hits.map(({ start, end }) => latin.decode(bytes.subarray(start, end)))).toEqual(['hunter2x9'])
  for (let cut = 1; cut < bytes.length; cut++) {
    const stream = createTextStream(MASKING, { 1: 'stdout' })
    const pieces = [...stream.push(1, bytes.subarray(0, cut)), ...stream.push(1, bytes.subarray(cut)), ...stream.end()]
    expect(pieces.map((piece) => latin.decode(piece.bytes)).join(''), `cut at ${cut}`).not.toContain('ter2x9')
  }
})

test.each([
  'variable "db_password" {\n  type = string\n}\nvariable "region" {\n  default = "hunter2x9"\n}\n',
  '[{"name":"DB_PASSWORD"},{"name":"region","default":"hunter2x9"}]',
  '- name: DB_PASSWORD\n- name: region\n  default: hunter2x9\n',
  'db_password:\n  description: said\nregion:\n  default: hunter2x9\n',
  '- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n      key: password\n',
  '- name: DB_PASSWORD\n  value: ""\n- name: region\n  value: hunter2x9\n',
  '{"name":"DB_PASSWORD","required":true,"default":null}',
  '{"name":"token","type":"string","default":"none"}',
  '{"id":"db_password","description":"said"}',
  'password:\n  type: string\n  default: changeme\n',
  '"secret": {"secretName": "web-tls", "defaultMode": 420}',
  'secret:\n  secretName: web-tls\n  default: web-tls\n',
])('%s is left', (text) => {
  expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
})
