// The headers of an answer on its way to the client: an allowlist, our id, and no secret in a warning. No I/O.

import type { Authenticated, HeaderList } from '../context.ts'
import { isSecrets } from '../mask/response.ts'
import { MaskError } from '../mask/scanner.ts'
import { maskWarning } from '../mask/text.ts'
import { clientHeaders } from '../reply/headers.ts'
import type { Passage } from './passage.ts'

/** Our id, and warnings masked like the Status they stand beside. The body's length is left out. */
export function answerHeaders(
  { masking, requestSecrets }: Pick<Passage, 'masking' | 'requestSecrets'>,
  { info, id }: Pick<Authenticated, 'info' | 'id'>,
  upstream: HeaderList,
): HeaderList {
  const options = { requestSecrets, strict: isSecrets(info) }
  const masked: (readonly [string, string])[] = []
  for (const [name, value] of clientHeaders(upstream, { masked: true, info })) {
    if (name === 'audit-id') continue
    if (name !== 'warning') {
      masked.push([name, value])
      continue
    }
    try {
      // Header values are ASCII; a placeholder's brackets are not.
      const said = utf8Of(value)
      const warning = maskWarning(said ?? value, masking, info, options)
        .replaceAll('⟦', '[')
        .replaceAll('⟧', ']')
      masked.push([name, said === null ? warning : latin1Of(warning)])
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      masked.push([name, '299 - "a warning of the cluster was withheld: it could not be masked"'])
    }
  }
  return [...masked, ['audit-id', id]]
}

/** Fields are read byte by byte as Latin-1, while Kubernetes writes UTF-8: a known value is found in what was meant. Null: it is none. */
function utf8Of(value: string): string | null {
  if (!/[\x80-\xff]/.test(value)) return null
  try {
    return decoder.decode(Uint8Array.from(value, (char) => char.charCodeAt(0)))
  } catch {
    return null
  }
}

function latin1Of(text: string): string {
  return Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join('')
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()
