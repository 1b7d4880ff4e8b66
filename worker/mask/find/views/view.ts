// A text with something that wraps secrets undone, and where each of its bytes stood before. In: a view and what was done to it.
// Out: a view of it, with a sparse map back. No I/O.

/** What a byte that was made by undoing something may wrap in its turn. */
export const MADE_BREAK = 1
export const MADE_CONTROL = 2
export const MADE_BACKSLASH = 4
export const MADE_PERCENT = 8

/** A stretch of the text, in its own byte offsets; `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** How sure it is that lines belong together, the least sure last: not joined, the next is one word alone, the first is wide, neither. */
export const JOINED_NOT = 0
export const JOINED_ALONE = 1
export const JOINED_WIDE = 2
export const JOINED_MAYBE = 3

/** How a view was made of the one before it. */
export type Undone = 'text' | 'terminal' | 'lines' | 'escapes' | 'url' | 'numbers' | 'base64'

/** The text as it may be read. */
export interface View {
  readonly bytes: Uint8Array
  readonly undone: Undone
  /** The view it was made of; null for the text itself. */
  readonly from: View | null
  /** Steps from the text. */
  readonly depth: number
  /** Which bytes were made by undoing, not copied: `MADE_…`. */
  readonly made: number
  /** From here on in the text, more text could change what this view shows. Infinity: nowhere. */
  readonly open: number
  /** True when nothing can follow its last byte, whatever comes after the text. */
  readonly closed: boolean
  /** Offsets at which something was left out: what stands before has nothing to do with what stands behind. */
  readonly cuts: readonly number[]
  /** Somewhere on the way base64 was undone. */
  readonly inBase64: boolean
  /** The stretch of the text that a stretch of this view stands for. */
  span(start: number, end: number): Span
  /** The stretch of the view before that a stretch of this view stands for. */
  before(start: number, end: number): Span
  /** All that stands for the same stretch of the view before as the byte at an offset does: what one run of base64 holds. */
  piece(at: number): Span
  /** Whether a stretch was copied in one piece from the view before, where it stands just so. */
  copied(start: number, end: number): boolean
  /** The least sure of the joints of lines in a stretch: `JOINED_…`. */
  joined(start: number, end: number): number
  /** Where in a stretch of lines that surely belong together the first begins that may not; -1: nowhere. */
  firstUnsure(start: number, end: number): number
  /** Where the first line begins that was joined to the one before it inside a stretch; -1: none. */
  firstJoint(start: number, end: number): number
  /** Whether a find in a stretch of this view is new: not one that the view before shows as well. */
  isNew(start: number, end: number): boolean
}

/** The text itself. */
export function plainView(bytes: Uint8Array): View {
  return {
    bytes,
    undone: 'text',
    from: null,
    depth: 0,
    made: 0,
    open: Number.POSITIVE_INFINITY,
    closed: false,
    cuts: [],
    inBase64: false,
    span: (start, end) => ({ start, end }),
    before: (start, end) => ({ start, end }),
    piece: (at) => ({ start: at, end: at + 1 }),
    copied: () => false,
    joined: () => JOINED_NOT,
    firstUnsure: () => -1,
    firstJoint: () => -1,
    isNew: () => true,
  }
}

/** How many bytes of the source one segment stands for: as many, all for all, or four for three. */
const LINEAR = 0
const UNIT = 1
const BASE64 = 2

/** Where what a line goes on with begins. */
interface Joint {
  readonly at: number
  readonly sure: number
  readonly behind: boolean
}

/** Makes a view of another, piece by piece from its beginning. */
export class ViewBuilder {
  readonly #source: View
  readonly #cuts: number[] = []
  readonly #joints: Joint[] = []
  #out: Uint8Array
  #length = 0
  #made = 0
  #count = 0
  #at = new Uint32Array(64)
  #from = new Uint32Array(64)
  #to = new Uint32Array(64)
  #kind = new Uint8Array(64)

