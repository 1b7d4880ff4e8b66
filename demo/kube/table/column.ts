// What a column of a Table is, and the text forms kubectl's users know: ages, labels, selectors. Pure.

import {
  at,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  numberAt,
  objectsAt,
  stringsAt,
  textAt,
} from '../json.ts'

/** One column; priority 1 columns show with `-o wide` only. */
export interface Column {
  readonly name: string
  readonly type?: 'integer' | 'boolean' | 'date'
  readonly wide?: true
  readonly cell: (object: KubeObject, nowMs: number) => Json
}

/** A duration as kubectl shortens it: `5s`, `3m20s`, `4h`, `12d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`
  if (days < 730) return `${days}d`
  return `${Math.floor(days / 365)}y${days % 365}d`
}

/** Time since an RFC 3339 stamp, `<unknown>` without one. */
export function since(stamp: string, nowMs: number): string {
  return stamp === '' ? '<unknown>' : humanDuration(nowMs - Date.parse(stamp))
}

/** Text, or `<none>` when there is none. */
export const or = (text: string, empty = '<none>') => (text === '' ? empty : text)
/** A column that shows the string at a path. */
export const path = (name: string, ...where: (string | number)[]): Column => ({
  name,
  cell: (o) => or(textAt(o, ...where)),
})
/** A column that shows the number at a path, 0 when absent. */
export const number = (name: string, ...where: string[]): Column => ({
  name,
  type: 'integer',
  cell: (o) => numberAt(o, where),
})
/** The same column, shown with `-o wide` only. */
export const wide = (column: Column): Column => ({ ...column, wide: true })
/** The name column. */
export const NAME: Column = { name: 'Name', cell: (o) => o.metadata.name }
/** The age column. */
export const AGE: Column = { name: 'Age', cell: (o, now) => since(o.metadata.creationTimestamp ?? '', now) }

/** `app=web,tier=front` of a label map; `<none>` when empty. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return or(
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  )
}

/** A `metav1.LabelSelector` as text. */
export function selectorText(selector: Json | undefined): string {
  const parts = Object.entries(stringsAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${value}`)
  for (const e of objectsAt(selector, 'matchExpressions')) {
    const values = listAt(e, 'values').join(',')
    const op = textAt(e, 'operator')
    const key = textAt(e, 'key')
    parts.push(
      op === 'In'
        ? `${key} in (${values})`
        : op === 'NotIn'
          ? `${key} notin (${values})`
          : op === 'Exists'
            ? key
            : `!${key}`,
    )
  }
  return or(parts.join(','))
}

/** The value a simple JSONPath (`.spec.size`, `.status.conditions[0].type`) finds, for custom columns. */
export function jsonPath(object: JsonObject, text: string): Json | undefined {
  let here: Json | undefined = object
  for (const match of text.matchAll(/\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]|\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]/g)) {
    const [, name, quoted, index, key, value] = match
    if (index !== undefined) here = Array.isArray(here) ? here[Number(index)] : undefined
    else if (key !== undefined)
      here = Array.isArray(here) ? here.find((item) => isObject(item) && item[key] === value) : undefined
    else here = at(here, name ?? quoted ?? '')
  }
  return here
}
