// Helm's releases in writes: the release as it is marked superseded, the next one, one that is rolled back to. In: a release as it
// is written, and the releases of that name as they stand and as the session sees them. Out: the release with what was masked in
// it. Helm renders the next release from values it read, so that here a placeholder counts wherever it stands in the release. No I/O.

import { gzipSync } from 'fflate'
import { decodeBase64, encodeBase64 } from '../base64.ts'
import { gunzipBounded } from '../gunzip.ts'
import { MAX_RELEASE_BYTES, MAX_RELEASE_GZIP_BYTES, MAX_RELEASE_YAML_CHARS } from '../limits.ts'
import { binaryOf, binaryOfText, bytesOf, textOfBinary } from './binary.ts'
import { type Dictionary, holdsPlain, mayHold } from './field.ts'
import { type JsonNode, memberOf } from './json.ts'
import { documentsIn, isSame, type ManifestObject, mayBe, type Named, objectIn } from './manifest.ts'
import { type Source, sourceOf } from './source.ts'
import { placeholdersIn, stretchesOf, type Tags } from './stretches.ts'

/** How the names of the Secrets begin that hold releases (helm.sh/helm/v3/pkg/storage). */
const RELEASE_NAME = /^sh\.helm\.release\.v1\.(.+)\.v[0-9]+$/

/** Revisions that are looked through. Helm keeps ten. */
const MAX_REVISIONS = 16
/** Characters of all manifests that are parsed for one write (some 1 MB/s). Stops a write from holding the event loop. */
const MAX_YAML_CHARS = 2 * MAX_RELEASE_YAML_CHARS
/** A run of base64 within a text. */
const RUN = /[A-Za-z0-9+/]{20,}={0,2}/g

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ascii = new TextDecoder('latin1')
const encoder = new TextEncoder()

/** The release that a Secret of this name belongs to; null when it is none of Helm's. */
export function releaseOf(secretName: string): string | null {
  return RELEASE_NAME.exec(secretName)?.[1] ?? null
}

/** A release as JSON, from `data.release` as it stands in a Secret; null when it is none. */
export function openRelease(data: string): string | null {
  const once = decodeBase64(bytesOf(binaryOfText(data)))
  const gzip = once === null || once.length > 2 * MAX_RELEASE_GZIP_BYTES ? null : decodeBase64(once)
  const json = gzip === null ? null : gunzipBounded(gzip, MAX_RELEASE_BYTES)
  try {
    return json === null ? null : utf8.decode(json)
  } catch {
    return null
  }
}

/** The other way round. */
export function closeRelease(json: string): string {
  return ascii.decode(encodeBase64(encodeBase64(gzipSync(encoder.encode(json), { level: 9, mtime: 0 }))))
}

/** The releases in a list of Secrets, as they stand and masked; those that cannot be opened are left out. */
export function releasesIn(list: Source): Source[] {
  const [live, masked] = [memberOf(list.live, 'items'), memberOf(list.masked, 'items')]
  if (live?.kind !== 'array' || masked?.kind !== 'array') return []
  return live.elements.slice(-MAX_REVISIONS).flatMap((_item, index, kept) => {
    const at = live.elements.length - kept.length + index
    const [one, other] = [live.elements[at], masked.elements[at]]
    const release =
      one === undefined || other === undefined ? null : releaseIn({ live: one, masked: other, form: 'other' })
    return release === null ? [] : [release]
  })
}

/** The release in one Secret. */
export function releaseIn(secret: Source): Source | null {
  const [live, masked] = [secret.live, secret.masked].map((node) => {
    const data = memberOf(node, 'data')
    const release = data === undefined ? undefined : memberOf(data, 'release')
    return release?.kind === 'string' ? openRelease(release.value) : null
  })
  return typeof live === 'string' && typeof masked === 'string' ? sourceOf(live, masked) : null
}

/** The releases of one name, as they stand and as the session sees them. */
export class Releases {
  readonly sources: readonly Source[]
  /** What the placeholders in them stand for, by tag: values, one character a byte. */
  readonly dictionary: Dictionary
  readonly #budget = { chars: MAX_YAML_CHARS }
  readonly #objects = new Map<string, readonly Source[]>()

  constructor(sources: readonly Source[], tags: Tags) {
    this.sources = sources
    this.dictionary = dictionaryOf(sources, tags)
  }

  /** An object in their manifests, as it was written each time. */
  object(named: Named): readonly Source[] {
    const key = `${named.group}/${named.kind}/${named.name}`
    const known = this.#objects.get(key)
    if (known !== undefined) return known
    const seen = new Set<string>()
    const found = this.sources.flatMap(manifestsIn).flatMap((pair) => this.#inManifest(pair, named, seen))
    this.#objects.set(key, found)
    return found
  }

