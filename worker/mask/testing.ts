// What the tests of masking share: request infos, running a plan over chunks, seeded randomness. No I/O.

import type { HeaderList, RequestInfo } from '../context.ts'
import type { Masking, MaskRules } from './contract.ts'
import { createFinder } from './find/finder.ts'
import { createKnownValues } from './find/values.ts'
import type { ByteTransform } from './response.ts'
import { planResponseMask } from './response.ts'
import { DEFAULT_MASK_RULES } from './rules.ts'

export const KEY = new Uint8Array(32).fill(7)

/** The masking of a session that has seen nothing yet. */
export function maskingFor(rules: MaskRules = DEFAULT_MASK_RULES): Masking {
  const values = createKnownValues()
  return { key: KEY, rules, values, finder: createFinder(rules, values) }
}

/** One that every test may share which notes no values. */
export const MASKING = maskingFor()
export const JSON_HEADERS: HeaderList = [['content-type', 'application/json']]

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A request info of Secrets in a namespace, with what is given in its place. */
export function infoOf(given: Partial<RequestInfo> = {}): RequestInfo {
  return {
    isResourceRequest: true,
    path: '/api/v1/namespaces/d/secrets',
    query: '',
    verb: 'get',
    apiPrefix: 'api',
    apiGroup: '',
    apiVersion: 'v1',
    namespace: 'd',
    resource: 'secrets',
    subresource: '',
    name: '',
    parts: [],
    streaming: false,
    dryRun: false,
    ...given,
  }
}

/** The transform for a JSON answer, or a failure of the test. */
export function transformFor(info: RequestInfo, requestSecrets: readonly string[] = [], status = 200): ByteTransform {
  const plan = planResponseMask({ info, status, headers: JSON_HEADERS, masking: MASKING, requestSecrets })
  if (plan.kind !== 'transform') throw new Error(`the plan is ${plan.kind}`)
  return plan.transform
}

/** Runs bytes through a transform, cut at the given offsets; each chunk is wiped after use, as a reused buffer would be. */
export function run(transform: ByteTransform, body: Uint8Array | string, cuts: readonly number[] = []): string {
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  const out: number[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    const chunk = bytes.slice(from, cut)
    for (const byte of transform.push(chunk)) out.push(byte)
    chunk.fill(0x7e)
    from = cut
  }
  for (const byte of transform.end()) out.push(byte)
  return decoder.decode(Uint8Array.from(out))
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Base64 of a text's UTF-8. */
export function base64(text: string): string {
  return btoa(String.fromCharCode(...encoder.encode(text)))
}
