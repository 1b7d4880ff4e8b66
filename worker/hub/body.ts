// A request's body, taken off the wire whole and read strictly before anything is decided. In: a request and its source.
// Out: bytes and what they mean, or a refusal. What is not JSON or YAML is read later.

import { readWhole } from '../bytes.ts'
import type { Authenticated, BodyFormat, Outcome } from '../context.ts'
import { MAX_BODY_BYTES } from '../limits.ts'
import { strictBody } from '../mask/strict.ts'
import type { Clock } from '../ports.ts'

/** A body that may be judged. */
export interface TakenBody {
  /** What is forwarded: as they came, or with masked values put back. */
  readonly bytes: Uint8Array
  readonly format: BodyFormat
  /** What it means. For protobuf only `{apiVersion, kind}`, until the API server has read it. */
  readonly value: unknown
  /** Set where masked values were put back: the body as the client sent it, which is what people and the record may see of it. */
  readonly restored?: Restored
}

/** A body before masked values were put back. */
export interface Restored {
  readonly from: TakenBody
  /** What was put back; an answer's Status may quote it. In memory only. */
  readonly values: readonly string[]
}

/** Reads the body, or refuses it: 413, 408-like, 400. No body: null. */
export async function takeBody(
  request: Authenticated,
  clock: Clock,
  deadlineMs: number,
): Promise<Outcome<TakenBody | null>> {
  if (request.body === null) return { ok: true, value: null }
  const read = await readWhole(request.body, { maxBytes: MAX_BODY_BYTES, deadlineMs }, clock)
  if (!read.ok) {
    switch (read.trouble) {
      case 'too-large':
        return refuse(
          'too-large',
          `the request body is larger than ${MAX_BODY_BYTES} bytes, which is all the API server takes`,
        )
      case 'slow':
        return refuse(
          'timeout',
          `the request body did not arrive within ${deadlineMs / 1000} seconds; nothing was sent`,
        )
      case 'broken':
        return refuse('malformed', 'the request body broke off; nothing was sent')
      default:
        return read.trouble satisfies never
    }
  }
  if (read.bytes.length === 0) return { ok: true, value: null }
  const format = request.bodyFormat
  const strict = strictBody(format, read.bytes)
  if (!strict.ok) return refuse('malformed', `the request body cannot be judged: ${strict.reason}`)
  if (format === 'protobuf' && isDeletion(request) && !isDeleteOptions(strict.value)) {
    return refuse('malformed', 'the request body cannot be judged: a deletion takes DeleteOptions, and it must say so')
  }
  return { ok: true, value: { bytes: read.bytes, format, value: strict.value } }
}

/** An eviction is a POST of its own kind. */
function isDeletion({ info }: Authenticated): boolean {
  return (info.verb === 'delete' || info.verb === 'deletecollection') && info.subresource !== 'eviction'
}

/** To the API server a body of no kind is DeleteOptions too, in protobuf that could only be read by a dry run: of a deletion. */
function isDeleteOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'DeleteOptions'
}

function refuse(kind: 'too-large' | 'timeout' | 'malformed', message: string) {
  return { ok: false as const, refusal: { kind, message } }
}
