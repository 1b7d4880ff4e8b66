// Opaque cursors of listings: the place after which the next page starts. No I/O.

import type { Page } from '../worker/api/types.ts'

export interface Cursor {
  readonly at: number
  readonly id: string
}

export function cursorOf(at: number, id: string): string {
  return btoa(encodeURIComponent(`${at} ${id}`))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Null when absent, and when it is none of ours: the listing then starts at its beginning. */
export function parseCursor(text: string | undefined): Cursor | null {
  if (text === undefined || text === '') return null
  try {
    const plain = decodeURIComponent(atob(text.replaceAll('-', '+').replaceAll('_', '/')))
    const match = /^(\d+) (.+)$/s.exec(plain)
    const at = Number(match?.[1])
    // A number of 400 digits is one that no database takes.
    return match?.[2] === undefined || !Number.isSafeInteger(at) ? null : { at, id: match[2] }
  } catch {
    return null
  }
}

/** Cuts one item more than `limit` off again: its presence says that there is another page. */
export function pageOf<T>(items: readonly T[], limit: number, cursor: (last: T) => string): Page<T> {
  const page = items.slice(0, limit)
  const last = page.at(-1)
  return items.length > limit && last !== undefined ? { items: page, next: cursor(last) } : { items: page }
}
