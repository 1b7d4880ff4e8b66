// What every refusal must be: a metav1.Status with the right reason, an id to look up, and nothing sent upstream.

import { expect } from 'vitest'
import type { World } from './world.ts'

interface Refused {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

/** The Status of a refusal, checked; `seenBefore` is how many requests the API server had got before. */
export function expectRefused(
  world: World,
  answer: Refused,
  expected: { readonly status: number; readonly reason: string; readonly says?: RegExp },
  seenBefore: number,
): Record<string, unknown> {
  expect(answer.status, answer.text).toBe(expected.status)
  const status: unknown = JSON.parse(answer.text)
  expect(status).toMatchObject({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: expected.reason,
    code: expected.status,
  })
  const { message } = status as { message: string }
  const id = /\(request ([0-9a-f-]{36})\)$/.exec(message)?.[1]
  expect(id, message).toBeDefined()
  expect(answer.headers.get('audit-id')).toBe(id)
  if (expected.says !== undefined) expect(message).toMatch(expected.says)
  expect(world.upstream.seen.slice(seenBefore).map(({ method, url }) => `${method} ${url}`)).toEqual([])
  return status as Record<string, unknown>
}
