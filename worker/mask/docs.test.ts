// What docs/masking.md shows must be true.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseDocuments } from '../documents.ts'
import { compileMasks } from './maskset.ts'
import { infoOf } from './testing.ts'

const page = readFileSync(new URL('../../docs/masking.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text)

describe('docs/masking.md', () => {
  test('shows a policy that is taken, and does what is said of it', () => {
    expect(blocks).toHaveLength(1)
    const parsed = parseDocuments(blocks[0] ?? '')
    if (!parsed.ok) throw new Error(parsed.errors.join('\n'))
    const user = { username: 'agent', uid: '', groups: ['ai-agents'], extra: {} }
    const rules = compileMasks(parsed.documents).rulesFor({ user, issuer: 'i', expiresAt: 0 }, 'prod')
    const vaults = infoOf({ apiGroup: 'acme.io', resource: 'vaults' })
    expect(rules.fields(vaults).map(({ name, path }) => `${name} ${path.join(' ')}`)).toEqual([
      'vault-token spec token',
      'vault-token spec accounts [*] password',
      'vault-token status keys *',
      'registry-login metadata annotations acme.io/registry-login',
    ])
    const path = (at: string) => rules.onUnreadable(infoOf({ isResourceRequest: false, resource: '', path: at }))
    expect([path('/metrics'), path('/metrics/cadvisor')]).toEqual(['pass', 'withhold'])
    expect(rules.onUnreadable(vaults)).toBe('withhold')
    expect(rules.onUnreadable(infoOf({ apiGroup: 'acme.io', resource: 'widgets' }))).toBe('pass')
  })
  test('names every key of a policy', () => {
    const rows = [...page.matchAll(/^\| `([a-zA-Z]+)` \|/gm)].map(([, key]) => key)
    const keys = ['subjects', 'connections', 'layers', 'fields', 'names', 'patterns', 'off', 'onUnreadable']
    expect(rows).toEqual(keys)
    for (const key of keys) expect(blocks[0]).toContain(`  ${key}:`)
  })
  test('leads nowhere that is not there', () => {
    const anchors = new Set(
      [...page.matchAll(/^#+ (.+)$/gm)].map(([, head = '']) => head.toLowerCase().replaceAll(' ', '-')),
    )
    for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor)
  })
})
