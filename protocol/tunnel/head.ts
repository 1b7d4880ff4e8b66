// The JSON in HEAD frames: what is asked of the connector, and what it answers. Parsed by hand, field by field, since
// every request passes here; unknown fields are refused, so that both ends always mean the same. No I/O.

import { TunnelProtocolError } from './frames.ts'

/** Header fields, names in lower case, repeats in order. */
type Headers = readonly (readonly [name: string, value: string])[]

/** A request as the connector sends it to the API server. */
export interface RequestHead {
  /** The event id, sent as `Audit-ID`. */
  readonly id: string
  /** Proof that the intent was recorded: `id` equals the request's, `leaf` is the hex leaf hash. */
  readonly receipt: { readonly id: string; readonly leaf: string }
  readonly method: string
  /** Path and query in origin form, sent byte for byte. */
  readonly target: string
  readonly headers: Headers
  /** Whom to impersonate. */
  readonly user: {
    readonly username: string
    readonly uid: string
    readonly groups: readonly string[]
    readonly extra: Readonly<Record<string, readonly string[]>>
  }
  /** Set for exec, attach and port-forward: WebSocket subprotocols in order of preference. */
  readonly upgrade?: { readonly protocols: readonly string[] }
}

/** Why the connector has no answer. The names are those of the gateway's tunnel failures. */
type FailureKind = 'refused' | 'unreachable' | 'protocol' | 'timeout' | 'unsupported'

/** The connector's answer to a request. */
export type ResponseHead =
  | { readonly status: number; readonly headers: Headers }
  | { readonly upgraded: true; readonly protocol: string }
  | {
      readonly failure: {
        readonly kind: FailureKind
        /** For a person; never a credential. */
        readonly message: string
        /** Whether the API server may have seen the request. */
        readonly sent: boolean
      }
    }

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const encoder = new TextEncoder()

/** The payload of a HEAD frame. */
export function encodeHead(head: RequestHead | ResponseHead): Uint8Array {
  return encoder.encode(JSON.stringify(head))
}

type Fields = Readonly<Record<string, unknown>>

function fail(what: string): never {
  throw new TunnelProtocolError(`HEAD: ${what}`)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function object(value: unknown, what: string, known: readonly string[] | null): Fields {
  if (!isFields(value)) fail(`${what} is not an object`)
  if (known !== null) {
    for (const key of Object.keys(value)) if (!known.includes(key)) fail(`${what} has a field that is not known`)
  }
  return value
}

function string(value: unknown, what: string): string {
  return typeof value === 'string' ? value : fail(`${what} is not a string`)
}

function strings(value: unknown, what: string): string[] {
  if (!Array.isArray(value)) fail(`${what} is not a list`)
  return value.map((item: unknown) => string(item, what))
}

function headers(value: unknown): Headers {
  if (!Array.isArray(value)) fail('headers is not a list')
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) fail('a header is not a pair')
    return [string(pair[0], 'a header name'), string(pair[1], 'a header value')] as const
  })
}

function json(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload))
  } catch {
    return fail('not JSON')
  }
}

/** @throws {TunnelProtocolError} when it is not exactly a RequestHead */
export function parseRequestHead(payload: Uint8Array): RequestHead {
  const f = object(json(payload), 'request', ['id', 'receipt', 'method', 'target', 'headers', 'user', 'upgrade'])
  const receipt = object(f.receipt, 'receipt', ['id', 'leaf'])
  const user = object(f.user, 'user', ['username', 'uid', 'groups', 'extra'])
  const extra: Record<string, string[]> = {}
  for (const [key, values] of Object.entries(object(user.extra, 'extra', null))) {
    if (key === '__proto__') fail('an extra key is not allowed')
    extra[key] = strings(values, 'extra')
  }
  const head: RequestHead = {
    id: string(f.id, 'id'),
    receipt: { id: string(receipt.id, 'receipt.id'), leaf: string(receipt.leaf, 'receipt.leaf') },
    method: string(f.method, 'method'),
    target: string(f.target, 'target'),
    headers: headers(f.headers),
    user: {
      username: string(user.username, 'username'),
      uid: string(user.uid, 'uid'),
      groups: strings(user.groups, 'groups'),
      extra,
    },
  }
  if (f.upgrade === undefined) return head
  return {
    ...head,
    upgrade: { protocols: strings(object(f.upgrade, 'upgrade', ['protocols']).protocols, 'protocols') },
  }
}

const KINDS: readonly FailureKind[] = ['refused', 'unreachable', 'protocol', 'timeout', 'unsupported']

/** @throws {TunnelProtocolError} when it is not exactly a ResponseHead */
export function parseResponseHead(payload: Uint8Array): ResponseHead {
  const f = object(json(payload), 'response', ['status', 'headers', 'upgraded', 'protocol', 'failure'])
  if (f.failure !== undefined) {
    const failure = object(f.failure, 'failure', ['kind', 'message', 'sent'])
    const kind = KINDS.find((known) => known === failure.kind) ?? fail('failure.kind is not known')
    if (typeof failure.sent !== 'boolean') fail('failure.sent is not a boolean')
    return { failure: { kind, message: string(failure.message, 'failure.message'), sent: failure.sent } }
  }
  if (f.upgraded !== undefined) {
    if (f.upgraded !== true) fail('upgraded is not true')
    return { upgraded: true, protocol: string(f.protocol, 'protocol') }
  }
  const { status } = f
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    fail('status is not a final HTTP status')
  }
  return { status, headers: headers(f.headers) }
}
