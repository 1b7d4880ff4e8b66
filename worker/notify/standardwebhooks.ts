// Standard Webhooks 1.0.0: the headers that prove a message's sender, time and content. In: key and message. Out: headers.
// Symmetric signatures (`v1`) only. No clock, no I/O.

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * @param key the bytes of the secret, without `whsec_` and base64
 * @param id the same for every try of one message: by it the receiver knows a repeat
 * @param timestampS seconds since the epoch of this try
 * @param body exactly as it is sent
 */
export function signedHeaders(
  key: Uint8Array,
  id: string,
  timestampS: number,
  body: string,
): Readonly<Record<string, string>> {
  const mac = hmac(sha256, key, utf8ToBytes(`${id}.${timestampS}.${body}`))
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': `v1,${btoa(String.fromCharCode(...mac))}`,
  }
}
