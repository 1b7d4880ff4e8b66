// What a kill switch can stop, seen from a session, and whether one is thrown over it. In: API values. Out: choices. No I/O.

import type { BlockSummary, NewBlock, SessionSummary } from '../../../worker/api/types.ts'

export interface Target {
  readonly kind: NewBlock['kind']
  readonly value: string
  readonly text: string
}

/** The narrowest first: it is the default. */
export function targetsOf(session: SessionSummary): readonly Target[] {
  return [
    { kind: 'session', value: session.id, text: 'This session' },
    { kind: 'identity', value: session.agent.username, text: 'Everything this agent does, on every connection:' },
    { kind: 'connection', value: session.connection, text: 'Every agent on this connection:' },
  ]
}

/** The block that stops it, if one does; the narrowest of several. */
export function blockOf(session: SessionSummary, blocks: readonly BlockSummary[]): BlockSummary | undefined {
  for (const { kind, value } of targetsOf(session)) {
    const found = blocks.find((block) => block.kind === kind && block.value === value)
    if (found) return found
  }
  return undefined
}
