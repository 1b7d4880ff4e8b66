// Strict decoding of a request body before it is judged, so that what is judged is what the API server reads. In: bytes.
// Out: the value, or why it is refused: duplicate keys, anchors, several documents, words two YAML versions read differently. No I/O.

import { isAlias, isMap, isNode, isScalar, parseAllDocuments, visit } from 'yaml'
import type { BodyFormat } from '../context.ts'
import { MAX_BODY_DEPTH, MAX_PATCH_OPERATIONS, MAX_YAML_BYTES } from './limits.ts'
import { decodeDeleteOptions, decodeEnvelope, decodeEviction } from './protobuf.ts'

export type StrictBody =
  /**
   * `value` for policy. JSON is forwarded as it came, so integers beyond 2^53 may be inexact here.
   * For protobuf: DeleteOptions as JSON, of an Eviction its own, else only `{apiVersion, kind}`. For no body: undefined.
   */
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes a body strictly. `reason` is for a person and quotes nothing of the body but key names. */
export function strictBody(format: BodyFormat, bytes: Uint8Array): StrictBody {
  switch (format) {
    case 'none':
      return bytes.length === 0
        ? { ok: true, value: undefined }
        : refuse('the request has a body without a content type')
    case 'protobuf': {
      const envelope = decodeEnvelope(bytes)
      if (envelope === null) return refuse('the body is not valid Kubernetes protobuf')
      if (envelope.type.kind === 'Eviction') {
        const eviction = decodeEviction(bytes)
        return eviction === null ? refuse('the Eviction could not be read') : { ok: true, value: eviction }
      }
      if (envelope.type.kind !== 'DeleteOptions') return { ok: true, value: { ...envelope.type } }
      const options = decodeDeleteOptions(bytes)
      return options === null ? refuse('the DeleteOptions could not be read') : { ok: true, value: options }
    }
    case 'json':
    case 'merge-patch':
    case 'strategic-merge-patch':
      return strictJson(bytes)
    case 'json-patch': {
      const body = strictJson(bytes)
      if (!body.ok) return body
      if (!Array.isArray(body.value)) return refuse('a JSON patch must be an array of operations')
      if (body.value.length > MAX_PATCH_OPERATIONS) {
        return refuse(`a JSON patch may have at most ${MAX_PATCH_OPERATIONS} operations`)
      }
      return body
    }
    case 'yaml':
      return strictYaml(bytes)
    case 'apply-patch':
      return looksLikeJson(bytes) ? strictJson(bytes) : strictYaml(bytes)
  }
}

/** True when the first byte that is not white space opens a JSON object. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue
    return byte === 0x7b
  }
  return false
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

function strictJson(bytes: Uint8Array): StrictBody {
  const text = decode(bytes)
  if (text === null) return refuse('the body is not valid UTF-8')
  let value: unknown
  const trouble = depthOf(text) > MAX_BODY_DEPTH ? 'the body is nested too deeply' : null
  if (trouble !== null) return refuse(trouble)
  try {
    value = JSON.parse(text)
  } catch {
    return refuse('the body is not valid JSON')
  }
  const duplicate = duplicateKey(text)
  return duplicate === null ? { ok: true, value } : refuse(duplicate)
}

/** The deepest nesting, counted outside strings. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x22) i = stringEnd(text, i)
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > deepest) deepest = depth
    } else if (char === 0x7d || char === 0x5d) depth--
  }
  return deepest
}

/** The index of the quote that closes the string opened at `start`, or the end of the text. */
function stringEnd(text: string, start: number): number {
  let i = start + 1
  while (i < text.length) {
    const char = text.charCodeAt(i)
    if (char === 0x22) return i
    i += char === 0x5c ? 2 : 1
  }
  return text.length
}

/** Looks for a key that stands twice in one object. The text is known to be valid JSON. */
function duplicateKey(text: string): string | null {
  const objects: (Set<string> | null)[] = []
  let wantsKey = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x22) {
      const end = stringEnd(text, i)
      const keys = objects.at(-1)
      if (wantsKey && keys) {
        const raw = text.slice(i, end + 1)
        const key: unknown = raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1)
        // Go reads every lone surrogate as U+FFFD, so that two different keys become one.
        if (typeof key !== 'string' || !key.isWellFormed()) return 'the body holds a key that is not valid Unicode'
        if (keys.has(key)) return `the body holds the key ${JSON.stringify(key.slice(0, 64))} twice in one object`
        keys.add(key)
        wantsKey = false
      }
      i = end
    } else if (char === 0x7b) {
      objects.push(new Set())
      wantsKey = true
    } else if (char === 0x5b) {
      objects.push(null)
      wantsKey = false
    } else if (char === 0x7d || char === 0x5d) {
      objects.pop()
      wantsKey = false
    } else if (char === 0x2c) wantsKey = objects.at(-1) !== null
  }
  return null
}

