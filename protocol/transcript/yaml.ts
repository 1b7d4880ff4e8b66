// Prints a JSON value as YAML the way `kubectl get -o yaml` does: keys sorted, lists not indented, text blocks with `|`.
// In: a parsed JSON value. Out: text that a YAML 1.1 or 1.2 reader reads back as the same value. No I/O.

import { visible } from './escape.ts'
import { type Fields, fields } from './json.ts'

const PLAIN = /^[A-Za-z0-9_./⟦(][^\u0000-\u001f\u007f-\u009f]*$/
const SPECIAL = /^(?:~|null|true|false|yes|no|on|off|y|n)$/i
const NUMBER_LIKE =
  /^[-+]?(?:0x[0-9a-f_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|\.[0-9]+(?:e[-+]?[0-9]+)?|\.inf|\.nan)$/i
const DATE_LIKE = /^\d{4}-\d{1,2}-\d{1,2}/
const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const MAX_DEPTH = 100

/** The document with its final newline. Deeper than 100 levels is printed as JSON. */
export function toYAML(value: unknown): string {
  const lines: string[] = []
  node(value, 0, lines, '')
  return `${lines.join('\n')}\n`
}

function node(value: unknown, depth: number, lines: string[], lead: string): void {
  if (Array.isArray(value) && value.length > 0 && depth < MAX_DEPTH) {
    list(value, depth, lines, lead)
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < MAX_DEPTH) {
    mapping(fields(value), depth, lines, lead)
  } else {
    lines.push(`${lead}${scalar(value, depth)}`)
  }
}

function mapping(value: Fields, depth: number, lines: string[], lead: string): void {
  const keys = Object.keys(value).sort()
  if (keys.length === 0) {
    lines.push(`${lead}{}`)
    return
  }
  let prefix = lead
  for (const key of keys) {
    entry(`${prefix}${flow(key)}:`, value[key], depth, lines)
    prefix = '  '.repeat(depth)
  }
}

function entry(head: string, child: unknown, depth: number, lines: string[]): void {
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

function list(value: readonly unknown[], depth: number, lines: string[], lead: string): void {
  let prefix = lead
  for (const item of value) {
    node(item, depth + 1, lines, `${prefix}- `)
    prefix = '  '.repeat(depth)
  }
}

function scalar(value: unknown, depth: number): string {
  if (typeof value !== 'string') return visible(JSON.stringify(value) ?? 'null')
  return isBlock(value) ? block(value, depth) : flow(value)
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
  return `${indicator}\n${body
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n')}`
}
