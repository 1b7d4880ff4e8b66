import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ReviewedRequest } from '../../protocol/review.ts'
import { boundedReview, reviewText } from './review.ts'
import { heldRequest } from './testing.ts'

const reviewed = (given: Partial<ReviewedRequest> = {}): ReviewedRequest => ({
  title: 'patch web',
  request: heldRequest().request,
  diff: { kind: 'none', why: 'none' },
  reach: { objects: 1, pods: 0, examples: [] },
  ...given,
})

describe('a review', () => {
  it('is named by the SHA-256 of exactly its bytes', () => {
    const { text, bytes, sha256 } = reviewText([reviewed()])
    expect(new TextDecoder().decode(bytes)).toBe(text)
    expect(sha256).toBe(createHash('sha256').update(text).digest('hex'))
    expect(JSON.parse(text)).toEqual({ v: 1, requests: [reviewed()] })
  })

  it('shows unseen characters wherever an agent could put them', () => {
    const hidden = 'a\u202eb'
    const bounded = boundedReview(
      reviewed({
        title: `${hidden}\n`,
        request: {
          ...heldRequest().request,
          target: hidden,
          group: hidden,
          version: hidden,
          resource: hidden,
          subresource: hidden,
          name: hidden,
          namespace: hidden,
          userAgent: hidden,
          kubectlCommand: hidden,
          exec: { argv: [hidden], container: hidden, stdin: false, tty: false },
        },
        body: { mediaType: 'application/json', text: hidden, cut: false },
        diff: { kind: 'lines', lines: [['+', hidden]], added: 1, removed: 0, cut: false },
        reach: { objects: 1, pods: 1, examples: [hidden] },
      }),
    )
    const text = JSON.stringify(bounded)
    expect(text).not.toContain('\u202e')
    expect(text.match(/a⟨U\+202E⟩b/g)).toHaveLength(14)
    expect(bounded?.reviewed.title).toBe('ab')
  })

  it('says where its body and its diff were cut', () => {
    const lines = Array.from({ length: 2_000 }, () => ['+', 'x'.repeat(200)] as const)
    const bounded = boundedReview(
      reviewed({
        body: { mediaType: 'application/json', text: 'x'.repeat(300_000), cut: false },
        diff: { kind: 'lines', lines, added: 2_000, removed: 0, cut: false },
      }),
    )
    expect(bounded?.reviewed).toMatchObject({ body: { cut: true }, diff: { cut: true, added: 2_000 } })
    expect(bounded?.bytes).toBeLessThanOrEqual(256 * 1024)
  })

  it.each([
    ['fits', 255_000, false],
    ['does not', 263_000, true],
  ])('of a request that %s as a whole', (_, length, refused) => {
    const exec = { argv: ['x'.repeat(length)], container: '', stdin: false, tty: false }
    expect(boundedReview(reviewed({ request: { ...heldRequest().request, exec } })) === null).toBe(refused)
  })
})
