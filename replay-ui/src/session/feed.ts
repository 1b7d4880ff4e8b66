// The commands of one session, page by page, and again while it is live. In: the API. Out: the list so far, oldest first.
// Knows no UI framework. Only the last page is asked for again.

import type { CommandSummary } from '../../../worker/api/types.ts'
import type { Api } from '../api/client.ts'

export interface FeedPorts {
  readonly api: Pick<Api, 'commands'>
  readonly session: string
  changed(commands: readonly CommandSummary[], complete: boolean): void
}

/** 10,000 commands are expected; this many stop a page from growing without end. */
const MAX_COMMANDS = 50_000

export class CommandFeed {
  readonly #ports: FeedPorts
  #items: CommandSummary[] = []
  readonly #positions = new Map<string, number>()
  #lastCursor: string | undefined
  #busy: Promise<void> | undefined
  #stopped = false

  constructor(ports: FeedPorts) {
    this.#ports = ports
  }

  /** Loads every page from the last known one on. Calls while it runs join it. Throws `ApiError`. */
  refresh(): Promise<void> {
    this.#busy ??= this.#pages().finally(() => {
      this.#busy = undefined
    })
    return this.#busy
  }

  stop(): void {
    this.#stopped = true
  }

  async #pages(): Promise<void> {
    for (;;) {
      const page = await this.#ports.api.commands(this.#ports.session, this.#lastCursor)
      if (this.#stopped) return
      this.#merge(page.items)
      const complete = page.next === undefined || this.#items.length >= MAX_COMMANDS
      this.#ports.changed([...this.#items], complete)
      if (complete || page.next === undefined) return
      this.#lastCursor = page.next
    }
  }

  #merge(items: readonly CommandSummary[]): void {
    for (const item of items) {
      const position = this.#positions.get(item.id)
      if (position === undefined) {
        this.#positions.set(item.id, this.#items.length)
        this.#items.push(item)
      } else {
        this.#items[position] = item
      }
    }
  }
}
