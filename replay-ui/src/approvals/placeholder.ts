// Placeholders of masked values as a reader knows them. In: text in which some stand as base64, since they took the place of
// base64. Out: the same text with those written out. No I/O.

const WRAPPED = /4p\+mbWFza2Vk[A-Za-z0-9+/]+={0,2}/g
const PLACEHOLDER = /^⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧$/

/** Only what is a whole placeholder is written out; everything else stays as it is. */
export function unwrapped(text: string): string {
  return text.replace(WRAPPED, (found) => {
    const decoded = decode(found)
    return decoded !== null && PLACEHOLDER.test(decoded) ? decoded : found
  })
}

function decode(base64: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)))
  } catch {
    return null
  }
}
