// The entries of a corpus folder: one JSON Lines file for each source. In: the folder. Out: entries, checked.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A text with a secret in it, or one that only looks so. */
export interface Entry {
  /** Whose corpus it is from. */
  readonly source: string
  /** The rule of that corpus. */
  readonly rule: string
  readonly kind: 'secret' | 'benign'
  readonly text: string
  /** What must disappear from `text`. Empty for benign entries. */
  readonly secret: string
  /** The name the text stands under in an object (a benign entry that is one value). Absent: a neutral one. */
  readonly name: string | null
}

/** Reads every `*.jsonl` of a folder, sources and entries in order. @throws when a line is no entry */
export async function readCorpus(folder: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort()) {
    const lines = (await readFile(join(folder, file), 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) {
      if (line !== '') entries.push(entryOf(JSON.parse(line), `${file}:${index + 1}`))
    }
  }
  return entries
}

function entryOf(value: unknown, where: string): Entry {
  if (typeof value !== 'object' || value === null) throw new Error(`${where} is not an object`)
  const fields = new Map<string, unknown>(Object.entries(value))
  const text = (field: string): string => {
    const found = fields.get(field)
    if (typeof found !== 'string') throw new Error(`${where} has no text "${field}"`)
    return found
  }
  const kind = text('kind')
  if (kind !== 'secret' && kind !== 'benign') throw new Error(`${where} is of kind ${kind}`)
  const name = fields.get('name')
  const entry: Entry = {
    source: text('source'),
    rule: text('rule'),
    kind,
    text: text('text'),
    secret: text('secret'),
    name: typeof name === 'string' ? name : null,
  }
  if (kind === 'secret' && (entry.secret === '' || !entry.text.includes(entry.secret))) {
    throw new Error(`${where} does not hold its secret`)
  }
  return entry
}
