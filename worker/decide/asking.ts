// Asks the conditions of rules during one decision: lazily, each at most once, with three answers, since an object may not be
// known yet. In: rules that match but for their conditions. Out: which one counts. No I/O, no clock.

import type { Facts } from '../context.ts'
import type { Scope } from './cel/condition.ts'
import { SPENT } from './cel/values.ts'
import type { CompiledRule } from './compile.ts'
import { type Judged, missing, type Need, scopeOf, wanted } from './scope.ts'

/** A rule that matches. `failed`: since its condition could not be evaluated. */
export interface Found {
  readonly rule: CompiledRule
  readonly failed: boolean
}

/** What allows one thing: a rule (Allow or Hold), nothing, or what must be known to tell. */
export type Permit =
  | { readonly kind: 'rule'; readonly found: Found }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly needs: readonly Need[] }

/** What a condition says. An array: what it must know first. */
export type Answer = 'yes' | 'no' | 'failed' | readonly Need[]

/** Conditions that may run out of their budget in one decision before it is given up. Stops: a hundred of them in a row. */
const MAX_SPENT = 2

export class Asking {
  private readonly facts: Facts
  private readonly want: ReadonlySet<Need>
  private readonly scope: Scope
  private readonly answers = new Map<CompiledRule, Answer>()
  private spentOn = 0

  constructor(request: Judged, facts: Facts) {
    this.facts = facts
    this.want = wanted(request)
    this.scope = scopeOf(request, this.want, facts)
  }

  /** True when conditions have cost so much that nothing more is asked: deny. */
  get spent(): boolean {
    return this.spentOn >= MAX_SPENT
  }

  /**
   * The rule that counts among Deny rules: the first without a condition, else the first whose condition needs no object, else
   * the first whose condition holds or fails. What it cannot know yet is added to `needs`.
   */
  first(rules: readonly CompiledRule[], needs: Set<Need>): Found | null {
    for (const rule of this.cheapestFirst(rules)) {
      const answer = this.ask(rule)
      if (answer === 'yes' || answer === 'failed') return { rule, failed: answer === 'failed' }
      if (answer !== 'no') for (const need of answer) needs.add(need)
    }
    return null
  }

  /**
   * What allows a thing that nothing denies: the first Hold in order, else an Allow, the cheapest first. Allows are asked for
   * only when no Hold is certain.
   */
  permit(holds: readonly CompiledRule[], allows: readonly CompiledRule[] | (() => readonly CompiledRule[])): Permit {
    const needs = new Set<Need>()
    const by = (rule: CompiledRule, failed: boolean): Permit =>
      needs.size > 0 ? { kind: 'unknown', needs: [...needs] } : { kind: 'rule', found: { rule, failed } }
    for (const rule of holds) {
      const answer = this.ask(rule)
      if (answer === 'yes' || answer === 'failed') return by(rule, answer === 'failed')
      if (answer !== 'no') for (const need of answer) needs.add(need)
    }
    const unknown = new Set<Need>()
    for (const rule of this.cheapestFirst(typeof allows === 'function' ? allows() : allows)) {
      const answer = this.ask(rule)
      if (answer === 'yes') return by(rule, false)
      if (typeof answer !== 'string') for (const need of answer) unknown.add(need)
    }
    const all = [...new Set([...needs, ...unknown])]
    return all.length === 0 ? { kind: 'none' } : { kind: 'unknown', needs: all }
  }

  /** What a rule's condition says. A rule without one says yes. */
  ask(rule: CompiledRule): Answer {
    if (rule.when === null) return 'yes'
    const known = this.answers.get(rule)
    if (known !== undefined) return known
    const answer = this.evaluate(rule.when)
    this.answers.set(rule, answer)
    return answer
  }

  private evaluate(when: NonNullable<CompiledRule['when']>): Answer {
    const needs = missing(when.uses, this.want, this.facts)
    if (needs.length > 0) return needs
    if (this.spent) return 'failed'
    const result = when.evaluate(this.scope)
    if (result.ok) return result.value ? 'yes' : 'no'
    if (result.error.startsWith(SPENT)) this.spentOn += 1
    return 'failed'
  }

  /** Which rule is named must not depend on what is known already, so the tiers ask what a condition looks at. */
  private cheapestFirst(rules: readonly CompiledRule[]): readonly CompiledRule[] {
    if (rules.length < 2 || rules.every(({ when }) => when === null)) return rules
    const tiers: [CompiledRule[], CompiledRule[], CompiledRule[]] = [[], [], []]
    for (const rule of rules) {
      if (rule.when === null) tiers[0].push(rule)
      else tiers[missing(rule.when.uses, this.want, NOTHING).length === 0 ? 1 : 2].push(rule)
    }
    return tiers.flat()
  }
}

const NOTHING: Facts = {
  now: 0,
  session: { id: '', startedAt: 0, requests: 0, writes: 0, deletions: 0, secretReads: 0, execBytes: 0 },
}
