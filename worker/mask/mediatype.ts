// The media type of a body (RFC 9110, section 8.3.1). In: headers. Out: its essence and parameters. No I/O.

import type { HeaderList } from '../context.ts'

export interface MediaType {
  /** `type/subtype`, in lower case. */
  readonly essence: string
  /** By lower-case name; values without quotes, in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

/** The content type; null when there is none, `conflicting` when there are several that differ. */
export function mediaTypeOf(headers: HeaderList): MediaType | null | 'conflicting' {
  const values = new Set<string>()
  for (const [name, value] of headers) if (name === 'content-type') values.add(value.trim())
  const [value] = values
  if (value === undefined || value === '') return null
  if (values.size > 1) return 'conflicting'
  const [essence = '', ...rest] = value.split(';')
  const parameters = new Map<string, string>()
  for (const parameter of rest) {
    const at = parameter.indexOf('=')
    if (at < 0) continue
    const name = parameter.slice(0, at).trim().toLowerCase()
    parameters.set(
      name,
      parameter
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    )
  }
  return { essence: essence.trim().toLowerCase(), parameters }
}
