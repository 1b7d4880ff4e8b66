// Runs the masking code over one entry in one carrier. In: the entry. Out: whether the secret is gone, or what was touched though
// nothing is secret. No I/O.

import type { RequestInfo } from '../../worker/context.ts'
import type { Masking } from '../../worker/mask/contract.ts'
import { planResponseMask } from '../../worker/mask/response.ts'
import { infoOf, JSON_HEADERS, maskingFor } from '../../worker/mask/testing.ts'
import { type Carrier, objectWith, textIn } from './carriers.ts'
import type { Entry } from './entries.ts'

/** What masking did with an entry. */
export interface Outcome {
  /** Nothing of the secret can be read any more. For a benign entry: nothing was masked. */
  readonly good: boolean
  /** Our rules that masked something. */
  readonly rules: readonly string[]
  /** What is still readable, or what was masked for nothing. */
  readonly what: string
  /** The text was withheld. */
  readonly withheld: boolean
  /** What stands before and after the entry was touched too. */
  readonly beyond: boolean
}

/** So much of a secret in one piece counts as readable. A prefix that says whose key it is may stay. */
export function readableLength(secret: string): number {
  return Math.max(4, Math.min(12, Math.ceil(secret.length * 0.6)))
}

const decoder = new TextDecoder()

const INFO: Readonly<Record<'configmap' | 'env', RequestInfo>> = {
  configmap: infoOf({ resource: 'configmaps', path: '/api/v1/namespaces/shop/configmaps/settings', namespace: 'shop' }),
  env: infoOf({ resource: 'pods', path: '/api/v1/namespaces/shop/pods/settings', namespace: 'shop' }),
}

/** For texts under neutral names: nothing of them is noted to be found by value. */
const shared = maskingFor()

/** Runs an entry. */
export function judge(entry: Entry, carrier: Carrier): Outcome {
  try {
    return carrier.through === 'finder'
      ? throughFinder(entry, carrier, shared)
      : throughAnswer(entry, carrier.through, entry.name === null ? shared : maskingFor())
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'MaskError') throw error
    return {
      good: entry.kind === 'secret',
      rules: [],
      what: `withheld: ${error.message}`,
      withheld: true,
      beyond: false,
    }
  }
}

function throughFinder(entry: Entry, carrier: Carrier, masking: Masking): Outcome {
  const carried = carrier.carry(entry.text)
  const { bytes, at } = carried
  const own = carried.own ?? ((from, to) => to - from)
  const name = entry.name === null ? {} : { name: entry.name }
  const { hits } = masking.finder.find(bytes, { final: true, ...(carrier.name === 'string' ? name : {}) })
  const rules = hits.map((hit) => hit.rule)
  if (entry.kind === 'benign') {
    const what = hits.map((hit) => decoder.decode(bytes.subarray(hit.start, hit.end))).join(' | ')
    return { good: hits.length === 0, rules, what, withheld: false, beyond: false }
  }
  const first = entry.text.indexOf(entry.secret)
  const [start, end] = [at(first), at(first + entry.secret.length)]
  // Encoded, one character of the secret is several.
  const scale = own(start, end) / entry.secret.length
  let open = start
  let longest: [number, number] = [start, start]
  for (const hit of [...hits, { start: end, end }]) {
    const until = Math.min(hit.start, end)
    if (until > open && own(open, until) > own(...longest)) longest = [open, until]
    open = Math.max(open, hit.end)
  }
  return {
    good: own(...longest) < readableLength(entry.secret) * scale,
    rules,
    what: decoder.decode(bytes.subarray(...longest)),
    withheld: false,
    beyond: hits.some((hit) => hit.start < at(0) || hit.end > at(entry.text.length)),
  }
}

function throughAnswer(entry: Entry, through: 'configmap' | 'env', masking: Masking): Outcome {
  const plan = planResponseMask({ info: INFO[through], status: 200, headers: JSON_HEADERS, masking })
  if (plan.kind === 'withhold')
    return { good: entry.kind === 'secret', rules: [], what: plan.reason, withheld: true, beyond: false }
  const body = objectWith(through, entry.text, entry.name)
  let out = decoder.decode(body)
  let rules: string[] = []
  if (plan.kind === 'transform') {
    const pieces = [plan.transform.push(body).slice(), plan.transform.end()]
    out = pieces.map((piece) => decoder.decode(piece)).join('')
    rules = Object.keys(plan.transform.report().rules)
  }
  if (entry.kind === 'benign')
    return { good: out === decoder.decode(body), rules, what: entry.text, withheld: false, beyond: false }
  const left = readable(textIn(through, out, entry.name), entry.secret)
  return { good: left === null, rules, what: left ?? '', withheld: false, beyond: false }
}

/** A readable piece of a secret in a text, or null. */
export function readable(text: string, secret: string): string | null {
  const length = readableLength(secret)
  for (let start = 0; start + length <= secret.length; start++) {
    const piece = secret.slice(start, start + length)
    if (text.includes(piece)) return piece
  }
  return null
}
