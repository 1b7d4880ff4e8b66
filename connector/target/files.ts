// Small files that hold credentials, read again when they change. In: a path. Out: its trimmed text. Never logged.

import { readFile, stat } from 'node:fs/promises'
import { TargetError } from './target.ts'

/** A credential file larger than this is not one. */
const MAX_FILE_BYTES = 1024 * 1024

/** Reads a text file. @throws {TargetError} naming the path, never the content */
export async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) throw new TargetError(`${path} is too large`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof TargetError) throw error
    throw new TargetError(`cannot read ${path}`, error)
  }
}

/**
 * The text of a file that rotates (a projected service account token). It is looked at each time, at most once a second,
 * and read when its time or size changed; `forget` makes the next call read it again.
 */
export class RotatingFile {
  readonly #path: string
  readonly #now: () => number
  #text = ''
  #stamp = ''
  #looked = Number.NEGATIVE_INFINITY

  constructor(path: string, now: () => number) {
    this.#path = path
    this.#now = now
  }

  async text(): Promise<string> {
    const now = this.#now()
    if (now - this.#looked < LOOK_EVERY_MS) return this.#text
    let stamp: string
    try {
      const { mtimeMs, size, ino } = await stat(this.#path)
      stamp = `${mtimeMs} ${size} ${ino}`
    } catch (error) {
      throw new TargetError(`cannot read ${this.#path}`, error)
    }
    if (stamp !== this.#stamp) {
      const text = (await readText(this.#path)).trim()
      if (text === '') throw new TargetError(`${this.#path} is empty`)
      this.#text = text
      this.#stamp = stamp
    }
    this.#looked = now
    return this.#text
  }

  forget(): void {
    this.#stamp = ''
    this.#looked = Number.NEGATIVE_INFINITY
  }
}

const LOOK_EVERY_MS = 1_000
