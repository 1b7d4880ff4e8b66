// What a grant may cover, as choices and as a sentence. In: the offer of a hold. Out: text and seconds. No clock.

import type { GrantSummary, HoldDetail } from '../../../worker/api/types.ts'
import { quoted } from '../shell/visible.ts'
import { spanText } from './countdown.ts'

export type Offer = NonNullable<HoldDetail['offer']>
export type Scope = 'namespace' | 'object'

const MINUTE_S = 60
const SPANS_S = [5, 15, 30, 60, 120, 240, 480, 720, 1440].map((minutes) => minutes * MINUTE_S)
const DEFAULT_S = 15 * MINUTE_S

/** Times to choose from, shortest first; the longest is what the rule allows. */
export function spansOf(offer: Offer): readonly number[] {
  return [...SPANS_S.filter((span) => span < offer.maxForS), offer.maxForS]
}

/** Short, so that nobody leaves a door open without meaning to. */
export function defaultSpan(offer: Offer): number {
  return Math.min(DEFAULT_S, offer.maxForS)
}

/** The narrower scope first: it is the default. */
export function scopesOf(offer: Offer): readonly Scope[] {
  return offer.object === undefined ? ['namespace'] : ['object', 'namespace']
}

/** `namespace "shop"`, `everything in no namespace`, `deployments.apps "web" in namespace "shop"`. */
export function scopeText(of: Pick<GrantSummary, 'namespace' | 'object'>, scope: Scope): string {
  const namespace = of.namespace === '' ? '' : `namespace ${quoted(of.namespace)}`
  if (scope === 'namespace' || of.object === undefined) return namespace || 'everything in no namespace'
  const { group, resource, name } = of.object
  const object = `${group === '' ? resource : `${resource}.${group}`} ${quoted(name)}`
  return namespace === '' ? object : `${object} in ${namespace}`
}

/** What the grant means, before somebody gives it. */
export function grantText(
  hold: Pick<HoldDetail, 'agent' | 'policy' | 'rule'>,
  offer: Offer,
  scope: Scope,
  forS: number,
): string {
  return `For ${spanText(forS)} ${quoted(hold.agent.username)} may do whatever rule ${hold.policy}/${hold.rule} holds${scope === 'object' ? ' on ' : ' in '}${scopeText(offer, scope)} without asking again.`
}
