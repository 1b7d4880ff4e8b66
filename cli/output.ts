// How the CLI prints: tables for people, JSON for programs. Neither holds a character that a terminal would obey.

import process from 'node:process'
import { fold } from './fold.ts'
import { safe, safeJson } from './safe.ts'

/** Cells of a line; Infinity where standard output is no terminal. */
export function columns(): number {
  return process.stdout.isTTY === true ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
}

/** Prints lines of safe text, broken where a terminal would break them. */
export function printLines(lines: readonly string[]): void {
  print(lines.flatMap((line) => fold(line, columns()).map((part) => `${part}\n`)).join(''))
}

/** Columns as kubectl sets them: upper-case heads, three spaces, no rules. Cells may be anything: they are shown safely. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, ...rows].map((row) => row.map(safe))
  const widths = heads.map((_, column) => Math.max(...lines.map((row) => row[column]?.length ?? 0)))
  const last = heads.length - 1
  return lines
    .map((row) => row.map((cell, column) => (column === last ? cell : cell.padEnd((widths[column] ?? 0) + 3))).join(''))
    .flatMap((line) => fold(line.trimEnd(), columns()))
    .map((line) => `${line}\n`)
    .join('')
}

export function print(text: string): void {
  process.stdout.write(text)
}

export function printJson(value: unknown): void {
  print(`${safeJson(JSON.stringify(value, null, 2))}\n`)
}

/** One line of JSON, for listings that go on. */
export function printJsonLine(value: unknown): void {
  print(`${safeJson(JSON.stringify(value))}\n`)
}

/** `2026-01-02 03:04:05`, UTC, for people. */
export function shortTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}

/** True where colours are wanted: a terminal whose owner has not said no (no-color.org). */
export function colours(): boolean {
  return process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb'
}
