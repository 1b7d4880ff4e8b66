// The kill switch: blocks of a session, an identity or a connection. A block is a document of kind Block, so that it is stored,
// revised and noticed like a policy; its name is made from what it blocks, so that the same block twice is one.

import * as v from 'valibot'
import { stringify } from 'yaml'
import type { StoredDocument } from '../../ports.ts'
import { problemsOf, strictBody } from '../body.ts'
import { apiEntry } from '../event.ts'
import { ID } from '../listing.ts'
import { json, problem } from '../problem.ts'
import { type Call, callerOf, param, type Route, readJson } from '../route.ts'
import { storedAs } from '../secret.ts'
import type { BlockSummary, NewBlock } from '../types.ts'
import { reason } from '../words.ts'

const KIND = 'Block'
const MAX_JSON_BYTES = 16 * 1024
/** In force at one time: every request is judged by all of them, and every approver may add one. */
const MAX_BLOCKS = 1000
/** Hex digits of the SHA-256 in a name: 80 bits, so that nobody makes a value that takes another one's name. */
const HASH_DIGITS = 20

const newBlock = strictBody({
  kind: v.picklist(['session', 'identity', 'connection']),
  // Whatever an issuer calls an identity must be possible to stop; halves of surrogate pairs cannot be stored.
  value: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(1024),
    v.check((value) => !/\p{Cs}/u.test(value), 'must be well formed'),
  ),
  reason: v.exactOptional(reason),
})

const stored = v.object({
  spec: v.object({
    session: v.exactOptional(v.string()),
    identity: v.exactOptional(v.string()),
    connection: v.exactOptional(v.string()),
    reason: v.exactOptional(v.string(), ''),
  }),
})

/** A stored block as the API shows it; null where the document is none. */
function summaryOf(document: StoredDocument): BlockSummary | null {
  const parsed = v.safeParse(stored, document.document)
  if (!parsed.success) return null
  const { spec } = parsed.output
  const { name, appliedBy: by, appliedAt: at } = document
  for (const kind of ['session', 'identity', 'connection'] as const) {
    const value = spec[kind]
    if (value !== undefined) return { name, kind, value, reason: spec.reason, by, at }
  }
  return null
}

const nameOf = ({ kind, value }: Pick<NewBlock, 'kind' | 'value'>): string =>
  `${kind}-${storedAs(JSON.stringify([kind, value])).slice(0, HASH_DIGITS)}`

const at = (call: Call): string => new Date(call.deps.clock.now()).toISOString()

/** Why there is nothing to block: a switch for something that does not exist is a mistake the person must see. */
async function missing(call: Call, { kind, value }: NewBlock): Promise<string | null> {
  const { store, recordings } = call.deps
  if (kind === 'session') {
    const known = ID.test(value) && (await recordings.session(value)) !== null
    return known ? null : 'There is no session of this id.'
  }
  if (kind === 'connection') {
    const known = (await store.connections()).some(({ name }) => name === value)
    return known ? null : 'There is no connection of this name.'
  }
  return null
}

async function list(call: Call): Promise<Response> {
  const documents = await call.deps.store.documents(KIND)
  return json({ items: documents.map(summaryOf).filter((block) => block !== null) })
}

async function create(call: Call): Promise<Response> {
  const body = await readJson(call, MAX_JSON_BYTES)
  if (!body.ok) return body.response
  const parsed = v.safeParse(newBlock, body.value)
  if (!parsed.success) return problem(422, problemsOf(parsed.issues))
  const block = parsed.output
  const why = await missing(call, block)
  if (why !== null) return problem(422, why)
  const { store, log, parseDocuments } = call.deps
  const name = nameOf(block)
  const caller = callerOf(call)
  const inForce = await store.documents(KIND)
  const before = inForce.find((document) => document.name === name)
  const known = before === undefined ? null : summaryOf(before)
  let summary = known
  if (known === null || known.value !== block.value || known.reason !== (block.reason ?? '')) {
    if (before === undefined && inForce.length >= MAX_BLOCKS) {
      return problem(409, `There are ${MAX_BLOCKS} blocks already. Take away one that is no longer needed.`)
    }
    const source = stringify({
      apiVersion: 'sallyport/v1',
      kind: KIND,
      metadata: { name },
      spec: { [block.kind]: block.value, reason: block.reason ?? '' },
    })
    // Through the parser that reads it back: what is stored is what will be in force.
    const documents = parseDocuments(source)
    if (!documents.ok) return problem(422, documents.errors.slice(0, 20).join('\n'))
    const facts = { change: 'put', kind: KIND, name, sha256: storedAs(source), [block.kind]: block.value }
    await log.append([apiEntry(call.deps, 'policy.change', caller, facts)], 'fsynced')
    const [put] = await store.putDocuments(documents.documents, caller.username, at(call))
    summary = put === undefined ? null : summaryOf(put)
  }
  await call.deps.documentsChanged()
  if (summary === null) throw new Error('a block was stored that does not read as one')
  return json(summary, 201)
}

async function remove(call: Call): Promise<Response> {
  const name = param(call, 'name')
  const { store, log } = call.deps
  const found = await store.document(KIND, name)
  if (found === null) return problem(404, 'There is no block of this name.')
  const caller = callerOf(call)
  const facts = { change: 'delete', kind: KIND, name, revision: found.revision }
  await log.append([apiEntry(call.deps, 'policy.change', caller, facts)], 'fsynced')
  await store.deleteDocument(KIND, name, caller.username, at(call))
  await call.deps.documentsChanged()
  return new Response(null, { status: 204 })
}

/** The rows. Whoever may answer for an agent may stop it; only an administrator lets it go on. */
export const BLOCK_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/blocks',
    access: 'viewer',
    operationId: 'listBlocks',
    summary: 'Blocks in force.',
    response: { status: 200, schema: 'BlockPage' },
    handle: list,
  },
  {
    method: 'POST',
    path: '/api/v1/blocks',
    access: 'approver',
    operationId: 'createBlock',
    summary: 'Stops a session, an identity or a connection: open streams end, new requests are refused.',
    body: { mediaType: 'application/json', schema: 'NewBlock', maxBytes: MAX_JSON_BYTES },
    response: { status: 201, schema: 'BlockSummary' },
    handle: create,
  },
  {
    method: 'DELETE',
    path: '/api/v1/blocks/{name}',
    access: 'admin',
    operationId: 'deleteBlock',
    summary: 'Takes a block away.',
    response: { status: 204 },
    handle: remove,
  },
]
