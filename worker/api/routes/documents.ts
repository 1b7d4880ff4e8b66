// Configuration documents: list, apply, delete. A file is applied whole or not at all; each change is an event before it counts.

import type { StoredDocument } from '../../ports.ts'
import { apiEntry } from '../event.ts'
import { json, problem } from '../problem.ts'
import { type Call, callerOf, param, type Route, readText } from '../route.ts'
import { storedAs } from '../secret.ts'
import type { DocumentSummary } from '../types.ts'

/** A file of policies. etcd's own limit for one object is 1.5 MiB; policies are text that people read. */
const MAX_FILE_BYTES = 1024 * 1024
/** In one file. Each becomes an event and a revision in one transaction. */
const MAX_DOCUMENTS = 200

const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/

function summary({ kind, name, revision, appliedBy, appliedAt, source }: StoredDocument): DocumentSummary {
  return { kind, name, revision, appliedBy, appliedAt, source }
}

const at = (call: Call): string => new Date(call.deps.clock.now()).toISOString()

async function list(call: Call): Promise<Response> {
  const kind = param(call, 'kind')
  if (!KIND.test(kind)) return problem(404, 'There is no such kind of document.')
  return json({ items: (await call.deps.store.documents(kind)).map(summary) })
}

async function get(call: Call): Promise<Response> {
  const found = await call.deps.store.document(param(call, 'kind'), param(call, 'name'))
  return found === null ? problem(404, 'There is no document of this kind and name.') : json(summary(found))
}

async function apply(call: Call): Promise<Response> {
  const media = (call.request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (media !== 'text/yaml' && media !== 'application/yaml') return problem(415, 'The body must be text/yaml.')
  const text = await readText(call, MAX_FILE_BYTES)
  if (!text.ok) return text.response
  const parsed = call.deps.parseDocuments(text.text)
  if (!parsed.ok) return problem(422, parsed.errors.slice(0, 20).join('\n'))
  const { documents } = parsed
  if (documents.length === 0) return problem(422, 'The file holds no document.')
  if (documents.length > MAX_DOCUMENTS) return problem(422, `The file holds more than ${MAX_DOCUMENTS} documents.`)
  const names = new Set(documents.map(({ kind, name }) => `${kind}/${name}`))
  if (names.size !== documents.length) return problem(422, 'The file holds one document twice.')
  const caller = callerOf(call)
  const entries = documents.map(({ kind, name, source }) =>
    apiEntry(call.deps, 'policy.change', caller, { change: 'put', kind, name, sha256: storedAs(source) }),
  )
  await call.deps.log.append(entries, 'fsynced')
  const stored = await call.deps.store.putDocuments(documents, caller.username, at(call))
  await call.deps.documentsChanged()
  return json({ items: stored.map(summary) })
}

async function remove(call: Call): Promise<Response> {
  const kind = param(call, 'kind')
  const name = param(call, 'name')
  const { store, log } = call.deps
  const found = await store.document(kind, name)
  if (found === null) return problem(404, 'There is no document of this kind and name.')
  const caller = callerOf(call)
  const facts = { change: 'delete', kind, name, revision: found.revision }
  await log.append([apiEntry(call.deps, 'policy.change', caller, facts)], 'fsynced')
  await store.deleteDocument(kind, name, caller.username, at(call))
  await call.deps.documentsChanged()
  return new Response(null, { status: 204 })
}

/** The rows. */
export const DOCUMENT_ROUTES: readonly Route[] = [
  {
    method: 'PUT',
    path: '/api/v1/documents',
    access: 'admin',
    operationId: 'applyDocuments',
    summary: 'Applies a YAML file of one or more documents, all or none.',
    body: { mediaType: 'text/yaml', maxBytes: MAX_FILE_BYTES },
    response: { status: 200, schema: 'DocumentPage' },
    handle: apply,
  },
  {
    method: 'GET',
    path: '/api/v1/documents/{kind}',
    access: 'viewer',
    operationId: 'listDocuments',
    summary: 'The newest revision of every document of a kind.',
    response: { status: 200, schema: 'DocumentPage' },
    handle: list,
  },
  {
    method: 'GET',
    path: '/api/v1/documents/{kind}/{name}',
    access: 'viewer',
    operationId: 'getDocument',
    summary: 'The newest revision of a document.',
    response: { status: 200, schema: 'DocumentSummary' },
    handle: get,
  },
  {
    method: 'DELETE',
    path: '/api/v1/documents/{kind}/{name}',
    access: 'admin',
    operationId: 'deleteDocument',
    summary: 'Takes a document out of force. Its revisions stay.',
    response: { status: 204 },
    handle: remove,
  },
]
