// Writes that carry a masked value somewhere else without naming it: `copy` and `move` of a JSON patch from where it stands, and
// another word in the place of the one by which it was known as secret (the `name` or `key` beside a `value`, the `kind` of an object
// within another, the option in front of an argument). In: the body, and the object as it stands and masked. Out: where in the body, or null. No I/O.

import { fold } from '../keys.ts'
import { type JsonNode, memberOf, rawOf, readJson, textAt } from './json.ts'
import { stepsOf } from './pointer.ts'
import { elementAt, elementsIn, everyElementOf, membersIn, type Source } from './source.ts'

/** Members that say that what stands beside them is secret, and what that is. */
const SAYING: ReadonlyMap<string, readonly string[]> = new Map([
  ['name', ['value']],
  ['key', ['value']],
  ['kind', ['data', 'stringdata', 'items']],
])

/** Command lines: what an element is, may be said by those in front of it, and by the program that is run. */
const LINES: ReadonlySet<string> = new Set(['args', 'command'])
const WHOLE = /^⟦masked:[^⟦⟧]*⟧$/

/** What an operation would carry: what stands at a pointer, or beside the member of it that says what it is. */
interface Carrier {
  readonly key: 'from' | 'path'
  readonly steps: readonly string[]
  /** Members of what stands there; null: all of it. */
  readonly beside: readonly string[] | null
  /** What stands there is a command line, whose elements would come to stand behind others. */
  readonly line?: Line
}

/** What of a command line counts. */
interface Line {
  /** All but the one at this place. */
  readonly but: number | null
  /** Only what stands behind an option of one letter: another program may mean something else by it. */
  readonly short: boolean
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
  return [...carriers, ...wordAt('path', path), ...lineAt(op, path)]
}

/** The command line that an operation changes. What is put behind its end changes nothing in front of it. */
function lineAt(op: string | undefined, path: readonly string[] | null): readonly Carrier[] {
  if (path === null) return []
  const last = path.at(-1) ?? ''
  const own = path.slice(0, -1)
  const program = (at: readonly string[]): Carrier => ({
    key: 'path',
    steps: [...at, 'args'],
    beside: null,
    line: PROGRAM,
  })
  if (fold(last) === 'command') return [program(own)]
  if (!LINES.has(fold(own.at(-1) ?? '')) || !isIndex(last) || (op === 'add' && last === '-')) return []
  const replaced = (op === 'replace' || op === 'remove') && /^[0-9]+$/.test(last)
  const line = { but: replaced ? Number(last) : null, short: false }
  const carriers: Carrier[] = [{ key: 'path', steps: own, beside: null, line }]
  return fold(own.at(-1) ?? '') === 'command' ? [...carriers, program(own.slice(0, -1))] : carriers
}

/** Another program. */
const PROGRAM: Line = { but: null, short: true }
const SHORT_OPTION = /^-[A-Za-z]$/

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
  const alone = root.elements.filter((operation) => textAt(operation, ['op']) !== 'test').length === 1
  for (const [index, operation] of root.elements.entries()) {
    const found = carriersOf(operation).find(({ steps, beside, line }) =>
      line === undefined
        ? holdsMasked(sources, steps, beside)
        : // Where others come first, its place may be another's.
          placesAt(sources, steps, alone).some((place) => holdsArgument(place, alone ? line : { ...line, but: null })),
    )
    if (found !== undefined) return `[${index}].${found.key}`
  }
  return null
}

/**
 * Elements of lists are looked at all together: earlier operations may have moved them.
 * @param alone there are none
 */
function placesAt(sources: readonly Source[], steps: readonly string[], alone = false): readonly Source[] {
  let at = sources
  for (const step of steps) {
    const members = membersIn(at, step)
    const elements = alone && /^[0-9]+$/.test(step) ? elementAt(at, Number(step)) : everyElementOf(at)
    at = isIndex(step) ? [...members, ...elements] : members
  }
  return at
}

/** Whether a command line holds an argument that is masked for what stands in front of it. */
function holdsArgument({ live, masked }: Source, { but, short }: Line): boolean {
  if (live.kind !== 'array' || masked.kind !== 'array') return false
  return masked.elements.some((element, index) => {
    const now = live.elements[index]
    if (index === but || element.kind !== 'string' || now === undefined) return false
    const before = live.elements[index - 1]
    if (short && !(before?.kind === 'string' && SHORT_OPTION.test(before.value))) return false
    return WHOLE.test(element.value) && rawOf(now) !== rawOf(element)
  })
}

function holdsMasked(sources: readonly Source[], steps: readonly string[], beside: readonly string[] | null): boolean {
  const at = placesAt(sources, steps)
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

/** A program, its key in any case and escaped too. */
const COMMAND = /"(?:command|[^"]*\\u[^"]*)"\s*:/i

/** Groups whose objects have no such words outside of lists, which are merged by them. */
const BUILT_IN_GROUP = /^[^.]*$|\.k8s\.io$/

/** A cheap first look at a patch of an object's shape: whether it says such a word outside of lists, or a program. */
export function mayRename(apiGroup: string, body: string): boolean {
  if (COMMAND.test(body)) return true
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
  return programIn(root, sources, '')
}

/** The path of the first program that is changed in front of arguments which stay; null when there is none. */
function programIn(node: JsonNode, sources: readonly Source[], path: string): string | null {
  if (node.kind === 'array') {
    for (const [index, element] of node.elements.entries()) {
      const found = programIn(element, elementsIn(sources, element, index), `${path}[${index}]`)
      if (found !== null) return found
    }
  }
  if (node.kind !== 'object') return null
  const stays = memberOf(node, 'args') === undefined
  for (const { key, value } of node.members) {
    const inside = path === '' ? key : `${path}.${key}`
    if (stays && fold(key) === 'command') {
      const isNew = sources.some(({ live }) => {
        const now = memberOf(live, key)
        return now === undefined || rawOf(now) !== rawOf(value)
      })
      if (isNew && membersIn(sources, 'args').some((args) => holdsArgument(args, PROGRAM))) return inside
    }
    const found = programIn(value, membersIn(sources, key), inside)
    if (found !== null) return found
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
