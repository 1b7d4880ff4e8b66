// What the log and the store need of a database to write to: one transaction at a time. Implemented by the
// writer thread's client (embedded) and by a remote database's client. Types only, and the one error.

import type { BodyDigest, LogEvent } from '../protocol/log/event.ts'
import type { Durability } from '../worker/ports.ts'

export type SqlValue = string | number | null | Uint8Array

export interface Statement {
  readonly sql: string
  readonly args: readonly SqlValue[]
}

export interface WriteResult {
  readonly rows: readonly Readonly<Record<string, SqlValue>>[]
  readonly changes: number
}

/** An entry with what its leaf needs: a body comes with its salt. */
export interface Sealed {
  readonly event: LogEvent
  readonly body?: {
    readonly kind: BodyDigest['kind']
    readonly seq: number
    readonly mediaType: string
    readonly salt: Uint8Array
    readonly bytes: Uint8Array
  }
}

/** The end of a writer's chain: its last leaf's number (0: none yet) and hash (''). */
export interface ChainEnd {
  readonly writer: string
  readonly wseq: number
  readonly wprev: string
}

/**
 * Why a transaction failed. `constraint`: rolled back, what was written is at fault. `unavailable`: not recorded, the
 * database is at fault. `unknown`: the answer to the commit was lost, it may be recorded.
 */
export class WriteFailed extends Error {
  readonly kind: 'constraint' | 'unavailable' | 'unknown'
  constructor(kind: WriteFailed['kind'], message: string) {
    super(message)
    this.name = 'WriteFailed'
    this.kind = kind
  }
}

/** How far the read model has come: every leaf before `next` is in it. */
export interface Projected {
  readonly next: number
  /** There may be leaves after it. */
  readonly more: boolean
}

/** The one way to write. Every method is one transaction and rejects with WriteFailed only. */
export interface Writer {
  /** Appends the entries after the chain's end; returns the hex hash of each leaf. */
  append(entries: readonly Sealed[], end: ChainEnd, durability: Durability): Promise<readonly string[]>
  /** Brings the read model forward by one stretch of leaves. */
  project(): Promise<Projected>
  /** Runs the statements, fsynced or acknowledged by the primary. */
  write(statements: readonly Statement[]): Promise<readonly WriteResult[]>
  /** Reads on the connection that writes, so that it sees every commit: what became of one whose answer was lost. */
  read(statement: Statement): Promise<WriteResult['rows']>
  close(): Promise<void>
}
