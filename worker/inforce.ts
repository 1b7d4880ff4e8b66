// What is in force: policies, blocks and masks, kept fresh from the store. In: the Store and a Clock. Out: caches for the hubs.
// Both fail closed: what cannot be known refuses everything.

import type { Identity } from './context.ts'
import { type CompileOptions, compilePolicies, type PolicySet } from './decide/compile.ts'
import { createDocumentCache, type DocumentCache } from './document/cache.ts'
import { DECIDING_KINDS } from './documents.ts'
import type { MaskCache } from './mask/contract.ts'
import { brokenMaskSet, compileMasks, type MaskSet } from './mask/maskset.ts'
import type { Clock, Store } from './ports.ts'

export type PolicyCache = DocumentCache<PolicySet>

type Documents = Pick<Store, 'revision' | 'documents'>

/** Keeps the policies and blocks of a store. When they cannot be known, a set that refuses everything. */
export function createPolicyCache(store: Documents, clock: Clock, options: CompileOptions = {}): PolicyCache {
  return createDocumentCache({
    store,
    clock,
    kinds: DECIDING_KINDS,
    compile: (documents) => compilePolicies(documents, options),
    unknown: {
      ...compilePolicies([], options),
      broken: 'the policies cannot be read just now: try again shortly',
    },
  })
}

/** No request may pass: what is masked for it cannot be known. `message` is for whoever asks. */
export class MasksUnknown extends Error {
  readonly code = 'MASKS_UNKNOWN'
  constructor(message: string) {
    super(message)
    this.name = 'MasksUnknown'
  }
}

/** Keeps the MaskPolicies of a store. `rulesFor` rejects with {@link MasksUnknown} alone. */
export function createMaskCache(store: Documents, clock: Clock): MaskCache {
  const cache = createDocumentCache<Kept>({
    store,
    clock,
    kinds: ['MaskPolicy'],
    compile(documents, former) {
      // Most changes are of other kinds: the finders of all sessions need not be made anew for them.
      const of = documents.map(({ name, revision }) => `${name} ${revision}`).join('\n')
      return former !== null && former.of === of ? former : { of, set: compileMasks(documents) }
    },
    unknown: { of: '', set: brokenMaskSet('what is masked cannot be read just now: try again shortly') },
  })
  return {
    async rulesFor(identity: Identity, connection: string) {
      const { set } = await cache.current()
      if (set.broken !== null) throw new MasksUnknown(set.broken)
      return set.rulesFor(identity, connection)
    },
    invalidate: () => cache.invalidate(),
  }
}

interface Kept {
  /** Names and revisions of the documents. */
  readonly of: string
  readonly set: MaskSet
}
