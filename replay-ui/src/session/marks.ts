// Marks on the timeline, and the commands a filter leaves. In: commands and a choice. Out: places and indexes. No I/O, no UI.

import type { CommandSummary } from '../../../worker/api/types.ts'

/** A mark: one command, or as many as stand too close to be told apart. */
export interface Mark {
  /** Percent of the timeline. */
  readonly at: number
  /** The first command in it, by position. */
  readonly index: number
  /** How many commands it stands for. */
  readonly commands: number
}

/** More places than this on the timeline are a smear. */
const MAX_MARKS = 400

/** Marks at the commands that are wanted, over the whole timeline however long it is. */
export function marksOf(
  commands: readonly CommandSummary[],
  wanted: (command: CommandSummary) => boolean,
): readonly Mark[] {
  const places = Math.min(MAX_MARKS, commands.length)
  const found = new Map<number, { index: number; commands: number }>()
  commands.forEach((command, index) => {
    if (!wanted(command)) return
    const place = Math.floor((index * places) / commands.length)
    const known = found.get(place)
    if (known) known.commands++
    else found.set(place, { index, commands: 1 })
  })
  return [...found].map(([place, mark]) => ({ at: ((place + 0.5) / places) * 100, ...mark }))
}

/** Which commands are listed: all, those with any mask, or those with one rule's. A rule is never called that: they are words. */
export type MaskFilter = '' | '*' | (string & {})

export function isMaskedBy(command: CommandSummary, filter: MaskFilter): boolean {
  if (filter === '') return true
  if (command.masks === 0) return false
  const rules = command.mask?.rules
  if (filter === '*' || rules === undefined) return true
  // What the listing does not tell of might be by any rule: a filter that hides it would say that there is none.
  return Object.hasOwn(rules, filter) || (command.mask?.count ?? 0) < command.masks
}

/** Positions of the commands a filter leaves; undefined: all. */
export function filtered(commands: readonly CommandSummary[], filter: MaskFilter): readonly number[] | undefined {
  if (filter === '') return undefined
  return commands.flatMap((command, index) => (isMaskedBy(command, filter) ? [index] : []))
}

/** The next position in one direction that a filter leaves; stays where nothing follows. */
export function stepIn(shown: readonly number[], index: number, by: 1 | -1): number {
  const next = by === 1 ? shown.find((at) => at > index) : shown.findLast((at) => at < index)
  return next ?? index
}

export interface RuleChoice {
  readonly rule: string
  readonly commands: number
}

/** How many commands each rule masked something in, by name. */
export function ruleChoices(commands: readonly CommandSummary[]): readonly RuleChoice[] {
  const counts = new Map<string, number>()
  for (const { mask } of commands) {
    for (const rule of Object.keys(mask?.rules ?? {})) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([rule, n]) => ({ rule, commands: n }))
}

/** What was masked in a command, in words: `secret × 2 at data.password, data.url; jwt`. */
export function maskWords(command: CommandSummary): string {
  const { mask, masks } = command
  if (mask === undefined) return ''
  const places = mask.places ?? []
  const rules = Object.entries(mask.rules)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([rule, count]) => {
      const at = places.filter((place) => place.rule === rule).map((place) => place.at)
      return `${rule}${count > 1 ? ` × ${count.toLocaleString('en')}` : ''}${at.length > 0 ? ` at ${at.join(', ')}` : ''}`
    })
  const others = masks - mask.count
  return [...rules, ...(others > 0 ? [`${others.toLocaleString('en')} more`] : [])].join('; ')
}
