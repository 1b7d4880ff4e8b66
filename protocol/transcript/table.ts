// Prints `meta.k8s.io` Tables as kubectl does: columns padded to the widest cell plus three, at least six wide.
// In: parsed Table objects, one after the other as a list and its watch give them. Out: lines of text. No I/O.

import { visible } from './escape.ts'
import { MAX_TEXT } from './exchange.ts'
import { type Fields, fields, items, text } from './json.ts'

const PADDING = 3
const MIN_WIDTH = 6

/** Options as the client's flags would have set them. */
export interface TableOptions {
  /** Shows the NAMESPACE column (`-A`). */
  readonly namespaces: boolean
  /** Put before each name: `pod/` when several kinds are printed. */
  readonly prefix: string
  /** Columns of every priority (`-o wide`); else priority 0 only. */
  readonly wide?: boolean
  /** Column names as they are, not in capitals. */
  readonly asNamed?: boolean
}

/** Prints tables of one kind. Keeps the column widths from one table to the next, as kubectl's watch does. */
export class TablePrinter {
  readonly #options: TableOptions
  #columns: { readonly name: string; readonly index: number }[] = []
  #widths: number[] = []
  #headed = false

  constructor(options: TableOptions) {
    this.#options = options
  }

  /** The table's lines, each with its newline; the header only the first time. Empty without rows. Ends soon after `MAX_TEXT`. */
  print(table: Fields): string {
    this.#learn(table)
    const rows = items(table.rows).map((row) => this.#cells(fields(row)))
    if (rows.length === 0 || this.#columns.length === 0) return ''
    if (!this.#headed) {
      const names = this.#columns.map(({ name }) => (this.#options.asNamed ? name : name.toUpperCase()))
      rows.unshift(this.#options.namespaces ? ['NAMESPACE', ...names] : names)
      this.#headed = true
    }
    for (const row of rows) {
      row.forEach((cell, i) => {
        this.#widths[i] = Math.max(this.#widths[i] ?? MIN_WIDTH, columnsOf(cell) + PADDING)
      })
    }
    let out = ''
    for (const row of rows) {
      out += `${row.map((cell, i) => this.#pad(cell, i, row.length)).join('')}\n`
      // Attack: one cell of a megabyte makes every row as wide. What is longer than this is cut anyway.
      if (out.length > MAX_TEXT) break
    }
    return out
  }

  #learn(table: Fields): void {
    const definitions = items(table.columnDefinitions)
    if (definitions.length === 0) return
    this.#columns = definitions.flatMap((definition, index) => {
      const { name, priority } = fields(definition)
      return this.#options.wide || priority === 0 || priority === undefined
        ? [{ name: visible(text(name)), index }]
        : []
    })
  }

  #cells(row: Fields): string[] {
    const cells = items(row.cells)
    const printed = this.#columns.map(
      ({ index }, at) => (at === 0 ? this.#options.prefix : '') + cellText(cells[index]),
    )
    const namespace = visible(text(fields(fields(row.object).metadata).namespace))
    return this.#options.namespaces ? [namespace, ...printed] : printed
  }

  #pad(cell: string, index: number, count: number): string {
    if (index === count - 1) return cell
    return cell + ' '.repeat(Math.max(0, (this.#widths[index] ?? MIN_WIDTH) - columnsOf(cell)))
  }
}

function columnsOf(cell: string): number {
  return [...cell].length
}

/** kubectl cuts a cell at its first line end and says so with an ellipsis. */
function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  const whole = typeof cell === 'string' ? cell : (JSON.stringify(cell) ?? '')
  const end = whole.search(/[\f\n\r]/)
  return visible(end === -1 ? whole : `${whole.slice(0, end)}...`)
}

/** True for a `Table` of meta.k8s.io. */
export function isTable(object: Fields): boolean {
  return object.kind === 'Table' && text(object.apiVersion).startsWith('meta.k8s.io/')
}
