// The placeholders of a write, field by field. In: a body as JSON, and the object it is written to as it stands and as the
// session sees it. Out: the same body with what was masked in those very fields, nothing else changed; or the field whose
// placeholder stands for something else. No I/O.

import { MAX_EMBEDDED } from '../limits.ts'
import { binaryOfText } from './binary.ts'
import {
  type Dictionary,
  decodedWithPlaceholder,
  exactly,
  holds,
  mayHold,
  type RestoredField,
  restoreField,
} from './field.ts'
import {
  type Edit,
  edited,
  type JsonArray,
  type JsonNode,
  type JsonString,
  memberOf,
  readJson,
  stringToken,
  textAt,
} from './json.ts'
import { documentsIn, joined } from './manifest.ts'
import { stepsOf } from './pointer.ts'
import { closeRelease, fillDocument, holdsInRelease, openRelease, type Releases } from './release.ts'
import { elementAt, elementsIn, type Form, keyIn, membersIn, type Source, sourceOf } from './source.ts'
import type { Tags } from './stretches.ts'

/** What placeholders may stand for. */
export interface Restoring {
  readonly tags: Tags
  /** The object as it stands, and others whose same fields count as well. */
  readonly sources: readonly Source[]
  /** The object is a Secret: `data` and `stringData` are one field. */
  readonly secret: boolean
  readonly dictionary: Dictionary
  /** The releases of Helm that this Secret is one of; absent: it is none. */
  readonly releases?: Releases
  /** What is restored is a release itself. */
  readonly within?: Releases
}

export type Restored =
  | {
      readonly ok: true
      readonly text: string
      /** What was put in. In memory only. */
      readonly values: readonly string[]
      /** Not every value stands as it stood, or beside what it stood beside: whether all are masked when they are read again must be looked at. */
      readonly changed: boolean
    }
  /** `where` is the path of the first field whose placeholder stands for something else; '' when it is none. */
  | { readonly ok: false; readonly where: string }

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** Directives of a strategic merge patch that stand beside the list they are about. */
const BESIDE = /^\$(?:setElementOrder|deleteFromPrimitiveList)\//

/** Restores an object, or a patch that has an object's shape: merge, strategic merge, apply. */
export function restoreObject(text: string, restoring: Restoring): Restored {
  return new Walk(restoring, 0).object(text)
}

/** Restores a JSON patch: a list of operations, each with a path of its own. */
export function restorePatch(text: string, restoring: Restoring): Restored {
  return new Walk(restoring, 0).patch(text)
}

class Refused extends Error {
  readonly where: string
  constructor(path: readonly string[]) {
    super('a placeholder stands for something else')
    this.where = path.join('.').replaceAll('.[', '[')
  }
}

class Walk {
  readonly #restoring: Restoring
  readonly #embedded: number
  readonly #edits: Edit[] = []
  readonly #values: string[] = []
  #changed = false

  constructor(restoring: Restoring, embedded: number) {
    this.#restoring = restoring
    this.#embedded = embedded
  }

  object(text: string): Restored {
    return this.#run(text, (root) => this.#value(root, this.#restoring.sources, [], 'other'))
  }

