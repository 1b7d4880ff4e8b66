// What one row of the API's route table is: method, path, who may, what goes in and out, and the function that answers.
// The router, the OpenAPI document and the table-driven tests are all made from these rows. No I/O.

import { fromStream, readWhole } from '../bytes.ts'
import { BODY_DEADLINE_MS } from '../limits.ts'
import type { Caller } from './caller.ts'
import type { ApiDeps } from './deps.ts'
import { problem } from './problem.ts'
import type { SchemaName } from './schema.ts'
import type { Role } from './types.ts'

/** Who may call: anyone, anyone who is logged in, or a role. */
type Access = 'anyone' | 'login' | Role

/** A query parameter. Strings are bounded; integers have a range and a default. */
export type QueryParameter =
  | { readonly name: string; readonly type: 'string'; readonly maxLength: number; readonly description: string }
  | { readonly name: string; readonly type: 'enum'; readonly values: readonly string[]; readonly description: string }
  | {
      readonly name: string
      readonly type: 'integer'
      readonly min: number
      readonly max: number
      readonly default: number
      readonly description: string
    }

/** One call, its parameters parsed by the row that describes them. */
export interface Call {
  readonly deps: ApiDeps
  readonly request: Request
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>
  readonly query: ReadonlyMap<string, string>
  /** Integers of the query with their defaults filled in. */
  readonly integers: ReadonlyMap<string, number>
  /** Null only where the row says `anyone`. */
  readonly caller: Caller | null
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** OpenAPI form: `/api/v1/sessions/{id}`. */
  readonly path: string
  readonly access: Access
  readonly operationId: string
  readonly summary: string
  readonly query?: readonly QueryParameter[]
  readonly body?: { readonly mediaType: string; readonly schema?: SchemaName; readonly maxBytes: number }
  readonly response: { readonly status: number; readonly mediaType?: string; readonly schema?: SchemaName | 'any' }
  readonly handle: (call: Call) => Promise<Response>
}

/** The caller of a row that is not for `anyone`. */
export function callerOf(call: Call): Caller {
  if (call.caller === null) throw new Error('a route that needs a caller was called without one')
  return call.caller
}

/** A path parameter the row's path has. */
export function param(call: Call, name: string): string {
  const value = call.params[name]
  if (value === undefined) throw new Error(`the route has no parameter ${name}`)
  return value
}

/** Parses the query as a row describes it. A parameter given twice, too long or out of range is refused; unknown ones are passed over. */
export function parseQuery(
  search: URLSearchParams,
  parameters: readonly QueryParameter[],
):
  | { readonly ok: true; readonly query: Map<string, string>; readonly integers: Map<string, number> }
  | { readonly ok: false; readonly response: Response } {
  const query = new Map<string, string>()
  const integers = new Map<string, number>()
  const refuse = (detail: string) => ({ ok: false, response: problem(400, detail) }) as const
  for (const parameter of parameters) {
    const values = search.getAll(parameter.name)
    if (values.length > 1) return refuse(`${parameter.name} is given twice.`)
    const [value] = values
    if (parameter.type === 'integer') {
      const number = value === undefined || value === '' ? parameter.default : Number(value)
      if (!Number.isInteger(number) || number < parameter.min || number > parameter.max) {
        return refuse(`${parameter.name} must be an integer from ${parameter.min} to ${parameter.max}.`)
      }
      integers.set(parameter.name, number)
      continue
    }
    if (value === undefined || value === '') continue
    if (parameter.type === 'enum' && !parameter.values.includes(value)) {
      return refuse(`${parameter.name} must be one of ${parameter.values.join(', ')}.`)
    }
    if (parameter.type === 'string' && value.length > parameter.maxLength) {
      return refuse(`${parameter.name} is longer than ${parameter.maxLength} characters.`)
    }
    query.set(parameter.name, value)
  }
  return { ok: true, query, integers }
}

/** Reads the body whole, as text, up to `maxBytes` and for as long as any body may take; refuses invalid UTF-8. */
export async function readText(
  { request, deps }: Pick<Call, 'request' | 'deps'>,
  maxBytes: number,
): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly response: Response }> {
  const no = (status: number, why: string) => ({ ok: false, response: problem(status, why) }) as const
  const tooLarge = `The body is larger than ${maxBytes} bytes.`
  const declared = Number(request.headers.get('content-length') ?? '0')
  if (declared > maxBytes) return no(413, tooLarge)
  if (request.body === null) return { ok: true, text: '' }
  const read = await readWhole(fromStream(request.body), { maxBytes, deadlineMs: BODY_DEADLINE_MS }, deps.clock)
  if (!read.ok) {
    switch (read.trouble) {
      case 'too-large':
        return no(413, tooLarge)
      case 'slow':
        return no(408, 'The body came too slowly.')
      case 'broken':
        return no(400, 'The body broke off.')
      default:
        return read.trouble satisfies never
    }
  }
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(read.bytes) }
  } catch {
    return no(400, 'The body is not UTF-8.')
  }
}

/** Reads a JSON body. The value is unknown: parse it. */
export async function readJson(
  call: Pick<Call, 'request' | 'deps'>,
  maxBytes: number,
): Promise<{ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly response: Response }> {
  if (!/^application\/json(?:;|$)/i.test(call.request.headers.get('content-type') ?? '')) {
    return { ok: false, response: problem(415, 'The body must be application/json.') }
  }
  const text = await readText(call, maxBytes)
  if (!text.ok) return text
  try {
    return { ok: true, value: JSON.parse(text.text) }
  } catch {
    return { ok: false, response: problem(400, 'The body is not JSON.') }
  }
}
