// What happens to a response before it may be seen by anyone. In: what was asked, the response's status and headers, the
// session's key. Out: let it pass, run it through a transform, or withhold it. No I/O.

import { join } from '../bytes.ts'
import type { HeaderList, RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { MaskError } from './error.ts'
import { MAX_ERROR_TEXT_BYTES } from './limits.ts'
import { type MediaType, mediaTypeOf } from './mediatype.ts'
import type { MaskReport } from './placeholder.ts'
import { Scanner } from './scanner.ts'
import { type Lent, lend, scopeOf } from './scope.ts'
import { type PartAsked, textTransform, wholeText } from './text.ts'
import { isSecrets, treeFor } from './tree.ts'

export { isSecrets } from './tree.ts'

/** A body that is masked as it passes. */
export interface ByteTransform {
  /**
   * The bytes that may go on now: possibly none, possibly memory of `chunk`.
   * @throws {MaskError} the content cannot be masked: nothing more may be sent or recorded, the hub ends with a Status
   */
  push(chunk: Uint8Array): Uint8Array
  /** The last bytes. To be called exactly once, after the body ended well. @throws {MaskError} as `push` */
  end(): Uint8Array
  /** True while text is held back that more could turn into a secret. */
  readonly holding?: boolean
  /** Lets go of what is held back, though more may come. @throws {MaskError} as `push` */
  flush?(): Uint8Array
  /** What was masked so far. */
  report(): MaskReport
}

export type ResponsePlan =
  | { readonly kind: 'pass' }
  | { readonly kind: 'transform'; readonly transform: ByteTransform }
  /** `reason` is for a person. No byte of the body may be read on. */
  | { readonly kind: 'withhold'; readonly reason: string }

/** OpenAPI as old clients ask for it. It holds no objects of the cluster. */
const OPENAPI_PROTOBUF = /^application\/com\.github\.proto-openapi\.spec\.v[23](?:@v1\.0|\.v1\.0)?\+protobuf$/

const OPENAPI_PATH = /^\/openapi\/v[23](?:\/|$)/

/** Text, and what is written as text is. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['text/plain', 'text/html', 'application/openmetrics-text'])

/** Subresources whose content is the kubelet's or a pod's, and so text as well as JSON. */
const TEXT_SUBRESOURCES: ReadonlySet<string> = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

/** An answer that is to be masked. */
interface Answer {
  readonly info: RequestInfo
  readonly status: number
  readonly headers: HeaderList
  readonly masking: Masking
  readonly requestSecrets?: readonly string[]
}

/**
 * Plans how a response is masked.
 * @param input.requestSecrets `secrets` of `maskRequestBody`: values a Status may quote
 */
export function planResponseMask(input: Answer): ResponsePlan {
  const { info, headers, masking } = input
  const mayPass = !isSecrets(info) && masking.rules.onUnreadable(info) === 'pass'
  const unreadable = (reason: string): ResponsePlan => (mayPass ? { kind: 'pass' } : { kind: 'withhold', reason })
  for (const [name, value] of headers) {
    if (name === 'content-encoding' && value.trim().toLowerCase() !== 'identity') {
      return unreadable('the response is compressed though plain bytes were asked for')
    }
  }
  const type = mediaTypeOf(headers)
  if (type === 'conflicting') return unreadable('the response names more than one content type')
  if (type === null) {
    return mayPass ? { kind: 'pass' } : { kind: 'transform', transform: nothing('the response names no content type') }
  }
  const transform = transformFor(input, type, mayPass)
  if (transform !== null) return { kind: 'transform', transform }
  // Kubernetes before 1.23 calls OpenAPI in protobuf `application/octet-stream`. It holds no objects.
  const isOpenApi =
    OPENAPI_PROTOBUF.test(type.essence) || (type.essence === 'application/octet-stream' && OPENAPI_PATH.test(info.path))
  if (!info.isResourceRequest && isOpenApi) return { kind: 'pass' }
  return unreadable(`content of type ${type.essence} cannot be masked`)
}

/** What masks content of a type; null when nothing does. */
function transformFor(
  { info, status, masking, requestSecrets = [] }: Answer,
  type: MediaType,
  mayPass: boolean,
): ByteTransform | null {
  if (type.essence === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(type.essence)) {
    const many = info.verb === 'watch' || info.streaming || type.parameters.get('stream') === 'watch'
    const open = (): Lent =>
      requestSecrets.length === 0
        ? lend(masking, info)
        : { scope: scopeOf(masking, info, { requestSecrets }), giveBack: () => undefined }
    return json(open, { info, many, mayPass })
  }
  if (!TEXT_TYPES.has(type.essence)) return null
  if (!info.isResourceRequest) return textTransform(masking, 'text')
  if (type.essence !== 'text/plain') return null
  // net/http and the API server's own limits answer errors as text.
  if (status >= 400) {
    const scope = scopeOf(masking, info, { requestSecrets })
    return wholeText(scope, { strict: isSecrets(info), maxBytes: MAX_ERROR_TEXT_BYTES })
  }
  if (isSecrets(info) || !TEXT_SUBRESOURCES.has(info.subresource)) return null
  // What is proxied may be a kubelet's log, which takes the same limits.
  return info.subresource === 'log' || info.subresource === 'proxy'
    ? textTransform(masking, info.subresource, partAsked(info.query))
    : textTransform(masking, info.subresource)
}

/** Which part of a log is asked for. Of several limits, and of one that is no number, the most careful reading counts. */
function partAsked(query: string): PartAsked {
  const asked = new URLSearchParams(query)
  const limits = asked.getAll('limitBytes').map((limit) => (/^[0-9]+$/.test(limit) ? Number(limit) : 0))
  return {
    maxBytes: limits.length === 0 ? null : Math.min(...limits),
    fromMiddle: ['tailLines', 'sinceSeconds', 'sinceTime'].some((name) => asked.has(name)),
  }
}

const EMPTY = new Uint8Array(0)

/**
 * JSON, scanned as it passes.
 * @param open called when the first bytes are there, and given back with the last: bodies that come one after the other use one
 * scope, however many are waited for
 * @param options.mayPass what turns out to be no JSON goes on as it comes
 */
function json(
  open: () => Lent,
  options: { readonly info: RequestInfo; readonly many: boolean; readonly mayPass: boolean },
): ByteTransform {
  const { info, many, mayPass } = options
  let opened: { readonly lent: Lent; readonly scanner: Scanner } | null = null
  const scanned = (): Scanner => {
    if (opened === null) {
      const lent = open()
      const { keys } = lent.scope
      opened = { lent, scanner: new Scanner(treeFor(lent.scope), { many, keys, strings: !isSecrets(info) }) }
    }
    return opened.scanner
  }
  let passes = false
  /** Once all of it is masked: the scope is another body's then. */
  let whole: MaskReport | null = null
  const done = (): void => {
    if (whole !== null) return
    whole = report()
    if (!passes) opened?.lent.giveBack()
  }
  const report = (): MaskReport => whole ?? opened?.lent.scope.masker.report() ?? { count: 0, rules: {} }
  const orPass = (chunk: Uint8Array, scan: (scanner: Scanner) => Uint8Array): Uint8Array => {
    if (passes) return chunk
    const scanner = scanned()
    if (!mayPass) return scan(scanner)
    const { unsent } = scanner
    try {
      return scan(scanner)
    } catch (error) {
      if (!(error instanceof MaskError) || !error.unreadable || error.made) throw error
      passes = true
      return join([unsent, chunk])
    }
  }
  return {
    push(chunk) {
      const out = orPass(chunk, (scanner) => scanner.push(chunk))
      // At once: answers that arrive together would take a scope each until their ends are read.
      if (opened?.scanner.whole === true) done()
      return out
    },
    end() {
      const last = orPass(EMPTY, (scanner) => scanner.end())
      done()
      return last
    },
    report,
  }
}

/** A body that must be empty. */
function nothing(reason: string): ByteTransform {
  return {
    push(chunk) {
      if (chunk.length > 0) throw new MaskError(reason, true)
      return EMPTY
    },
    end: () => EMPTY,
    report: () => ({ count: 0, rules: {} }),
  }
}
