// JSON patch (RFC 6902) and JSON merge patch (RFC 7386). In: a document and a patch. Out: a new document.
// Never changes what it is given.

import { failure } from '../../../protocol/status.ts'
import { clone, equal, isObject, type Json } from '../json.ts'
import { Refusal, refuse } from '../refusal.ts'

/** Operations a JSON patch may have, as the API server limits it (CVE-2019-1002100). */
export const MAX_OPERATIONS = 10_000

/** 422, in the words of the API server, which does not say which operation it was. */
const cannotApply = () =>
  new Refusal(failure('Invalid', 'the server rejected our request due to an error in our request', { details: {} }))

function pointer(text: unknown): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw cannotApply()
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function index(step: string, length: number): number {
  if (!/^(0|[1-9]\d*)$/.test(step) || Number(step) > length) throw cannotApply()
  return Number(step)
}

function child(value: Json | undefined, step: string): Json | undefined {
  if (Array.isArray(value)) return value[index(step, value.length)]
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

function find(root: Json, path: readonly string[]): Json {
  let here: Json | undefined = root
  for (const step of path) {
    here = child(here, step)
    if (here === undefined) throw cannotApply()
  }
  return here
}

function add(root: Json, path: readonly string[], value: Json): Json {
  const last = path.at(-1)
  if (last === undefined) return value
  const parent = find(root, path.slice(0, -1))
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : index(last, parent.length), 0, value)
  else if (isObject(parent))
    Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true })
  else throw cannotApply()
  return root
}

function remove(root: Json, path: readonly string[]): Json {
  const last = path.at(-1)
  if (last === undefined) return null
  const parent = find(root, path.slice(0, -1))
  find(root, path)
  if (Array.isArray(parent)) parent.splice(index(last, parent.length), 1)
  else if (isObject(parent)) delete parent[last]
  return root
}

/** What `test` compares with: a member that is missing from its parent equals null. */
function tested(root: Json, path: readonly string[]): Json {
  const last = path.at(-1)
  const parent = last === undefined ? root : find(root, path.slice(0, -1))
  return last !== undefined && isObject(parent) ? (child(parent, last) ?? null) : find(root, path)
}

/** Applies an RFC 6902 patch. Refuses malformed ones (400) and ones that do not apply (422). */
export function jsonPatch(document: Json, patch: Json): Json {
  if (!Array.isArray(patch))
    throw refuse('BadRequest', 'json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  if (patch.length > MAX_OPERATIONS) {
    throw refuse(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    )
  }
  let root = clone(document)
  for (const step of patch) {
    if (!isObject(step))
      throw refuse('BadRequest', 'json: cannot unmarshal a value into Go value of type jsonpatch.Operation')
    const path = pointer(step.path)
    const value = step.value === undefined ? null : clone(step.value)
    switch (step.op) {
      case 'add':
        root = add(root, path, value)
        break
      case 'remove':
        root = remove(root, path)
        break
      case 'replace':
        find(root, path)
        root = path.length === 0 ? value : add(remove(root, path), path, value)
        break
      case 'move': {
        const from = pointer(step.from)
        const moved = find(root, from)
        root = add(remove(root, from), path, moved)
        break
      }
      case 'copy':
        root = add(root, path, clone(find(root, pointer(step.from))))
        break
      case 'test':
        if (!equal(tested(root, path), value)) throw cannotApply()
        break
      default:
        throw cannotApply()
    }
  }
  return root
}

/** Applies an RFC 7386 patch. */
export function mergePatch(document: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return clone(patch)
  const out = isObject(document) ? { ...document } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue
    if (value === null) delete out[key]
    else
      Object.defineProperty(out, key, {
        value: mergePatch(out[key], value),
        enumerable: true,
        configurable: true,
        writable: true,
      })
  }
  return out
}
