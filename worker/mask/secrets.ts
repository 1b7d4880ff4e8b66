// Where a Secret's data stands: in a Secret, SecretList, Table, watch event, PartialObjectMetadata and Status, told from
// their places and not from `kind`, which comes after the data. Out: the tree the scanner walks. No I/O.

import { decodeBase64 } from './base64.ts'
import { maskRelease } from './helm.ts'
import { MAX_EMBEDDED } from './limits.ts'
import type { Masker } from './placeholder.ts'
import { decodeString, MaskError, type Node, Scanner, type Token } from './scanner.ts'
import { maskStatusText } from './status.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')

/** A Table's cells of a Secret: name, type, number of keys, age (k8s.io/kubernetes/pkg/printers). Others are not known. */
const NAME_CELL = 0
const TYPE_CELL = 1
const COUNT_CELL = 2
const AGE_CELL = 3
const AGE = /^(?:<unknown>|<invalid>|[0-9]+[smhdy][0-9smhdy]*)$/

/** The annotation that holds the whole object as `kubectl apply` sent it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** A JSON string token. */
export function stringToken(text: string): Uint8Array {
  return encoder.encode(JSON.stringify(text))
}

/**
 * Leaf for a value that stands as plain text. Empty strings and null stay.
 * @param decode whether text that is base64 is tagged by what it stands for
 */
export function maskPlain(masker: Masker, decode = false): (token: Token) => Uint8Array | null {
  return (token) => {
    const value = bytesOf(token, masker, decode)
    return value === null ? null : stringToken(masker.placeholder(value))
  }
}

/** Leaf for a value of `data`: base64, the placeholder as well; Helm's releases are opened. */
function maskData(masker: Masker): (token: Token) => Uint8Array | null {
  return (token) => {
    const value = bytesOf(token, masker, true)
    if (value === null) return null
    if (token.key === 'release' && token.kind === 'string') {
      const release = maskRelease(value, masker)
      if (release === 'unchanged') return null
      if (release !== 'unreadable') return stringToken(release)
    }
    return stringToken(masker.base64Placeholder(value))
  }
}

/** The bytes a token stands for; null when there is nothing to mask. */
function bytesOf(token: Token, masker: Masker, base64 = false): Uint8Array | null {
  if (token.kind === 'primitive' && token.raw[0] === 0x6e) return null
  if (token.kind === 'subtree') {
    masker.note(decoder.decode(token.raw))
    noteStrings(token.raw, masker)
    return token.raw.slice()
  }
  if (token.kind === 'primitive') return token.raw.slice()
  const text = decodeString(token.raw)
  if (text === '') return null
  masker.note(text)
  const bytes = encoder.encode(text)
  const decoded = base64 ? decodeBase64(bytes) : null
  if (decoded === null) return bytes
  masker.note(decoder.decode(decoded))
  return decoded
}

/** Notes every string inside a subtree that is masked whole. */
function noteStrings(raw: Uint8Array, masker: Masker): void {
  const visit: Node = {}
  visit.others = visit
  visit.leaf = (token) => {
    if (token.kind === 'string') bytesOf(token, masker, true)
    return null
  }
  new Scanner(visit).push(raw.slice())
}

/**
 * The tree for any answer to, or body of, a Secrets request.
 * @param requestSecrets values of the request's body, masked in Status messages
 * @param embedded how many JSON strings this document stands inside
 */
export function secretTree(masker: Masker, requestSecrets: readonly string[] = [], embedded = 0): Node {
  const plain = maskPlain(masker)
  const base64 = maskData(masker)
  const names = new Set<string>()
  const text: Node = {
    leaf: (token) => {
      if (token.kind !== 'string') return plain(token)
      const before = decodeString(token.raw)
      const after = maskStatusText(before, masker, requestSecrets, names)
      return after === before ? null : stringToken(after)
    },
  }
  const fields: Node = { leaf: plain, rekey: (key) => maskFieldKey(key, masker) }
  fields.others = fields
  const meta: Node = {
    members: new Map<string, Node>([
      ['annotations', { others: { leaf: (token) => maskAnnotation(token, masker, embedded) }, leaf: plain }],
      ['managedfields', { members: new Map([['fieldsv1', fields]]) }],
    ]),
  }
  const cell: Node = { leaf: (token) => maskCell(token, plain) }
  const row: Node = {}
  const members = new Map<string, Node>([
    ['data', { others: { leaf: base64 }, leaf: base64 }],
    ['stringdata', { others: { leaf: plain }, leaf: plain }],
    ['metadata', meta],
    ['message', text],
    ['details', { members: new Map([['causes', { members: new Map([['message', text]]) }]]) }],
    ['rows', row],
  ])
  const object: Node = { members }
  members.set('items', object)
  members.set('object', object)
  row.members = new Map<string, Node>([
    ['object', object],
    ['cells', { elements: cell, leaf: plain }],
  ])
  return object
}

/** `f:` keys are field names and stay; `v:` and `k:` keys hold values. Null: the key stays. */
function maskFieldKey(key: string, masker: Masker): Uint8Array | null {
  if (key === '.' || key.startsWith('f:') || /^i:[0-9]+$/.test(key)) return null
  const placeholder = masker.placeholder(encoder.encode(key))
  if (key.startsWith('k:')) return stringToken(`k:${JSON.stringify({ masked: placeholder })}`)
  return stringToken(`v:${JSON.stringify(placeholder)}`)
}

function maskCell(token: Token, plain: (token: Token) => Uint8Array | null): Uint8Array | null {
  switch (token.index) {
    case NAME_CELL:
    case TYPE_CELL:
      return token.kind === 'subtree' ? plain(token) : null
    case COUNT_CELL:
      return token.kind === 'primitive' ? null : plain(token)
    case AGE_CELL:
      return token.kind === 'string' && AGE.test(decodeString(token.raw)) ? null : plain(token)
    default:
      return plain(token)
  }
}

/** An annotation that holds the object, or one like it: masked inside; one that cannot be read: masked whole. */
function maskAnnotation(token: Token, masker: Masker, embedded: number): Uint8Array | null {
  const plain = maskPlain(masker)
  if (token.kind !== 'string') return plain(token)
  const text = decodeString(token.raw)
  const isLastApplied = token.key.toLowerCase() === LAST_APPLIED
  // Some tools keep the applied object as gzip in base64.
  if (text.startsWith('H4sI')) return plain(token)
  if (!isLastApplied && !/^\s*[{[]/.test(text)) return null
  if (embedded >= MAX_EMBEDDED) return plain(token)
  const bytes = encoder.encode(text)
  try {
    const scanner = new Scanner(secretTree(masker, [], embedded + 1))
    const masked = decoder.decode(scanner.push(bytes))
    scanner.end()
    return masked === text ? null : stringToken(masked)
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    const mayHoldData = isLastApplied || /data/i.test(text) || text.includes('\\')
    return mayHoldData ? plain(token) : null
  }
}
