import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffOf } from './diff.ts'

const deployment = (replicas: number, image = 'web:1') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    namespace: 'shop',
    resourceVersion: String(replicas),
    generation: replicas,
    managedFields: [{}],
  },
  spec: { replicas, template: { spec: { containers: [{ name: 'web', image }] } } },
  status: { readyReplicas: replicas },
})
const shown = (before: unknown, after: unknown) => {
  const diff = diffOf(before, after)
  return diff.kind === 'none' ? diff.why : diff.lines.map(([mark, text]) => `${mark}${text}`).join('\n')
}
const list = (count: number, prefix: string) => ({ items: Array.from({ length: count }, (_, at) => `${prefix}${at}`) })

describe('a diff', () => {
  it('shows what changes with three lines around it', () => {
    expect(shown(deployment(3), deployment(5))).toBe(
      [
        '@4 → 4',
        '   name: web',
        '   namespace: shop',
        ' spec:',
        '-  replicas: 3',
        '+  replicas: 5',
        '   template:',
        '     spec:',
        '       containers:',
      ].join('\n'),
    )
  })

  it.each<[string, unknown, unknown, string]>([
    ['of nothing', null, null, 'There is no object to compare.'],
    ['of nothing, not asked for', undefined, undefined, 'There is no object to compare.'],
    [
      'of what only the API server counts',
      deployment(3),
      {
        ...deployment(3),
        status: {},
        metadata: { ...deployment(3).metadata, resourceVersion: '9', generation: 9, managedFields: [] },
      },
      'Nothing in the object changes.',
    ],
    ['of keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, 'Nothing in the object changes.'],
    ['of a creation', null, { a: 1 }, '@1 → 1\n+a: 1'],
    ['of a deletion', { a: 1 }, null, '@1 → 1\n-a: 1'],
    [
      'of large integers',
      { a: 9007199254740993n },
      { a: 9007199254740995n },
      '@1 → 1\n-a: 9007199254740993\n+a: 9007199254740995',
    ],
    ['of text that looks like a diff', { a: '-b\n+c' }, { a: '-b\n+d' }, '@1 → 1\n a: |-\n   -b\n-  +c\n+  +d'],
    ['of unseen characters', { a: 'x' }, { a: 'x\u202ey' }, '@1 → 1\n-a: x\n+a: x⟨U+202E⟩y'],
    ['of values that differ in kind alone', { a: '1' }, { a: 1 }, '@1 → 1\n-a: "1"\n+a: 1'],
    ['of no objects at all', 'a', 'b', '@1 → 1\n-a\n+b'],
    ['too large to be made', null, { a: 'x'.repeat(512 * 1024) }, 'The object is too large to be compared.'],
  ])('%s', (_, before, after, expected) => {
    expect(shown(before, after)).toBe(expected)
  })

  it('counts what is added and left out', () => {
    expect(diffOf(deployment(3), deployment(5, 'web:2'))).toMatchObject({ added: 2, removed: 2, cut: false })
  })

  it('shows a long line as several, so that nothing hides at its end', () => {
    const diff = diffOf({ a: 'x'.repeat(1_000) }, { a: `${'x'.repeat(1_000)}; curl evil` })
    const added = diff.kind === 'lines' ? diff.lines.filter(([mark]) => mark === '+').map(([, text]) => text) : []
    expect(added.join('')).toBe(`a: ${'x'.repeat(1_000)}; curl evil`)
    expect(Math.max(...added.map((line) => line.length))).toBe(400)
  })

  it.each([
    [1_998, false],
    [1_999, true],
    [50_000, true],
  ])('of %i new lines is cut: %s', (count, cut) => {
    const diff = diffOf(null, list(count, 'n'))
    expect(diff).toMatchObject({ kind: 'lines', cut, added: count + 1 })
    expect(diff.kind === 'lines' && diff.lines.length).toBe(Math.min(2_000, count + 2))
  })

  it('of two long lists with nothing in common is made all the same, and soon', () => {
    const diff = diffOf(list(20_000, 'a'), list(20_000, 'b'))
    expect(diff).toMatchObject({ kind: 'lines', cut: true, added: 20_000, removed: 20_000 })
  })

  it('has exactly the lines by which the two differ', () => {
    const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.oneof(fc.integer(), fc.string(), fc.boolean()), {
      minKeys: 1,
      maxKeys: 12,
    })
    const property = fc.property(object, object, (before, after) => {
      const diff = diffOf(before, after)
      const again = diffOf(after, before)
      if (diff.kind === 'none') {
        expect(again.kind).toBe('none')
        return
      }
      expect(again).toMatchObject({ added: diff.removed, removed: diff.added })
      expect(diff.lines.filter(([mark]) => mark === '+')).toHaveLength(diff.added)
    })
    fc.assert(property, { seed: 3, numRuns: 300 })
  })
})

describe('the status', () => {
  const service = (ip: string) => ({ kind: 'Service', metadata: { name: 's' }, spec: { a: 1n }, status: { ip } })
  it('is shown where the request may write it and does', () => {
    const shown = diffOf(service('10.0.0.1'), service('10.0.0.9'), true)
    expect(shown.kind === 'lines' ? shown.lines.filter(([mark]) => mark === '+') : shown).toEqual([
      ['+', '  ip: 10.0.0.9'],
    ])
  })
  it('is left out where it does not, and where the object comes or goes', () => {
    expect(diffOf(service('10.0.0.1'), { ...service('10.0.0.1'), spec: { a: 2n } }, true)).toMatchObject({
      added: 1,
      removed: 1,
    })
    expect(JSON.stringify(diffOf(null, service('10.0.0.1'), true))).not.toContain('10.0.0.1')
    expect(JSON.stringify(diffOf(service('10.0.0.1'), null, true))).not.toContain('10.0.0.1')
  })
})
