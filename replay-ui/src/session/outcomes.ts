// How a command ended, in words; a colour is only a second sign.

import type { CommandSummary } from '../../../worker/api/types.ts'

export const OUTCOMES: Readonly<Record<CommandSummary['outcome'], string>> = {
  ok: 'done',
  refused: 'refused',
  failed: 'failed',
  cancelled: 'cancelled',
  unknown: 'outcome unknown',
  running: 'running',
}
