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
      const warning = maskWarning(value, masking, info, options).replaceAll('⟦', '[').replaceAll('⟧', ']')
      masked.push([name, warning])
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      masked.push([name, '299 - "a warning of the cluster was withheld: it could not be masked"'])
    }
  }
  return [...masked, ['audit-id', id]]
}
