// Text streams (logs, exec, attach): secrets masked in what passes, also one that is cut by frames or written half to stdout and
// half to stderr. In: bytes of channels in order of arrival. Out: what may go on, in that order. Holds back as little as it can;
// the caller's timer says for how long. No I/O, no clock.

import type { Finder, Masking } from './contract.ts'
import { keyStart, Lane } from './lane.ts'
import { MAX_HELD_BYTES } from './limits.ts'
import { Masker, type MaskReport } from './placeholder.ts'

/** Bytes of one channel. */
export interface Piece {
  readonly channel: number
  readonly bytes: Uint8Array
}

/** The text of one stream's channels. Not to be used on after it threw. */
export interface TextStream {
  /**
   * Appends a channel's bytes; what may go on now, in order, each with its channel.
   * @throws {MaskError} it cannot be masked: the stream must end without it
   */
  push(channel: number, bytes: Uint8Array): readonly Piece[]
  /** True when something is held back that flush() would let go: to be called after at most HOLD_BACK_MS. */
  readonly holding: boolean
  /** Lets go what is held back (a secret's head may go out, its rest is still masked when it comes), save a private key that has no end yet. */
  flush(): readonly Piece[]
  /** The stream ended. */
  end(): readonly Piece[]
  /**
   * The stream was cut where the client wanted it to be: what is undecided is masked whole. Its head, or the tag of its head, would
   * give a secret away byte by byte.
   */
  cut(): readonly Piece[]
  /** What was masked so far; places are the names of channels. */
  report(): MaskReport
}

/** A masked stretch: on one channel, or going on over several. Offsets are counted from each channel's beginning. */
interface Cover {
  readonly parts: readonly Part[]
  readonly rule: string
  readonly value: Uint8Array
}

interface Part {
  readonly channel: number
  readonly start: number
  readonly end: number
}

type Span = Pick<Part, 'start' | 'end'>

/** A part of a masked stretch, and what it is a part of. */
interface Covered {
  readonly part: Part
  readonly cover: Cover
}

/** A run of one channel's bytes, in order of arrival. */
interface Segment {
  readonly channel: number
  readonly start: number
  end: number
  /** Where it begins in the joint text. */
  readonly joint: number
}

class Stream implements TextStream {
  readonly #finder: Finder
  readonly #masker: Masker
  readonly #names: Readonly<Record<number, string>>
  readonly #lanes = new Map<number, Lane>()
  /** All channels as one text; null when there is but one channel. */
  readonly #joint: Lane | null
  #segments: Segment[] = []
  /** What a placeholder that has gone out stands for as well. */
  #dropped: Part[] = []
  /** By channel: where the last masked stretch that was passed ended. */
  readonly #maskedTo = new Map<number, number>()
  #out: { channel: number; parts: Uint8Array[] }[] = []

  constructor(masking: Masking, channels: Readonly<Record<number, string>>) {
    this.#finder = masking.finder
    this.#masker = new Masker(masking.key)
    this.#names = channels
    const numbers = Object.keys(channels)
    this.#joint = numbers.length > 1 ? new Lane() : null
    for (const channel of numbers) this.#lanes.set(Number(channel), new Lane())
  }