/**
 * Plain words that YAML 1.1 (which the API server reads) and 1.2 (which is read here) take for different things:
 * booleans (`yes`, `on`), octal, binary and hexadecimal numbers, digits with underscores, merge keys.
 */
const AMBIGUOUS =
  /^(?:y|yes|n|no|on|off|<<|=|[-+]?0[0-9_xob][0-9a-f_]*|[-+]?[0-9][0-9]*_[0-9_.]*(?:e[-+]?[0-9]+)?|[-+]?\.(?:inf|nan)|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$/i

/**
 * What ends a line to YAML 1.1 alone, and with it a comment: behind it the API server would read what nobody judged, and pass
 * over what was. A byte order mark may open a document, but not stand in it.
 */
const OTHER_LINES = /\r(?!\n)|[\u0085\u2028\u2029]|(?!^)\ufeff/

function strictYaml(bytes: Uint8Array): StrictBody {
  if (bytes.length > MAX_YAML_BYTES) return refuse(`a YAML body may have at most ${MAX_YAML_BYTES} bytes; send JSON`)
  const text = decode(bytes)
  if (text === null) return refuse('the body is not valid UTF-8')
  if (OTHER_LINES.test(text)) {
    return refuse(
      'the body holds a character that ends a line in one YAML version only (CR, NEL, LS, PS): write it as an escape',
    )
  }
  if (/^\ufeff?%/m.test(text)) return refuse('the body holds a YAML directive')
  if (indentationDepth(text) > MAX_BODY_DEPTH) return refuse('the body is nested too deeply')
  try {
    // Keys are compared below: the library's own check takes quadratic time.
    const documents = parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
    if (!Array.isArray(documents) || documents.length !== 1) return refuse('the body must be one YAML document')
    const [document] = documents
    if (document === undefined) return refuse('the body must be one YAML document')
    const [error] = document.errors
    if (error !== undefined) return refuse('the body is not valid YAML')
    if (document.warnings.length > 0) return refuse('the body is not plain YAML')
    const trouble = troubleIn(document)
    return trouble === null ? { ok: true, value: document.toJS({ maxAliasCount: 0 }) } : refuse(trouble)
  } catch {
    return refuse('the body is not valid YAML')
  }
}

/** An upper bound for nesting: flow brackets, block indents and `- - -` sequences. */
function indentationDepth(text: string): number {
  let flow = 0
  let deepest = 0
  for (const line of text.split('\n')) {
    const markers = /^(?:[ ]|[-?:][ ])*/.exec(line)?.[0] ?? ''
    const dashes = markers.replaceAll(' ', '').length
    // A space of indentation can open one level at most, and only if each level above had its own line.
    for (const char of line) {
      if (char === '[' || char === '{') flow++
      else if ((char === ']' || char === '}') && flow > 0) flow--
      if (flow + dashes > deepest) deepest = flow + dashes
    }
    if (dashes + flow > deepest) deepest = dashes + flow
    if (markers.length > 2 * MAX_BODY_DEPTH) deepest = Math.max(deepest, markers.length)
  }
  return deepest
}

function troubleIn(document: ReturnType<typeof parseAllDocuments>[number]): string | null {
  let trouble: string | null = null
  visit(document, (_key, node) => {
    if (!isNode(node)) {
      return undefined
    }
    if (isAlias(node) || ('anchor' in node && node.anchor !== undefined)) {
      trouble = 'the body uses YAML anchors or aliases'
    } else if (node.tag !== undefined) trouble = 'the body uses YAML tags'
    else if (isScalar(node) && node.type === 'PLAIN' && AMBIGUOUS.test(node.source ?? '')) {
      trouble =
        'the body holds a plain word that YAML versions read differently (yes, no, on, off, 0123, 1_000, <<): put it in quotes'
    } else if (isMap(node)) {
      const keys = new Set<string>()
      for (const { key } of node.items) {
        const name = isScalar(key) ? String(key.value) : null
        if (name === null) trouble = 'the body holds a key that is not a word'
        else if (keys.has(name)) trouble = 'the body holds a key twice in one object'
        else keys.add(name)
      }
    }
    return trouble === null ? undefined : visit.BREAK
  })
  return trouble
}
