// The kill switch: what a person has stopped. In: a PolicySet and who asks. Out: the Block that stops it, or null. No I/O.

import type { Identity } from '../context.ts'
import type { Block } from './block.ts'
import type { PolicySet } from './compile.ts'

/** The first Block, by name, that stops the session, the identity (by username, whatever its issuer) or the connection. */
export function blockOf(
  set: PolicySet,
  request: { readonly identity: Identity; readonly connection: string; readonly session: string },
): Block | null {
  if (set.blocks.length === 0) return null
  const values = {
    session: request.session,
    identity: request.identity.user.username,
    connection: request.connection,
  }
  return set.blocks.find(({ kind, value }) => values[kind] === value) ?? null
}
