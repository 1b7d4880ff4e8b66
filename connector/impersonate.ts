// The headers by which the connector speaks as someone else (k8s.io/api/authentication/v1). In: an identity. Out: fields. No I/O.

import type { RequestHead } from '../protocol/tunnel/head.ts'

/** Characters a header name may keep (RFC 9110 tchar) as client-go's `headerKeyEscape` keeps them: `%` itself is escaped. */
const LEGAL = /[!#$&'*+.^_`|~0-9A-Za-z-]/

/** An extra key as a part of a header name: other bytes of its UTF-8 are percent-encoded. */
export function escapeExtraKey(key: string): string {
  let out = ''
  for (const byte of new TextEncoder().encode(key)) {
    const character = String.fromCharCode(byte)
    out += byte < 0x80 && LEGAL.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

/** `Impersonate-User`, `-Uid`, `-Group` and `-Extra-*`. The API server reads extra keys in lower case. */
export function impersonation(user: RequestHead['user']): [string, string][] {
  const out: [string, string][] = [['Impersonate-User', user.username]]
  if (user.uid !== '') out.push(['Impersonate-Uid', user.uid])
  for (const group of user.groups) out.push(['Impersonate-Group', group])
  for (const [key, values] of Object.entries(user.extra)) {
    const name = `Impersonate-Extra-${escapeExtraKey(key)}`
    for (const value of values) out.push([name, value])
  }
  return out
}