  /** @param seen documents that were looked at: most revisions say the same of most objects */
  #inManifest([live, masked]: readonly [string, string], named: Named, seen: Set<string>): Source[] {
    const [ones, others] = [documentsIn(live), documentsIn(masked)]
    if (ones.length !== others.length) return []
    return ones.flatMap((one, index) => {
      const other = others[index]
      if (other === undefined || one === other || seen.has(one) || !mayBe(one, named)) return []
      seen.add(one)
      const before = objectIn(one, this.#budget)
      if (before === null || !isSame(before, named)) return []
      const after = objectIn(other, this.#budget)
      const source = after === null ? null : sourceOf(before.json, after.json)
      return source === null ? [] : [source]
    })
  }

  /** A document of a manifest that is being written. */
  read(document: string): ManifestObject | null {
    return objectIn(document, this.#budget)
  }
}

function dictionaryOf(releases: readonly Source[], tags: Tags): Dictionary {
  const values = new Map<string, string>()
  const visit = (live: JsonNode, masked: JsonNode): void => {
    if (live.kind === 'object' && masked.kind === 'object') {
      for (const [index, { value }] of live.members.entries()) {
        const other = masked.members[index]
        if (other !== undefined) visit(value, other.value)
      }
    } else if (live.kind === 'array' && masked.kind === 'array') {
      for (const [index, element] of live.elements.entries()) {
        const other = masked.elements[index]
        if (other !== undefined) visit(element, other)
      }
    } else if (masked.kind === 'string') {
      const text = live.kind === 'string' ? live.value : live.text.slice(live.start, live.end)
      if (text === masked.value) return
      for (const { tag, value } of stretchesOf(binaryOfText(text), binaryOfText(masked.value), tags) ?? [])
        if (value !== null && !values.has(tag)) values.set(tag, value)
    }
  }
  for (const { live, masked } of releases) visit(live, masked)
  return values
}

/** The texts of a release's manifest and hooks, as they stand and masked. */
function manifestsIn({ live, masked }: Source): (readonly [string, string])[] {
  const pair = (one: JsonNode | undefined, other: JsonNode | undefined): (readonly [string, string])[] => {
    const [text, seen] = [one && memberOf(one, 'manifest'), other && memberOf(other, 'manifest')]
    return text?.kind === 'string' && seen?.kind === 'string' ? [[text.value, seen.value]] : []
  }
  const [hooks, seenHooks] = [memberOf(live, 'hooks'), memberOf(masked, 'hooks')]
  const ofHooks =
    hooks?.kind === 'array' && seenHooks?.kind === 'array'
      ? hooks.elements.flatMap((hook, index) => pair(hook, seenHooks.elements[index]))
      : []
  return [...pair(live, masked), ...ofHooks]
}

/** True when a string of a release holds a placeholder, in base64 too. */
export function holdsInRelease(text: string): boolean {
  if (!mayHold(text)) return false
  const binary = binaryOfText(text)
  if (holdsPlain(binary)) return true
  for (const { 0: run } of binary.matchAll(RUN)) if (holdsPlain(decodedRun(run) ?? '')) return true
  return false
}

/** A document of a manifest with its placeholders undone, quoted as their places ask for; null when one is not known. */
export function fillDocument(document: string, dictionary: Dictionary): string | null {
  const filled = fillText(binaryOfText(document), dictionary, true)
  return filled === null ? null : textOfBinary(filled)
}

/** @param isYaml what is put in is quoted as the place asks for */
function fillText(text: string, dictionary: Dictionary, isYaml: boolean): string | null {
  let out = ''
  let at = 0
  for (const { start, end, tag, inBase64 } of placeholdersIn(text)) {
    const value = dictionary.get(tag)
    if (value === undefined) return null
    const put = inBase64 ? encoded(value) : isYaml ? asYaml(value, text, start) : value
    out += text.slice(at, start) + put
    at = end
  }
  out += text.slice(at)
  // Base64 of more than a placeholder: a connection string that a template has put together.
  let failed = false
  out = out.replace(RUN, (run) => {
    const decoded = decodedRun(run)
    if (decoded === null || !holdsPlain(decoded)) return run
    const inner = fillText(decoded, dictionary, false)
    if (inner === null) failed = true
    return inner === null ? run : encoded(inner)
  })
  return failed || holdsPlain(out) ? null : out
}

function decodedRun(run: string): string | null {
  const bytes = run.length % 4 === 0 ? decodeBase64(bytesOf(run)) : null
  return bytes === null ? null : binaryOf(bytes)
}

function encoded(binary: string): string {
  return ascii.decode(encodeBase64(bytesOf(binary)))
}

/** A value as a template would have written it at this place of a YAML text: in quotes escaped, over lines indented. */
function asYaml(value: string, text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  const quote = openQuote(line)
  if (quote === "'") return value.replaceAll("'", "''")
  if (quote === '"') {
    const plain = textOfBinary(value)
    return plain === null ? value : binaryOfText(JSON.stringify(plain).slice(1, -1))
  }
  const indent = /^[ \t]*/.exec(line)?.[0] ?? ''
  return value.replaceAll('\n', `\n${indent}`)
}

/** The quote that is open at the end of a line's beginning; '' when there is none. */
function openQuote(line: string): string {
  let open = ''
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i]
    if (open === '"' && char === '\\') i += 1
    else if (char === open) open = ''
    else if (open === '' && (char === '"' || char === "'") && /^$|[\s:,[{(-]$/.test(line.slice(0, i))) open = char
  }
  return open
}
