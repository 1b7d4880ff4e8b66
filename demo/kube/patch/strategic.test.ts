import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../json.ts'
import { Refusal } from '../refusal.ts'
import { SCHEMAS } from '../schema/schema.ts'
import { strategicMergePatch } from './strategic.ts'

const POD = SCHEMAS.get('io.k8s.api.core.v1.Pod')
const DEPLOYMENT = SCHEMAS.get('io.k8s.api.apps.v1.Deployment')
const SERVICE = SCHEMAS.get('io.k8s.api.core.v1.Service')

const rows: [name: string, schema: typeof POD, live: JsonObject, patch: JsonObject, result: JsonObject][] = [
  [
    'merges containers by name',
    POD,
    {
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '1' },
        ],
      },
    },
    { spec: { containers: [{ name: 'b', image: '2' }] } },
    {
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '2' },
        ],
      },
    },
  ],
  [
    'adds an unknown container',
    POD,
    { spec: { containers: [{ name: 'a' }] } },
    { spec: { containers: [{ name: 'b' }] } },
    { spec: { containers: [{ name: 'a' }, { name: 'b' }] } },
  ],
  [
    'deletes an item by $patch',
    POD,
    { spec: { containers: [{ name: 'a' }, { name: 'b' }] } },
    { spec: { containers: [{ name: 'a', $patch: 'delete' }] } },
    { spec: { containers: [{ name: 'b' }] } },
  ],
  [
    'replaces a whole list by $patch',
    POD,
    { spec: { containers: [{ name: 'a' }, { name: 'b' }] } },
    { spec: { containers: [{ $patch: 'replace' }, { name: 'c' }] } },
    { spec: { containers: [{ name: 'c' }] } },
  ],
  [
    'replaces an object by $patch',
    POD,
    { spec: { securityContext: { runAsUser: 1, fsGroup: 2 } } },
    { spec: { securityContext: { $patch: 'replace', fsGroup: 3 } } },
    { spec: { securityContext: { fsGroup: 3 } } },
  ],
  [
    'orders by $setElementOrder',
    POD,
    { spec: { containers: [{ name: 'a' }, { name: 'b' }] } },
    {
      spec: {
        $setElementOrder: [],
        '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
        containers: [{ name: 'b', image: 'x' }],
      },
    },
    { spec: { containers: [{ name: 'b', image: 'x' }, { name: 'a' }] } },
  ],
  [
    'orders alone, without a list',
    POD,
    { spec: { containers: [{ name: 'a' }, { name: 'b' }] } },
    { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } },
    { spec: { containers: [{ name: 'b' }, { name: 'a' }] } },
  ],
  [
    'keeps env by name inside containers',
    POD,
    {
      spec: {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
          },
        ],
      },
    },
    {
      spec: {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'X', $patch: 'delete' },
              { name: 'Z', value: '3' },
            ],
          },
        ],
      },
    },
    {
      spec: {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'Y', value: '2' },
              { name: 'Z', value: '3' },
            ],
          },
        ],
      },
    },
  ],
  [
    'replaces lists without a merge key',
    POD,
    { spec: { tolerations: [{ key: 'a' }] } },
    { spec: { tolerations: [{ key: 'b' }] } },
    { spec: { tolerations: [{ key: 'b' }] } },
  ],
  [
    'unites finalizers',
    POD,
    { metadata: { finalizers: ['a/a'] } },
    { metadata: { finalizers: ['b/b'] } },
    { metadata: { finalizers: ['a/a', 'b/b'] } },
  ],
  [
    'drops from a primitive list',
    POD,
    { metadata: { finalizers: ['a/a', 'b/b'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/a'] } },
    { metadata: { finalizers: ['b/b'] } },
  ],
  [
    'null deletes a field',
    DEPLOYMENT,
    { spec: { replicas: 3, paused: true } },
    { spec: { paused: null } },
    { spec: { replicas: 3 } },
  ],
  [
    'merges labels as a map',
    DEPLOYMENT,
    { metadata: { labels: { a: '1', b: '2' } } },
    { metadata: { labels: { b: null, c: '3' } } },
    { metadata: { labels: { a: '1', c: '3' } } },
  ],
  [
    '$retainKeys empties a union',
    DEPLOYMENT,
    { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
    { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
    { spec: { strategy: { type: 'Recreate' } } },
  ],
  [
    'merges service ports by port',
    SERVICE,
    { spec: { ports: [{ port: 80, name: 'http' }] } },
    { spec: { ports: [{ port: 80, targetPort: 8080 }, { port: 443 }] } },
    { spec: { ports: [{ port: 80, name: 'http', targetPort: 8080 }, { port: 443 }] } },
  ],
]

describe('strategic merge patch', () => {
  it.each(rows)('%s', (_name, schema, live, patch, result) => {
    expect(schema).toBeDefined()
    if (schema === undefined) return
    const before = structuredClone(live)
    expect(strategicMergePatch(live, patch, schema)).toEqual(result)
    expect(live).toEqual(before)
  })
  it('refuses an item without its merge key', () => {
    expect(POD).toBeDefined()
    if (POD === undefined) return
    expect(() =>
      strategicMergePatch({ spec: { containers: [{ name: 'a' }] } }, { spec: { containers: [{ image: 'x' }] } }, POD),
    ).toThrow(Refusal)
  })
})
