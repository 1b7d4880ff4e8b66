// Writes that carry a masked value somewhere else without naming it: `copy` and `move` of a JSON patch from where it stands, and
// another word in the place of the one by which it was known as secret (the `name` or `key` beside a `value`, the `kind` of an object
// within another). In: the body, and the object as it stands and masked. Out: where in the body, or null. No I/O.

import { fold } from '../keys.ts'
import { type JsonNode, memberOf, rawOf, readJson, textAt } from './json.ts'
import { stepsOf } from './pointer.ts'
import { everyElementOf, membersIn, type Source } from './source.ts'

/** Members that say that what stands beside them is secret, and what that is. */
const SAYING: ReadonlyMap<string, readonly string[]> = new Map([
  ['name', ['value']],
  ['key', ['value']],
  ['kind', ['data', 'stringdata', 'items']],
])

/** What an operation would carry: what stands at a pointer, or beside the member of it that says what it is. */
interface Carrier {
  readonly key: 'from' | 'path'
  readonly steps: readonly string[]
  /** Members of what stands there; null: all of it. */
  readonly beside: readonly string[] | null
}

/** A cheap first look: whether a JSON patch has an operation that could. */
export function mayCarry(patch: string): boolean {
  const root = readJson(patch)
  return root === null || root.kind !== 'array' || root.elements.some((operation) => carriersOf(operation).length > 0)
}

function carriersOf(operation: JsonNode): readonly Carrier[] {
  const op = textAt(operation, ['op'])
  if (op === 'test') return []
  const path = stepsOf(textAt(operation, ['path']) ?? '')
  const carriers: Carrier[] = []
  if (op === 'copy' || op === 'move') {
    const from = stepsOf(textAt(operation, ['from']) ?? '')
    if (from !== null && !(op === 'move' && sameList(from, path)))
      carriers.push({ key: 'from', steps: from, beside: null }, ...wordAt('from', op === 'move' ? from : null))
  }
  return [...carriers, ...wordAt('path', path)]
}

/** What a word says that is written, or taken away, at a pointer. */
function wordAt(key: Carrier['key'], path: readonly string[] | null): readonly Carrier[] {
  const beside = path === null || path.length < 2 ? undefined : SAYING.get(fold(path.at(-1) ?? ''))
  if (path === null || beside === undefined) return []
  const steps = path.slice(0, -1)
  return [{ key, steps, beside: isIndex(steps.at(-1)) ? null : beside }]
}

/** An element that only changes its place stays what it is. */
function sameList(from: readonly string[], path: readonly string[] | null): boolean {
  if (path === null || path.length !== from.length || !isIndex(from.at(-1)) || !isIndex(path.at(-1))) return false
  return from.slice(0, -1).every((step, index) => step === path[index])
}

/** As the API server reads it, which takes `+0` and `-1` as well. */
function isIndex(step: string | undefined): boolean {
  return step !== undefined && /^(?:-|[+-]?[0-9]+)$/.test(step)
}

/** The place in a JSON patch of the first operation that would, as a path; null when none does. */
export function carriedBy(patch: string, sources: readonly Source[]): string | null {
  const root = readJson(patch)
  if (root === null || root.kind !== 'array') return '[0]'
  for (const [index, operation] of root.elements.entries()) {
    const found = carriersOf(operation).find(({ steps, beside }) => holdsMasked(sources, steps, beside))
    if (found !== undefined) return `[${index}].${found.key}`
  }
  return null
}

/** Elements of lists are looked at all together: earlier operations may have moved them. */
function holdsMasked(sources: readonly Source[], steps: readonly string[], beside: readonly string[] | null): boolean {
  let at = sources
  for (const step of steps) {
    const members = membersIn(at, step)
    at = isIndex(step) ? [...members, ...everyElementOf(at)] : members
  }
  return beside === null ? at.some(isMasked) : isMaskedBeside(at, beside)
}

function isMasked({ live, masked }: Source): boolean {
  return rawOf(live) !== rawOf(masked)
}

function isMaskedBeside(sources: readonly Source[], names: readonly string[]): boolean {
  return sources.some(
    (source) =>
      source.masked.kind === 'object' &&
      source.masked.members.some(
        ({ key }) => names.includes(fold(key)) && membersIn([source], key).some((member) => isMasked(member)),
      ),
  )
}

/** Groups whose objects have no such words outside of lists, which are merged by them. */
const BUILT_IN_GROUP = /^[^.]*$|\.k8s\.io$/

/** A cheap first look at a patch of an object's shape: whether it says such a word outside of lists. */
export function mayRename(apiGroup: string, body: string): boolean {
  if (BUILT_IN_GROUP.test(apiGroup) || !/"(?:name|key|kind|[^"]*\\[^"]*)"\s*:/i.test(body)) return false
  const root = readJson(body)
  return root !== null && wordsIn(root, []).next().done !== true
}

/** The path of the first word that a patch of an object's shape changes beside a masked value; null when there is none. */
export function renamedBy(body: string, sources: readonly Source[]): string | null {
  const root = readJson(body)
  if (root === null) return null
  for (const { path, steps, key, written } of wordsIn(root, [])) {
    let at = sources
    for (const step of steps) at = membersIn(at, step)
    const isNew = at.some(({ live }) => {
      const now = memberOf(live, key)
      return now === undefined || textOf(now) !== textOf(written)
    })
    if (isNew && isMaskedBeside(at, SAYING.get(fold(key)) ?? [])) return path
  }
  return null
}

function textOf(node: JsonNode): string {
  return node.kind === 'string' ? `"${node.value}` : rawOf(node)
}

interface Word {
  readonly path: string
  /** Of the object it is a member of. */
  readonly steps: readonly string[]
  readonly key: string
  readonly written: JsonNode
}

/** The words in an object, below its root and outside of lists. */
function* wordsIn(node: JsonNode, steps: readonly string[]): Generator<Word> {
  if (node.kind !== 'object') return
  for (const { key, value } of node.members) {
    if (steps.length === 0 && key === 'metadata') continue
    const inside = [...steps, key]
    if (steps.length > 0 && SAYING.has(fold(key))) yield { path: inside.join('.'), steps, key, written: value }
    yield* wordsIn(value, inside)
  }
}
