// Why a tunnel could not bring an answer, in words for the agent. One switch, exhaustive. No I/O.

import type { Refusal } from '../context.ts'
import type { TunnelFailure } from '../ports.ts'

const PERHAPS_DONE = 'the request may or may not have been carried out. Look before you repeat it'

/**
 * @param harmless true when the request changes nothing (a read, a dry run), so that it can simply be repeated
 */
export function refusalOfFailure(failure: TunnelFailure, harmless: boolean): Refusal {
  switch (failure.kind) {
    case 'no-connector':
      return {
        kind: 'connector-unavailable',
        message:
          'no connector for this connection is dialled in, so the cluster cannot be reached; nothing was sent. It reconnects by itself: try again shortly, or start it with: sallyport connector',
      }
    case 'lost':
      if (!failure.sent) {
        return {
          kind: 'connector-unavailable',
          message: 'the connector was lost before the request was sent; try again',
        }
      }
      return {
        kind: 'connector-lost',
        message: harmless
          ? 'the connector was lost before the answer came; ask again'
          : `the connector was lost before the answer came: ${PERHAPS_DONE}`,
      }
    case 'refused':
      return { kind: 'forbidden', message: `the connector refused the request by its own limits: ${failure.message}` }
    case 'unreachable':
      if (failure.sent && !harmless) return { kind: 'connector-lost', message: `${failure.message}; ${PERHAPS_DONE}` }
      return {
        kind: 'connector-unavailable',
        message: `the connector cannot reach the API server: ${failure.message}`,
      }
    case 'protocol':
      return { kind: 'upstream', message: `the API server's answer could not be understood: ${failure.message}` }
    case 'timeout':
      return { kind: 'timeout', message: `the API server did not answer in time: ${failure.message}` }
    case 'unsupported':
      return { kind: 'unsupported-client', message: failure.message }
    case 'cancelled':
      return { kind: 'timeout', message: 'the request was given up before its answer came' }
    default:
      return failure.kind satisfies never
  }
}
