import { describe, expect, test } from 'vitest'
import type { FieldRule } from './contract.ts'
import { maskPairs } from './quoted.ts'
import { planResponseMask } from './response.ts'
import { DEFAULT_MASK_RULES } from './rules.ts'
import { infoOf, JSON_HEADERS, maskingFor, run } from './testing.ts'

const LIVE = 'V3ry-s3cret-w0rd'
const hiding = {
  namesSecret: (name: string) => /password/i.test(name),
  hide: () => '⟦masked:x⟧',
  withhold: () => '⟦masked:x⟧',
}
const pair = (name: string, value: string): string => `{Name: "${name}", Value: ${value}, ValueFrom: nil}`

describe('pairs in a message', () => {
  test.each([
    ['as Go prints them', pair('DB_PASSWORD', `"${LIVE}"`), pair('DB_PASSWORD', '"…"')],
    ['of another name', pair('LEVEL', '"debug"'), pair('LEVEL', '"debug"')],
    [
      'one after the other',
      `${pair('LEVEL', '"a"')}${pair('PASSWORD', '"b"')}${pair('MODE', '"c"')}`,
      `${pair('LEVEL', '"a"')}${pair('PASSWORD', '"…"')}${pair('MODE', '"c"')}`,
    ],
    [
      'a changed value, as it was and as it would be',
      `Name: "PASSWORD",\n-  Value: "new",\n+  Value: "${LIVE}",\n`,
      'Name: "PASSWORD",\n-  Value: …',
    ],
    [
      'a changed name',
      `-  Name: "PASSWORD",\n+  Name: "WORD",\n   Value: "${LIVE}",\n`,
      '-  Name: "PASSWORD",\n+  Name: "WORD",\n   Value: "…",\n',
    ],
    [
      'a changed name, the other way round',
      `-  Name: "WORD",\n+  Name: "PASSWORD",\n   Value: "${LIVE}",\n`,
      '-  Name: "WORD",\n+  Name: "PASSWORD",\n   Value: "…",\n',
    ],
    [
      'a value that is told in parts',
      `Name: "PASSWORD",\nValue: strings.Join({\n "${LIVE}",\n- "a",\n}, ""),\n`,
      'Name: "PASSWORD",\nValue: strings.Join({…}, ""),\n',
    ],
    [
      'any value that is told in parts',
      `Name: "URL",\nValue: strings.Join({\n "postgres://u:",\n- "a",\n+ "${LIVE}", ... // 9 identical bytes\n}, ""),\nMode: "x"`,
      'Name: "URL",\nValue: strings.Join({…}, ""),\nMode: "x"',
    ],
    ['one that does not end', `URL: strings.Join({\n "postgres://u:"${LIVE}`, 'URL: strings.Join({…'],
    ['any value of several lines', `Name: "URL",\nValue: (\n"""\n${LIVE}\n"""\n)`, 'Name: "URL",\nValue: (\n"""…'],
    [
      'a command line that is changed',
      `Args: []string{\n  "--api-token",\n- "x",\n+ "${LIVE}",\n },\n Mode: "x"`,
      'Args: []string{…},\n Mode: "x"',
    ],
    [
      'a command line of which some is left out',
      `Command: []string{\n ... // 2 identical elements\n "${LIVE}",\n },`,
      'Command: []string{…},',
    ],
    [
      'a command line as it stands',
      'Args: []string{"-v", "x - y"}, Command: []string{}',
      'Args: []string{"-v", "x - y"}, Command: []string{}',
    ],
    ['a value of several lines', `Name: "PASSWORD",\nValue: (\n"""\n${LIVE}\n"""\n)`, 'Name: "PASSWORD",\nValue: …'],
    ['a value in backticks', `Name: "PASSWORD", Value: \`${LIVE}\``, 'Name: "PASSWORD", Value: …'],
    ['a value with quotes', `Name: "PASSWORD", Value: "a\\"${LIVE}"}`, 'Name: "PASSWORD", Value: "…"}'],
    ['no value', pair('PASSWORD', 'nil'), pair('PASSWORD', 'nil')],
    ['of maps', `map[name:DB_PASSWORD value:${LIVE}]`, 'map[name:DB_PASSWORD value:…'],
    ['as JSON', `{"name":"password","value":"${LIVE}"}`, '{"name":"password","value":"…"}'],
  ])('%s', (_name, text, expected) => {
    expect(maskPairs(text, hiding).replaceAll('⟦masked:x⟧', '…')).toBe(expected)
  })

  test('many of them', () => {
    const text = 'Name: "PASSWORD", '.repeat(200_000) + 'Value: "x"'.repeat(200_000)
    expect(maskPairs(text, hiding)).not.toContain('"x"')
  })
})

describe('what a Status quotes of any object', () => {
  const vaults = infoOf({ apiGroup: 'acme.io', apiPrefix: 'apis', resource: 'vaults', verb: 'patch' })
  const rule: FieldRule = { name: 'vault', path: ['spec', 'accounts', '[*]', 'pin'] }
  const masking = maskingFor({ ...DEFAULT_MASK_RULES, revision: 77, fields: () => [rule] })
  const shown = (status: unknown, by = masking): string => {
    const plan = planResponseMask({ info: vaults, status: 422, headers: JSON_HEADERS, masking: by })
    if (plan.kind !== 'transform') throw new Error(plan.kind)
    return run(plan.transform, JSON.stringify(status)).replace(/⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g, '…')
  }
  test.each([
    ['a field that a MaskPolicy names', 'spec.accounts[0].pin: Invalid value: "47-11": no', '"47-11"'],
    ['what it stands in', 'spec.accounts: Invalid value: map[string]interface {}{"pin":"47-11"}: no', '47-11'],
    ['what stands in it', 'spec.accounts[1].pin.old: Invalid value: "47-11": no', '47-11'],
    ['a field whose name says secret', `spec.password: Invalid value: "${LIVE}": spec.password must match`, LIVE],
    ['a key that does', `data[db-password]: Invalid value: "${LIVE}": no`, LIVE],
    [
      'an object that is long',
      `x: Invalid value: {Ann:"${'x'.repeat(70_000)}", Name:"PASSWORD", Value:"${LIVE}"}`,
      LIVE,
    ],
  ])('%s', (_name, message, secret) => {
    expect(shown({ kind: 'Status', message: `it is invalid: ${message}` })).not.toContain(secret)
  })
  test('and its causes, which name the field later', () => {
    const cause = { reason: 'FieldValueInvalid', message: 'Invalid value: "47-11": no', field: 'spec.accounts[0].pin' }
    const message = 'spec.accounts[0].pin: Invalid value: "47-11": no'
    expect(shown({ kind: 'Status', message, details: { causes: [cause] } })).not.toContain('47-11')
  })
  test.each([
    ['a name', 'metadata.name: Invalid value: "A_b": no'],
    ['a number', 'spec.replicas: Invalid value: -1: no'],
    ['another field', 'spec.accounts[0].size: Invalid value: "big": no, spec.mode: Unsupported value: "x"'],
  ])('%s stays', (_name, message) => {
    expect(shown({ kind: 'Status', message })).toBe(JSON.stringify({ kind: 'Status', message }))
  })
})
