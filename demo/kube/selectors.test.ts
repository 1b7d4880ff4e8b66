import { describe, expect, it } from 'vitest'
import type { KubeObject } from './json.ts'
import { Refusal } from './refusal.ts'
import { fieldSelector, labelSelector, objectSelector } from './selectors.ts'

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0', namespace: 'shop', labels: { app: 'web', tier: 'front', n: '7' } },
  spec: { nodeName: 'n1' },
  status: { phase: 'Running' },
}

const labels: [text: string, selected: boolean][] = [
  ['', true],
  ['app=web', true],
  ['app==web', true],
  ['app=api', false],
  ['app!=api', true],
  ['absent!=x', true],
  ['app', true],
  ['absent', false],
  ['!absent', true],
  ['!app', false],
  ['app in (web,api)', true],
  ['app in (api)', false],
  ['app notin (api)', true],
  ['absent notin (x)', true],
  ['app in (web),tier=front', true],
  ['app=web,tier=back', false],
  ['n>6', true],
  ['n<7', false],
  ['tier=', false],
]

describe('label selectors', () => {
  it.each(labels)('%j selects: %j', (text, selected) => {
    expect(labelSelector(text)(pod)).toBe(selected)
  })
  it.each(['app in', 'a b', '=x'])('refuses %j', (text) => {
    expect(() => labelSelector(text)).toThrow(Refusal)
  })
})

const fields: [text: string, selected: boolean][] = [
  ['metadata.name=web-0', true],
  ['metadata.name!=web-0', false],
  ['metadata.namespace=shop,status.phase=Running', true],
  ['status.phase!=Running', false],
  ['spec.nodeName=n1', true],
  ['spec.nodeName=', false],
]

describe('field selectors', () => {
  it.each(fields)('%j selects: %j', (text, selected) => {
    expect(fieldSelector(text, 'Pod')(pod)).toBe(selected)
  })
  it('refuses fields that cannot be selected by', () => {
    expect(() => fieldSelector('spec.replicas=1', 'Deployment')).toThrow('field label not supported: spec.replicas')
  })
})

describe('LabelSelector objects', () => {
  it.each([
    ['an absent one selects nothing', undefined, false],
    ['an empty one selects everything', {}, true],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] }, true],
    ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    ['Exists', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    ['an unknown operator selects nothing', { matchExpressions: [{ key: 'app', operator: 'Near' }] }, false],
  ] as const)('%s', (_name, selector, selected) => {
    const copy = selector === undefined ? undefined : JSON.parse(JSON.stringify(selector))
    expect(objectSelector(copy)(pod.metadata.labels ?? {})).toBe(selected)
  })
})
