// Prints a refusal as kubectl prints it. In: the recorded result and the response body. Out: one text. No I/O.

import type { RecordedRequest, RecordedResult } from '../log/event.ts'
import { visible } from './escape.ts'
import { type Fields, fields, items, parseJSON, text } from './json.ts'

/** The message on standard error for a response of 400 or more. Ends with a newline. */
export function failureText(request: RecordedRequest, result: RecordedResult | undefined, body: string): string {
  const status = fields(parseJSON(body))
  if (status.kind === 'Status') return statusText(status)
  if (result?.message !== undefined) return line(`Error from server (${reasonOf(result)}): ${result.message}`)
  if (body.trim() !== '') return line(body.trimEnd())
  if (result?.code === 404 && request.name !== '') {
    const kind = request.group === '' ? request.resource : `${request.resource}.${request.group}`
    return line(`Error from server (NotFound): ${kind} "${request.name}" not found`)
  }
  return line(`Error from server: ${request.verb} ${request.resource} answered ${result?.code ?? 'nothing'}`)
}

/** A `metav1.Status` of a failure, in kubectl's words. */
function statusText(status: Fields): string {
  const message = text(status.message)
  const reason = text(status.reason)
  if (status.code === 401) return line(`error: You must be logged in to the server (${message || 'Unauthorized'})`)
  if (reason === 'Invalid') return invalidText(status, message)
  if (reason === '') return line(`Error from server: ${message || 'unknown'}`)
  return line(`Error from server (${reason}): ${message}`)
}

/** kubectl prints only the causes of an `Invalid`. */
function invalidText(status: Fields, message: string): string {
  const details = fields(status.details)
  const causes = items(details.causes).map((cause) => `${text(fields(cause).field)}: ${text(fields(cause).message)}`)
  if (causes.length === 0) return line(`The request is invalid: ${message}`)
  const head = `The ${text(details.kind)} "${text(details.name)}" is invalid: `
  const [only] = causes
  return line(
    causes.length === 1 && only !== undefined ? head + only : `${head}\n${causes.map((c) => `* ${c}`).join('\n')}`,
  )
}

function line(message: string): string {
  return `${visible(message, true)}\n`
}

/** `metav1.StatusReason` by HTTP code, for results whose reason is the gateway's own word. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

function reasonOf({ reason, code }: RecordedResult): string {
  return reason !== undefined && /^[A-Z]/.test(reason) ? reason : (REASONS[code] ?? reason ?? String(code))
}
