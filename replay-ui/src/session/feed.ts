// The commands of one session, page by page, and again while it is live. In: the API, what the session counts in all.
// Out: the list so far, oldest first. Knows no UI framework. Beside the last page only those are asked for again on which
// something runs, or must have changed: each counts its own, and together they come to what the session counts.

import type { CommandSummary, SessionSummary } from '../../../worker/api/types.ts'
import type { Api } from '../api/client.ts'

export interface FeedPorts {
  readonly api: Pick<Api, 'commands'>
  readonly session: string
  /** What the session counts in all, as last heard; absent: not known. */
  totals?(): Totals | undefined
  changed(commands: readonly CommandSummary[], complete: boolean): void
}

export type Totals = Pick<SessionSummary, 'commands' | 'requests' | 'denials' | 'holds' | 'masks' | 'live'>

/** 10,000 commands are expected; this many stop a page from growing without end. What is left out is said. */
const MAX_COMMANDS = 200_000
/** Earlier pages asked for again at a time, of those on which something runs and of the others. */
const AGAIN = 2
/** While it loads the list is told when it has grown by this: telling costs as much as the list is long. */
const GROWTH = 1.25

interface LoadedPage {
  /** Absent: the first. */
  readonly cursor: string | undefined
  readonly running: boolean
}

export class CommandFeed {
  readonly #ports: FeedPorts
  readonly #limit: number
  #items: CommandSummary[] = []
  readonly #positions = new Map<string, number>()
  readonly #pages: LoadedPage[] = []
  #busy: Promise<void> | undefined
  #stopped = false
  #changed = true
  #told = 0
  #cut = false
  /** Where the last look at earlier pages ended: of those on which something runs, and of all. */
  readonly #looked = { running: 0, all: 0 }

  constructor(ports: FeedPorts, limit = MAX_COMMANDS) {
    this.#ports = ports
    this.#limit = limit
  }

  /** True when there are more commands than are listed. */
  get cut(): boolean {
    return this.#cut
  }

  /** Loads every page from the last known one on, and what has changed before. Calls while it runs join it. Throws `ApiError`. */
  refresh(): Promise<void> {
    this.#busy ??= this.#run().finally(() => {
      this.#busy = undefined
    })
    return this.#busy
  }

  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    let at = Math.max(0, this.#pages.length - 1)
    let cursor = this.#pages[at]?.cursor
    for (;;) {
      const next = await this.#page(at, cursor)
      if (this.#stopped) return
      if (next === undefined) break
      if (this.#items.length >= this.#limit) {
        this.#cut = true
        break
      }
      if (this.#items.length >= this.#told * GROWTH) this.#tell(false)
      cursor = next
      at++
    }
    await this.#again()
    if (!this.#stopped && this.#changed) this.#tell(true)
  }

  #tell(complete: boolean): void {
    this.#told = this.#items.length
    // Until it is complete there is more to tell in any case.
    this.#changed = !complete
    this.#ports.changed([...this.#items], complete)
  }

  /** Looks at one page, new or again. Gives the cursor of the one behind it. */
  async #page(at: number, cursor: string | undefined): Promise<string | undefined> {
    const page = await this.#ports.api.commands(this.#ports.session, cursor)
    if (this.#stopped) return undefined
    this.#pages[at] = { cursor, running: page.items.some(({ outcome }) => outcome === 'running') }
    this.#merge(page.items)
    return page.next
  }

  /** Earlier pages: a command that runs for hours is long not among the last ones, and may have more to tell. */
  async #again(): Promise<void> {
    const earlier = [...this.#pages.keys()].slice(0, -1)
    const running = earlier.filter((at) => this.#pages[at]?.running)
    await this.#look('running', running, AGAIN)
    if (!this.#behind()) return
    // A session that has ended is not looked at again: what is missing is looked for now.
    await this.#look('all', earlier, this.#ports.totals?.()?.live ? AGAIN : earlier.length)
  }

  /** Some of these pages, going on where the last look ended. */
  async #look(kind: 'running' | 'all', pages: readonly number[], count: number): Promise<void> {
    const from = pages.findIndex((at) => at >= this.#looked[kind])
    const order = from <= 0 ? pages : [...pages.slice(from), ...pages.slice(0, from)]
    for (const at of order.slice(0, count)) {
      await this.#page(at, this.#pages[at]?.cursor)
      if (this.#stopped) return
      this.#looked[kind] = at + 1
      if (kind === 'all' && !this.#behind()) return
    }
  }

  /** True when the session counts more than its commands do as they are known here. */
  #behind(): boolean {
    const totals = this.#ports.totals?.()
    if (totals === undefined || this.#cut) return false
    const sum = { commands: this.#items.length, requests: 0, denials: 0, holds: 0, masks: 0 }
    for (const { requests, denials, holds, masks } of this.#items) {
      sum.requests += requests
      sum.denials += denials
      sum.holds += holds
      sum.masks += masks
    }
    return (
      sum.commands < totals.commands ||
      sum.requests < totals.requests ||
      sum.denials < totals.denials ||
      sum.holds < totals.holds ||
      sum.masks < totals.masks
    )
  }

  #merge(items: readonly CommandSummary[]): void {
    for (const item of items) {
      const position = this.#positions.get(item.id)
      if (position === undefined) this.#insert(item)
      else if (JSON.stringify(this.#items[position]) !== JSON.stringify(item)) {
        this.#items[position] = item
        this.#changed = true
      }
    }
  }

  /** At its place: what is recorded late may have begun before what is known. */
  #insert(item: CommandSummary): void {
    let at = this.#items.length
    for (let before = this.#items[at - 1]; before && isBefore(item, before); before = this.#items[at - 1]) at--
    this.#items.splice(at, 0, item)
    for (let moved = at; moved < this.#items.length; moved++) this.#positions.set(this.#items[moved]?.id ?? '', moved)
    this.#changed = true
  }
}

/** The order of the listing. */
function isBefore(a: CommandSummary, b: CommandSummary): boolean {
  return a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.id < b.id)
}
