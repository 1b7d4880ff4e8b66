// Derives the read model anew from all leaves. For one process at a time, before it serves.

import { asc, gt } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { parseLeaf } from '../protocol/log/leaf.ts'
import { CLEAR_READ_MODEL, deriveReadModel } from './readmodel.ts'
import { leaves } from './schema.ts'
import type { Writer } from './writer.ts'

const PAGE_LEAVES = 500

/** @throws WriteFailed half way; running it again starts from the beginning */
export async function rebuildReadModel(reader: LibSQLDatabase, writer: Writer): Promise<void> {
  await writer.write(CLEAR_READ_MODEL)
  let last = -1
  while (true) {
    const rows = await reader
      .select({ idx: leaves.idx, leaf: leaves.leaf })
      .from(leaves)
      .where(gt(leaves.idx, last))
      .orderBy(asc(leaves.idx))
      .limit(PAGE_LEAVES)
    await writer.write(deriveReadModel(rows.map(({ leaf }) => parseLeaf(leaf))))
    last = rows.at(-1)?.idx ?? last
    if (rows.length < PAGE_LEAVES) return
  }
}
