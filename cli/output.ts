// How the CLI prints: tables for people, JSON for programs. Text from recordings is shown without control characters.

import process from 'node:process'

/** One line of text without what a terminal would obey. */
export function plain(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}

/** Columns as kubectl sets them: upper-case heads, three spaces, no rules. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, ...rows].map((row) => row.map(plain))
  const widths = heads.map((_, column) => Math.max(...lines.map((row) => row[column]?.length ?? 0)))
  const last = heads.length - 1
  return lines
    .map((row) => row.map((cell, column) => (column === last ? cell : cell.padEnd((widths[column] ?? 0) + 3))).join(''))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

export function print(text: string): void {
  process.stdout.write(text)
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`)
}

/** `2026-01-02 03:04:05`, UTC, for people. */
export function shortTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}