  patch(text: string): Restored {
    return this.#run(text, (root) => {
      if (root.kind !== 'array') throw new Refused([])
      for (const [index, operation] of root.elements.entries()) this.#operation(root, operation, index)
    })
  }

  #run(text: string, walk: (root: JsonNode) => void): Restored {
    const root = readJson(text)
    if (root === null) return { ok: false, where: '' }
    try {
      walk(root)
    } catch (error) {
      if (error instanceof Refused) return { ok: false, where: error.where }
      throw error
    }
    return { ok: true, text: edited(text, this.#edits), values: this.#values, changed: this.#changed }
  }

  #value(node: JsonNode, sources: readonly Source[], path: readonly string[], form: Form): void {
    switch (node.kind) {
      case 'object':
        for (const { key, keyStart, keyEnd, value } of node.members) {
          const inside = [...path, key]
          if (mayHold(key)) {
            const live = keyIn(sources, key)
            if (live === null) throw new Refused(path)
            this.#edits.push({ start: keyStart, end: keyEnd, token: live })
          }
          const next = this.#members(sources, key, path)
          this.#value(value, next.sources, inside, next.form ?? form)
        }
        return
      case 'array':
        for (const [index, element] of node.elements.entries()) {
          const before = this.#edits.length
          this.#value(element, elementsIn(sources, element, index), [...path, `[${index}]`], form)
          // What an argument is may be said by the one before it.
          if (element.kind === 'string' && this.#edits.length > before) this.#changed = true
        }
        return
      case 'string':
        this.#string(node, sources, path, form)
        return
      default:
        return
    }
  }

  /** A member's places. `data` and `stringData` of a Secret are one. */
  #members(
    sources: readonly Source[],
    key: string,
    path: readonly string[],
  ): { readonly sources: readonly Source[]; readonly form?: Form } {
    if (path.length === 0 && this.#restoring.secret && (key === 'data' || key === 'stringData')) {
      const of = (name: string, form: Form) => membersIn(sources, name).map((source) => ({ ...source, form }))
      const [data, plain] = [of('data', 'base64'), of('stringData', 'plain')]
      return key === 'data'
        ? { sources: [...data, ...plain], form: 'base64' }
        : { sources: [...plain, ...data], form: 'plain' }
    }
    const isConfig = path.length === 0 && key === 'config'
    const isDefaults = path.length === 1 && path[0] === 'chart' && key === 'values'
    if (this.#restoring.within !== undefined && (isConfig || isDefaults)) {
      // What a user gives, and what a chart has otherwise: values are taken over from one into the other.
      const root = this.#restoring.sources
      return { sources: [...membersIn(root, 'config'), ...membersIn(membersIn(root, 'chart'), 'values')] }
    }
    return { sources: membersIn(sources, key.replace(BESIDE, '')) }
  }

  #string(node: JsonString, sources: readonly Source[], path: readonly string[], form: Form): void {
    const { releases } = this.#restoring
    const release =
      releases !== undefined && form === 'base64' && path[1] === 'release' ? openRelease(node.value) : null
    if (release !== null && releases !== undefined) {
      this.#release(node, release, releases)
      return
    }
    if (this.#restoring.within !== undefined) {
      this.#inRelease(node, sources, path, this.#restoring.within)
      return
    }
    const applied = path.at(-1) === LAST_APPLIED
    if (!applied && !mayHold(node.value)) return
    const plain = holds(binaryOfText(node.value))
    const embedded = !plain && applied
    if (!plain && !embedded && decodedWithPlaceholder(node.value) === null) return
    const restored =
      (applied ? this.#lastApplied(node.value, sources, path) : null) ??
      restoreField(node.value, form, sources, this.#restoring.tags, this.#restoring.dictionary)
    this.#put(node, restored ?? (embedded ? undefined : null), path)
  }

  /** @param restored undefined: it stays as it is; null: it cannot be restored */
  #put(node: JsonString, restored: RestoredField | null | undefined, path: readonly string[]): void {
    if (restored === undefined) return
    if (restored === null) throw new Refused(path)
    this.#edits.push({ start: node.start, end: node.end, token: restored.token })
    this.#values.push(...restored.values)
    this.#changed ||= restored.changed
  }

  #release(node: JsonString, json: string, releases: Releases): void {
    const { tags } = this.#restoring
    const { sources, dictionary } = releases
    const restored = new Walk({ tags, sources, secret: false, dictionary, within: releases }, 0).object(json)
    if (!restored.ok) throw new Refused(['data', 'release', ...(restored.where === '' ? [] : [restored.where])])
    if (restored.text === json) return
    const { text, values } = restored
    this.#put(node, { token: stringToken(closeRelease(text)), values, changed: true }, ['data', 'release'])
  }

  /** A string of a release: as any other field, but a manifest is restored object by object. */
  #inRelease(node: JsonString, sources: readonly Source[], path: readonly string[], releases: Releases): void {
    if (!holdsInRelease(node.value)) return
    const { tags, dictionary } = this.#restoring
    const restored =
      exactly(node.value, 'other', sources) ??
      (path.at(-1) === 'manifest'
        ? this.#manifest(node.value, releases)
        : restoreField(node.value, 'other', sources, tags, dictionary))
    this.#put(node, restored, path)
  }

  /**
   * A manifest that was rendered anew. In each object only what stood in the same field of that object before may stand again, or a
   * release could be written that moves a secret; and read as YAML it must be that object.
   */
  #manifest(text: string, releases: Releases): RestoredField | null {
    const { tags, dictionary } = this.#restoring
    const values: string[] = []
    const documents: string[] = []
    for (const document of documentsIn(text)) {
      if (!holdsInRelease(document)) {
        documents.push(document)
        continue
      }
      const filled = fillDocument(document, dictionary)
      const object = releases.read(document)
      const read = filled === null ? null : releases.read(filled)
      if (filled === null || object === null || read === null) return null
      const secret = object.kind === 'Secret'
      const restored = restoreObject(object.json, { tags, sources: releases.object(object), secret, dictionary })
      if (!restored.ok || JSON.stringify(JSON.parse(restored.text)) !== read.json) return null
      values.push(...restored.values)
      documents.push(filled)
    }
    return { token: stringToken(joined(documents)), values, changed: true }
  }

  /** The object as it was applied, as JSON in a string: its fields are those of the object itself. Null: it is none. */
  #lastApplied(text: string, sources: readonly Source[], path: readonly string[]): RestoredField | null {
    for (const { live, masked } of sources) {
      if (masked.kind !== 'string' || live.kind !== 'string') continue
      if (masked.value === text && live.value !== text)
        return { token: live.text.slice(live.start, live.end), values: [], changed: false }
    }
    if (this.#embedded >= MAX_EMBEDDED || readJson(text) === null) return null
    const inside = sources.flatMap(({ live, masked }) => {
      const source = live.kind === 'string' && masked.kind === 'string' ? sourceOf(live.value, masked.value) : null
      return source === null ? [] : [source]
    })
    const restoring = { ...this.#restoring, sources: [...inside, ...this.#restoring.sources] }
    const restored = new Walk(restoring, this.#embedded + 1).object(text)
    if (!restored.ok) throw new Refused([...path, ...(restored.where === '' ? [] : [restored.where])])
    return restored.text === text
      ? null
      : { token: stringToken(restored.text), values: restored.values, changed: restored.changed }
  }

  #operation(operations: JsonArray, operation: JsonNode, index: number): void {
    const where = [`[${index}]`]
    if (operation.kind !== 'object') throw new Refused(where)
    const pointer = textAt(operation, ['path'])
    for (const { key, value } of operation.members) {
      if (key !== 'value') {
        this.#value(value, [], [...where, key], 'other')
        continue
      }
      const steps = pointer === undefined ? null : stepsOf(pointer)
      const moved = operations.elements.slice(0, index).some((earlier) => moves(earlier, steps ?? []))
      const at =
        steps === null || moved
          ? { sources: [], path: [], form: 'other' as const }
          : this.#follow(steps, operation, value)
      this.#at(value, at, [...where, key])
    }
  }

  #at(
    value: JsonNode,
    at: { readonly sources: readonly Source[]; readonly path: readonly string[]; readonly form: Form },
    where: readonly string[],
  ): void {
    try {
      this.#value(value, at.sources, at.path, at.form)
    } catch (error) {
      if (error instanceof Refused) throw new Refused(where)
      throw error
    }
  }

  /** The places at a pointer. */
  #follow(
    steps: readonly string[],
    operation: JsonNode,
    value: JsonNode,
  ): { readonly sources: readonly Source[]; readonly path: readonly string[]; readonly form: Form } {
    let sources = this.#restoring.sources
    let form: Form = 'other'
    const path: string[] = []
    for (const [index, step] of steps.entries()) {
      const isLast = index === steps.length - 1
      const isList = sources.some(({ masked }) => masked.kind === 'array')
      if (isList) {
        const inserts = isLast && textAt(operation, ['op']) === 'add'
        sources = this.#element(sources, step, isLast ? value : null, inserts)
        path.push(`[${step}]`)
      } else {
        const next = this.#members(sources, step, path)
        sources = next.sources
        form = next.form ?? form
        path.push(step)
      }
    }
    return { sources, path, form }
  }

  /** An element by its index. One that is written whole must have the name of the one it takes the place of, or of another there. */
  #element(sources: readonly Source[], step: string, written: JsonNode | null, inserts: boolean): readonly Source[] {
    if (!/^(?:-|0|[1-9][0-9]{0,8})$/.test(step)) return []
    const index = step === '-' ? -1 : Number(step)
    if (written?.kind === 'object') return elementsIn(sources, written, index)
    return inserts || index < 0 ? [] : elementAt(sources, index)
  }
}

/** Whether an earlier operation may have put something else at a pointer: what stands there is then not what was read. */
function moves(earlier: JsonNode, steps: readonly string[]): boolean {
  if (textAt(earlier, ['op']) === 'test') return false
  return ['path', 'from'].some((name) => {
    if (memberOf(earlier, name) === undefined) return false
    const other = stepsOf(textAt(earlier, [name]) ?? '')
    if (other === null) return true
    const [last = ''] = other.slice(-1)
    // In a list all that comes after it moves along. The API server takes +0 and -1 for places as well.
    const inList = /^(?:-|[+-]?[0-9]+)$/.test(last)
    const shared = inList ? other.slice(0, -1) : other
    return shared.length <= steps.length && shared.every((step, index) => step === steps[index])
  })
}
