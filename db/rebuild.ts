// Derives the read model anew from all leaves. For one process at a time, before it serves.

import { CLEAR_READ_MODEL } from './readmodel.ts'
import type { Writer } from './writer.ts'

/** @throws WriteFailed half way; what is missing is then derived as ever, shortly after or when it is read */
export async function rebuildReadModel(writer: Writer): Promise<void> {
  await writer.write([...CLEAR_READ_MODEL, { sql: 'UPDATE projection SET next = 0', args: [] }])
  while ((await writer.project()).more);
}
