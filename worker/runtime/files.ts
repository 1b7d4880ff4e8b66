// The built app, held in memory and served by name. Bun and Deno only; on workerd the assets binding does this.
// In: a folder. Out: replies for GET and HEAD; unknown paths without a file ending get the app's page.

import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import type { HeaderList, Reply } from '../context.ts'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Answers with a file of the app, or null when the path is not the app's. */
export type Files = (method: string, path: string) => Reply | null

/**
 * Reads a folder once.
 * @param security headers set on every answer (CSP and its like)
 * @throws when the folder cannot be read or has no index.html
 */
export async function loadFiles(folder: string, security: HeaderList): Promise<Files> {
  const files = new Map<string, { type: string; bytes: Uint8Array; hashed: boolean }>()
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const full = join(entry.parentPath, entry.name)
    const path = `/${relative(folder, full).split(sep).join('/')}`
    const type = MEDIA_TYPES[extname(entry.name)] ?? 'application/octet-stream'
    files.set(path, { type, bytes: new Uint8Array(await readFile(full)), hashed: path.startsWith('/assets/') })
  }
  if (!files.has('/index.html'))
    throw new Error(`there is no index.html in ${folder}; build the app with: npm run build`)

  return (method, path) => {
    if (method !== 'GET' && method !== 'HEAD') return null
    const file = files.get(path) ?? (/\.[a-z0-9]+$/i.test(path) ? undefined : files.get('/index.html'))
    if (file === undefined) return null
    return {
      kind: 'response',
      status: 200,
      headers: [
        ...security,
        ['content-type', file.type],
        // Names under /assets/ hold a hash of the content.
        ['cache-control', file.hashed ? 'public, max-age=31536000, immutable' : 'no-cache'],
      ],
      body: method === 'HEAD' ? null : file.bytes,
    }
  }
}
