// What masks an exec or attach: its output, what is recorded of its input, and the Status that ends it. One for each stream.

import { CHANNEL } from '../../protocol/exec.ts'
import type { RecordedMask } from '../../protocol/log/event.ts'
import { joinMasks } from '../../protocol/log/masks.ts'
import { failure, type Status } from '../../protocol/status.ts'
import { join } from '../bytes.ts'
import type { RequestInfo } from '../context.ts'
import type { Masking } from '../mask/contract.ts'
import { MaskError } from '../mask/error.ts'
import { planResponseMask } from '../mask/response.ts'
import { createTextStream, type Piece, type TextStream } from '../mask/stream.ts'
import { readStatus } from './channels.ts'
import type { RelayMasks } from './relay.ts'

/** What masks a stream, and what it has masked. */
export interface ExecMasks extends RelayMasks {
  report(): RecordedMask | undefined
}

const encoder = new TextEncoder()

export function createExecMasks(info: RequestInfo, masking: Masking): ExecMasks {
  const output = unlessArchive(
    createTextStream(masking, { [CHANNEL.stdout]: 'stdout', [CHANNEL.stderr]: 'stderr' }),
    info.exec?.tty ?? false,
  )
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

/** Where a tar's first header says so (POSIX.1 ustar, GNU tar and busybox alike). */
const TAR_MAGIC_AT = 257
const TAR_MAGIC = encoder.encode('ustar')

/**
 * Ends a tar (`kubectl cp` from a pod) at the first secret in it. A placeholder is of another length: what unpacks the archive would
 * take the middle of a file for its end, and say nothing of it.
 */
function unlessArchive(stream: TextStream, tty: boolean): TextStream {
  let archive: boolean | null = tty ? false : null
  const whole = (pieces: readonly Piece[]): readonly Piece[] => {
    if (archive !== true) return pieces
    const place = stream.report().places?.find(({ at }) => at === 'stdout')
    if (place === undefined) return pieces
    throw new MaskError(
      `the archive holds a secret (rule ${place.rule}), and would be broken without it; copy other files, or read this one with exec and cat, which masks it`,
    )
  }
  return {
    push(channel, bytes) {
      if (archive === null && channel === CHANNEL.stdout) archive = isTar(bytes)
      return whole(stream.push(channel, bytes))
    },
    get holding() {
      return stream.holding
    },
    flush: () => whole(stream.flush()),
    end: () => whole(stream.end()),
    cut: () => whole(stream.cut()),
    report: () => stream.report(),
  }
}

function isTar(bytes: Uint8Array): boolean {
  return TAR_MAGIC.every((byte, at) => bytes[TAR_MAGIC_AT + at] === byte)
}
