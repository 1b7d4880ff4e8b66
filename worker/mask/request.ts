// What may be recorded of a request body: a Secret that an agent writes must not be readable in the database. In: what was
// asked and the body. Out: the body with its secret values masked, and those values, so that an answer can be masked too. No I/O.

import type { BodyFormat, RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { Masker, type MaskReport } from './placeholder.ts'
import { decodeDeleteOptions } from './protobuf.ts'
import { isSecrets } from './response.ts'
import { MaskError, type Node, Scanner } from './scanner.ts'
import { maskPlain, secretTree } from './secrets.ts'
import { looksLikeJson, strictBody } from './strict.ts'

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

/** Paths of a Secret whose values are no secrets. All others are masked. */
const OPEN_PATH =
  /^\/(?:type|immutable|metadata\/(?:labels|finalizers|ownerReferences|name|namespace|resourceVersion|uid)(?:\/.*)?)$/s

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
  const { info, format, bytes } = input
  if (format === 'none' || bytes.length === 0) return untouched(bytes, MEDIA_TYPES[format])
  if (format === 'protobuf') {
    const options = decodeDeleteOptions(bytes)
    return options === null
      ? { ok: false, reason: 'a protobuf body is recorded as the JSON the API server makes of it' }
      : untouched(encoder.encode(JSON.stringify(options)), 'application/json')
  }
  const secret = isSecrets(info)
  if (!secret && !mentionsSecret(bytes)) return untouched(bytes, MEDIA_TYPES[format])
  const body = strictBody(format, bytes)
  if (!body.ok) return body
  if (!secret && !isSecretObject(body.value)) return untouched(bytes, MEDIA_TYPES[format])

  const masker = new Masker(input.masking.key, true)
  const isYaml = format === 'yaml' || (format === 'apply-patch' && !looksLikeJson(bytes))
  const tree = format === 'json-patch' ? patchTree(body.value, masker) : secretTree(masker)
  try {
    const scanner = new Scanner(tree)
    // The scanner's output may share memory with its input, which is the caller's.
    const masked = scanner.push(isYaml ? encoder.encode(JSON.stringify(body.value)) : bytes).slice()
    scanner.end()
    return {
      ok: true,
      masked,
      mediaType: isYaml ? 'application/json' : MEDIA_TYPES[format],
      report: masker.report(),
      secrets: [...masker.seen],
    }
  } catch (error) {
    if (error instanceof MaskError) return { ok: false, reason: error.reason }
    throw error
  }
}

function untouched(masked: Uint8Array, mediaType: string): MaskedBody {
  return { ok: true, masked, mediaType, report: { count: 0, rules: {} }, secrets: [] }
}

/** A cheap first look for a Secret sent to where it does not belong. */
function mentionsSecret(bytes: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(bytes)
  return /secret/i.test(text) || text.includes('\\u') || text.includes('\\x')
}

function isSecretObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const kind = 'kind' in value ? value.kind : undefined
  if (typeof kind === 'string' && /^secret(?:list)?$/i.test(kind)) return true
  return 'items' in value && Array.isArray(value.items) && value.items.some(isSecretObject)
}

/** A JSON patch: every `value` is masked unless all operations stay on paths that hold no secret. */
function patchTree(operations: unknown, masker: Masker): Node {
  const open =
    Array.isArray(operations) &&
    operations.every(
      (operation: unknown) =>
        typeof operation === 'object' &&
        operation !== null &&
        'path' in operation &&
        typeof operation.path === 'string' &&
        OPEN_PATH.test(operation.path),
    )
  if (open) return { members: new Map() }
  return { members: new Map([['value', { leaf: maskPlain(masker, true) }]]) }
}
