// The rows of dumps (xxd, hexdump, od) that follow each other. In: a text. Out: where they read as text. No I/O.

import { type Found, HEX, KIND, LF, MIN_TEXT, type Search, TextRun } from './digits.ts'
import { ROW_DIGITS, readRow } from './rows.ts'

/** Finds them. `ends`: no more text comes. */
export function rowsIn(bytes: Uint8Array, ends: boolean, search: Search): void {
  let text = new TextRun()
  const count = (byte: number): void => text.add(byte)
  /** Where the rows begin that follow each other; -1: there are none. */
  let start = -1
  const done = (end: number): void => {
    if (start >= 0 && text.most >= MIN_TEXT) search.found.push(rows(bytes, start, end))
    if (start >= 0) text = new TextRun()
    start = -1
  }
  let line = 0
  while (line < bytes.length) {
    // Most lines begin otherwise.
    let digits = line
    while (digits - line < ROW_DIGITS && (KIND[bytes[digits] ?? 0]! & HEX) !== 0) digits++
    const stop = bytes.indexOf(LF, digits)
    const end = stop < 0 ? bytes.length : stop
    const isRow = digits - line === ROW_DIGITS && readRow(bytes, line, lineEnd(bytes, end), count)
    if (stop < 0 && !ends) {
      // What is cut short may become one.
      if (digits - line === ROW_DIGITS ? mayBeRow(bytes, digits, end) : start >= 0 && digits === bytes.length) {
        search.open = Math.min(search.open, line)
      }
      done(line)
      return
    }
    if (!isRow) done(line)
    else if (start < 0) start = line
    line = end + 1
  }
  done(bytes.length)
}

/** Whether more text could make a row of a line that begins with digits up to `at`. */
function mayBeRow(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from
  while (at < end && (KIND[bytes[at]!]! & HEX) !== 0) at++
  return at === end || bytes[at] === 0x20 || bytes[at] === 0x3a
}

/** Without the carriage return before a line feed. */
function lineEnd(bytes: Uint8Array, end: number): number {
  return bytes[end - 1] === 0x0d ? end - 1 : end
}

function rows(bytes: Uint8Array, start: number, end: number): Found {
  return {
    start,
    end,
    put(builder) {
      for (let line = start; line < end; ) {
        const stop = bytes.indexOf(LF, line)
        const lineStop = stop < 0 || stop >= end ? end : stop
        const to = lineEnd(bytes, lineStop)
        readRow(bytes, line, to, (byte, from) => builder.byte(byte, from, to))
        line = lineStop + 1
      }
    },
  }
}
