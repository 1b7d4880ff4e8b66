// A command's title from its requests. No I/O.

import type { RecordedRequest } from '../protocol/log/event.ts'

/** What the client said it was, and the verb and resource of its last request. */
export function titleOf(requests: readonly RecordedRequest[]): string {
  const last = requests.at(-1)
  if (last === undefined) return ''
  const client = last.kubectlCommand ?? last.userAgent.split('/')[0] ?? ''
  return [client, last.verb, last.resource].filter((part) => part !== '').join(' ')
}
