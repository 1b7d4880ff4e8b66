// A recorded body as text for the page. In: bytes and their media type. Out: indented JSON, text, or what it is. No I/O.

import { visible } from '../../../protocol/transcript/escape.ts'
import { parseJSON } from '../../../protocol/transcript/json.ts'
import type { Body } from '../api/client.ts'
import { unwrapped } from '../approvals/placeholder.ts'

/** `cut` is passed on: the text is then only the beginning. */
export function prettyBody(body: Body): { text: string; cut: boolean } {
  return { text: textOf(body), cut: body.cut }
}

function textOf({ bytes, cut, mediaType }: Body): string {
  if (/protobuf|octet-stream|cbor|gzip/.test(mediaType)) return `(${bytes.length} bytes of ${mediaType})`
  // In Secrets placeholders stand in base64, which says nothing to a reader.
  const text = unwrapped(new TextDecoder().decode(bytes))
  const value = cut || !/json/.test(mediaType) ? undefined : parseJSON(text)
  return visible(value === undefined ? text : JSON.stringify(value, null, 2), true)
}
