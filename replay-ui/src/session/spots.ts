// Where in the replay of a command something was masked. In: its script. Out: the placeholders in what it printed, in order,
// and which of them comes next. No I/O, no UI.

import type { Script } from '../player/script.ts'
import { placeholdersIn } from './masked.ts'

/** One placeholder in what a command printed. */
export interface Spot {
  /** Milliseconds of the script at which it is written. */
  readonly at: number
  readonly rule: string
}

export interface Spots {
  /** The first of them. */
  readonly list: readonly Spot[]
  /** All there are. */
  readonly count: number
  /** True for a recording: each has its own moment. What was printed at once has places in the text instead. */
  readonly timed: boolean
}

/** More than this nobody steps through. */
const MAX_SPOTS = 2000
/** Rule and tag are shorter than this. */
const MAX_PLACEHOLDER_BYTES = 128
const PLACEHOLDER = /⟦masked:([a-z0-9-]+):[0-9a-f]{12}⟧/g
/** The first byte of a placeholder. */
const FIRST = 0xe2
const encoder = new TextEncoder()

/** `timed`: whether the script is a recording with its own timing. */
export function spotsOf(script: Script, timed: boolean): Spots {
  return timed ? recorded(script) : printed(script)
}

/** All of it is written at one time, in pieces that may cut a placeholder in two. */
function printed(script: Script): Spots {
  let text = ''
  for (const { at, action } of script.events) {
    if (at >= script.outputAt && action.kind === 'write' && typeof action.data === 'string') text += action.data
  }
  const found = placeholdersIn(text)
  const list = found.slice(0, MAX_SPOTS).map(({ rule }) => ({ at: script.outputAt, rule }))
  return { list, count: found.length, timed: false }
}

function recorded(script: Script): Spots {
  const list: Spot[] = []
  let count = 0
  let rest: Uint8Array = new Uint8Array(0)
  for (const { at, action } of script.events) {
    // Before it the command is typed: a placeholder there is in its arguments.
    if (at < script.outputAt || action.kind !== 'write') continue
    const bytes = joined(rest, typeof action.data === 'string' ? encoder.encode(action.data) : action.data)
    const first = bytes.indexOf(FIRST)
    rest = new Uint8Array(0)
    if (first === -1) continue
    let past = 0
    const text = new TextDecoder().decode(bytes.subarray(first))
    for (const match of text.matchAll(PLACEHOLDER)) {
      count++
      past = match.index + match[0].length
      if (list.length < MAX_SPOTS) list.push({ at, rule: match[1] ?? '' })
    }
    rest = unfinished(bytes, encoder.encode(text.slice(past)).length)
  }
  return { list, count, timed: true }
}

/** What the end of some bytes may be the beginning of: a placeholder that a frame cut in two. */
function unfinished(bytes: Uint8Array, after: number): Uint8Array {
  const from = Math.max(bytes.length - Math.min(after, MAX_PLACEHOLDER_BYTES), 0)
  for (let at = bytes.indexOf(FIRST, from); at !== -1; at = bytes.indexOf(FIRST, at + 1)) {
    const text = new TextDecoder().decode(bytes.subarray(at))
    if ('⟦masked:'.startsWith(text.replace(/�+$/, '')) || /^⟦masked:[a-z0-9:-]*�*$/.test(text)) return bytes.slice(at)
  }
  return new Uint8Array(0)
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

/** Where a person is: at a spot they have jumped to, and at a time of the script. */
export interface Place {
  /** Absent: none yet. */
  readonly spot: number | undefined
  readonly at: number
}

/** The next spot from a place, in one direction, of one rule or of any; undefined: no more in this command. */
export function nextSpot(spots: Spots, place: Place, by: 1 | -1, rule?: string): number | undefined {
  const wanted = (index: number) => rule === undefined || spots.list[index]?.rule === rule
  const beyond = (index: number): boolean => {
    if (place.spot !== undefined && (!spots.timed || spots.list[place.spot]?.at === place.at)) {
      return by === 1 ? index > place.spot : index < place.spot
    }
    // Text has no time: who has not jumped yet stands before all of it.
    if (!spots.timed) return by === 1
    const at = spots.list[index]?.at ?? 0
    return by === 1 ? at > place.at : at < place.at
  }
  const found = [...spots.list.keys()].filter((index) => wanted(index) && beyond(index))
  return by === 1 ? found[0] : found.at(-1)
}
