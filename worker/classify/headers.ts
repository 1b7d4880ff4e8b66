// Request headers: the checks before anything is believed, and the allowlist of what is sent upstream.
// Never looks at X-Forwarded-*, X-Remote-* or names with an underscore: nothing in them is believed.

import type { Classified, HeaderList, Outcome } from '../context.ts'
import { CLAIM_CHARS, HEADER_BYTES, HEADER_COUNT } from './limits.ts'
import { accept, malformed, refuse } from './refusal.ts'

/** What `Connection` may name. Anything else asks a hop to strip a header (GHSA-pvxj-25m6-7vqr). */
const CONNECTION_TOKENS: ReadonlySet<string> = new Set(['close', 'keep-alive', 'upgrade', 'te'])
/** Fields of which a second one would be read differently by different parsers. */
const SINGLE = ['authorization', 'content-type', 'content-encoding', 'transfer-encoding', 'origin', 'host'] as const

/** Every value of a field, in order; `name` in lower case. */
export function values(headers: HeaderList, name: string): readonly string[] {
  return headers.filter(([field]) => field === name).map(([, value]) => value)
}

/** Refuses header lists that are too large, ambiguous, or try to name another identity. */
export function checkHeaders(headers: HeaderList): Outcome<HeaderList> {
  if (headers.length > HEADER_COUNT) return malformed(`the request has more than ${HEADER_COUNT} header fields`)
  let bytes = 0
  for (const [name, value] of headers) {
    bytes += name.length + value.length
    if (name.startsWith('impersonate-')) return impersonation()
  }
  if (bytes > HEADER_BYTES) return malformed(`the request's header fields hold more than ${HEADER_BYTES} bytes`)
  for (const token of list(headers, 'connection')) {
    if (token.startsWith('impersonate-')) return impersonation()
    if (!CONNECTION_TOKENS.has(token)) return malformed('the Connection header names a field it must not name')
  }
  for (const name of SINGLE) {
    if (values(headers, name).length > 1) return malformed(`the ${name} header is given more than once`)
  }
  const lengths = new Set(list(headers, 'content-length'))
  const transfer = values(headers, 'transfer-encoding')[0]
  if (lengths.size > 1) return malformed('the request has several Content-Lengths')
  for (const length of lengths) {
    if (!/^[0-9]{1,15}$/.test(length)) return malformed('the Content-Length is not a number')
  }
  if (transfer !== undefined) {
    if (lengths.size > 0) return malformed('the request has both a Content-Length and a Transfer-Encoding')
    if (transfer.trim().toLowerCase() !== 'chunked') return malformed('the only Transfer-Encoding is chunked')
  }
  const encoding = values(headers, 'content-encoding')[0]
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return refuse('unsupported-media-type', 'compressed request bodies are not accepted: send the body as it is')
  }
  return accept(headers)
}

/** A comma-separated field's members, in lower case. */
function list(headers: HeaderList, name: string): readonly string[] {
  return values(headers, name)
    .flatMap((value) => value.split(','))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '')
}

function impersonation() {
  return {
    ok: false,
    refusal: {
      kind: 'forbidden',
      message:
        'the gateway says who you are to the cluster: Impersonate- headers (kubectl --as, --as-group, --as-uid) are refused',
      decision: {
        effect: 'Deny',
        policy: 'built-in',
        rule: 'impersonate',
        reason: 'Impersonate- headers are refused',
        revision: 0,
      },
    },
  } as const
}

/** What the client says of itself, cut and cleaned: to group by and to show, never to judge by. */
export function clientClaims(headers: HeaderList): Classified['client'] {
  const claim = (name: string) => (values(headers, name)[0] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, CLAIM_CHARS)
  return { userAgent: claim('user-agent'), command: claim('kubectl-command'), session: claim('kubectl-session') }
}

/** The one `Content-Type` sent for each body format. */
const CONTENT_TYPE: Readonly<Record<Exclude<Classified['bodyFormat'], 'none'>, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  'json-patch': 'application/json-patch+json',
  'merge-patch': 'application/merge-patch+json',
  'strategic-merge-patch': 'application/strategic-merge-patch+json',
  'apply-patch': 'application/apply-patch+yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

/**
 * The headers sent to the API server, built from what was parsed and nothing else. The connector adds credentials,
 * `Impersonate-*`, `Audit-ID`, `Host` and the framing.
 */
export function upstreamHeaders(classified: Classified): HeaderList {
  const { accept: plan, bodyFormat, client, info } = classified
  const headers: [string, string][] = [['accept', plan.upstream]]
  if (bodyFormat !== 'none') headers.push(['content-type', CONTENT_TYPE[bodyFormat]])
  if (client.userAgent !== '') headers.push(['user-agent', client.userAgent])
  if (client.command !== '') headers.push(['kubectl-command', client.command])
  if (client.session !== '') headers.push(['kubectl-session', client.session])
  // Only documents without secrets (discovery, OpenAPI) may be answered from the client's own copy.
  const etag = values(classified.headers, 'if-none-match')[0]
  if (!info.isResourceRequest && etag !== undefined && /^[\x21-\x7e ]{1,512}$/.test(etag)) {
    headers.push(['if-none-match', etag])
  }
  return headers
}
