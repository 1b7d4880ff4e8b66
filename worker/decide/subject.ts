// Whether a rule or a limit is about whoever asks. No I/O.

import type { Scoped } from './compile.ts'
import type { Judged } from './scope.ts'

/** True when the identity is one of the subjects and the connection one of those named. */
export function isSubject(scoped: Scoped, { identity, connection }: Pick<Judged, 'identity' | 'connection'>): boolean {
  if (scoped.connections !== null && !scoped.connections.has(connection)) return false
  if (scoped.users === null || scoped.users.has(identity.user.username)) return true
  for (const group of identity.user.groups) {
    if (scoped.groups.has(group)) return true
  }
  return false
}
