// The log of one container: a bounded list of lines with times, and those who follow it. No clock.

/** Lines kept per container. */
export const MAX_LINES = 2000

/** One line, without its newline. */
export interface LogLine {
  readonly timeMs: number
  readonly text: string
}

/** A container's log. */
export class LogBuffer {
  lines: LogLine[] = []
  /** The log of the run before, for `--previous`; absent when there was none. */
  previous: readonly LogLine[] | undefined
  #followers = new Set<(line: LogLine | undefined) => void>()

  /** Adds a line and tells the followers. */
  add(timeMs: number, text: string): void {
    const line = { timeMs, text }
    this.lines.push(line)
    if (this.lines.length > MAX_LINES) this.lines.splice(0, this.lines.length - MAX_LINES)
    for (const follower of [...this.#followers]) follower(line)
  }

  /** The container has ended: followers are told so, and a later run starts with an empty log. */
  rotate(): void {
    this.previous = this.lines
    this.lines = []
    this.end()
  }

  /** Ends everyone who follows. */
  end(): void {
    for (const follower of [...this.#followers]) follower(undefined)
    this.#followers.clear()
  }

  /** Calls back with each new line, and once with `undefined` at the end. */
  follow(listener: (line: LogLine | undefined) => void): () => void {
    this.#followers.add(listener)
    return () => this.#followers.delete(listener)
  }
}
