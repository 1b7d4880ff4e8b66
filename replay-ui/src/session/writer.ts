// Hands things to a terminal in order, and no faster than it takes them. In: output and what is to be done between it.
// Out: writes in small pieces. What waits can be forgotten at once: a terminal's own queue cannot. Knows no terminal.

/** Takes some output; `done` is called when it stands on the screen. */
export type Write = (data: string | Uint8Array, done?: () => void) => void

/** A terminal gives way to the page between pieces, never within one: a few bytes may ask it to fill a whole screen. */
const PIECE = 4 * 1024
/** Handed over before it is waited for. xterm throws away what is written while 50 MB wait. */
const BATCH = 64 * 1024

type Step = string | Uint8Array | (() => void)

export class Writer {
  readonly #write: Write
  #steps: Step[] = []
  #next = 0
  /** How far the next step is handed over. */
  #within = 0
  #busy = false
  #over = false

  constructor(write: Write) {
    this.#write = write
  }

  write(data: string | Uint8Array): void {
    if (data.length > 0) this.#add(data)
  }

  /** Runs when everything before it stands on the screen. */
  afterwards(run: () => void): void {
    this.#add(run)
  }

  /** Forgets whatever waits, and runs as soon as what is under way is written. */
  instead(run: () => void): void {
    this.#steps = []
    this.#next = 0
    this.#within = 0
    this.#add(run)
  }

  dispose(): void {
    this.#over = true
    this.#steps = []
  }

  #add(step: Step): void {
    this.#steps.push(step)
    this.#go()
  }

  #go(): void {
    let handed = 0
    while (!this.#busy && !this.#over) {
      const step = this.#steps[this.#next]
      if (step === undefined) {
        this.#steps = []
        this.#next = 0
        return
      }
      if (typeof step === 'function') {
        this.#next++
        step()
        continue
      }
      const piece = typeof step === 'string' ? step.slice(this.#within, this.#within + PIECE) : this.#pieceOf(step)
      this.#within += piece.length
      if (this.#within >= step.length) {
        this.#next++
        this.#within = 0
      }
      handed += piece.length
      const following = this.#steps[this.#next]
      if (handed < BATCH && following !== undefined && typeof following !== 'function') this.#write(piece)
      else {
        this.#busy = true
        this.#write(piece, () => {
          this.#busy = false
          this.#go()
        })
      }
    }
  }

  #pieceOf(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(this.#within, this.#within + PIECE)
  }
}
