// What is masked when no MaskPolicy says otherwise: everything the built-in rules know, and nothing unreadable passes. No I/O.

import type { MaskRules } from './contract.ts'

/** All three layers, the built-in fields and names, no pattern of one's own. */
export const DEFAULT_MASK_RULES: MaskRules = {
  revision: 0,
  layers: { structure: true, patterns: true, values: true },
  fields: () => [],
  names: [],
  patterns: [],
  off: new Set(),
  onUnreadable: () => 'withhold',
}
