import { describe, expect, it } from 'vitest'
import type { JsonObject, KubeObject } from '../json.ts'
import { Refusal } from '../refusal.ts'
import { SCHEMAS } from '../schema/schema.ts'
import { applyConfiguration, trackUpdate, type Writer } from './apply.ts'
import { fromFieldsV1, readable, toFieldsV1 } from './fields.ts'

const SCHEMA = SCHEMAS.get('io.k8s.api.apps.v1.Deployment')
const by = (manager: string, time = '2026-01-01T00:00:00Z'): Writer => ({
  manager,
  apiVersion: 'apps/v1',
  subresource: '',
  time,
})
const config = (spec: JsonObject, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...(Object.keys(labels).length === 0 ? {} : { labels }) },
  spec,
})
const container = (name: string, extra: JsonObject = {}) => ({
  template: { spec: { containers: [{ name, ...extra }] } },
})

function conflictOf(run: () => unknown): Refusal['status'] {
  try {
    run()
  } catch (error) {
    if (error instanceof Refusal) return error.status
  }
  throw new Error('no conflict')
}

describe('server-side apply', () => {
  it('creates with exactly the applied fields owned', () => {
    const made = applyConfiguration(undefined, config({ replicas: 2 }, { app: 'web' }), SCHEMA, by('a'), false)
    expect(made.metadata.managedFields).toEqual([
      {
        manager: 'a',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app': {} } }, 'f:spec': { 'f:replicas': {} } },
      },
    ])
  })

  it('refuses to change a field another manager owns, and names it', () => {
    const live = applyConfiguration(
      undefined,
      config({ replicas: 2, ...container('app', { image: 'x:1' }) }),
      SCHEMA,
      by('a'),
      false,
    )
    const status = conflictOf(() =>
      applyConfiguration(live, config({ replicas: 5, ...container('app', { image: 'x:2' }) }), SCHEMA, by('b'), false),
    )
    expect(status).toMatchObject({ code: 409, reason: 'Conflict' })
    expect(status.details?.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "a" using apps/v1', field: '.spec.replicas' },
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "a" using apps/v1',
        field: '.spec.template.spec.containers[name="app"].image',
      },
    ])
    expect(status.message).toBe(
      'Apply failed with 2 conflicts: conflict with "a" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="app"].image',
    )
  })

  it('takes contested fields over when forced, and leaves the other manager the rest', () => {
    const live = applyConfiguration(undefined, config({ replicas: 2, minReadySeconds: 1 }), SCHEMA, by('a'), false)
    const forced = applyConfiguration(live, config({ replicas: 5 }), SCHEMA, by('b'), true)
    expect(forced.spec).toEqual({ replicas: 5, minReadySeconds: 1 })
    const owner = (name: string) => forced.metadata.managedFields?.find((entry) => entry.manager === name)?.fieldsV1
    expect(owner('a')).toEqual({ 'f:spec': { 'f:minReadySeconds': {} } })
    expect(owner('b')).toEqual({ 'f:spec': { 'f:replicas': {} } })
  })

  it('shares a field that is applied with the same value', () => {
    const live = applyConfiguration(undefined, config({ replicas: 2 }), SCHEMA, by('a'), false)
    const shared = applyConfiguration(live, config({ replicas: 2 }), SCHEMA, by('b'), false)
    expect(shared.metadata.managedFields?.map((entry) => entry.manager).sort()).toEqual(['a', 'b'])
  })

  it('removes what its manager no longer applies and nobody else owns', () => {
    const live = applyConfiguration(
      undefined,
      config({ replicas: 2, minReadySeconds: 3, ...container('app') }, { a: '1', b: '2' }),
      SCHEMA,
      by('a'),
      false,
    )
    const less = applyConfiguration(live, config({ replicas: 2 }, { a: '1' }), SCHEMA, by('a'), false)
    expect(less.spec).toEqual({ replicas: 2 })
    expect(less.metadata.labels).toEqual({ a: '1' })
  })

  it('keeps list items of other managers', () => {
    const live = applyConfiguration(undefined, config(container('app', { image: 'x' })), SCHEMA, by('a'), false)
    const both = applyConfiguration(live, config(container('sidecar', { image: 'y' })), SCHEMA, by('b'), false)
    expect(both.spec).toEqual({
      template: {
        spec: {
          containers: [
            { name: 'app', image: 'x' },
            { name: 'sidecar', image: 'y' },
          ],
        },
      },
    })
    const gone = applyConfiguration(both, config({}), SCHEMA, by('b'), false)
    expect(gone.spec).toEqual({ template: { spec: { containers: [{ name: 'app', image: 'x' }] } } })
  })

  it('tells list items of one port and two protocols apart', () => {
    const ports = (protocol: string) => container('app', { ports: [{ containerPort: 53, protocol }] })
    const live = applyConfiguration(undefined, config(ports('UDP')), SCHEMA, by('a'), false)
    const both = applyConfiguration(live, config(ports('TCP')), SCHEMA, by('b'), false)
    expect(both.spec).toEqual(
      container('app', {
        ports: [
          { containerPort: 53, protocol: 'UDP' },
          { containerPort: 53, protocol: 'TCP' },
        ],
      }),
    )
  })

  it('keeps the time of an entry that did not change', () => {
    const live = applyConfiguration(undefined, config({ replicas: 2 }), SCHEMA, by('a'), false)
    const again = applyConfiguration(live, config({ replicas: 2 }), SCHEMA, by('a', '2027-01-01T00:00:00Z'), false)
    expect(again.metadata.managedFields).toEqual(live.metadata.managedFields)
  })
})

describe('ownership by update', () => {
  it('moves a changed field to the one who changed it', () => {
    const live = applyConfiguration(undefined, config({ replicas: 2, minReadySeconds: 1 }), SCHEMA, by('a'), false)
    const next = trackUpdate(live, { ...live, spec: { replicas: 9, minReadySeconds: 1 } }, SCHEMA, by('kubectl-edit'))
    expect(next.metadata.managedFields?.map((entry) => [entry.manager, entry.operation, entry.fieldsV1])).toEqual([
      ['a', 'Apply', { 'f:spec': { 'f:minReadySeconds': {} } }],
      ['kubectl-edit', 'Update', { 'f:spec': { 'f:replicas': {} } }],
    ])
  })
})

describe('fieldsV1', () => {
  it('survives there and back', () => {
    const tree = {
      'f:metadata': { 'f:labels': { '.': {}, 'f:a.b/c': {} } },
      'f:spec': { 'f:containers': { 'k:{"name":"x"}': { '.': {}, 'f:image': {} } }, 'f:finalizers': { 'v:"q"': {} } },
    }
    expect(toFieldsV1(fromFieldsV1(tree))).toEqual(tree)
  })
  it('reads as people write paths', () => {
    expect(
      [...fromFieldsV1({ 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:name': {} } } } })].map(
        readable,
      ),
    ).toEqual(['.spec.ports[port=80,protocol="TCP"].name'])
  })
})
