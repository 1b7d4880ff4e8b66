// The releases of Helm that a write is about: the release it stores, or the one its object belongs to. In: a write that holds
// placeholders. Out: what else they may stand for. Read as the agent, recorded, and only if the policies let it read them.

import type { Decided } from '../context.ts'
import type { PolicySet } from '../decide/compile.ts'
import { type JsonNode, memberOf, readJson, textAt } from '../mask/restore/json.ts'
import type { Restoring } from '../mask/restore/object.ts'
import { Releases, releaseIn, releaseOf, releasesIn } from '../mask/restore/release.ts'
import { type Source, sourceOf } from '../mask/restore/source.ts'
import { mayRead } from './assess.ts'
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
const HOOK = 'helm.sh/hook'
/** Where all of them are too much: the one that is deployed and the one that is to be. */
const CURRENT = 'owner=helm,status in (deployed,pending-upgrade,pending-rollback)'
/** Releases that are being installed, changed or removed (helm.sh/helm/v3/pkg/release). */
const AT_WORK = 'owner=helm,status in (pending-install,pending-upgrade,pending-rollback,uninstalling)'

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
  const kind = textAt(object, ['kind']) ?? ''
  for (const release of stored === null ? await releasesBehind(passage, decided, set, object) : [stored]) {
    if (!NAME.test(release) || release.length > MAX_NAME_CHARS) continue
    const sources = await readReleases(passage, decided, set, release, stored === null ? '' : name)
    const releases = new Releases(sources, own.tags)
    if (stored !== null) return { ...own, releases, dictionary: releases.dictionary }
    const inManifests = releases.object({ group: info.apiGroup, kind, name })
    if (inManifests.length === 0) continue
    return { ...own, sources: [...own.sources, ...inManifests], dictionary: releases.dictionary }
  }
  return null
}

/** The names of the releases that an object may belong to: a hook does not say which; it runs while its release is at work. */
async function releasesBehind(passage: Passage, decided: Decided, set: PolicySet, object: JsonNode): Promise<string[]> {
  const release = textAt(object, ['metadata', 'annotations', BELONGS_TO])
  if (release !== undefined) return [release]
  if (textAt(object, ['metadata', 'annotations', HOOK]) === undefined) return []
  const list = await listed(passage, decided, set, AT_WORK)
  const items = list === null ? undefined : memberOf(list.live, 'items')
  if (items?.kind !== 'array') return []
  const names = items.elements.map((item) => releaseOf(textAt(item, ['metadata', 'name']) ?? ''))
  return [...new Set(names)].filter((name) => name !== null).slice(0, MAX_READ)
}

/** The releases of a name; all of them, or as many as can be read. */
async function readReleases(
  passage: Passage,
  decided: Decided,
  set: PolicySet,
  release: string,
  secret: string,
): Promise<readonly Source[]> {
  const all = await listed(passage, decided, set, `owner=helm,name=${release}`)
  if (all !== null) return releasesIn(all)
  if (secret === '') {
    const current = await listed(passage, decided, set, `${CURRENT},name=${release}`)
    return current === null ? [] : releasesIn(current)
  }
  const version = Number(/[0-9]{1,9}$/.exec(secret)?.[0] ?? 0)
  const found: Source[] = []
  for (let at = version; at > 0 && at > version - MAX_READ; at -= 1) {
    const name = `sh.helm.release.v1.${release}.v${at}`
    const one = await read(passage, decided, set, { path: `${pathOf(decided)}/${name}`, query: '', name })
    const opened = one === null ? null : releaseIn(one)
    if (opened !== null) found.push(opened)
  }
  return found
}

function pathOf({ info }: Decided): string {
  return `/api/v1/namespaces/${info.namespace}/secrets`
}

function listed(passage: Passage, decided: Decided, set: PolicySet, selector: string): Promise<Source | null> {
  const query = `labelSelector=${encodeURIComponent(selector)}`
  return read(passage, decided, set, { path: pathOf(decided), query, name: '' })
}

/** Reads Secrets; null when that is not allowed, or did not go well. */
async function read(
  passage: Passage,
  decided: Decided,
  set: PolicySet,
  { path, query, name }: { readonly path: string; readonly query: string; readonly name: string },
): Promise<Source | null> {
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
  if (!mayRead(passage, decided, set, info)) return null
  const target = query === '' ? path : `${path}?${query}`
  const question: Question = { ...base, target, info, kind: 'read' }
  await openSession(passage)
  const answer = await ask(passage, decided, question)
  if (!answer.ok || answer.value.status >= 300 || answer.value.masked === null) return null
  return sourceOf(new TextDecoder().decode(answer.value.bytes), new TextDecoder().decode(answer.value.masked))
}
