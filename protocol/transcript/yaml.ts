// Prints a JSON value as YAML the way `kubectl get -o yaml` does: keys sorted, lists not indented, text blocks with `|`.
// In: a parsed JSON value. Out: text that a YAML 1.1 or 1.2 reader reads back as the same value. No I/O.

import { visible } from './escape.ts'
import { MAX_TEXT } from './exchange.ts'
import { type Fields, fields } from './json.ts'

const PLAIN = /^[A-Za-z0-9_./⟦(][^\u0000-\u001f\u007f-\u009f]*$/
const SPECIAL = /^(?:~|null|true|false|yes|no|on|off|y|n)$/i
const NUMBER_LIKE =
  /^[-+]?(?:0x[0-9a-f_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|\.[0-9]+(?:e[-+]?[0-9]+)?|\.inf|\.nan)$/i
const DATE_LIKE = /^\d{4}-\d{1,2}-\d{1,2}/
const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const MAX_DEPTH = 100

/**
 * Lines until they are long enough. Attack: a few megabytes far to the right, each of their lines with hundreds of spaces
 * before it.
 */
class Lines {
  #text = ''

  get full(): boolean {
    return this.#text.length > MAX_TEXT
  }

  get text(): string {
    return this.#text
  }

  push(line: string): void {
    if (!this.full) this.#text += `${line}\n`
  }
}

/** The document with its final newline. Deeper than 100 levels is printed as JSON; ends soon after `MAX_TEXT`. */
export function toYAML(value: unknown): string {
  const lines = new Lines()
  node(value, 0, lines, '')
  return lines.text
}

function node(value: unknown, depth: number, lines: Lines, lead: string): void {
  if (Array.isArray(value) && value.length > 0 && depth < MAX_DEPTH) {
    list(value, depth, lines, lead)
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < MAX_DEPTH) {
    mapping(fields(value), depth, lines, lead)
  } else {
    lines.push(`${lead}${scalar(value, depth)}`)
  }
}

function mapping(value: Fields, depth: number, lines: Lines, lead: string): void {
  const keys = Object.keys(value).sort()
  if (keys.length === 0) {
    lines.push(`${lead}{}`)
    return
  }
  let prefix = lead
  for (const key of keys) {
    if (lines.full) return
    entry(`${prefix}${flow(key)}:`, value[key], depth, lines)
    prefix = '  '.repeat(depth)
  }
}

function entry(head: string, child: unknown, depth: number, lines: Lines): void {
  if (depth + 1 < MAX_DEPTH && Array.isArray(child) && child.length > 0) {
    lines.push(head)
    list(child, depth, lines, '  '.repeat(depth))
  } else if (depth + 1 < MAX_DEPTH && Object.keys(fields(child)).length > 0) {
    lines.push(head)
    mapping(fields(child), depth + 1, lines, '  '.repeat(depth + 1))
  } else {
    lines.push(`${head} ${scalar(child, depth)}`)
  }
}

function list(value: readonly unknown[], depth: number, lines: Lines, lead: string): void {
  let prefix = lead
  for (const item of value) {
    if (lines.full) return
    node(item, depth + 1, lines, `${prefix}- `)
    prefix = '  '.repeat(depth)
  }
}

function scalar(value: unknown, depth: number): string {
  if (typeof value !== 'string') return visible(asJSON(value))
  return isBlock(value) ? block(value, depth) : flow(value)
}

/** What is nested too deep for that is said to be. */
function asJSON(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch {
    return '… # nested too deep to be shown'
  }
}

/** On one line: plain where it reads back as the same string, else quoted. */
function flow(value: string): string {
  const plain =
    PLAIN.test(value) &&
    !value.endsWith(' ') &&
    !value.endsWith(':') &&
    !value.includes(': ') &&
    !value.includes(' #') &&
    !SPECIAL.test(value) &&
    !NUMBER_LIKE.test(value) &&
    !DATE_LIKE.test(value) &&
    !SEXAGESIMAL.test(value)
  return plain && visible(value) === value ? value : visible(JSON.stringify(value))
}

/** Only text that stays the same in a literal block: no controls, no leading space, no trailing blanks that readers drop. */
function isBlock(value: string): boolean {
  return value.includes('\n') && !/^\s/.test(value) && !/[ \t]\n|[ \t]$/.test(value) && visible(value, true) === value
}

function block(value: string, depth: number): string {
  const trailing = /\n*$/.exec(value)?.[0].length ?? 0
  const indicator = trailing === 0 ? '|-' : trailing === 1 ? '|' : '|+'
  const indent = '  '.repeat(depth + 1)
  const body = trailing > 0 ? value.slice(0, -1) : value
  let out = indicator
  for (const line of body.split('\n')) {
    out += line === '' ? '\n' : `\n${indent}${line}`
    if (out.length > MAX_TEXT) break
  }
  return out
}
