import { describe, expect, test } from 'vitest'
import type { BodyFormat, RequestInfo } from '../context.ts'
import { decodeBase64 } from './base64.ts'
import { maskRequestBody } from './request.ts'
import { base64, infoOf, MASKING } from './testing.ts'

const SECRET = 'hunter2-correct-horse'
const encoder = new TextEncoder()
const decoder = new TextDecoder()
const secrets = infoOf({ verb: 'create' })
const configmaps = infoOf({ verb: 'create', resource: 'configmaps' })
const MARK = /⟦masked:secret:[0-9a-f]{12}⟧/g
/** A placeholder's base64 begins so whatever the tag. */
const PACKED = /4p\+mbWFza2VkOnNlY3JldD[A-Za-z0-9+/=]*/g

function masked(format: BodyFormat, text: string, info: RequestInfo = secrets) {
  const body = maskRequestBody({ info, format, bytes: encoder.encode(text), masking: MASKING })
  if (!body.ok) throw new Error(body.reason)
  return { ...body, text: decoder.decode(body.masked).replace(MARK, '…').replace(PACKED, '=') }
}

const applied = JSON.stringify({ stringData: { a: SECRET } })
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

describe('a Secret that is written is masked in the record', () => {
  test.each<[string, BodyFormat, string, string]>([
    [
      'JSON',
      'json',
      `{"data":{"a":"${base64(SECRET)}"},"stringData":{"b":"${SECRET}"},"n":9007199254740993}`,
      '{"data":{"a":"="},"stringData":{"b":"…"},"n":9007199254740993}',
    ],
    ['JSON as it was indented', 'json', `{\n  "data": {"a": "${base64(SECRET)}"}\n}`, '{\n  "data": {"a": "="}\n}'],
    ['a merge patch', 'merge-patch', `{"data":{"a":"${base64(SECRET)}","b":null}}`, '{"data":{"a":"=","b":null}}'],
    [
      'a strategic merge patch with last-applied',
      'strategic-merge-patch',
      JSON.stringify({ metadata: { annotations: { [LAST_APPLIED]: applied } } }),
      JSON.stringify({ metadata: { annotations: { [LAST_APPLIED]: JSON.stringify({ stringData: { a: '…' } }) } } }),
    ],
    ['an apply patch in JSON', 'apply-patch', `{"stringData":{"a":"${SECRET}"}}`, '{"stringData":{"a":"…"}}'],
    [
      'an apply patch in YAML',
      'apply-patch',
      `kind: Secret\nstringData:\n  a: ${SECRET}\n  b: |\n    ${SECRET}\n    more\n`,
      '{"kind":"Secret","stringData":{"a":"…","b":"…"}}',
    ],
    ['YAML', 'yaml', `data: {a: ${base64(SECRET)}}`, '{"data":{"a":"="}}'],
    [
      'a patch of one value',
      'json-patch',
      `[{"op":"replace","path":"/data/a","value":"${base64(SECRET)}"}]`,
      '[{"op":"replace","path":"/data/a","value":"…"}]',
    ],
    [
      'a patch that tests',
      'json-patch',
      `[{"op":"test","value":"${SECRET}","path":"/stringData/a"}]`,
      '[{"op":"test","value":"…","path":"/stringData/a"}]',
    ],
    [
      'a patch of the whole map',
      'json-patch',
      `[{"op":"add","path":"/data","value":{"a":"${base64(SECRET)}"}}]`,
      '[{"op":"add","path":"/data","value":"…"}]',
    ],
    [
      'a patch of the whole object',
      'json-patch',
      `[{"op":"replace","path":"","value":{"data":{"a":"${base64(SECRET)}"}}}]`,
      '[{"op":"replace","path":"","value":"…"}]',
    ],
    [
      'a patch of last-applied',
      'json-patch',
      JSON.stringify([{ op: 'add', path: `/metadata/annotations/${LAST_APPLIED.replace('/', '~1')}`, value: applied }]),
      `[{"op":"add","path":"/metadata/annotations/${LAST_APPLIED.replace('/', '~1')}","value":"…"}]`,
    ],
    [
      'a patch of labels only',
      'json-patch',
      '[{"op":"add","path":"/metadata/labels/a","value":"b"}]',
      '[{"op":"add","path":"/metadata/labels/a","value":"b"}]',
    ],
    [
      'a patch of labels and data',
      'json-patch',
      `[{"op":"add","path":"/metadata/labels/a","value":"b"},{"op":"add","path":"/data/a","value":"${base64(SECRET)}"}]`,
      '[{"op":"add","path":"/metadata/labels/a","value":"…"},{"op":"add","path":"/data/a","value":"…"}]',
    ],
    [
      'a patch with an escaped key',
      'json-patch',
      `[{"op":"add","path":"/data/a","v\\u0061lue":"${SECRET}"}]`,
      '[{"op":"add","path":"/data/a","v\\u0061lue":"…"}]',
    ],
  ])('%s', (_name, format, text, expected) => {
    const body = masked(format, text)
    expect(body.text).toBe(expected)
    if (body.report.count > 0) expect(body.secrets.join('\n')).toContain(SECRET)
  })

  test('YAML is recorded as JSON, the rest as what it is', () => {
    expect(masked('apply-patch', 'data: {a: aGk=}').mediaType).toBe('application/json')
    expect(masked('apply-patch', '{"data":{}}').mediaType).toBe('application/apply-patch+yaml')
    expect(masked('merge-patch', '{}').mediaType).toBe('application/merge-patch+json')
  })

  test('the values are told decoded and as they stood', () => {
    expect(new Set(masked('json', `{"data":{"a":"${base64(SECRET)}"}}`).secrets)).toEqual(
      new Set([SECRET, base64(SECRET)]),
    )
  })

  test.each<[string, BodyFormat, string]>([
    ['duplicate keys', 'json', '{"data":{"a":"x"},"data":{}}'],
    ['broken JSON', 'json', '{"data":'],
    ['anchors', 'yaml', 'data: &a {b: c}'],
    ['protobuf', 'protobuf', 'k8s\0'],
    ['a patch that is none', 'json-patch', '{"value":"x"}'],
  ])('%s: not recorded', (_name, format, text) => {
    expect(maskRequestBody({ info: secrets, format, bytes: encoder.encode(text), masking: MASKING }).ok).toBe(false)
  })
})

