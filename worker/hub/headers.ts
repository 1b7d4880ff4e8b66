// The headers of an answer on its way to the client: an allowlist, our id, and no secret in a warning. No I/O.

import type { Authenticated, HeaderList } from '../context.ts'
import { Masker } from '../mask/placeholder.ts'
import { isSecrets } from '../mask/response.ts'
import { maskStatusText } from '../mask/status.ts'
import { clientHeaders } from '../reply/headers.ts'
import type { Passage } from './passage.ts'

/** Our id, and warnings about Secrets masked like the Status they stand beside. The body's length is left out. */
export function answerHeaders(
  { masking, requestSecrets }: Pick<Passage, 'masking' | 'requestSecrets'>,
  { info, id }: Pick<Authenticated, 'info' | 'id'>,
  upstream: HeaderList,
): HeaderList {
  const allowed = clientHeaders(upstream, { masked: true, info }).filter(([name]) => name !== 'audit-id')
  const masker = isSecrets(info) ? new Masker(masking.key) : null
  const masked = allowed.map(([name, value]): readonly [string, string] => [
    name,
    // Header values are ASCII; a placeholder's brackets are not.
    name === 'warning' && masker !== null
      ? maskStatusText(value, masker, requestSecrets).replaceAll('⟦', '[').replaceAll('⟧', ']')
      : value,
  ])
  return [...masked, ['audit-id', id]]
}
