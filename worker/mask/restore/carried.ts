// Operations of a JSON patch that carry a masked value somewhere else without naming it: `copy` and `move` from where it stands, and
// another name for the element of a list that holds it, by which it was known as secret. In: the patch, and the object as it
// stands and masked. Out: the operation, or null. No I/O.

import { type JsonNode, rawOf, readJson, textAt } from './json.ts'
import { stepsOf } from './pointer.ts'
import { everyElementOf, membersIn, type Source } from './source.ts'

/** The member by which elements of lists are called: of an environment variable it says whether its value is secret. */
const NAME = 'name'

/** A cheap first look: whether a patch has an operation that could. */
export function mayCarry(patch: string): boolean {
  const root = readJson(patch)
  return root === null || root.kind !== 'array' || root.elements.some((operation) => carrierOf(operation) !== null)
}

/** What an operation would carry, by pointer: what stands at it, or the element whose name it is. Null: nothing. */
function carrierOf(operation: JsonNode): { readonly key: 'from' | 'path'; readonly steps: readonly string[] } | null {
  const op = textAt(operation, ['op'])
  const path = stepsOf(textAt(operation, ['path']) ?? '')
  if (op === 'copy' || op === 'move') {
    const from = stepsOf(textAt(operation, ['from']) ?? '')
    return from === null || (op === 'move' && sameList(from, path)) ? null : { key: 'from', steps: from }
  }
  if (op === 'test' || path === null || path.at(-1) !== NAME || !isIndex(path.at(-2))) return null
  return { key: 'path', steps: path.slice(0, -1) }
}

/** An element that only changes its place stays what it is. */
function sameList(from: readonly string[], path: readonly string[] | null): boolean {
  if (path === null || path.length !== from.length || !isIndex(from.at(-1)) || !isIndex(path.at(-1))) return false
  return from.slice(0, -1).every((step, index) => step === path[index])
}

function isIndex(step: string | undefined): boolean {
  return step !== undefined && /^(?:-|[0-9]+)$/.test(step)
}

/** The place in the patch of the first operation that would, as a path; null when none does. */
export function carriedBy(patch: string, sources: readonly Source[]): string | null {
  const root = readJson(patch)
  if (root === null || root.kind !== 'array') return '[0]'
  for (const [index, operation] of root.elements.entries()) {
    const carrier = carrierOf(operation)
    if (carrier !== null && holdsMasked(sources, carrier.steps)) return `[${index}].${carrier.key}`
  }
  return null
}

/** Elements of lists are looked at all together: earlier operations may have moved them. */
function holdsMasked(sources: readonly Source[], steps: readonly string[]): boolean {
  let at = sources
  for (const step of steps) {
    const members = membersIn(at, step)
    at = isIndex(step) ? [...members, ...everyElementOf(at)] : members
  }
  return at.some(({ live, masked }) => rawOf(live) !== rawOf(masked))
}
