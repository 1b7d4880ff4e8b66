// The values that structure masked in a session. No I/O.

import type { KnownValues } from '../contract.ts'

/** An empty list of known values. */
export function createKnownValues(): KnownValues {
  return { note: () => undefined, size: 0 }
}
