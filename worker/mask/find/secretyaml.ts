// The data of a YAML object in some text that may be a Secret. In: where its key ends. Out: its values, and what the lines in front of
// it and behind it say. No I/O.

import type { Data, Kind, Value } from './secretobject.ts'

/** How far in front of its data an object says its kind, and how far behind. Read in steps, each so many times the one before. */
const MAX_BEFORE = 512 * 1024
const FIRST_STEP = 4 * 1024
const GROWTH = 8
const MAX_BEHIND = 64 * 1024

const KEY = /^( *)(?:- )?(?:data|stringData):[ \t]*\r?$/
const KIND = /^ *(?:- )?kind:[ \t]*["']?(\w+)["']?[ \t]*\r?$/
const VERSION = /^ *(?:- )?apiVersion:[ \t]*["']?([\w./-]+)["']?[ \t]*\r?$/
/** Any line of an object's own. */
const OWN = /^ *(?:- *|#.*|["']?[\w./-]+["']?:(?:\s.*)?|- ["']?[\w./-]+["']?:(?:\s.*)?)\r?$/
const BLANK_LINE = /^\s*$/
const LF = 0x0a

const latin = new TextDecoder('latin1')

/** The values below a key, with what the object is; null when they are none. */
export function secretYaml(bytes: Uint8Array, keyEnd: number): Data | null {
  const lineStart = keyEnd - 1 >= 0 ? bytes.lastIndexOf(LF, keyEnd - 1) + 1 : 0
  if (keyEnd - lineStart > 1024) return null
  const key = latin.decode(bytes.subarray(lineStart, keyEnd))
  if (!KEY.test(key)) return null
  const indent = indentOf(key)
  const before = kindBefore(bytes, lineStart, indent, key)
  if (before.kind === 'other') return { values: [], kind: 'other', open: -1, work: before.work }
  let work = before.work
  for (let size = FIRST_STEP; ; size *= GROWTH) {
    const to = Math.min(bytes.length, keyEnd + size)
    const text = latin.decode(bytes.subarray(keyEnd, to))
    const isAll = to === bytes.length
    const data = dataOf(text, keyEnd, before.kind, indent, isAll)
    work += 6 * (data?.read ?? text.length) + (text.length >> 4)
    if (data !== null) return { ...data, work }
  }
}

/** The lines of a text, each with where it begins, and whether it is the last. */
function* linesOf(text: string): Generator<{ line: string; start: number; last: boolean }> {
  for (let start = 0; ; ) {
    const stop = text.indexOf('\n', start)
    if (stop < 0) {
      yield { line: text.slice(start), start, last: true }
      return
    }
    yield { line: text.slice(start, stop), start, last: false }
    start = stop + 1
  }
}

function indentOf(line: string): number {
  return line.length - line.replace(/^ *(?:- )?/, '').length
}

/** What the lines above say, up to the object's first. */
function kindBefore(bytes: Uint8Array, lineStart: number, indent: number, key: string): { kind: Kind; work: number } {
  const least = Math.max(0, lineStart - MAX_BEFORE)
  let isV1 = false
  let end = lineStart - 1
  let kind: Kind = 'other'
  for (; end >= least; ) {
    const start = end === 0 ? 0 : bytes.lastIndexOf(LF, end - 1) + 1
    // Longer lines are values.
    const line = latin.decode(bytes.subarray(start, Math.min(end, start + 1024)))
    end = start - 1
    if (BLANK_LINE.test(line)) continue
    const depth = indentOf(line)
    if (depth < indent || line.startsWith('---')) break
    if (depth > indent) continue
    // The same key again: another object.
    if (!OWN.test(line) || line.trimEnd() === key) break
    const said = KIND.exec(line)?.[1]
    if (said !== undefined) {
      kind = said === 'Secret' ? 'Secret' : 'other'
      isV1 = false
      break
    }
    isV1 ||= VERSION.exec(line)?.[1] === 'v1'
    if (/^ *- /.test(line)) break
  }
  return { kind: isV1 ? 'open' : kind, work: 16 + 4 * (lineStart - Math.max(end, least)) }
}

/** The values of the data in a text; null when more of it must be read. `read`: how much of it was. */
function dataOf(
  text: string,
  at: number,
  before: Kind,
  indent: number,
  isAll: boolean,
): (Data & { readonly read: number }) | null {
  const values: Value[] = []
  let kind = before
  let begins = -1
  let block = -1
  let done = -1
  for (const { line, start: offset, last } of linesOf(text)) {
    const start = at + offset
    if (offset === 0 || (BLANK_LINE.test(line) && !last)) continue
    const depth = line.length - line.trimStart().length
    if (depth <= indent && !(last && depth === line.length)) {
      // Behind the data.
      done = offset
      break
    }
    if (last && !isAll) return null
    const content = line.trimEnd()
    if (begins < 0) begins = start + depth
    const push = (from: number, to: number): void => {
      const value = text.slice(from - at, to - at)
      if (!value.startsWith('{{')) values.push({ start: from, end: to, text: value, cut: last })
    }
    if (block >= 0 && depth > block) {
      push(start + depth, start + content.length)
      continue
    }
    block = -1
    const pair = /^\s+(?:["']?[\w.-]+["']?|"[^"]*"):(?:[ \t]+(.*))?$/.exec(content)
    if (pair === null) continue
    const value = pair[1] ?? ''
    if (value === '' || /^(?:!!binary *)?[|>][-+\d]*$/.test(value)) {
      block = depth
      continue
    }
    const quoted = /^(["']).*\1$/.test(value) && value.length > 1
    const from = start + content.length - value.length
    if (quoted) push(from + 1, from + value.length - 1)
    else push(from, from + value.length)
  }
  let goesOn = isAll && done < 0
  if (kind === 'open' && done >= 0) {
    const told = kindBehind(text.slice(done, done + MAX_BEHIND), indent)
    if (told === 'end') {
      if (!isAll && text.length - done < MAX_BEHIND) return null
      goesOn = isAll
    } else kind = told
  } else if (done < 0 && !isAll) return null
  const open = goesOn ? (begins < 0 ? at : begins) : -1
  return { values, kind, open, work: 0, read: done < 0 ? text.length : done }
}

/** The kind that the rows behind the data say; `end`: they do not before the text ends. */
function kindBehind(text: string, indent: number): Kind | 'end' {
  for (const { line, last } of linesOf(text)) {
    if (last) return 'end'
    if (BLANK_LINE.test(line)) continue
    const depth = indentOf(line)
    if (depth < indent || /^(?:---|\s*- )/.test(line)) return 'other'
    if (depth > indent) continue
    const said = KIND.exec(line)?.[1]
    if (said !== undefined) return said === 'Secret' ? 'Secret' : 'other'
    // The next object, or none.
    if (!OWN.test(line) || VERSION.test(line) || KEY.test(line)) return 'other'
  }
  return 'end'
}

/** A line that has just begun and may become one of an object's own. */
const BEGUN = /^ *(?:- )?["']?[\w./-]*["']?(?::.*)?$/

/** Where the object ends of which the line at `lineStart` says the kind; -1: not before the text does. */
export function yamlEnd(bytes: Uint8Array, lineStart: number, limit: number): number {
  let indent = -1
  let start = lineStart
  for (let at = lineStart; at <= bytes.length && at - lineStart <= limit; at = start) {
    const stop = bytes.indexOf(LF, at)
    const last = stop < 0
    start = last ? bytes.length + 1 : stop + 1
    // Longer lines are values.
    const line = latin.decode(bytes.subarray(at, Math.min(last ? bytes.length : stop, at + 1024)))
    if (indent < 0) {
      if (last) return BEGUN.test(line) ? -1 : at
      if (KIND.exec(line)?.[1] !== 'Secret') return at
      indent = indentOf(line)
      continue
    }
    if (BLANK_LINE.test(line)) continue
    const depth = line.length - line.trimStart().length
    if (depth < indent) return at
    if (depth === indent && !(last ? BEGUN : OWN).test(line)) return at
    if (depth === indent && (line.startsWith('---') || line.startsWith('- ', depth))) return at
  }
  return start > bytes.length ? -1 : start
}
