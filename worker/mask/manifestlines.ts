// Secrets whose YAML stands in some other text: a ConfigMap, a script, notes. In: the text. Out: where their values stand. By a
// parser where the text is YAML; else line by line, as it is indented. No I/O.

import { decodeBase64 } from './base64.ts'
import { secretsInManifest } from './manifest.ts'

/** A value of a Secret in a text. */
export interface SecretLine {
  /** Bytes into the text's UTF-8. */
  readonly start: number
  readonly end: number
  readonly value: Uint8Array
  readonly key: string
  /** It stood in `data`, so its placeholder is base64. */
  readonly base64: boolean
  /** What is replaced ends with a line break that must stay. */
  readonly line: boolean
}

/** Where it starts and ends in UTF-16 units. */
interface Place extends Omit<SecretLine, 'start' | 'end'> {
  readonly from: number
  readonly to: number
}

const encoder = new TextEncoder()

const KIND = /kind["']?[ \t]*:[ \t]*["']?Secret(?![A-Za-z])|kind["']?[ \t]*:[ \t]*["']?SecretList/i
const FIELD_KEY = /^["']?(data|stringData)["']?[ \t]*:/i
/** A key is no longer than this with its quotes; longer ones are other text. */
const MAX_KEY_CHARS = 512
/** What stands for a value and is none: a template's expression, a variable. */
const REFERENCE = /^["']?(?:\{\{.*\}\}|\$\{?[A-Za-z_]\w*\}?)["']?$/

/**
 * The values of all Secrets in a text, by place.
 * @param budget characters that may still be parsed; what is parsed is taken off
 */
export function secretLines(text: string, budget: { yaml: number }): readonly SecretLine[] {
  if (!KIND.test(text)) return []
  const chars = { chars: budget.yaml }
  const parsed = budget.yaml <= 0 ? 'unreadable' : secretsInManifest(text, chars)
  budget.yaml = chars.chars
  if (parsed === 'unreadable') return inBytes(text, [...byLines(text), ...byBraces(text)])
  const places = parsed.map(
    ({ start, end, bytes, key, field, line }): Place => ({
      from: start,
      to: end,
      value: bytes,
      key,
      base64: field === 'data',
      line,
    }),
  )
  return inBytes(text, places)
}

/** Offsets of UTF-16 units as offsets of bytes; what stands within another is left out. */
function inBytes(text: string, places: readonly Place[]): readonly SecretLine[] {
  const lines: SecretLine[] = []
  let units = 0
  let bytes = 0
  const advance = (to: number): number => {
    bytes += encoder.encode(text.slice(units, to)).length
    units = to
    return bytes
  }
  for (const { from, to, ...rest } of [...places].sort((one, other) => one.from - other.from)) {
    // Of two that overlap the second begins where the first ends: nothing between them stays.
    if (to > units) lines.push({ ...rest, start: advance(Math.max(from, units)), end: advance(to) })
  }
  return lines
}

/** One line and where it stands. */
interface Line {
  readonly text: string
  readonly at: number
  readonly indent: number
  readonly blank: boolean
}

function byLines(text: string): Place[] {
  const places: Place[] = []
  let document: Line[] = []
  let at = 0
  const flush = (): void => {
    if (document.some((line) => KIND.test(line.text))) collect(document, places)
    document = []
  }
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line.startsWith('---')) flush()
    const indent = line.length - line.trimStart().length
    document.push({ text: line, at, indent, blank: line.trim() === '' })
    at += raw.length + 1
  }
  flush()
  return places
}

/** `"data": {` of JSON, and the pairs that follow. */
const BRACES = /(["'])(data|stringData)\1\s*:\s*\{/gi
const PAIR = /\s*("(?:[^"\\]|\\.)*"|'[^']*'|\w+)\s*:\s*("(?:[^"\\]|\\.)*"|'[^']*')\s*,?/y

/** JSON that is not whole, or stands among other text. */
function byBraces(text: string): Place[] {
  const places: Place[] = []
  for (const match of text.matchAll(BRACES)) {
    const base64 = (match[2] ?? '').toLowerCase() === 'data'
    PAIR.lastIndex = match.index + match[0].length
    for (let pair = PAIR.exec(text); pair !== null; pair = PAIR.exec(text)) {
      const [all, key = '', quoted = ''] = pair
      const plain = quoted.slice(1, -1)
      const from = pair.index + all.lastIndexOf(quoted)
      if (plain === '') continue
      const bytes = encoder.encode(plain)
      const value = (base64 ? decodeBase64(bytes) : null) ?? bytes
      const name = key.replace(/^["']|["']$/g, '')
      places.push({ from, to: from + quoted.length, value, key: name, base64, line: false })
    }
  }
  return places
}

function collect(lines: readonly Line[], places: Place[]): void {
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    const lead = leadOf(line.text)
    const [head = '', field = ''] = FIELD_KEY.exec(line.text.slice(lead, lead + MAX_KEY_CHARS)) ?? []
    if (field === '') continue
    const rest = line.text.slice(lead + head.length).trimStart()
    const base64 = field.toLowerCase() === 'data'
    const end = endOfBlock(lines, i, lead)
    if (rest !== '' && !rest.startsWith('#')) put(lines, i, end, rest, field, base64, places)
    else entries(lines, i + 1, end, base64, places)
    i = end - 1
  }
}

/** Where a line begins behind its blanks and the dashes of lists. By hand: a regular expression for it takes exponential time. */
function leadOf(line: string): number {
  let at = 0
  for (;;) {
    const char = line[at]
    const isDash = char === '-' && (line[at + 1] === ' ' || line[at + 1] === '\t')
    if (char !== ' ' && char !== '\t' && !isDash) return at
    at++
  }
}

/** The line after the last that is indented more than the one at `from`. */
function endOfBlock(lines: readonly Line[], from: number, indent: number): number {
  let end = from + 1
  let last = from
  while (end < lines.length && (lines[end]!.blank || lines[end]!.indent > indent)) {
    if (!lines[end]!.blank) last = end
    end++
  }
  return last + 1
}

function entries(lines: readonly Line[], from: number, end: number, base64: boolean, places: Place[]): void {
  for (let i = from; i < end; i++) {
    const line = lines[i]!
    const colon = line.text.indexOf(':', line.indent)
    if (line.blank || colon < 0 || colon - line.indent > MAX_KEY_CHARS) continue
    const key = line.text.slice(line.indent, colon).trim()
    if (key === '' || key.startsWith('#')) continue
    const rest = line.text.slice(colon + 1).trimStart()
    const last = Math.min(end, endOfBlock(lines, i, line.indent))
    if (rest !== '') put(lines, i, last, rest, key.replace(/^["']|["']$/g, ''), base64, places)
    i = last - 1
  }
}

/** A value that begins with the end of one line and goes on to the end of the last before `end`. */
function put(
  lines: readonly Line[],
  first: number,
  end: number,
  rest: string,
  key: string,
  base64: boolean,
  places: Place[],
): void {
  const line = lines[first]!
  const last = lines[end - 1]!
  const more = lines.slice(first + 1, end).map((one) => one.text.trim())
  if (more.length === 0 && REFERENCE.test(rest.trim())) return
  const isBlock = /^[|>]/.test(rest)
  const plain = isBlock ? more.join('\n') : [rest, ...more].join('\n').replace(/^(["'])([\s\S]*)\1$/, '$2')
  if (plain.trim() === '') return
  const bytes = encoder.encode(plain)
  const value = (base64 ? decodeBase64(encoder.encode(plain.replace(/\s/g, ''))) : null) ?? bytes
  places.push({
    from: line.at + line.text.length - rest.length,
    to: last.at + last.text.length,
    value,
    key,
    base64,
    line: false,
  })
}
