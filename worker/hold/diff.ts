// What would change, as lines a person can read. In: the object before and after, masked. Out: a Diff of their YAML. No I/O.
// Everything is bounded, and nothing depends on how fast the machine is.

import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import type { Diff, DiffLine } from '../../protocol/review.ts'
import { MAX_DIFF_EDITS, MAX_DIFF_LINE_LENGTH, MAX_DIFF_LINES, MAX_DIFF_TEXT } from './limits.ts'
import { visible } from './words.ts'

const CONTEXT = 3
/** Kept by the API server and by controllers: it says nothing about what was asked. */
const NOISE = ['managedFields', 'resourceVersion', 'generation']

/**
 * Compares two JSON values (BigInt allowed), null where there is no object. What the API server counts for itself is left out,
 * and `status` unless the request may write it and does. Long lines are shown as several; past the limits `cut` is set.
 */
export function diffOf(before: unknown, after: unknown, mayWriteStatus = false): Diff {
  if (isAbsent(before) && isAbsent(after)) return none('There is no object to compare.')
  const writesStatus =
    mayWriteStatus && isObject(before) && isObject(after) && jsonOf(before.status) !== jsonOf(after.status)
  const old = textOf(before, writesStatus)
  const now = textOf(after, writesStatus)
  if (old === null || now === null) return none('The object is too large to be compared.')
  if (old === now) return none('Nothing in the object changes.')
  const lines = linesOf(old, now)
  let added = 0
  let removed = 0
  for (const [mark] of lines) {
    if (mark === '+') added += 1
    else if (mark === '-') removed += 1
  }
  const shown: DiffLine[] = []
  let cut = false
  for (const [mark, text] of lines) {
    const seen = visible(text)
    for (let at = 0; at === 0 || at < seen.length; at += MAX_DIFF_LINE_LENGTH) {
      if (shown.length === MAX_DIFF_LINES) cut = true
      else shown.push([mark, seen.slice(at, at + MAX_DIFF_LINE_LENGTH).toWellFormed()])
      if (cut) break
    }
    if (cut) break
  }
  return { kind: 'lines', lines: shown, added, removed, cut }
}

function linesOf(old: string, now: string): readonly DiffLine[] {
  const patch = structuredPatch('', '', old, now, undefined, undefined, {
    context: CONTEXT,
    maxEditLength: MAX_DIFF_EDITS,
  })
  if (patch === undefined) return roughLines(old.split('\n'), now.split('\n'))
  const lines: DiffLine[] = []
  for (const { oldStart, newStart, lines: hunk } of patch.hunks) {
    lines.push(['@', `${oldStart} → ${newStart}`])
    for (const line of hunk) {
      const mark = line[0]
      if (mark === ' ' || mark === '+' || mark === '-') lines.push([mark, line.slice(1)])
    }
  }
  return lines
}

/** Where the two have little in common: what stands between the lines they begin and end with alike, whole. */
function roughLines(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  const mark = (sign: '+' | '-', lines: readonly string[]) =>
    lines.slice(head, lines.length - tail).map((line): DiffLine => [sign, line])
  return [['@', `${head + 1} → ${head + 1}`], ...mark('-', old), ...mark('+', now)]
}

/** YAML with its keys in order, so that no order of keys looks like a change. Null: too large. */
function textOf(value: unknown, withStatus: boolean): string | null {
  if (isAbsent(value)) return ''
  const shown = withoutNoise(value, withStatus)
  if (jsonOf(shown).length > MAX_DIFF_TEXT) return null
  return stringify(shown, { lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false })
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}` : one)) ?? ''
}

function withoutNoise(value: unknown, withStatus: boolean): unknown {
  if (!isObject(value)) return value
  const { status, ...others } = value
  const rest = withStatus && status !== undefined ? { ...others, status } : others
  const { metadata } = rest
  if (!isObject(metadata)) return rest
  return { ...rest, metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !NOISE.includes(key))) }
}

function none(why: string): Diff {
  return { kind: 'none', why }
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
