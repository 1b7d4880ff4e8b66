// The words of a Status that answers a Secrets request. In: a message, and the values the request carried.
// Out: the message without them, and without whatever else the API server quotes of the object. No I/O.

import { MAX_REQUEST_SECRETS, MAX_STATUS_CHARS } from './limits.ts'
import type { Masker } from './placeholder.ts'

const encoder = new TextEncoder()

/** field.Error texts of k8s.io/apimachinery/pkg/util/validation/field that quote the value that was sent. */
const QUOTES_VALUE = /(?:Invalid|Unsupported|Duplicate) value: /g

/** Fields whose value is a name and no secret: what a person needs to see to mend the request. */
const NAME_FIELD = /(?:^|[\s[,])metadata\.(?:name|generateName|namespace): $/

/** Texts after which decoders quote the body: json-iterator's, and the YAML decoder's. */
const QUOTES_BODY = /error found in #|bigger context |\.\.\.\||yaml: /

/**
 * Masks a Status message.
 * @param requestSecrets values known from the request's body, decoded and as they stood
 * @param names values that are names and may be seen: `message` tells them, `details.causes`, which comes after it, repeats them
 */
export function maskStatusText(
  text: string,
  masker: Masker,
  requestSecrets: readonly string[],
  names = new Set<string>(),
): string {
  if (text.length > MAX_STATUS_CHARS || requestSecrets.length > MAX_REQUEST_SECRETS) {
    return masker.placeholder(encoder.encode(text))
  }
  let masked = text
  // The longest first: one value may be part of another.
  for (const value of [...requestSecrets].sort((a, b) => b.length - a.length)) {
    for (const form of formsOf(value)) {
      if (masked.includes(form)) masked = masked.replaceAll(form, masker.placeholder(encoder.encode(value)))
    }
  }
  masked = maskBody(masked, masker)
  masked = maskQuoted(masked, masker, names)
  // Go's raw-quoted words; one fixed text of the API server has one that is no value.
  return masked.replace(/`([^`]*)`/g, (all, inner: string) =>
    inner === 'immutable' ? all : masker.placeholder(encoder.encode(inner)),
  )
}

/** A value as it may stand in a message: plain, or as Go and JSON escape it. Short ones only within quotes. */
function formsOf(value: string): string[] {
  const quoted = JSON.stringify(value)
  return value.length < 4 ? [quoted] : [value, quoted.slice(1, -1)]
}

function maskBody(text: string, masker: Masker): string {
  const match = QUOTES_BODY.exec(text)
  if (match === null) return text
  const from = match.index + match[0].length
  const rest = text.slice(from)
  return rest === '' ? text : text.slice(0, from) + masker.placeholder(encoder.encode(rest))
}

function maskQuoted(text: string, masker: Masker, names: Set<string>): string {
  let out = ''
  let at = 0
  QUOTES_VALUE.lastIndex = 0
  for (let match = QUOTES_VALUE.exec(text); match !== null; match = QUOTES_VALUE.exec(text)) {
    const from = match.index + match[0].length
    if (match.index < at) continue
    const end = quotedEnd(text, from)
    if (end === null) {
      // A map or list in Go's syntax: where it ends cannot be told.
      const rest = text.slice(from)
      return out + text.slice(at, from) + (rest === '' ? '' : masker.placeholder(encoder.encode(rest)))
    }
    const quoted = text.slice(from, end)
    if (NAME_FIELD.test(text.slice(Math.max(0, match.index - 64), match.index))) names.add(quoted)
    const shown = names.has(quoted) ? quoted : `"${masker.placeholder(encoder.encode(quoted.slice(1, -1)))}"`
    out += text.slice(at, from) + shown
    at = end
  }
  return out + text.slice(at)
}

/** Where a Go-quoted string (`%q`) that begins at `from` ends; null when none begins there or it never ends. */
function quotedEnd(text: string, from: number): number | null {
  if (text[from] !== '"') return null
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '"') return i + 1
    if (text[i] === '\\') i++
  }
  return null
}
