// What an approval is bound to. In: a held request. Out: its key. No I/O.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { HeldRequest } from './contract.ts'

/**
 * Hex SHA-256 of who asks, on which connection, for what: method, path, query (which names an exec's argv, container, stdin
 * and tty), body, and the object as it stood. `dryRun=All` in the query is left out, so that what was shown by a dry run
 * and what is sent later have one key. The session and the client are not in it: the same request is the same question.
 */
export function keyOf(request: HeldRequest): string {
  const { identity, connection, method, path, query, body, binding } = request
  const bound = [
    'sallyport hold v1',
    identity.issuer,
    identity.user.username,
    connection,
    method,
    path,
    withoutDryRun(query),
    body === null ? '' : bytesToHex(sha256(body)),
    binding,
  ]
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(bound))))
}

/** Everything else stays as it came, in its order: what was judged is what is sent. */
export function withoutDryRun(query: string): string {
  if (!query.includes('dryRun')) return query
  return query
    .split('&')
    .filter((pair) => pair !== 'dryRun=All')
    .join('&')
}

/** Hex SHA-256. */
export function digest(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes))
}
