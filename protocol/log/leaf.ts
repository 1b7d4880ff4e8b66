// The bytes and the hashes of a leaf: RFC 8785 canonical JSON, hashed as RFC 6962 hashes leaves.
// In: a Leaf. Out: its canonical bytes, its hash, the salted hash of a body. No I/O. No clock.

import { sha256 } from '@noble/hashes/sha2.js'
import type { BodyDigest, Leaf, MaskedPlace, RecordedMask, RecordedRequest, RecordedResult } from './event.ts'

/** SHA-256 over the parts, one after the other. Handed in where a runtime has a faster one of its own. */
export type Sha256 = (...parts: readonly Uint8Array[]) => Uint8Array

/** SHA-256 in plain JavaScript; runs everywhere. */
export const portableSha256: Sha256 = (...parts) => {
  const hash = sha256.create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const utf8 = new TextEncoder()
/** RFC 6962 section 2.1: a leaf's hash is over 0x00 and the leaf, a node's over 0x01 and its children. */
const LEAF_PREFIX = Uint8Array.of(0)

/**
 * The leaf as RFC 8785 canonical JSON text. Keys stand in sorted order at every level because they are written so;
 * a field that is not part of the format is never written, an absent one is left out.
 * Lone surrogates, which RFC 8785 forbids, become U+FFFD.
 * @throws RangeError when a number is not finite
 */
export function leafText(leaf: Leaf): string {
  let out = '{'
  if (leaf.actor !== undefined) {
    const { groups, issuer, uid, username } = leaf.actor
    out += `"actor":{"groups":${strings(groups)},"issuer":${string(issuer)}`
    if (uid !== undefined) out += `,"uid":${string(uid)}`
    out += `,"username":${string(username)}},`
  }
  if (leaf.body !== undefined) out += `"body":${bodyText(leaf.body)},`
  if (leaf.command !== undefined) out += `"command":${string(leaf.command)},`
  if (leaf.connection !== undefined) out += `"connection":${string(leaf.connection)},`
  if (leaf.data !== undefined) out += `"data":${record(leaf.data)},`
  if (leaf.decision !== undefined) {
    const { effect, policy, reason, revision, rule } = leaf.decision
    out += `"decision":{"effect":${string(effect)},"policy":${string(policy)},"reason":${string(reason)}`
    out += `,"revision":${number(revision)},"rule":${string(rule)}},`
  }
  out += `"id":${string(leaf.id)}`
  if (leaf.mask !== undefined) out += `,"mask":${maskText(leaf.mask)}`
  if (leaf.ref !== undefined) out += `,"ref":${string(leaf.ref)}`
  if (leaf.request !== undefined) out += `,"request":${requestText(leaf.request)}`
  if (leaf.res !== undefined) out += `,"res":${resultText(leaf.res)}`
  if (leaf.session !== undefined) out += `,"session":${string(leaf.session)}`
  out += `,"ts":${string(leaf.ts)},"type":${string(leaf.type)},"v":${number(leaf.v)}`
  return `${out},"wprev":${string(leaf.wprev)},"writer":${string(leaf.writer)},"wseq":${number(leaf.wseq)}}`
}

/** The leaf's canonical bytes: what is hashed, stored and exported. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  return utf8.encode(leafText(leaf))
}

/** RFC 6962 leaf hash: SHA-256(0x00 ‖ bytes). */
export function leafHash(bytes: Uint8Array, hash: Sha256 = portableSha256): Uint8Array {
  return hash(LEAF_PREFIX, bytes)
}

/** What a leaf says of a body: SHA-256(salt ‖ masked bytes). Without the salt it tells nothing about a short body. */
export function bodyHash(salt: Uint8Array, bytes: Uint8Array, hash: Sha256 = portableSha256): Uint8Array {
  return hash(salt, bytes)
}

/**
 * Reads a leaf's text back.
 * @throws Error when it is no leaf of this version
 */
export function parseLeaf(text: string): Leaf {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error('a leaf must be an object')
  const leaf = value as Leaf
  if (leaf.v !== 1 || typeof leaf.type !== 'string' || typeof leaf.id !== 'string' || typeof leaf.wseq !== 'number') {
    throw new Error('not a leaf of version 1')
  }
  return leaf
}

function bodyText({ bytes, kind, mediaType, seq, sha256 }: BodyDigest): string {
  return `{"bytes":${number(bytes)},"kind":${string(kind)},"mediaType":${string(mediaType)},"seq":${number(seq)},"sha256":${string(sha256)}}`
}

function maskText({ count, places, rules, withheld }: RecordedMask): string {
  const where = places === undefined ? '' : `,"places":[${places.map(placeText).join(',')}]`
  const tail = withheld === undefined ? '' : `,"withheld":${string(withheld)}`
  return `{"count":${number(count)}${where},"rules":${record(rules)}${tail}}`
}

function placeText({ at, count, rule }: MaskedPlace): string {
  return `{"at":${string(at)},"count":${number(count)},"rule":${string(rule)}}`
}

function requestText(request: RecordedRequest): string {
  let out = '{'
  if (request.exec !== undefined) {
    const { argv, container, stdin, tty } = request.exec
    out += `"exec":{"argv":${strings(argv)},"container":${string(container)},"stdin":${stdin},"tty":${tty}},`
  }
  out += `"group":${string(request.group)}`
  if (request.kubectlCommand !== undefined) out += `,"kubectlCommand":${string(request.kubectlCommand)}`
  out += `,"method":${string(request.method)},"name":${string(request.name)},"namespace":${string(request.namespace)}`
  if (request.preparatory !== undefined) out += `,"preparatory":${string(request.preparatory)}`
  out += `,"resource":${string(request.resource)},"subresource":${string(request.subresource)}`
  out += `,"target":${string(request.target)},"userAgent":${string(request.userAgent)}`
  return `${out},"verb":${string(request.verb)},"version":${string(request.version)}}`
}

function resultText(res: RecordedResult): string {
  let out = `{"bytes":${number(res.bytes)},"code":${number(res.code)},"durationMs":${number(res.durationMs)}`
  if (res.exitCode !== undefined) out += `,"exitCode":${number(res.exitCode)}`
  if (res.message !== undefined) out += `,"message":${string(res.message)}`
  out += `,"outcome":${string(res.outcome)}`
  if (res.reason !== undefined) out += `,"reason":${string(res.reason)}`
  return `${out}}`
}

/** A map whose keys are data: sorted by UTF-16 code units, as RFC 8785 section 3.2.3 says (and Array.sort does). */
function record(map: Readonly<Record<string, string | number | boolean>>): string {
  const keys = Object.keys(map).sort()
  return `{${keys.map((key) => `${string(key)}:${scalar(map[key])}`).join(',')}}`
}

function scalar(value: string | number | boolean | undefined): string {
  if (typeof value === 'string') return string(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return number(value ?? Number.NaN)
}

function strings(values: readonly string[]): string {
  return `[${values.map(string).join(',')}]`
}

function string(value: string): string {
  return JSON.stringify(value.isWellFormed() ? value : value.toWellFormed())
}

function number(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('a leaf holds finite numbers only')
  return JSON.stringify(value)
}