describe('other bodies', () => {
  test.each<[string, BodyFormat, string]>([
    ['a ConfigMap', 'json', '{"data":{"a":"b"},"n":9007199254740993}'],
    ['a Deployment that names a Secret', 'json', '{"kind":"Deployment","spec":{"secretName":"x"}}'],
    ['nothing', 'none', ''],
  ])('%s is recorded as it came', (_name, format, text) => {
    const body = masked(format, text, configmaps)
    expect(decoder.decode(body.masked)).toBe(text)
    expect(body.secrets).toEqual([])
  })

  const pods = infoOf({ verb: 'create', resource: 'pods' })
  const deployments = infoOf({ verb: 'patch', resource: 'deployments', apiGroup: 'apps' })
  const TOKEN = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
  const env = (value: string) => `{"env":[{"name":"DB_PASSWORD","value":"${value}"},{"name":"A","value":"b"}]}`
  const tokens = infoOf({ verb: 'create', resource: 'tokenreviews', apiGroup: 'authentication.k8s.io' })
  test.each<[string, BodyFormat, RequestInfo, string, string]>([
    [
      'an env value',
      'json',
      pods,
      `{"spec":{"containers":[${env('hunter2')}]}}`,
      `{"spec":{"containers":[${env('…')}]}}`,
    ],
    [
      'an env value, named after it',
      'json',
      pods,
      '{"env":[{"value":"hunter2","name":"DB_PASSWORD"}]}',
      '{"env":[{"value":"…","name":"DB_PASSWORD"}]}',
    ],
    [
      'a strategic merge patch',
      'strategic-merge-patch',
      deployments,
      `{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[${env('hunter2')}]}}}}`,
      `{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[${env('…')}]}}}}`,
    ],
    [
      'an apply in YAML',
      'apply-patch',
      deployments,
      'spec:\n  env:\n  - name: DB_PASSWORD\n    value: hunter2\n  replicas: 3\n',
      '{"spec":{"env":[{"name":"DB_PASSWORD","value":"…"}],"replicas":3}}',
    ],
    [
      'keys of a ConfigMap',
      'merge-patch',
      configmaps,
      '{"data":{"password":"hunter2","a":"b"}}',
      '{"data":{"password":"…","a":"b"}}',
    ],
    ['what looks like one', 'json', configmaps, `{"data":{"a":"x ${TOKEN}"}}`, '{"data":{"a":"x …"}}'],
    [
      'a JSON patch of one value',
      'json-patch',
      deployments,
      '[{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"hunter2"}]',
      '[{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"…"}]',
    ],
    [
      'a JSON patch of more',
      'json-patch',
      deployments,
      `[{"op":"add","value":${env('hunter2')},"path":"/spec/template/spec/containers/0"},{"op":"remove","path":"/x"}]`,
      `[{"op":"add","value":${env('…')},"path":"/spec/template/spec/containers/0"},{"op":"remove","path":"/x"}]`,
    ],
    [
      'a JSON patch of a key of a ConfigMap',
      'json-patch',
      configmaps,
      '[{"op":"add","path":"/data/password","value":"hunter2"},{"op":"add","path":"/data/a","value":"b"}]',
      '[{"op":"add","path":"/data/password","value":"…"},{"op":"add","path":"/data/a","value":"b"}]',
    ],
    [
      'a JSON patch of what looks like one',
      'json-patch',
      pods,
      `[{"op":"add","path":"/metadata/annotations/a","value":"${TOKEN}"}]`,
      '[{"op":"add","path":"/metadata/annotations/a","value":"…"}]',
    ],
    ['a token under review', 'json', tokens, '{"spec":{"token":"hunter2"}}', '{"spec":{"token":"…"}}'],
    [
      'a number beyond 2^53 beside it',
      'json',
      pods,
      `{"n":9007199254740993,"x":${env('hunter2')}}`,
      `{"n":9007199254740993,"x":${env('…')}}`,
    ],
  ])('%s is masked', (_name, format, info, text, expected) => {
    const body = maskRequestBody({ info, format, bytes: encoder.encode(text), masking: MASKING })
    if (!body.ok) throw new Error(body.reason)
    expect(decoder.decode(body.masked).replace(/⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g, '…')).toBe(expected)
    expect(body.report.count).toBeGreaterThan(0)
    expect(JSON.stringify(body.report)).not.toContain('hunter2')
  })

  test('a value of a field of a policy, also by a JSON patch', () => {
    const rules = { ...MASKING.rules, fields: () => [{ name: 'pin', path: ['spec', 'accounts', '[*]', 'pin'] }] }
    const mask = (format: BodyFormat, text: string) => {
      const body = maskRequestBody({
        info: infoOf({ verb: 'patch', resource: 'vaults', apiGroup: 'acme.io' }),
        format,
        bytes: encoder.encode(text),
        masking: { ...MASKING, rules },
      })
      return body.ok ? decoder.decode(body.masked).replace(/⟦masked:pin:[0-9a-f]{12}⟧/g, '…') : body.reason
    }
    expect(mask('merge-patch', '{"spec":{"accounts":[{"pin":"some words"}]}}')).toBe(
      '{"spec":{"accounts":[{"pin":"…"}]}}',
    )
    expect(mask('json-patch', '[{"op":"add","path":"/spec/accounts/-","value":{"pin":"some words"}}]')).toBe(
      '[{"op":"add","path":"/spec/accounts/-","value":{"pin":"…"}}]',
    )
    expect(mask('json-patch', '[{"op":"add","path":"/spec/accounts/0/pin","value":"some words"}]')).toBe(
      '[{"op":"add","path":"/spec/accounts/0/pin","value":"…"}]',
    )
  })

  test('YAML is recorded as JSON', () => {
    const body = masked('apply-patch', 'kind: ConfigMap\ndata: {secret: x, a: b}\n', configmaps)
    expect(body.text).toMatch(/^{"kind":"ConfigMap","data":{"secret":"⟦masked:config:[0-9a-f]{12}⟧","a":"b"}}$/)
    expect(body.mediaType).toBe('application/json')
  })

  test.each<[string, BodyFormat, string]>([
    ['a Secret', 'json', `{"kind":"Secret","stringData":{"a":"${SECRET}"}}`],
    ['a Secret, escaped', 'json', `{"kind":"S\\u0065cret","stringData":{"a":"${SECRET}"}}`],
    ['a List of Secrets', 'json', `{"kind":"List","items":[{"kind":"Secret","stringData":{"a":"${SECRET}"}}]}`],
    ['a Secret in YAML', 'yaml', `kind: Secret\nstringData: {a: ${SECRET}}\n`],
  ])('%s sent to where it does not belong is masked', (_name, format, text) => {
    expect(masked(format, text, configmaps).text).not.toContain(SECRET)
  })

  test('DeleteOptions in protobuf are recorded as JSON', () => {
    const bytes = decodeBase64(encoder.encode('azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIAGgAiAA=='))!
    const body = maskRequestBody({ info: secrets, format: 'protobuf', bytes, masking: MASKING })
    expect(body.ok && [decoder.decode(body.masked), body.mediaType]).toEqual([
      '{"kind":"DeleteOptions","apiVersion":"v1"}',
      'application/json',
    ])
  })
})
