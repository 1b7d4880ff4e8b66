// A request's body, taken off the wire whole and read strictly before anything is decided. In: a request and its source.
// Out: bytes and what they mean, or a refusal. What is not JSON or YAML is read later; YAML goes on as JSON.

import { readWhole } from '../bytes.ts'
import type { Authenticated, BodyFormat, ByteSource, Outcome } from '../context.ts'
import { MAX_BODY_BYTES } from '../limits.ts'
import { strictBody } from '../mask/strict.ts'
import type { Clock } from '../ports.ts'
import { areOptions, optionsOfQuery } from './deleteoptions.ts'
import { jsonOf } from './pin.ts'

/** A body that may be judged. */
export interface TakenBody {
  /** What is forwarded: as they came, or with masked values put back. Of YAML the JSON that says what was read. */
  readonly bytes: Uint8Array
  readonly format: BodyFormat
  /** What it means. For protobuf only `{apiVersion, kind}` and what a deletion asks for, until the API server has read it. */
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

/**
 * Reads the body, or refuses it: 413, 408-like, 400, 429. No body: null.
 * @param takes told of every piece as it comes: false when there is no room for it
 */
export async function takeBody(
  request: Authenticated,
  clock: Clock,
  deadlineMs: number,
  takes: (bytes: number) => boolean = () => true,
): Promise<Outcome<TakenBody | null>> {
  if (request.body === null) return withoutBody(request)
  const room = { left: true }
  const read = await readWhole(
    whileThereIsRoom(request.body, takes, room),
    { maxBytes: MAX_BODY_BYTES, deadlineMs },
    clock,
  )
  if (!room.left) {
    const { username } = request.identity.user
    const message = `the requests that ${username} has in flight hold as much as they may; wait for some to finish. Nothing was sent`
    return { ok: false, refusal: { kind: 'too-many', message, retryAfterS: 2 } }
  }
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
  if (read.bytes.length === 0) return withoutBody(request)
  const format = request.bodyFormat
  const strict = strictBody(format, read.bytes)
  if (!strict.ok) return refuse('malformed', `the request body cannot be judged: ${strict.reason}`)
  if (isDeletion(request) && !(isOfItsKind(request, strict.value) && areOptions(request.info, strict.value))) {
    return refuse('malformed', 'the request body cannot be judged: a deletion takes DeleteOptions, and it must say so')
  }
  const body = { bytes: read.bytes, format, value: strict.value }
  if (format !== 'yaml' && format !== 'apply-patch') return { ok: true, value: body }
  const bytes = plainYaml(body)
  return bytes === null ? refuse('malformed', UNSAYABLE) : { ok: true, value: { ...body, bytes } }
}

const UNSAYABLE =
  'the request body cannot be judged: it must be one object, and hold no number that JSON cannot say exactly; put such a number in quotes, or send JSON'
/** Characters that end a line to YAML 1.1, or that it does not take as they are. In JSON they only stand in strings. */
const NOT_IN_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

/**
 * The body as JSON that every YAML reader takes for the same. Two of them are never sure to agree, the API server's among
 * them (comments, lines, indents): so it is not given what was read here, but what was understood.
 */
function plainYaml(body: TakenBody): Uint8Array | null {
  const text = jsonOf(body)
  if (text === null) return null
  const escaped = text.replace(NOT_IN_YAML, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return new TextEncoder().encode(escaped)
}

/** Breaks off where there is no room. */
function whileThereIsRoom(body: ByteSource, takes: (bytes: number) => boolean, room: { left: boolean }): ByteSource {
  return {
    async read() {
      const chunk = await body.read()
      if (chunk === null || takes(chunk.length)) return chunk
      room.left = false
      body.cancel('too much is in flight')
      throw new Error('too much is in flight')
    },
    cancel: (reason) => body.cancel(reason),
  }
}

function withoutBody(request: Authenticated): Outcome<null> {
  if (!isDeletion(request) || optionsOfQuery(request.info.query) !== null) return { ok: true, value: null }
  return refuse('malformed', 'gracePeriodSeconds is not a number')
}

function isDeletion({ info }: Authenticated): boolean {
  return info.verb === 'delete' || info.verb === 'deletecollection'
}

/** To the API server a body of no kind is one of its kind too, in protobuf that could only be read by a dry run: of a deletion. */
function isOfItsKind({ bodyFormat, info }: Authenticated, value: unknown): boolean {
  if (bodyFormat !== 'protobuf') return true
  const kind = info.subresource === 'eviction' ? 'Eviction' : 'DeleteOptions'
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}

function refuse(kind: 'too-large' | 'timeout' | 'malformed', message: string) {
  return { ok: false as const, refusal: { kind, message } }
}
