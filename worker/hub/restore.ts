// Masked values that come back in a write: in the very field it was masked in, a placeholder becomes the value again; anywhere
// else the write is refused. In: a request and its body. Out: the body that is judged and sent, or the refusal. The object is read
// as the agent, recorded as every question of the gateway is, and only for whom the policies could let pass.

import { join } from '../bytes.ts'
import type { Authenticated, Decided, Decision, HeaderList, Refusal, RequestInfo } from '../context.ts'
import type { PolicySet } from '../decide/compile.ts'
import type { Masking } from '../mask/contract.ts'
import { createFinder } from '../mask/find/finder.ts'
import { createKnownValues } from '../mask/find/values.ts'
import { findPlaceholder, placeholderMessage } from '../mask/find.ts'
import { planResponseMask } from '../mask/response.ts'
import { binaryOfText, textOfBinary } from '../mask/restore/binary.ts'
import { isHeldByWords, madeUp, type Stays } from '../mask/restore/blind.ts'
import { carriedBy, mayCarry, mayRename, renamedBy } from '../mask/restore/carried.ts'
import { isCovered, partsOf } from '../mask/restore/covered.ts'
import { rawOf, readJson, stringToken, textAt } from '../mask/restore/json.ts'
import { type Restored, type Restoring, restoreObject, restorePatch } from '../mask/restore/object.ts'
import { releaseOf } from '../mask/restore/release.ts'
import { type Source, sourceOf } from '../mask/restore/source.ts'
import { Tags } from '../mask/restore/stretches.ts'
import { readWire } from '../mask/restore/wire.ts'
import { MaskError } from '../mask/scanner.ts'
import { strictBody } from '../mask/strict.ts'
import { deniedOutright, mayRead, undecided } from './assess.ts'
import type { TakenBody } from './body.ts'
import { readQuestion } from './gather.ts'
import type { Passage } from './passage.ts'
import { jsonOf } from './pin.ts'
import { ask } from './preparatory.ts'
import { openSession } from './record.ts'
import { releasesFor } from './releases.ts'
import type { Pin } from './send.ts'

/** The body that goes on, or why the request does not. */
export type Restoration =
  | {
      readonly ok: true
      readonly value: TakenBody | null
      /** Of the object as it was looked at; '' where none was. */
      readonly version: string
    }
  | { readonly ok: false; readonly refusal: Refusal; readonly decision: Decision }

const encoder = new TextEncoder()
const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch'])
const JSON_TYPE: HeaderList = [['content-type', 'application/json']]

/** Puts masked values back into a body that holds placeholders. One that holds none is given back as it is. */
export async function restore(
  passage: Passage,
  request: Authenticated,
  taken: TakenBody | null,
  set: PolicySet,
): Promise<Restoration> {
  const { info } = request
  const found = taken === null ? null : findPlaceholder({ info, format: taken.format, bytes: taken.bytes })
  const carrying = taken !== null && info.isResourceRequest && mayCarryAway(info, taken)
  if (taken === null || (found === null && !carrying)) return { ok: true, value: taken, version: '' }
  const denied = deniedOutright(passage, request, set)
  if (denied !== null) return { ok: false, ...denied }

  const decided: Decided = { ...request, decision: undecided(set) }
  const no = (refusal: Refusal): Restoration => ({ ok: false, refusal, decision: decided.decision })
  const moved = (where: string): Restoration => no({ kind: 'forbidden', message: placeholderMessage(where) })
  const written = writtenIn(taken)
  const where = found?.where ?? 'The request body'
  // What is proxied reaches a pod, whatever it calls itself.
  if (written === null || !info.isResourceRequest || !WRITES.has(info.verb)) return moved(where)

  // Only to look whether an operation carries a value it is read for whoever may patch it, as conditions are; nothing of it is used.
  const stands = await readAsItStands(passage, decided, found === null ? null : set)
  if (!stands.ok) return no(stands.refusal)
  // It could be made between two questions, by who makes it anew whenever it is deleted.
  if (taken.format === 'json-patch' && carrying && stands.sources.length === 0)
    return no({ kind: 'forbidden', message: unreadMessage('it is not there') })
  const carriedIn = taken.format === 'json-patch' ? carriedBy : renamedBy
  const carried = carrying ? carriedIn(written.json, stands.sources) : null
  if (carried !== null) return no({ kind: 'forbidden', message: carriedMessage(carried) })
  const version = versionIn(stands.sources)
  if (found === null) return { ok: true, value: taken, version }
  const own: Restoring = {
    tags: new Tags(passage.masking.key),
    sources: stands.sources,
    secret: info.apiGroup === '' && info.resource === 'secrets',
    dictionary: new Map(),
  }
  const undo = taken.format === 'json-patch' ? restorePatch : restoreObject
  const isRelease = own.secret && releaseOf(nameIn(info.name, written.json)) !== null
  let restoring: Restoring | null = own
  let restored: Restored = isRelease ? NOT_YET : undo(written.json, own)
  if (!restored.ok) {
    restoring = await releasesFor(passage, decided, set, written, own)
    if (restoring !== null) restored = undo(written.json, restoring)
  }
  if (!restored.ok) return moved(restored.where === '' ? where : `The field ${restored.where.slice(0, 256)}`)
  const bytes = written.with(restored.text)
  if (bytes === null || findPlaceholder({ info, format: taken.format, bytes }) !== null) return moved(where)
  const strict = strictBody(taken.format, bytes)
  if (!strict.ok) return moved(where)
  // Of a JSON patch only values are known, not what they stand beside: one that is put back as it stood stands where it stood.
  const looked = taken.format !== 'json-patch' || restored.changed
  if (looked && !isMaskedAgain(passage, request, taken, written.json, restored.text, restoring ?? own))
    return no({ kind: 'forbidden', message: UNCOVERED })
  const { values } = restored
  return {
    ok: true,
    value: { bytes, format: taken.format, value: strict.value, restored: { from: taken, values } },
    version,
  }
}

