// Reads JSON whose shape is not known. In: unknown. Out: narrow values or their neutral element, never a throw. No I/O.

export type Fields = Readonly<Record<string, unknown>>

/** The value as an object with named fields; `{}` for anything else (arrays too). */
export function fields(value: unknown): Fields {
  return isFields(value) ? value : {}
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as an array; `[]` for anything else. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value as a string; `''` for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The parsed JSON, or undefined when it is not JSON. */
export function parseJSON(source: string): unknown {
  try {
    const value: unknown = JSON.parse(source)
    return value
  } catch {
    return undefined
  }
}
