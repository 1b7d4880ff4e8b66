// A Helm release as it stands in a Secret's `data.release`: base64 of gzip of JSON. In: that value, decoded once. Out: the
// release with every Secret's data masked inside, packed again so that Helm reads it, or word that it may stay. No I/O.

import { gzipSync } from 'fflate'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { gunzipBounded } from './gunzip.ts'
import { MAX_RELEASE_BYTES, MAX_RELEASE_GZIP_BYTES, MAX_RELEASE_YAML_CHARS } from './limits.ts'
import { type ManifestValue, secretsInManifest } from './manifest.ts'
import type { Masker } from './placeholder.ts'
import { Replacer, TooMuchWork } from './replace.ts'
import { decodeString, MaskError, type Node, Scanner, type Token } from './scanner.ts'

/** Base64 of gzip's magic and deflate: how Helm's releases begin. */
const GZIP_IN_BASE64 = 'H4sI'

const encoder = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ascii = new TextDecoder('latin1')

/** A place that stays as it is: Helm works by it and it is no content of the chart. */
const KEEP: Node = {}
const keep = (...keys: string[]): [string, Node][] => keys.map((key) => [key, KEEP])

/** What else is masked in a text that stands under a name; null: nothing. */
type Look = (text: string, name: string) => string | null

/** Keys of user values that name a credential, masked once a release is known to hold Secrets. */
const NAMES_CREDENTIAL =
  /pass(?:word|wd|phrase)|token|(?:api|private|access|secret|signing|encryption)[-_]?key|client[-_]?secret|credential/i

/** A user value this long that is part of a Secret's value is taken to be what the Secret was made from. */
const MIN_PART_CHARS = 8

/**
 * Masks a release.
 * @param value the bytes of `data.release` after one base64 decoding
 * @param at where the release stands
 * @param look what else is masked in its texts, once the values of its Secrets are
 * @returns `unchanged` when nothing in it is a Secret's data; `unreadable` when that cannot be told and the value must be masked
 *   whole; else the new value of `data.release`, in base64 as it stands in a Secret
 */
export function maskRelease(
  value: Uint8Array,
  masker: Masker,
  at = '',
  look: Look = () => null,
): string | 'unchanged' | 'unreadable' {
  if (value.length > 2 * MAX_RELEASE_GZIP_BYTES || ascii.decode(value.subarray(0, 4)) !== GZIP_IN_BASE64)
    return 'unreadable'
  const gzip = decodeBase64(value)
  const json = gzip === null ? null : gunzipBounded(gzip, MAX_RELEASE_BYTES)
  if (json === null) return 'unreadable'
  try {
    const secrets = secretsIn(json)
    if (secrets === 'unreadable') return 'unreadable'
    for (const { bytes, key } of secrets) masker.keep(bytes, key)
    const replacer = new Replacer(masker, secrets, at)
    const masked = scanned(json, releaseTree(replacer, look))
    if (masked === json) return 'unchanged'
    // No time stamp: the same release always gives the same bytes.
    return ascii.decode(encodeBase64(encodeBase64(gzipSync(masked, { level: 6, mtime: 0 }))))
  } catch (error) {
    if (error instanceof MaskError || error instanceof TooMuchWork) return 'unreadable'
    throw error
  }
}

function scanned(json: Uint8Array, tree: Node): Uint8Array {
  const scanner = new Scanner(tree)
  const out = scanner.push(json)
  scanner.end()
  return out
}