function versionIn([source]: readonly Source[]): string {
  return source === undefined ? '' : (textAt(source.live, ['metadata', 'resourceVersion']) ?? '')
}

/**
 * Pins a write to the object by which its placeholders were undone, or which was looked at for what it would carry: a value that
 * was changed in between would be written over, and one that came in between carried. Of two looks this is the earlier one.
 * @param looked what {@link restore} gave
 * @param judged what it is pinned to besides
 * @param again looks anew
 */
export function pinToLook(
  looked: Extract<Restoration, { ok: true }>,
  judged: Pin | null,
  again: () => Promise<Restoration>,
): Pin | null {
  if (looked.version === '') return judged
  return {
    version: looked.version,
    always: looked.value?.format === 'json-patch',
    async again() {
      const fresh = await again()
      if (!fresh.ok) return fresh
      if (!sameBytes(fresh.value, looked.value)) return { ok: false, refusal: { kind: 'forbidden', message: ROTATED } }
      const anew = await judged?.again()
      return anew === undefined || anew.ok ? { ok: true, value: fresh.version } : anew
    },
  }
}

function sameBytes(one: TakenBody | null, other: TakenBody | null): boolean {
  if (one === null || other === null || one.bytes.length !== other.bytes.length) return one === other
  return one.bytes.every((byte, at) => byte === other.bytes[at])
}

const NOT_YET: Restored = { ok: false, where: '' }
const carriedMessage = (where: string): string =>
  `what is written at ${where.slice(0, 256)} would carry a masked value to another field, or make it known by another name; nothing was sent. Write the value itself where it is to stand.`
const ROTATED =
  'a value that a placeholder (⟦masked…⟧) stands for has changed since; nothing was written. Read the object again.'
const UNCOVERED =
  'the write holds placeholders (⟦masked…⟧) and changes what stands around them, so that their values would not be masked any more when they are read again; nothing was sent. Leave the words around a placeholder as they are, or write the value itself.'

/** A cheap first look: whether a patch without a placeholder may carry a masked value somewhere else. */
function mayCarryAway({ verb, apiGroup }: RequestInfo, body: TakenBody): boolean {
  const { format, bytes } = body
  if (format === 'json-patch') return mayCarry(new TextDecoder().decode(bytes))
  if (verb !== 'patch' || format === 'none' || format === 'protobuf') return false
  return mayRename(apiGroup, jsonOf(body) ?? JSON.stringify(body.value))
}

