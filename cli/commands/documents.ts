// apply, get, delete: configuration documents and connections.

import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { text as readAll } from 'node:stream/consumers'
import { parseAllDocuments } from 'yaml'
import type { ConnectionSummary, DocumentSummary, Page } from '../../worker/api/types.ts'
import { type Api, about, connectApi } from '../api.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { print, printJson, shortTime, table } from '../output.ts'
import { removeBlock, showBlocks } from './blocks.ts'

/** What people may type for a kind. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['accesspolicy', 'AccessPolicy'],
  ['accesspolicies', 'AccessPolicy'],
  ['policy', 'AccessPolicy'],
  ['policies', 'AccessPolicy'],
  ['maskpolicy', 'MaskPolicy'],
  ['maskpolicies', 'MaskPolicy'],
  ['masks', 'MaskPolicy'],
  ['connection', 'Connection'],
  ['connections', 'Connection'],
  ['block', 'Block'],
  ['blocks', 'Block'],
])

function kindOf(typed: string | undefined): string {
  const kind = KINDS.get((typed ?? '').toLowerCase())
  if (kind !== undefined) return kind
  throw new UsageError(`there is no kind ${typed}; there are accesspolicies, maskpolicies, connections and blocks`)
}

/** A file's text, or standard input's for `-`. */
export async function readSource(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A document's own text, without the marker that begins it. */
function textOf({ range }: { readonly range: readonly [number, number, number] }, source: string): string {
  return source
    .slice(range[0], range[2])
    .replace(/^---(?=\s)/, '')
    .trimStart()
}

interface Applied {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly revision?: number
}

/** A `Connection` document is its name and description; it is registered, not stored as a document. */
async function applyConnection(api: Api, document: unknown): Promise<Applied> {
  const metadata =
    typeof document === 'object' && document !== null && 'metadata' in document ? document.metadata : null
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : null
  const spec = typeof document === 'object' && document !== null && 'spec' in document ? document.spec : null
  const description = typeof spec === 'object' && spec !== null && 'description' in spec ? spec.description : ''
  if (typeof name !== 'string' || typeof description !== 'string') {
    throw new Failure('a Connection needs metadata.name, and spec.description is text')
  }
  const text = JSON.stringify({ description })
  await api.send('PUT', `/api/v1/connections/${encodeURIComponent(name)}`, { type: 'application/json', text })
  return { id: `Connection/${name}`, kind: 'Connection', name }
}

export async function apply(invocation: Invocation): Promise<number> {
  const files = invocation.options('file')
  if (files.length === 0) throw new UsageError('-f FILE is missing')
  const api = await connectApi(invocation.data)
  const applied: Applied[] = []
  for (const file of files) {
    const source = await readSource(file)
    const documents = parseAllDocuments(source)
    if (!Array.isArray(documents)) throw new Failure(`${file}: there is no document in it`)
    for (const { errors } of documents) if (errors[0] !== undefined) throw new Failure(`${file}: ${errors[0].message}`)
    const connections = documents.filter((document) => document.get('kind') === 'Connection')
    const rest = documents.filter((document) => !connections.includes(document))
    // Policies first: they can be refused, and then nothing of the file has been applied.
    if (rest.length > 0) {
      const text = connections.length === 0 ? source : rest.map((document) => textOf(document, source)).join('\n---\n')
      const page = await about(
        file,
        api.send<Page<DocumentSummary>>('PUT', '/api/v1/documents', { type: 'text/yaml', text }),
      )
      for (const { kind, name, revision } of page?.items ?? []) {
        applied.push({ id: `${kind}/${name}`, kind, name, revision })
      }
    }
    for (const document of connections) applied.push(await applyConnection(api, document.toJS()))
  }
  if (invocation.json) printJson({ items: applied })
  else for (const { kind, name } of applied) print(`${kind.toLowerCase()}/${name} applied\n`)
  return 0
}

export async function get(invocation: Invocation): Promise<number> {
  const [typed, name] = invocation.positionals
  const kind = kindOf(typed)
  const api = await connectApi(invocation.data)
  if (kind === 'Connection') return getConnections(api, name, invocation.json)
  if (kind === 'Block') return showBlocks(api, name, invocation.json)
  if (name !== undefined) {
    const found: DocumentSummary = await api.get(`/api/v1/documents/${kind}/${encodeURIComponent(name)}`)
    if (invocation.json) printJson(withId(found))
    else print(found.source.endsWith('\n') ? found.source : `${found.source}\n`)
    return 0
  }
  const items: DocumentSummary[] = []
  for await (const item of api.all<DocumentSummary>(`/api/v1/documents/${kind}`)) items.push(item)
  if (invocation.json) printJson({ items: items.map(withId) })
  else {
    const rows = items.map((item) => [item.name, String(item.revision), item.appliedBy, shortTime(item.appliedAt)])
    print(table(['NAME', 'REVISION', 'APPLIED BY', 'APPLIED AT'], rows))
  }
  return 0
}

const withId = (item: DocumentSummary) => ({ id: `${item.kind}/${item.name}`, ...item })

async function getConnections(api: Api, name: string | undefined, json: boolean): Promise<number> {
  const items: ConnectionSummary[] = []
  for await (const item of api.all<ConnectionSummary>('/api/v1/connections')) {
    if (name === undefined || item.name === name) items.push(item)
  }
  const [only] = items
  if (name !== undefined && only === undefined) throw new Failure(`there is no connection ${name}`)
  const shaped = items.map((item) => ({ id: item.name, ...item }))
  if (json) printJson(name === undefined ? { items: shaped } : shaped[0])
  else {
    const rows = items.map((item) => [
      item.name,
      `${item.connectors.filter(({ live }) => live).length}/${item.connectors.length}`,
      shortTime(item.createdAt),
      item.description,
    ])
    print(table(['NAME', 'CONNECTORS LIVE', 'CREATED', 'DESCRIPTION'], rows))
  }
  return 0
}

export async function remove(invocation: Invocation): Promise<number> {
  const [typed, name = ''] = invocation.positionals
  const kind = kindOf(typed)
  const path = kind === 'Connection' ? '/api/v1/connections' : `/api/v1/documents/${kind}`
  const api = await connectApi(invocation.data)
  if (kind === 'Block') await removeBlock(api, name)
  else await api.send('DELETE', `${path}/${encodeURIComponent(name)}`)
  print(`${kind.toLowerCase()}/${name} deleted\n`)
  return 0
}