/** Every Secret's values in the manifest and the hooks. */
function secretsIn(json: Uint8Array): ManifestValue[] | 'unreadable' {
  const values: ManifestValue[] = []
  const budget = { chars: MAX_RELEASE_YAML_CHARS }
  let hasManifest = false
  let hasChart = false
  let readable = true
  const manifest: Node = {
    leaf: (token) => {
      hasManifest = true
      if (token.kind === 'primitive') return null
      const found = token.kind === 'string' ? secretsInManifest(decodeString(token.raw), budget) : 'unreadable'
      if (found === 'unreadable') readable = false
      else values.push(...found)
      return null
    },
  }
  const chart: Node = { members: new Map() }
  const root: Node = {
    members: new Map([
      ['manifest', manifest],
      ['hooks', { members: new Map([['manifest', manifest]]) }],
      ['chart', chart],
    ]),
    rekey: (key) => {
      if (key.text === 'chart') hasChart = true
      return null
    },
  }
  scanned(json, root)
  return readable && hasManifest && hasChart ? values : 'unreadable'
}

function releaseTree(replacer: Replacer, look: Look): Node {
  const text: Node = {}
  text.others = text
  text.leaf = onText((value, name) => lookAfter(replacer.text(value), value, name, look))

  const values: Node = {}
  values.others = values
  values.leaf = (token) => maskUserValue(token, replacer, look)

  const manifest: Node = {
    leaf: onText((value, name) => lookAfter(replacer.manifest(value), value, name, look)),
  }

  const file: Node = {
    leaf: onText((value) => {
      const bytes = decodeBase64(encoder.encode(value))
      if (bytes === null) return replacer.text(value)
      const masked = replacer.bytes(bytes)
      return masked === null ? null : ascii.decode(encodeBase64(masked))
    }),
  }
  const files: Node = { members: new Map([...keep('name', 'modtime'), ['data', file]]), others: text }

  return {
    members: new Map<string, Node>([
      ...keep('name', 'namespace', 'version', 'apply_method', 'labels'),
      ['manifest', manifest],
      ['config', values],
      [
        'hooks',
        {
          members: new Map<string, Node>([
            ...keep('name', 'kind', 'path', 'events', 'last_run', 'weight', 'delete_policies', 'output_log_policies'),
            ['manifest', manifest],
          ]),
          others: text,
        },
      ],
      [
        'info',
        {
          members: new Map(keep('first_deployed', 'last_deployed', 'deleted', 'status')),
          others: text,
          leaf: text.leaf,
        },
      ],
      [
        'chart',
        {
          members: new Map<string, Node>([
            [
              'metadata',
              {
                members: new Map(keep('name', 'version', 'apiversion', 'appversion', 'type', 'kubeversion')),
                others: text,
              },
            ],
            ...keep('lock', 'modtime', 'schemamodtime'),
            ['templates', files],
            ['files', files],
            ['values', values],
            ['schema', file],
          ]),
          others: text,
        },
      ],
    ]),
    others: text,
  }
}

/** What `look` makes of a text in which something was masked already, or nothing was. Null: it stays. */
function lookAfter(masked: string | null, text: string, name: string, look: Look): string | null {
  return look(masked ?? text, name) ?? masked
}

/** A leaf for strings: null from `mask` leaves the string as it came. */
function onText(mask: (text: string, name: string) => string | null): (token: Token) => Uint8Array | null {
  return (token) => {
    if (token.kind === 'primitive') return null
    if (token.kind === 'subtree') throw new MaskError('the release is not shaped as Helm makes it')
    const masked = mask(decodeString(token.raw), token.key)
    return masked === null ? null : encoder.encode(JSON.stringify(masked))
  }
}

function maskUserValue(token: Token, replacer: Replacer, look: Look): Uint8Array | null {
  const isString = token.kind === 'string'
  const text = isString ? decodeString(token.raw) : utf8.decode(token.raw)
  if (text === '' || text === 'null' || text === 'true' || text === 'false') return null
  const named = NAMES_CREDENTIAL.test(token.key)
  const part = (named || text.length >= MIN_PART_CHARS) && replacer.isPartOfSecret(text)
  const masked =
    part || (named && isString && replacer.holds)
      ? replacer.whole(text)
      : isString
        ? lookAfter(replacer.text(text), text, token.key, look)
        : replacer.exact(text)
  return masked === null ? null : encoder.encode(JSON.stringify(masked))
}
