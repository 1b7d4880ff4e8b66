// What happens to a response before it may be seen by anyone. In: what was asked, the response's status and headers, the
// session's key. Out: let it pass, run it through a transform, or withhold it. No I/O.

import type { HeaderList, RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { MAX_ERROR_TEXT_BYTES } from './limits.ts'
import { mediaTypeOf } from './mediatype.ts'
import { Masker, type MaskReport } from './placeholder.ts'
import { MaskError, Scanner } from './scanner.ts'
import { secretTree } from './secrets.ts'
import { maskStatusText } from './status.ts'

/** A body that is masked as it passes. */
export interface ByteTransform {
  /**
   * The bytes that may go on now: possibly none, possibly memory of `chunk`.
   * @throws {MaskError} the content cannot be masked: nothing more may be sent or recorded, the hub ends with a Status
   */
  push(chunk: Uint8Array): Uint8Array
  /** The last bytes. To be called exactly once, after the body ended well. @throws {MaskError} as `push` */
  end(): Uint8Array
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

/** Answers of paths that are no resources: health, metrics, version, discovery, OpenAPI, the issuer's keys. */
const NON_RESOURCE_TYPES: ReadonlySet<string> = new Set([
  'text/plain',
  'text/html',
  'application/openmetrics-text',
  'application/jwk-set+json',
])

/** Subresources whose content is the kubelet's or a pod's, and so text as well as JSON. */
const TEXT_SUBRESOURCES: ReadonlySet<string> = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

/**
 * Plans how a response is masked.
 * @param input.requestSecrets `secrets` of `maskRequestBody`: values a Status may quote
 */
export function planResponseMask(input: {
  readonly info: RequestInfo
  readonly status: number
  readonly headers: HeaderList
  readonly masking: Masking
  readonly requestSecrets?: readonly string[]
}): ResponsePlan {
  const { info, status, headers } = input
  for (const [name, value] of headers) {
    if (name === 'content-encoding' && value.trim().toLowerCase() !== 'identity') {
      return { kind: 'withhold', reason: 'the response is compressed though plain bytes were asked for' }
    }
  }
  const type = mediaTypeOf(headers)
  if (type === 'conflicting') return { kind: 'withhold', reason: 'the response names more than one content type' }
  if (type === null) return { kind: 'transform', transform: nothing('the response names no content type') }

  if (type.essence === 'application/json') {
    if (!mayHoldSecrets(info)) return { kind: 'transform', transform: jsonGuard() }
    const masker = new Masker(input.masking.key)
    const many = info.verb === 'watch' || info.streaming || type.parameters.get('stream') === 'watch'
    const scanner = new Scanner(secretTree(masker, input.requestSecrets ?? []), many)
    return {
      kind: 'transform',
      transform: {
        push: (chunk) => scanner.push(chunk),
        end: () => scanner.end(),
        report: () => masker.report(),
      },
    }
  }
  if (!info.isResourceRequest) {
    // Kubernetes before 1.23 calls OpenAPI in protobuf `application/octet-stream`.
    const isOpenApi =
      OPENAPI_PROTOBUF.test(type.essence) ||
      (type.essence === 'application/octet-stream' && OPENAPI_PATH.test(info.path))
    return NON_RESOURCE_TYPES.has(type.essence) || isOpenApi
      ? { kind: 'pass' }
      : { kind: 'withhold', reason: `content of type ${type.essence} cannot be masked` }
  }
  if (type.essence === 'text/plain') {
    if (isSecrets(info)) {
      // net/http and the API server's own limits answer errors as text.
      if (status >= 400) {
        return {
          kind: 'transform',
          transform: errorText(new Masker(input.masking.key), input.requestSecrets ?? []),
        }
      }
    } else if (status >= 400 || TEXT_SUBRESOURCES.has(info.subresource)) return { kind: 'pass' }
  }
  return { kind: 'withhold', reason: `content of type ${type.essence} cannot be masked` }
}

/** True when the request is for Secrets of the core group, whatever the verb or subresource. */
export function isSecrets(info: RequestInfo): boolean {
  return info.isResourceRequest && info.apiGroup === '' && info.resource === 'secrets'
}

/** Secrets, and whatever comes through a proxy: it may lead to an API server again. */
function mayHoldSecrets(info: RequestInfo): boolean {
  return isSecrets(info) || (info.isResourceRequest && info.subresource === 'proxy')
}

const EMPTY = new Uint8Array(0)
const NO_MASK: MaskReport = { count: 0, rules: {} }

/** JSON that holds nothing to mask: only that it is JSON, and no protobuf under JSON's name, is looked at. */
function jsonGuard(): ByteTransform {
  let begun = false
  return {
    push(chunk) {
      if (begun) return chunk
      for (const byte of chunk) {
        if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue
        if (byte !== 0x7b && byte !== 0x5b && byte !== 0x22) throw new MaskError('the response is not JSON')
        begun = true
        break
      }
      return chunk
    },
    end: () => EMPTY,
    report: () => NO_MASK,
  }
}

/** A body that must be empty. */
function nothing(reason: string): ByteTransform {
  return {
    push(chunk) {
      if (chunk.length > 0) throw new MaskError(reason)
      return EMPTY
    },
    end: () => EMPTY,
    report: () => NO_MASK,
  }
}

/** A short text, held back whole. */
function errorText(masker: Masker, requestSecrets: readonly string[]): ByteTransform {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  let length = 0
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      throw new MaskError('the response is not text')
    }
  }
  return {
    push(chunk) {
      length += chunk.length
      if (length > MAX_ERROR_TEXT_BYTES) throw new MaskError('the response is too long to be masked')
      text += decode(chunk)
      return EMPTY
    },
    end: () => new TextEncoder().encode(maskStatusText(text + decode(), masker, requestSecrets)),
    report: () => masker.report(),
  }
}
