// One-time codes, cookies and what is stored of them. Random comes in, nothing is kept: only SHA-256 goes to the store.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { base64url } from 'jose'
import type { RandomBytes } from '../ports.ts'

/** 256 bits, base64url: cookies, codes, OAuth state, PKCE verifiers. */
export function newSecret(random: RandomBytes): string {
  return base64url.encode(random(32))
}

/** Under what a secret is stored: lower-case hex SHA-256 of its text. */
export function storedAs(secret: string): string {
  return bytesToHex(sha256(utf8ToBytes(secret)))
}

/** PKCE `S256` (RFC 7636, section 4.2). */
export function codeChallenge(verifier: string): string {
  return base64url.encode(sha256(utf8ToBytes(verifier)))
}