  push(channel: number, bytes: Uint8Array): readonly Piece[] {
    const lane = this.#lanes.get(channel)
    if (lane === undefined) throw new Error(`no channel ${channel}`)
    if (bytes.length === 0) return []
    const start = lane.end
    lane.append(bytes)
    this.#note(channel, start, bytes)
    if (lane.due) lane.look(this.#finder, false)
    const joint = this.#mixed()
    if (joint?.due === true) joint.look(this.#finder, false)
    if (lane.end - lane.released > MAX_HELD_BYTES) this.#settle(false)
    else
      this.#emit((one) => (one.end > one.looked ? Math.min(one.open, one.looked) : one.open), joint?.open ?? null, true)
    return this.#taken()
  }

  get holding(): boolean {
    for (const lane of this.#lanes.values()) {
      if (lane.end > lane.released && keyStart(lane) !== lane.released) return true
    }
    return false
  }

  flush(): readonly Piece[] {
    if (this.holding) this.#settle(true)
    return this.#taken()
  }

  end(): readonly Piece[] {
    this.#settle(false)
    return this.#taken()
  }

  cut(): readonly Piece[] {
    for (const [channel, lane] of this.#lanes) {
      if (lane.looked < lane.end) lane.look(this.#finder, false)
      const to = Math.max(lane.released, Math.min(lane.open, lane.end))
      const undecided = lane.window.subarray(to - lane.base)
      this.#write(channel, lane, to, this.#covers().get(channel) ?? [])
      if (undecided.length > 0)
        this.#put(channel, encoder.encode(this.#masker.placeholder(CUT, 'cut', this.#names[channel])))
      lane.released = lane.end
    }
    return this.#taken()
  }

  report(): MaskReport {
    return this.#masker.report()
  }

  #note(channel: number, start: number, bytes: Uint8Array): void {
    const joint = this.#joint
    const last = this.#segments.at(-1)
    if (last?.channel === channel) last.end += bytes.length
    else this.#segments.push({ channel, start, end: start + bytes.length, joint: joint?.end ?? 0 })
    joint?.append(bytes)
  }

  /** The joint text, when it is another one than a channel's own. */
  #mixed(): Lane | null {
    const joint = this.#joint
    if (joint === null) return null
    if (this.#segments.length > 1) return joint
    joint.found = []
    joint.open = joint.end
    joint.looked = joint.end
    return null
  }

  /** Lets everything go, as if nothing more came; `keepKeys`: but private keys without an end. */
  #settle(keepKeys: boolean): void {
    const look = (lane: Lane): void => {
      if (!keepKeys) lane.lookAndPass(this.#finder)
      else {
        // Where it is open must be known: a key may begin there.
        if (lane.looked < lane.end) lane.look(this.#finder, false)
        lane.look(this.#finder, true)
      }
    }
    for (const lane of this.#lanes.values()) {
      if (lane.released < lane.end) look(lane)
    }
    const joint = this.#mixed()
    if (joint !== null) look(joint)
    this.#emit((lane) => (keepKeys ? (keyStart(lane) ?? lane.end) : lane.end), null, false)
  }

  /**
   * Lets bytes go, in order of arrival, up to where each channel and the joint text are decided.
   * @param ordered stop at the first that may not go, whatever stands behind it on other channels
   */
  #emit(limitOf: (lane: Lane) => number, jointLimit: number | null, ordered: boolean): void {
    const covers = this.#covers()
    for (const segment of this.#segments) {
      const lane = this.#lanes.get(segment.channel)!
      if (lane.released >= segment.end) continue
      let to = Math.min(segment.end, limitOf(lane))
      if (jointLimit !== null) to = Math.min(to, segment.start + jointLimit - segment.joint)
      if (to > lane.released) this.#write(segment.channel, lane, to, covers.get(segment.channel) ?? [])
      if (ordered && to < segment.end) break
    }
    this.#forget()
  }

  /** What is masked, by channel and place: on each channel, and what goes on from one to another. */
  #covers(): ReadonlyMap<number, readonly Covered[]> {
    const covers = new Map<number, Covered[]>()
    const add = (cover: Cover): void => {
      for (const part of cover.parts) {
        const list = covers.get(part.channel)
        if (list === undefined) covers.set(part.channel, [{ part, cover }])
        else list.push({ part, cover })
      }
    }
    for (const [channel, lane] of this.#lanes) {
      for (const { start, end, rule, value } of lane.found) add({ parts: [{ channel, start, end }], rule, value })
    }
    for (const { start, end, rule, value } of this.#joint?.found ?? []) {
      const parts = this.#partsOf(start, end)
      // A key has a BEGIN and an END: what only looks like a secret on a channel of it, and ends within it, does not outdo that.
      // Nor does the rest of a key, whose BEGIN it has not.
      const isKey = rule === PRIVATE_KEY
      const ends = new Map(isKey ? parts.map((part) => [part.channel, part.end]) : [])
      const starts = new Map(isKey ? parts.toReversed().map((part) => [part.channel, part.start]) : [])
      const own = parts.find((part) => {
        const whole = { start: starts.get(part.channel) ?? part.end, end: ends.get(part.channel) ?? part.end }
        return this.#goesOn(part, whole, start)
      })
      // One that lies on one channel counts too: the name in front of it may stand on the other.
      if (own === undefined) add({ parts, rule, value })
      else {
        // What another channel writes in between is masked only if it may be part of a key or of base64.
        for (const part of parts) {
          if (part.channel !== own.channel && this.#holdsRun(part)) add({ parts: [part], rule, value })
        }
      }
    }
    for (const list of covers.values()) list.sort((a, b) => a.part.start - b.part.start)
    return covers
  }

  /** The parts on its channels of a stretch of the joint text. */
  #partsOf(start: number, end: number): readonly Part[] {
    const parts: Part[] = []
    for (const segment of this.#segments) {
      const from = Math.max(start, segment.joint)
      const to = Math.min(end, segment.joint + segment.end - segment.start)
      if (from >= to) continue
      const shift = segment.start - segment.joint
      parts.push({ channel: segment.channel, start: from + shift, end: to + shift })
    }
    return parts
  }

  /**
   * Whether a secret of the channel's own overlaps a part of a joint one and goes on behind it; what is no key, or begins within
   * the joint one, behind `whole`: all that the joint one has of the channel.
   */
  #goesOn(part: Part, whole: Span, jointStart: number): boolean {
    const lane = this.#lanes.get(part.channel)!
    const key = keyStart(lane)
    // A key without an end on its channel goes on there, unless it has one on another.
    if (key !== null && key >= part.start && key < part.end)
      return this.#joint === null || keyStart(this.#joint) === jointStart
    return lane.found.some(
      ({ start, end, rule }) =>
        start < part.end && end > (rule === PRIVATE_KEY && start <= whole.start ? part.end : whole.end),
    )
  }

  /** Whether a part holds a run of base64, as each line of a private key does. */
  #holdsRun({ channel, start, end }: Part): boolean {
    const { window, base } = this.#lanes.get(channel)!
    return BASE64_RUN.test(latin.decode(window.subarray(Math.max(0, start - base), end - base)))
  }