  /** @param capacity bytes to make room for at first */
  constructor(source: View, capacity: number) {
    this.#source = source
    this.#out = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Bytes of the source as they are. */
  copy(from: number, to: number): void {
    if (to <= from) return
    const last = this.#count - 1
    // Goes on where the last piece ended: one segment.
    if (last < 0 || this.#kind[last] !== LINEAR || this.#to[last] !== from || this.#length === this.#at[last]) {
      this.#mark(from, to, LINEAR)
    } else {
      this.#to[last] = to
    }
    this.#room(to - from)
    const source = this.#source.bytes
    if (to - from < 32) for (let i = from; i < to; i++) this.#out[this.#length++] = source[i]!
    else {
      this.#out.set(source.subarray(from, to), this.#length)
      this.#length += to - from
    }
  }

  /** A byte in the place of `source[from..to)`. */
  byte(byte: number, from: number, to: number): void {
    this.#mark(from, to, UNIT)
    this.#room(1)
    this.#out[this.#length++] = byte
    this.#note(byte)
  }

  /** Ends a piece, which stands for what ends before `at`, by a line end. What follows has nothing to do with it. */
  cut(at: number): void {
    this.#mark(at - 1, at, UNIT)
    this.#room(1)
    this.#out[this.#length++] = 0x0a
    this.#cuts.push(this.#length)
  }

  /** A character in the place of `source[from..to)`, in UTF-8. */
  character(code: number, from: number, to: number): void {
    if (code < 0x80) {
      this.byte(code, from, to)
      return
    }
    this.#mark(from, to, UNIT)
    this.#room(4)
    if (code < 0x800) this.#out[this.#length++] = 0xc0 | (code >> 6)
    else {
      if (code < 0x10000) this.#out[this.#length++] = 0xe0 | (code >> 12)
      else {
        this.#out[this.#length++] = 0xf0 | (code >> 18)
        this.#out[this.#length++] = 0x80 | ((code >> 12) & 63)
      }
      this.#out[this.#length++] = 0x80 | ((code >> 6) & 63)
    }
    this.#out[this.#length++] = 0x80 | (code & 63)
  }

  /** Bytes in the place of `source[from..to)`. `aligned`: they are its base64, four characters for three bytes from the first on. */
  put(bytes: Uint8Array, from: number, to: number, aligned = false): void {
    if (bytes.length === 0) return
    this.#mark(from, to, aligned ? BASE64 : UNIT)
    this.#made = MADE_BREAK | MADE_CONTROL | MADE_BACKSLASH | MADE_PERCENT
    this.#room(bytes.length)
    this.#out.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Takes the last character away, as a backspace does. */
  erase(): void {
    if (this.#length === 0) return
    let last = this.#length - 1
    while (last > 0 && (this.#out[last]! & 0xc0) === 0x80) last--
    while (this.#count > 0 && this.#at[this.#count - 1]! >= last) this.#count--
    const segment = this.#count - 1
    if (segment >= 0 && this.#kind[segment] === LINEAR) {
      this.#to[segment] = this.#from[segment]! + last - this.#at[segment]!
    }
    this.#length = last
  }

  /**
   * The next byte begins what a line goes on with. @param sure `JOINED_…`
   * @param behind what stands behind it in the same piece may be read otherwise too: its name may be broken
   */
  joint(sure: number, behind: boolean): void {
    this.#joints.push({ at: this.#length, sure, behind })
  }

  /** The view. `open` is an offset in the source view; absent: nowhere. `newOnly`: finds that lie in one piece are not new. */
  view(
    undone: Undone,
    options: { readonly open?: number; readonly closed?: boolean; readonly newOnly?: boolean },
  ): View {
    const joints = this.#joints
    const source = this.#source
    const count = this.#count
    const length = this.#length
    const at = this.#at
    const from = this.#from
    const to = this.#to
    const kind = this.#kind
    /** The segment that holds byte i. */
    let last = 0
    const segment = (i: number): number => {
      // What is asked next mostly lies in the same one.
      if (at[last]! <= i && (last + 1 >= count || at[last + 1]! > i)) return last
      let low = 0
      let high = count - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (at[middle]! <= i) low = middle
        else high = middle - 1
      }
      last = low
      return low
    }
    const startOf = (i: number): number => {
      const k = segment(i)
      const offset = i - at[k]!
      if (kind[k] === LINEAR) return from[k]! + offset
      return kind[k] === UNIT ? from[k]! : from[k]! + 4 * Math.floor(offset / 3) + (offset % 3)
    }
    const endOf = (i: number): number => {
      const k = segment(i)
      const offset = i - at[k]!
      if (kind[k] === LINEAR) return from[k]! + offset + 1
      return kind[k] === UNIT ? to[k]! : from[k]! + 4 * Math.floor(offset / 3) + (offset % 3) + 2
    }
    /** Where a byte of the source, or what follows it, stands here. */
    const positionOf = (offset: number): number => {
      let low = 0
      let high = count
      while (low < high) {
        const middle = (low + high) >> 1
        if (to[middle]! <= offset) low = middle + 1
        else high = middle
      }
      if (low === count) return length
      return at[low]! + (kind[low] === LINEAR ? Math.max(0, offset - from[low]!) : 0)
    }
    const cuts = mergedCuts(this.#cuts, source.cuts.map(positionOf), length)
    const copied = (start: number, end: number): boolean => {
      const k = segment(start)
      return kind[k] === LINEAR && k === segment(end - 1)
    }
    /** Whether a stretch begins behind a joint that its name may be broken at. */
    const isBehind = (start: number): boolean => {
      const joint = joints[firstBehind(joints, start) - 1]
      return joint?.behind === true && segment(joint.at) === segment(start)
    }
    /** Whether a stretch ends where such a joint is: what makes it a find may stand behind. */
    const isBefore = (end: number): boolean => {
      const joint = joints[firstBehind(joints, end - 1)]
      return joint?.behind === true && joint.at === end
    }
    const open =
      options.open === undefined ? Number.POSITIVE_INFINITY : source.span(options.open, options.open + 1).start
    return {
      bytes: this.#out.subarray(0, this.#length),
      undone,
      from: source,
      depth: source.depth + 1,
      made: this.#made,
      open: Math.min(open, source.open),
      closed: options.closed ?? source.closed,
      cuts,
      inBase64: undone === 'base64' || source.inBase64,
      span: (start, end) => source.span(startOf(start), endOf(end - 1)),
      before: (start, end) => ({ start: startOf(start), end: endOf(end - 1) }),
      piece: (i) => {
        const k = segment(i)
        if (kind[k] !== UNIT) return { start: i, end: i + 1 }
        return { start: at[k]!, end: k + 1 < count ? at[k + 1]! : length }
      },
      copied,
      joined: (start, end) => {
        let sure = source.joined(startOf(start), endOf(end - 1))
        for (let i = firstBehind(joints, start); i < joints.length && joints[i]!.at < end; i++) {
          sure = Math.max(sure, joints[i]!.sure)
        }
        return sure
      },
      firstUnsure: (start, end) => {
        const first = firstBehind(joints, start)
        for (let i = first; i < joints.length && joints[i]!.at < end; i++) {
          // What is complete on its line is found without the break, unless its name stands on the line before.
          if (joints[i]!.sure > JOINED_ALONE) return i === first && !isBehind(start) ? -1 : joints[i]!.at
        }
        return -1
      },
      firstJoint: (start, end) => {
        const joint = joints[firstBehind(joints, start)]
        return joint === undefined || joint.at >= end ? -1 : joint.at
      },
      isNew: (start, end) => {
        if (options.newOnly === true && copied(start, end) && !isBehind(start) && !isBefore(end)) return false
        if (cuts.length > 0 && (cuts[firstAbove(cuts, start)] ?? length) < end) return false
        return source.isNew(startOf(start), endOf(end - 1))
      },
    }
  }

  #note(byte: number): void {
    if (byte === 0x0a || byte === 0x0d) this.#made |= MADE_BREAK
    else if (byte < 0x20) this.#made |= MADE_CONTROL
    else if (byte === 0x5c) this.#made |= MADE_BACKSLASH
    else if (byte === 0x25) this.#made |= MADE_PERCENT
  }

  #mark(from: number, to: number, kind: number): void {
    if (this.#count === this.#at.length) {
      this.#at = grown(this.#at)
      this.#from = grown(this.#from)
      this.#to = grown(this.#to)
      const kinds = new Uint8Array(this.#kind.length * 2)
      kinds.set(this.#kind)
      this.#kind = kinds
    }
    const k = this.#count++
    this.#at[k] = this.#length
    this.#from[k] = from
    this.#to[k] = to
    this.#kind[k] = kind
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#out.length) return
    const out = new Uint8Array(Math.max(this.#out.length * 2, this.#length + bytes))
    out.set(this.#out.subarray(0, this.#length))
    this.#out = out
  }
}

/** Two lists of cuts as one, in order and each once, without those at the ends. */
function mergedCuts(own: readonly number[], inherited: number[], length: number): readonly number[] {
  for (let i = 1; i < inherited.length; i++) {
    if (inherited[i]! < inherited[i - 1]!) {
      inherited.sort((a, b) => a - b)
      break
    }
  }
  const cuts: number[] = []
  let last = 0
  for (let i = 0, j = 0; i < own.length || j < inherited.length; ) {
    const fromOwn = j === inherited.length || (i < own.length && own[i]! <= inherited[j]!)
    const cut = fromOwn ? own[i++]! : inherited[j++]!
    if (cut <= last || cut >= length) continue
    cuts.push(cut)
    last = cut
  }
  return cuts
}

/** The first of numbers in order that is larger than one. */
function firstAbove(numbers: readonly number[], one: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! <= one) low = middle + 1
    else high = middle
  }
  return low
}

/** The first joint that lies behind an offset. */
function firstBehind(joints: readonly Joint[], offset: number): number {
  let low = 0
  let high = joints.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (joints[middle]!.at <= offset) low = middle + 1
    else high = middle
  }
  return low
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}
