// The releases of Helm that a write is about: the release it stores, or the one its object belongs to. In: a write that holds
// placeholders. Out: what else they may stand for. Read as the agent, recorded, and only if the policies let it read them.

import type { Decided } from '../context.ts'
import type { PolicySet } from '../decide/compile.ts'
import { decide } from '../decide/decide.ts'
import { readJson, textAt } from '../mask/restore/json.ts'
import type { Restoring } from '../mask/restore/object.ts'
import { dictionaryOf, inManifests, releaseIn, releaseOf, releasesIn } from '../mask/restore/release.ts'
import { type Source, sourceOf } from '../mask/restore/source.ts'
import { readQuestion } from './gather.ts'
import type { Passage } from './passage.ts'
import { ask, type Question } from './preparatory.ts'
import { openSession } from './record.ts'

/** Helm's bound, and what names of releases are made of. */
const MAX_NAME_CHARS = 53
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
/** Releases that are read one by one where all of them are too much to be read at once. */
const MAX_READ = 4

const BELONGS_TO = 'meta.helm.sh/release-name'

/**
 * What else the placeholders of a write may stand for; null when it has nothing to do with Helm, or its releases may not be read.
 * @param own what the object itself has
 */
export async function releasesFor(
  passage: Passage,
  decided: Decided,
  set: PolicySet,
  written: { readonly json: string },
  own: Restoring,
): Promise<Restoring | null> {
  const { info } = decided
  const body = readJson(written.json)
  const object = own.sources[0]?.live ?? body
  if (body === null || object === null || info.namespace === '') return null
  const name = info.name === '' ? (textAt(body, ['metadata', 'name']) ?? '') : info.name
  const stored = own.secret ? releaseOf(name) : null
  const release = stored ?? textAt(object, ['metadata', 'annotations', BELONGS_TO]) ?? ''
  if (!NAME.test(release) || release.length > MAX_NAME_CHARS) return null

  const releases = await readReleases(passage, decided, set, release, stored === null ? '' : name)
  if (releases.length === 0) return null
  const dictionary = dictionaryOf(releases, own.tags)
  if (stored !== null) return { ...own, releases, dictionary }
  const kind = textAt(object, ['kind']) ?? ''
  return { ...own, sources: [...own.sources, ...inManifests(releases, { kind, name })], dictionary }
}

/** The releases of a name; all of them, or as many as can be read. */
async function readReleases(
  passage: Passage,
  decided: Decided,
  set: PolicySet,
  release: string,
  secret: string,
): Promise<readonly Source[]> {
  const path = `/api/v1/namespaces/${decided.info.namespace}/secrets`
  const query = `labelSelector=${encodeURIComponent(`owner=helm,name=${release}`)}`
  const all = await read(passage, decided, set, { path, query, name: '' })
  if (all !== null) return releasesIn(all)
  const version = Number(/[0-9]{1,9}$/.exec(secret)?.[0] ?? 0)
  const found: Source[] = []
  for (let at = version; at > 0 && at > version - MAX_READ; at -= 1) {
    const name = `sh.helm.release.v1.${release}.v${at}`
    const one = await read(passage, decided, set, { path: `${path}/${name}`, query: '', name })
    const opened = one === null ? null : releaseIn(one)
    if (opened !== null) found.push(opened)
  }
  return found
}

/** Reads Secrets; null when that is not allowed, or did not go well. */
async function read(
  passage: Passage,
  decided: Decided,
  set: PolicySet,
  { path, query, name }: { readonly path: string; readonly query: string; readonly name: string },
): Promise<Source | null> {
  const { hub, visit, masking, stream, counting } = passage
  const base = readQuestion(decided, path)
  const info = {
    ...base.info,
    verb: name === '' ? 'list' : 'get',
    query,
    apiPrefix: 'api',
    apiGroup: '',
    apiVersion: 'v1',
    resource: 'secrets',
    subresource: '',
    name,
    parts: name === '' ? ['secrets'] : ['secrets', name],
  } as const
  const allowed = decide(
    set,
    { ...decided, info, bodyFormat: 'none' },
    { now: hub.clock.now(), session: counting.facts() },
  )
  if (!allowed.decided || allowed.decision.effect !== 'Allow') return null
  const target = query === '' ? path : `${path}?${query}`
  const question: Question = { ...base, target, info, kind: 'read' }
  await openSession(passage)
  const answer = await ask(hub, decided, visit, masking, question, stream.signal)
  if (!answer.ok || answer.value.status >= 300 || answer.value.masked === null) return null
  return sourceOf(new TextDecoder().decode(answer.value.bytes), new TextDecoder().decode(answer.value.masked))
}