  /** Writes a channel's bytes out from where it stands up to `to`, placeholders in the place of what is masked. */
  #write(channel: number, lane: Lane, to: number, covers: readonly Covered[]): void {
    let at = lane.released
    let next = 0
    while (at < to) {
      const dropped = nextOf(this.#dropped, channel, at)
      if (dropped !== null && dropped.start <= at) {
        at = Math.min(to, dropped.end)
        this.#maskedTo.set(channel, at)
        continue
      }
      while (next < covers.length && covers[next]!.part.end <= at) next++
      const covered = covers[next]
      if (covered !== undefined && covered.part.start <= at) {
        const { part, cover } = covered
        // What only goes on behind a placeholder is part of it: a token that came in two goes.
        const goesOn = part.start < at && this.#maskedTo.get(channel) === at
        if (!goesOn) {
          this.#put(channel, encoder.encode(this.#masker.placeholder(cover.value, cover.rule, this.#names[channel])))
        }
        for (const other of cover.parts) if (other !== part) this.#dropped.push(other)
        at = Math.min(to, part.end)
        this.#maskedTo.set(channel, at)
        if (at < part.end) this.#dropped.push(part)
        continue
      }
      const stop = Math.min(to, covered?.part.start ?? to, dropped?.start ?? to)
      this.#put(channel, lane.window.subarray(at - lane.base, stop - lane.base))
      at = stop
    }
    lane.released = to
  }

  #put(channel: number, bytes: Uint8Array): void {
    const last = this.#out.at(-1)
    if (last?.channel === channel) last.parts.push(bytes)
    else this.#out.push({ channel, parts: [bytes] })
  }

  #taken(): readonly Piece[] {
    const out = this.#out.map(({ channel, parts }) => ({ channel, bytes: joined(parts) }))
    this.#out = []
    return out
  }

  /** Forgets what has gone and is not looked back at. */
  #forget(): void {
    for (const lane of this.#lanes.values()) {
      lane.trim()
      lane.found = lane.found.filter(({ end }) => end > lane.released)
    }
    this.#dropped = this.#dropped.filter(({ channel, end }) => end > this.#lanes.get(channel)!.released)
    const joint = this.#joint
    if (joint === null) {
      this.#segments = this.#segments.slice(-1)
      return
    }
    const first = this.#segments.find((segment) => this.#lanes.get(segment.channel)!.released < segment.end)
    joint.released =
      first === undefined
        ? joint.end
        : first.joint + Math.max(0, this.#lanes.get(first.channel)!.released - first.start)
    joint.trim()
    joint.found = joint.found.filter(({ end }) => end > joint.released)
    this.#segments = this.#segments.filter((segment) => segment.joint + segment.end - segment.start > joint.base)
  }
}

const encoder = new TextEncoder()

/** The rule of private keys. */
const PRIVATE_KEY = 'private-key'
/** What the tag of a text that was cut is made of: the same whatever it is. */
const CUT = encoder.encode('cut')

/** The first part on a channel that ends behind an offset. */
function nextOf(parts: readonly Part[], channel: number, at: number): Part | null {
  let next: Part | null = null
  for (const part of parts) {
    if (part.channel === channel && part.end > at && (next === null || part.start < next.start)) next = part
  }
  return next
}

const BASE64_RUN = /[A-Za-z0-9+/]{16}/
const latin = new TextDecoder('latin1')

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const first = parts[0]
  if (first !== undefined && parts.length === 1) return first
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** A stream of text on the channels that are named, by number: `{1: 'stdout', 2: 'stderr'}`, `{0: 'log'}`. */
export function createTextStream(masking: Masking, channels: Readonly<Record<number, string>>): TextStream {
  return new Stream(masking, channels)
}
