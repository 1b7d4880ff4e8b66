// A Helm release as it stands in a Secret's `data.release`. In: the value, decoded once. Out: what to put in its place. No I/O.

import type { Masker } from './placeholder.ts'

/** `unreadable`: the value is to be masked whole, as any other. */
export function maskRelease(_value: Uint8Array, _masker: Masker): 'unchanged' | 'unreadable' | string {
  return 'unreadable'
}
