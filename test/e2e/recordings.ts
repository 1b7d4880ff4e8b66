// What an installation recorded, read back through the CLI. In: an installation. Out: sessions, commands, exports.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { PAYMENTS } from '../../demo/kube/seed/payments.ts'
import { SHOP } from '../../demo/kube/seed/shop.ts'
import type { CommandSummary, RequestRecord, SessionSummary } from '../../worker/api/types.ts'
import type { Installation } from './installation.ts'

/** A session as `sessions show -o json` prints it. */
export type Shown = SessionSummary & {
  readonly items: readonly (CommandSummary & { readonly items: readonly RequestRecord[] })[]
}

async function ok(installation: Installation, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await installation.cli(args)
  if (code !== 0) throw new Error(`sallyport ${args.join(' ')} ended with ${code}: ${stderr}`)
  return stdout
}

/** Every session, with commands and requests. */
export async function sessionsOf(installation: Installation): Promise<Shown[]> {
  const listed: { items: SessionSummary[] } = JSON.parse(await ok(installation, ['sessions', 'list', '-o', 'json']))
  const shown: Shown[] = []
  for (const { id } of listed.items)
    shown.push(JSON.parse(await ok(installation, ['sessions', 'show', id, '-o', 'json'])))
  return shown
}

/** A session's whole export. */
export function exportOf(installation: Installation, session: string, format: 'ndjson' | 'asciicast'): Promise<string> {
  return ok(installation, ['sessions', 'export', session, '--format', format])
}

/** The values of the demo's own Secrets that are long enough to be looked for. */
export function seededSecrets(): string[] {
  const values = [SHOP, PAYMENTS].flatMap((text) =>
    parseAllDocuments(text).flatMap((document) => {
      const object: unknown = document.toJS()
      if (typeof object !== 'object' || object === null || !('stringData' in object)) return []
      return Object.values(object.stringData ?? {}).map(String)
    }),
  )
  return values.filter((value) => value.length >= 12)
}

/** Plain, as base64 and as base64 of base64: how a Secret's value occurs in what Kubernetes and Helm write. */
export function formsOf(value: string): string[] {
  const once = Buffer.from(value).toString('base64')
  return [value, once, Buffer.from(once).toString('base64')]
}

/** Which of the needles stand in any file below the folder, but not in the demo cluster's own folder. */
export async function filesWith(folder: string, needles: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || path.startsWith(join(folder, 'demo'))) continue
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    for (const needle of needles) if (bytes.includes(needle)) found.push(`${path}: ${needle}`)
  }
  return found
}
