// Text that is no JSON: masked whole where all of it is there, and as it comes where it is long or has no end. No I/O.

import { join } from '../bytes.ts'
import type { RequestInfo } from '../context.ts'
import type { Masking } from './contract.ts'
import { MaskError } from './error.ts'
import { textEdits } from './look.ts'
import { Masker, type MaskReport } from './placeholder.ts'
import type { ByteTransform } from './response.ts'
import { type Scope, scopeOf } from './scope.ts'
import { maskMessage } from './status.ts'
import { applyEdits } from './token.ts'

const encoder = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const EMPTY = new Uint8Array(0)

/**
 * Masks a text that is recorded or shown: a target, an argument, a warning, a message.
 * @param at what it is, for the report; part of no placeholder
 * @throws {MaskError} it cannot be told what is secret in it: it must be withheld
 */
export function maskText(
  text: string,
  { key, finder }: Pick<Masking, 'key' | 'finder'>,
  at: string,
): { readonly text: string; readonly report: MaskReport } {
  const masker = new Masker(key)
  const bytes = encoder.encode(text)
  const { hits } = finder.find(bytes, { final: true })
  if (hits.length === 0) return { text, report: masker.report() }
  const edits = hits.map(({ start, end, value, rule }) => ({
    start,
    end,
    bytes: encoder.encode(masker.placeholder(value, rule, at)),
  }))
  return { text: utf8.decode(applyEdits(bytes, edits)), report: masker.report() }
}

/** Masks a warning of an answer as the Status beside it would be. @throws {MaskError} */
export function maskWarning(
  text: string,
  masking: Masking,
  info: RequestInfo,
  options: { readonly requestSecrets: readonly string[]; readonly strict: boolean },
): string {
  const scope = scopeOf(masking, info, { requestSecrets: options.requestSecrets })
  return maskMessage(text, scope, { strict: options.strict, at: 'warning' })
}

/** A short text, held back whole. @param strict it answers a Secrets request */
export function wholeText(
  scope: Scope,
  options: { readonly strict: boolean; readonly maxBytes: number },
): ByteTransform {
  const parts: Uint8Array[] = []
  let length = 0
  return {
    push(chunk) {
      length += chunk.length
      if (length > options.maxBytes) throw new MaskError('the response is too long to be masked')
      parts.push(chunk.slice())
      return EMPTY
    },
    end() {
      const bytes = join(parts)
      let text: string
      try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
      } catch {
        throw new MaskError('the response is not text', true)
      }
      const masked = maskMessage(text, scope, { strict: options.strict, at: 'text' })
      return encoder.encode(masked)
    },
    report: () => scope.masker.report(),
  }
}

/** Text of any length, searched as it comes; nothing stays held back for longer than its next line, or MAX_HELD_BYTES. */
export function lines(scope: Scope, at: string): ByteTransform {
  let held: Uint8Array = EMPTY
  const mask = (bytes: Uint8Array): Uint8Array => {
    const edits = textEdits(bytes, scope, at)
    return edits.length === 0 ? bytes : applyEdits(bytes, edits)
  }
  const letGo = (): Uint8Array => {
    const bytes = held
    held = EMPTY
    return bytes.length === 0 ? EMPTY : mask(bytes)
  }
  return {
    push(chunk) {
      const all = held.length === 0 ? chunk : join([held, chunk])
      const end = all.lastIndexOf(0x0a) + 1
      if (end === 0 && all.length < MAX_HELD_BYTES) {
        held = all.slice()
        return EMPTY
      }
      const now = end === 0 ? all : all.subarray(0, end)
      held = all.slice(now.length)
      return mask(now)
    },
    end: letGo,
    flush: letGo,
    get holding() {
      return held.length > 0
    },
    report: () => scope.masker.report(),
  }
}

/** A line that is longer is searched in parts. */
const MAX_HELD_BYTES = 256 * 1024
