// What may be recorded of a request body: a Secret that an agent writes must not be readable in the database. In: what was
// asked and the body. Out: the body with its secret values masked, and those values, so that an answer can be masked too. No I/O.

import type { BodyFormat, RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { MaskError } from './error.ts'
import { patchTree } from './jsonpatch.ts'
import type { MaskReport } from './placeholder.ts'
import { decodeDeleteOptions } from './protobuf.ts'
import { Scanner } from './scanner.ts'
import { scopeOf } from './scope.ts'
import { looksLikeJson, strictBody } from './strict.ts'
import { treeFor } from './tree.ts'

export type MaskedBody =
  | {
      readonly ok: true
      readonly masked: Uint8Array
      /** What `masked` is: YAML and protobuf that had to be read are recorded as JSON. */
      readonly mediaType: string
      readonly report: MaskReport
      /** The values that were masked, for `planResponseMask`. In memory only. */
      readonly secrets: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

const MEDIA_TYPES: Readonly<Record<BodyFormat, string>> = {
  none: 'application/octet-stream',
  json: 'application/json',
  yaml: 'application/yaml',
  'json-patch': 'application/json-patch+json',
  'merge-patch': 'application/merge-patch+json',
  'strategic-merge-patch': 'application/strategic-merge-patch+json',
  'apply-patch': 'application/apply-patch+yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

const encoder = new TextEncoder()

/**
 * Masks a request body for the record. Bodies in protobuf other than DeleteOptions are refused: mask the dry run's JSON answer
 * in their place (`format: 'json'`).
 */
export function maskRequestBody(input: {
  readonly info: RequestInfo
  readonly format: BodyFormat
  readonly bytes: Uint8Array
  readonly masking: Masking
}): MaskedBody {
  const { info, format, masking } = input
  let { bytes } = input
  if (format === 'none' || bytes.length === 0) return untouched(bytes, MEDIA_TYPES[format])
  let mediaType = MEDIA_TYPES[format]
  let read: unknown
  if (format === 'protobuf') {
    read = decodeDeleteOptions(bytes)
    if (read === null)
      return { ok: false, reason: 'a protobuf body is recorded as the JSON the API server makes of it' }
  } else {
    const body = strictBody(format, bytes)
    if (!body.ok) return body
    read = body.value
  }
  if (format === 'protobuf' || format === 'yaml' || (format === 'apply-patch' && !looksLikeJson(bytes))) {
    bytes = encoder.encode(JSON.stringify(read))
    mediaType = 'application/json'
  }
  const scope = scopeOf(masking, info, { collect: true })
  try {
    const tree = format === 'json-patch' ? patchTree(scope, read) : treeFor(scope)
    const scanner = new Scanner(tree, { keys: scope.keys, strings: true })
    // The scanner's output may share memory with its input, which is the caller's.
    const masked = scanner.push(bytes).slice()
    scanner.end()
    return { ok: true, masked, mediaType, report: scope.masker.report(), secrets: [...scope.masker.seen] }
  } catch (error) {
    if (error instanceof MaskError) return { ok: false, reason: error.reason }
    throw error
  }
}

function untouched(masked: Uint8Array, mediaType: string): MaskedBody {
  return { ok: true, masked, mediaType, report: { count: 0, rules: {} }, secrets: [] }
}
