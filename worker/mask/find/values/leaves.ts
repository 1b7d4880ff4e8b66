// What is secret inside a value that is a document: docker configs, kubeconfigs, .env and properties files, JSON of service accounts.
// In: a value. Out: its leaves whose names say secret, with their names. No I/O.

import { decodeBase64 } from '../../base64.ts'
import { saysSecret } from './searchable.ts'

/** A value inside a value. */
export interface Leaf {
  readonly name: string
  readonly value: Uint8Array
}

/** A larger document is searched for as a whole only. */
const MAX_DOCUMENT_BYTES = 256 * 1024
const MAX_LEAVES = 500
const MAX_LINES = 5000
const MAX_DEPTH = 20

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
/** `name: value`, `name=value`, with quotes or without, as YAML, .env, properties and INI have it. */
const ASSIGNMENT = /^\s*(?:-\s+)?(?:export\s+)?["']?([\w.-]{2,100})["']?\s*[:=]\s*(\S.*)$/
/** A password in a URL (RFC 3986, section 3.2.1). Begins with a literal: a long word must not be tried from each of its letters. */
const URL_PASSWORD = /:\/\/[^\s:@/]{0,256}:([^\s@/]{1,1024})@/g

/** The secret leaves of a value; none when it is no document. */
export function secretLeaves(value: Uint8Array): readonly Leaf[] {
  if (value.length > MAX_DOCUMENT_BYTES || value.length < 8) return []
  let text: string
  try {
    text = decoder.decode(value)
  } catch {
    return []
  }
  const leaves: Leaf[] = []
  const add = (name: string, leaf: string): void => {
    if (leaves.length >= MAX_LEAVES || leaf === '') return
    leaves.push({ name, value: encoder.encode(leaf) })
    // Docker's auth is base64 of user:password; a kubeconfig's key is base64 of PEM.
    const inner = leaf.length >= 8 && /^[A-Za-z0-9+/]+={0,2}$/.test(leaf) ? decodeBase64(encoder.encode(leaf)) : null
    const inside = inner === null ? null : textOf(inner)
    if (inside === null) return
    const colon = name === 'auth' ? inside.indexOf(':') : -1
    leaves.push({ name, value: encoder.encode(colon < 0 ? inside : inside.slice(colon + 1)) })
  }
  if (/^\s*[{[]/.test(text)) {
    const json = parsed(text)
    if (json !== undefined) walk(json, '', 0, add)
    else lines(text, add)
  } else lines(text, add)
  for (const [, password] of text.matchAll(URL_PASSWORD)) {
    if (password === undefined) continue
    add('password', password)
    const plain = unescaped(password)
    if (plain !== password) add('password', plain)
  }
  return leaves
}

function walk(value: unknown, name: string, depth: number, add: (name: string, leaf: string) => void): void {
  if (depth > MAX_DEPTH) return
  if (typeof value === 'string') {
    if (saysSecret(name)) add(name, value)
    return
  }
  if (typeof value !== 'object' || value === null) return
  // The elements of a list stand under the list's name.
  for (const [key, inner] of Object.entries(value)) walk(inner, Array.isArray(value) ? name : key, depth + 1, add)
}

function lines(text: string, add: (name: string, leaf: string) => void): void {
  for (const line of text.split(/\r?\n/, MAX_LINES)) {
    if (line.length > 16 * 1024) continue
    const found = ASSIGNMENT.exec(line)
    const name = found?.[1] ?? ''
    if (!saysSecret(name)) continue
    let leaf = withoutTail(found?.[2] ?? '')
    const quote = leaf[0]
    if ((quote === '"' || quote === "'") && leaf.length > 1 && leaf.endsWith(quote)) leaf = leaf.slice(1, -1)
    if (!leaf.startsWith('#') && leaf !== '|' && leaf !== '>') add(name, leaf)
  }
}

/** A value without the blanks and separators behind it. A regular expression for them is quadratic in their number. */
function withoutTail(text: string): string {
  let end = text.length
  while (end > 0 && /[\s,;]/.test(text[end - 1]!)) end--
  return text.slice(0, end)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
