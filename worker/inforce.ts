// What is in force: policies, blocks and masks, kept fresh from the store. In: the Store and a Clock. Out: caches for the hubs.
// Both fail closed: what cannot be known refuses everything.

import { type CompileOptions, compilePolicies, type PolicySet } from './decide/compile.ts'
import { createDocumentCache, type DocumentCache } from './document/cache.ts'
import { DECIDING_KINDS } from './documents.ts'
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

export type MaskCache = DocumentCache<MaskSet>

/** Keeps the MaskPolicies of a store. When they cannot be known, a set that is broken: nothing may pass then. */
export function createMaskCache(store: Documents, clock: Clock): MaskCache {
  let former: { readonly of: string; readonly set: MaskSet } | null = null
  return createDocumentCache({
    store,
    clock,
    kinds: ['MaskPolicy'],
    compile(documents) {
      // Most changes are of other kinds: the finders of all sessions need not be made anew for them.
      const of = documents.map(({ name, revision }) => `${name} ${revision}`).join('\n')
      if (former === null || former.of !== of) former = { of, set: compileMasks(documents) }
      return former.set
    },
    unknown: brokenMaskSet('what is masked cannot be read just now: try again shortly'),
  })
}
