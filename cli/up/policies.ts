// Which policies `sallyport up` applies. In: the API of a gateway that has just started. Out: documents applied.

import { join } from 'node:path'
import { type Api, about } from '../api.ts'
import { readSource } from '../commands/documents.ts'
import { ROOT } from './runtimes.ts'

/** A file of documents, by the name it was given under. */
export interface PolicyFile {
  readonly name: string
  readonly text: string
}

/** The files of `--policy`. Read before anything is started, so that a slip of the pen starts nothing. */
export async function readPolicies(files: readonly string[]): Promise<readonly PolicyFile[]> {
  return Promise.all(files.map(async (name) => ({ name, text: await readSource(name) })))
}

/**
 * The policies that were asked for are applied at every start. Where none was, the example is applied once, to a gateway that
 * has no connection yet: from then on policies are the administrator's, who may have deleted it.
 */
export async function applyPolicies(api: Api, asked: readonly PolicyFile[]): Promise<void> {
  const { items } = await api.get<{ items: readonly unknown[] }>('/api/v1/connections')
  const first = items.length === 0 && asked.length === 0
  const files = first ? await readPolicies([join(ROOT, 'demo', 'policies', 'coding-agents.yaml')]) : asked
  for (const { name, text } of files) {
    await about(name, api.send('PUT', '/api/v1/documents', { type: 'text/yaml', text }))
  }
}
