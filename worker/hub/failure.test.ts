import { describe, expect, it } from 'vitest'
import type { TunnelFailure } from '../ports.ts'
import { refusalOfFailure } from './failure.ts'

describe('refusalOfFailure', () => {
  it.each<[string, TunnelFailure['kind'], boolean, boolean, string, RegExp]>([
    ['no connector', 'no-connector', false, false, 'connector-unavailable', /nothing was sent/],
    ['lost before it was sent', 'lost', false, false, 'connector-unavailable', /try again/],
    ['a read lost on the way', 'lost', true, true, 'connector-lost', /ask again/],
    ['a write lost on the way', 'lost', true, false, 'connector-lost', /may or may not/],
    ['an API server that cannot be reached', 'unreachable', false, false, 'connector-unavailable', /cannot reach/],
    ['a write the API server broke off', 'unreachable', true, false, 'connector-lost', /may or may not/],
    ['a read the API server broke off', 'unreachable', true, true, 'connector-unavailable', /cannot reach/],
    ['a connector with narrower limits', 'refused', false, false, 'forbidden', /own limits/],
    ['an API server that answers nonsense', 'protocol', true, true, 'upstream', /could not be understood/],
    ['an old API server', 'unsupported', false, false, 'unsupported-client', /^why$/],
    ['an answer that does not come', 'timeout', true, false, 'timeout', /in time/],
  ])('%s', (_name, kind, sent, harmless, refusal, words) => {
    const made = refusalOfFailure({ kind, message: 'why', sent }, harmless)
    expect(made.kind).toBe(refusal)
    expect(made.message).toMatch(words)
  })
})
