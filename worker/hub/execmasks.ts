// What masks an exec or attach: its output, what is recorded of its input, and the Status that ends it. One for each stream.

import { CHANNEL } from '../../protocol/exec.ts'
import type { RecordedMask } from '../../protocol/log/event.ts'
import { joinMasks } from '../../protocol/log/masks.ts'
import { failure, type Status } from '../../protocol/status.ts'
import { join } from '../bytes.ts'
import type { RequestInfo } from '../context.ts'
import type { Masking } from '../mask/contract.ts'
import { planResponseMask } from '../mask/response.ts'
import { createTextStream } from '../mask/stream.ts'
import { readStatus } from './channels.ts'
import type { RelayMasks } from './relay.ts'

/** What masks a stream, and what it has masked. */
export interface ExecMasks extends RelayMasks {
  report(): RecordedMask | undefined
}

const encoder = new TextEncoder()

export function createExecMasks(info: RequestInfo, masking: Masking): ExecMasks {
  const output = createTextStream(masking, { [CHANNEL.stdout]: 'stdout', [CHANNEL.stderr]: 'stderr' })
  const input = createTextStream(masking, { [CHANNEL.stdin]: 'stdin' })
  let statusMask: RecordedMask = { count: 0, rules: {} }
  return {
    output,
    input,
    status(payload) {
      const plan = planResponseMask({
        info,
        // As any Status of the API server is.
        status: 500,
        headers: [['content-type', 'application/json']],
        masking,
      })
      if (plan.kind === 'withhold') return unreadable(payload)
      if (plan.kind === 'pass') return payload
      try {
        const status = join([plan.transform.push(payload), plan.transform.end()])
        statusMask = plan.transform.report()
        return status
      } catch {
        return unreadable(payload)
      }
    },
    report: () => joinMasks(output.report(), input.report(), statusMask),
  }
}

/** In place of a Status that cannot be masked: how it ended, without a word of it. */
function unreadable(payload: Uint8Array): Uint8Array {
  const { exitCode, reason } = readStatus(payload)
  if (exitCode === 0 || (exitCode === undefined && reason === undefined)) return encoder.encode('{"status":"Success"}')
  const status = failure(
    'InternalError',
    'the command ended with a Status that was withheld because it cannot be masked',
  )
  const causes = [{ reason: 'ExitCode', message: String(exitCode) }]
  const coded: Status = exitCode === undefined ? status : { ...status, reason: 'NonZeroExitCode', details: { causes } }
  return encoder.encode(JSON.stringify(coded))
}