/** Whether all that was put back is masked when the object is read: in this session, and in one that knows no values yet. */
function isMaskedAgain(
  { masking }: Passage,
  { info }: Authenticated,
  { format }: TakenBody,
  came: string,
  restored: string,
  { tags, dictionary, sources }: Restoring,
): boolean {
  const read = { ...info, verb: 'get', subresource: '', query: '', streaming: false, dryRun: false } as const
  const asRead = (json: string, by: Masking): string | null => {
    const plan = planResponseMask({ info: read, status: 200, headers: JSON_TYPE, masking: by })
    if (plan.kind !== 'transform') return null
    try {
      return new TextDecoder().decode(join([plan.transform.push(encoder.encode(json)).slice(), plan.transform.end()]))
    } catch (error) {
      if (error instanceof MaskError) return null
      throw error
    }
  }
  const later = withoutValues(masking)
  // What was only masked because its value is known can be read in any other session as it is.
  const open = sources.map(({ live }) => asRead(rawOf(live), later) ?? '')
  const isOpen = (original: string): boolean => {
    const text = textOfBinary(original)
    const token = text === null || text === '' ? null : JSON.stringify(text).slice(1, -1)
    return token !== null && open.some((json) => json.includes(token))
  }
  const stood = sources.map(({ live }) => rawOf(live))
  // Its own shape masks it, anybody may read it, or its line is as it was: whether the write passes says nothing of it.
  const stays: Stays = (value, line) => {
    const token = stringToken(line).slice(1, -1)
    if (stood.some((json) => LINE_ENDS.some(([before, after]) => json.includes(`${before}${token}${after}`))))
      return true
    if (isOpen(binaryOfText(value))) return true
    const alone = asRead(JSON.stringify({ text: value }), later)
    return alone !== null && !alone.includes(JSON.stringify(value).slice(1, -1))
  }
  return partsOf(format === 'json-patch', came, restored).every((part) => {
    const now = asRead(part.restored, masking)
    if (now === null || !isCovered(part, now, tags, dictionary)) return false
    const then = asRead(part.restored, later)
    if (then === null || !isCovered(part, then, tags, dictionary, isOpen)) return false
    return [false, true].every((long) => {
      const made = madeUp(part.came, long)
      const blind = asRead(made, later)
      return blind !== null && isHeldByWords(part, made, blind, tags, stays)
    })
  })
}

/** What may stand around a line of a text in JSON. */
const LINE_ENDS = ['"', '\\n'].flatMap((before) => ['"', '\\n'].map((after) => [before, after] as const))

/** The same masking in a session that has seen nothing yet. */
function withoutValues({ key, rules }: Masking): Masking {
  const blind = { ...rules, layers: { ...rules.layers, values: false } }
  const values = createKnownValues()
  return { key, rules: blind, values, finder: createFinder(blind, values) }
}

/** A body as JSON, and the body that other JSON of the same shape makes. */
interface Written {
  readonly json: string
  with(json: string): Uint8Array | null
}

/** Null when there is none, or it cannot be said as JSON. */
function writtenIn(body: TakenBody): Written | null {
  const { format, bytes, value } = body
  if (format === 'none') return null
  if (format === 'protobuf')
    return readWire(bytes, { apiVersion: textOf(value, 'apiVersion'), kind: textOf(value, 'kind') })
  const json = format === 'json-patch' ? new TextDecoder().decode(bytes) : jsonOf(body)
  return json === null ? null : { json, with: (text) => encoder.encode(text) }
}

function textOf(value: unknown, name: string): string {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof found === 'string' ? found : ''
}

/** The name of the object a write is about. */
function nameIn(name: string, json: string): string {
  if (name !== '') return name
  const root = readJson(json)
  return root === null ? '' : (textAt(root, ['metadata', 'name']) ?? '')
}

/** What a write may take values from. */
type Standing =
  | { readonly ok: true; readonly sources: readonly Source[] }
  | { readonly ok: false; readonly refusal: Refusal }

/**
 * The object a write is about, as it stands and masked; none for what is created. Of a subresource, the object it belongs to.
 * @param set the policies that must let the agent read it; null: none must
 */
async function readAsItStands(passage: Passage, decided: Decided, set: PolicySet | null): Promise<Standing> {
  const { info, identity } = decided
  if (info.name === '' || (info.verb !== 'update' && info.verb !== 'patch')) return { ok: true, sources: [] }
  const own = info.subresource === '' ? info.path : info.path.slice(0, -info.subresource.length - 1)
  const question = { ...readQuestion(decided, own), kind: 'read' } as const
  const no = (why: string): Standing => ({ ok: false, refusal: { kind: 'forbidden', message: unreadMessage(why) } })
  if (set !== null && !mayRead(passage, decided, set, question.info)) return no('the policies do not allow that')
  await openSession(passage)
  const answer = await ask(passage, decided, question)
  if (!answer.ok) return answer
  const { status, bytes, masked } = answer.value
  if (status === 404) return { ok: true, sources: [] }
  if (status >= 300) return no(`the API server answered ${status} to ${identity.user.username}`)
  if (masked === null) return no('what it answered could not be masked')
  const source = sourceOf(new TextDecoder().decode(bytes), new TextDecoder().decode(masked))
  return source === null ? no('what it answered could not be read') : { ok: true, sources: [source] }
}

function unreadMessage(why: string): string {
  return `the write holds placeholders (⟦masked…⟧) or moves what may be masked, so the object would have to be read: ${why}; nothing was sent. Write the value itself, or change only other fields.`
}
