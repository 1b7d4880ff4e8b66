// The connector's own answer when there is none from the API server. In: a stream. Out: a failure HEAD.

import { encodeHead, type ResponseHead } from '../protocol/tunnel/head.ts'
import type { TunnelStream } from '../protocol/tunnel/stream.ts'

/** Why the connector has no answer. */
export type Failure = Extract<ResponseHead, { failure: unknown }>['failure']

/** Answers with a failure; the request's body, if any still comes, is not wanted. */
export function fail(stream: TunnelStream, failure: Failure): void {
  stream.respond(encodeHead({ failure }), false, true)
  stream.stopPeer()
}
