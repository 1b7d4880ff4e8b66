// Both ends of a message stream in memory, for tests of what stands between them.

import type { MessageSocket } from '../context.ts'

/** A socket a test plays the other end of. */
export class PlayedSocket implements MessageSocket {
  readonly protocol: string
  /** What was written to it. */
  readonly written: Uint8Array[] = []
  /** How it was closed; null while it is open. */
  closed: { readonly code: number; readonly reason: string } | null = null
  #queue: (Uint8Array | null | Error)[] = []
  #wake: (() => void) | null = null

  constructor(protocol: string) {
    this.protocol = protocol
  }

  /** What `read` gives next: a message, the end, or a break. */
  play(...items: (Uint8Array | null | Error)[]): void {
    this.#queue.push(...items)
    this.#wake?.()
    this.#wake = null
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const item = this.#queue.shift()
      if (item instanceof Error) throw item
      if (item !== undefined) return item
      if (this.closed !== null) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async write(message: Uint8Array): Promise<void> {
    if (this.closed !== null) throw new Error('closed')
    this.written.push(message)
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason }
    this.#wake?.()
    this.#wake = null
  }
}
