// Whether a request in flight may go on. In: what it was let in by, and what is in force now. Out: why it must end, or null.
// Asked of every open stream every few seconds, and at once when somebody changes something.

import type { Authenticated, Refusal } from '../context.ts'
import { blockOf } from '../decide/blocks.ts'
import type { PolicySet } from '../decide/compile.ts'
import { decide, type Judged } from '../decide/decide.ts'
import type { Holds } from '../hold/holds.ts'
import type { MaskSet } from '../mask/maskset.ts'
import { endedMessage } from './assess.ts'
import type { OpenStream } from './streams.ts'
import type { UsageBook } from './usage.ts'

/** @param now.set null while no policies were read yet */
export function accessEnded(
  request: Judged,
  stream: Pick<OpenStream, 'admitted' | 'session'>,
  {
    set,
    now,
    holds,
    usage,
  }: {
    readonly set: PolicySet | null
    readonly now: number
    readonly holds: Pick<Holds, 'inForce'>
    readonly usage: UsageBook
  },
): Refusal | null {
  // Whoever waits for people passes nothing: the token is looked at again when they have answered.
  if (stream.admitted !== null && hasExpired(request, now)) {
    return { kind: 'unauthenticated', message: 'the token of this stream has expired; run the command again' }
  }
  if (set === null) return null
  const { identity, connection } = request
  const block = blockOf(set, { identity, connection, session: stream.session })
  if (block !== null) return { kind: 'ended', message: endedMessage(block) }
  const { admitted } = stream
  const session = usage.of(request, stream.session).facts()
  const verdict = decide(set, request, { ...admitted?.facts, session, now })
  if (!verdict.decided) {
    // The policy has come to look at an object that nobody read when the stream began.
    return admitted === null ? null : ended('the policies have changed; run the command again')
  }
  const { decision } = verdict
  switch (decision.effect) {
    case 'Allow':
      return null
    case 'Deny':
      return { ...ended(decision.reason), decision }
    case 'Hold':
      if (admitted === null) return null
      if (admitted.release === null) return { ...ended('this needs approval now; run the command again'), decision }
      return holds.inForce(admitted.release) ? null : { ...ended('the grant it passed by has ended'), decision }
    default:
      return decision.effect satisfies never
  }
}

/**
 * Why a stream must end that is masked by rules no longer in force, or null. Whatever answers at once goes on: it was asked for
 * while they were. A port-forward is not masked.
 */
export function masksEnded(
  { identity, connection, info, upgrade }: Pick<Authenticated, 'identity' | 'connection' | 'info' | 'upgrade'>,
  { admitted, masks }: Pick<OpenStream, 'admitted' | 'masks'>,
  set: MaskSet | null,
): Refusal | null {
  if (set === null || masks === null || admitted === null) return null
  if ((!info.streaming && upgrade === null) || info.subresource === 'portforward') return null
  if (set.broken !== null) return ended(set.broken)
  if (set.rulesFor(identity, connection).revision === masks.revision) return null
  return ended('what is masked has changed; run the command again')
}

export function hasExpired({ identity }: Pick<Authenticated, 'identity'>, now: number): boolean {
  return identity.expiresAt * 1000 <= now
}

function ended(why: string): Refusal {
  return { kind: 'forbidden', message: `access ended: ${why}` }
}
