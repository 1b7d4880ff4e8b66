// Fields that a MaskPolicy names, wherever an answer shows them.

import { describe, expect, test } from 'vitest'
import type { RequestInfo } from '../context.ts'
import type { FieldRule } from './contract.ts'
import { planResponseMask } from './response.ts'
import { DEFAULT_MASK_RULES } from './rules.ts'
import { infoOf, JSON_HEADERS, maskingFor, run } from './testing.ts'

const LIVE = 'V3ry-s3cret-w0rd'
const vaults = infoOf({ apiGroup: 'acme.io', apiPrefix: 'apis', resource: 'vaults' })
const pods = infoOf({ resource: 'pods' })

function shown(body: unknown, path: readonly string[], info: RequestInfo = vaults): string {
  const fields: FieldRule[] = [{ name: 'f', path }]
  const masking = maskingFor({ ...DEFAULT_MASK_RULES, revision: 78, fields: () => fields })
  const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  return run(plan.transform, JSON.stringify(body)).replace(/⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g, '…')
}

const column = (name: string, description: string, type = 'string') => ({ name, type, description })
const jsonPath = (path: string) => `Custom resource definition column (in JSONPath format): ${path}`
const table = (columns: readonly object[], cells: readonly unknown[]) => ({
  kind: 'Table',
  columnDefinitions: [column('Name', 'Name must be unique'), ...columns],
  rows: [{ cells: ['x', ...cells] }],
})

describe('a column of a Table shows a field', () => {
  test.each([
    ['by its JSONPath, whatever it is called', ['spec', 'token'], column('Zeta', jsonPath('.spec.token')), '…'],
    ['in braces', ['spec', 'token'], column('Zeta', jsonPath('{.spec.token}')), '…'],
    ['of a list', ['spec', 'users', '[*]', 'pin'], column('Zeta', jsonPath('.spec.users[*].pin')), '…'],
    [
      'of a list, by a condition',
      ['spec', 'users', '[*]', 'pin'],
      column('Zeta', jsonPath('.spec.users[?(@.a=="b")].pin')),
      '…',
    ],
    ['of a map', ['status', 'keys', '*'], column('Zeta', jsonPath('.status.keys.a')), '…'],
    [
      'by a quoted key',
      ['metadata', 'annotations', 'a.b/c'],
      column('Zeta', jsonPath(".metadata.annotations['a\\.b/c']")),
      '…',
    ],
    [
      'by an escaped key',
      ['metadata', 'annotations', 'a.b/c'],
      column('Zeta', jsonPath('.metadata.annotations.a\\.b/c')),
      '…',
    ],
    ['by what it stands in', ['spec', 'token', 'value'], column('Zeta', jsonPath('.spec.token')), '…'],
    ['perhaps: nobody says where it comes from', ['spec', 'token'], column('Zeta', 'the zeta'), '…'],
    ['perhaps: by a path with any depth', ['spec', 'token'], column('Zeta', jsonPath('..token')), '…'],
    ['by its own name', ['spec', 'token'], column('Token', jsonPath('.spec.other')), '…'],
    ['another one', ['spec', 'token'], column('Zeta', jsonPath('.spec.mode')), LIVE],
    ['a time', ['spec', 'token'], column('Zeta', 'since when', 'date'), LIVE],
    ['of metadata: not what nobody describes', ['metadata', 'annotations', 'a'], column('Zeta', 'the zeta'), LIVE],
  ])('%s', (_name, path, definition, cell) => {
    expect(JSON.parse(shown(table([definition], [LIVE]), path)).rows).toEqual([{ cells: ['x', cell] }])
  })
  test('not of a built-in kind, whose columns are known', () => {
    expect(JSON.parse(shown(table([column('Zeta', 'x')], [LIVE]), ['spec', 'a'], pods)).rows[0].cells[1]).toBe(LIVE)
  })
  test('the description is not taken for another column’s', () => {
    const turned = (name: string, description: string) => ({ description, name, type: 'string' })
    const columnDefinitions = [
      turned('Name', ''),
      turned('A', jsonPath('.spec.token')),
      turned('B', jsonPath('.spec.mode')),
    ]
    const body = { columnDefinitions, kind: 'Table', rows: [{ cells: ['x', LIVE, 'm'] }] }
    expect(shown(body, ['spec', 'token'])).not.toContain(LIVE)
  })
})

describe('managedFields tell of a field', () => {
  const managed = (fieldsV1: object) => ({ metadata: { managedFields: [{ fieldsV1: { 'f:spec': fieldsV1 } }] } })
  test.each([
    ['in an element of a list', ['tokens'], { 'f:a': { 'k:{"name":"n"}': { 'f:tokens': { [`v:"${LIVE}"`]: {} } } } }],
    ['by which the elements are told apart', ['pin'], { 'f:a': { [`k:{"pin":"${LIVE}"}`]: { '.': {} } } }],
  ])('%s', (_name, last, fieldsV1) => {
    const out = shown(managed(fieldsV1), ['spec', 'a', '[*]', ...last])
    expect(out).not.toContain(LIVE)
    expect(out).toContain('"f:a"')
  })
  test('another element’s key stays', () => {
    const body = managed({ 'f:a': { 'k:{"name":"n"}': { 'f:pin': {}, 'f:other': { 'v:"x"': {} } } } })
    expect(shown(body, ['spec', 'a', '[*]', 'pin'])).toBe(JSON.stringify(body))
  })
})

describe('a field of any kind', () => {
  const path = ['metadata', 'annotations', 'acme.io/login']
  const secret = { metadata: { annotations: { 'acme.io/login': LIVE, other: 'x' }, name: 's' } }
  test.each([
    ['a Secret', { kind: 'Secret', ...secret }],
    ['a list of them', { kind: 'SecretList', items: [secret] }],
    ['a watch of them', { type: 'ADDED', object: { kind: 'Secret', ...secret } }],
    ['a Table of them', { kind: 'Table', rows: [{ cells: ['s', 'Opaque', 1, '5d'], object: secret }] }],
  ])('is one of %s too', (_name, body) => {
    const out = shown(body, path, infoOf())
    expect(out).not.toContain(LIVE)
    expect(out).toContain('"other":"x"')
  })
  test('data of a Secret is masked as ever, in base64', () => {
    const out = shown({ kind: 'Secret', data: { a: btoa(LIVE) } }, ['data', 'a'], infoOf())
    expect(atob(JSON.parse(out).data.a)).toContain('masked:secret:')
  })
  test('what scale shows as the selector', () => {
    const body = { kind: 'Scale', spec: { replicas: 1 }, status: { selector: LIVE } }
    expect(shown(body, ['spec', 'token'], { ...vaults, subresource: 'scale' })).not.toContain(LIVE)
  })
})
