// Other ways in which ordinary programs write a value, where no view of a text undoes them: quotes doubled or broken up for a shell,
// entities of HTML and XML, `+` for blanks, capitals in hex, other encodings of letters beyond ASCII, short lists of bytes. In: a value. Out: its variants.
// No I/O.

/** A longer value is a document, and a value of several lines is found by line. */
const MAX_BYTES = 512
/** Digits and letters of hex, as keys, digests and UUIDs have them; not digits alone. */
const HEX = /^(?=.*[a-f])[0-9a-f-]{12,}$|^(?=.*[A-F])[0-9A-F-]{12,}$/
/** Fewer bytes in a list of numbers are not read by a view, nor are letters beyond ASCII. */
const MAX_LISTED = 8
const MAX_LISTED_BEYOND_ASCII = 64
const BEYOND_ASCII = /[^\0-\x7f]/
const BEYOND_LATIN = /[^\0-\xff]/

/** What stands for quotes in HTML and XML: in text, in attributes, as Go, Python, PHP and Java write them. */
const QUOTES: readonly (readonly [double: string, single: string])[] = [
  ['"', "'"],
  ['&quot;', "'"],
  ['&quot;', '&#39;'],
  ['&#34;', '&#39;'],
  ['&quot;', '&#x27;'],
  ['&quot;', '&apos;'],
]

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The variants of a value, each once, without the value itself. Most values have none. */
export function variantsOf(value: Uint8Array): readonly Uint8Array[] {
  if (value.length > MAX_BYTES || value.includes(0x0a)) return []
  let text: string
  try {
    text = decoder.decode(value)
  } catch {
    return []
  }
  const texts = new Set<string>()
  // SQL and YAML, CSV, and both ways in which a shell takes a quote between quotes.
  if (text.includes("'")) for (const quote of ["''", "'\\''", `'"'"'`]) texts.add(text.replaceAll("'", quote))
  if (text.includes('"')) texts.add(text.replaceAll('"', '""'))
  // PowerShell, between double quotes.
  if (/[`"$]/.test(text)) texts.add(text.replaceAll(/[`"$]/g, (sign) => `\`${sign}`))
  if (/[&<>"']/.test(text)) for (const quotes of QUOTES) texts.add(withEntities(text, quotes))
  // What is percent-encoded beside it is read by a view.
  if (text.includes(' ')) texts.add(text.replaceAll(' ', '+'))
  if (HEX.test(text)) texts.add(text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase())
  const encoded: Uint8Array[] = []
  if (BEYOND_ASCII.test(text)) {
    for (const form of ['NFC', 'NFD'] as const) texts.add(text.normalize(form))
    // A view of UTF-16 leaves out its zeros.
    if (BEYOND_LATIN.test(text)) encoded.push(utf16(text, true), utf16(text, false))
    else encoded.push(Uint8Array.from(text, (char) => char.charCodeAt(0)))
  }
  if (value.length <= (BEYOND_ASCII.test(text) ? MAX_LISTED_BEYOND_ASCII : MAX_LISTED)) {
    // Go's []byte; Python's, Java's and Node's lists; openssl's and xxd's columns.
    for (const between of [' ', ', ', ',']) texts.add(value.join(between))
    for (const between of [' ', ':']) texts.add(Array.from(value, hexOf).join(between))
  }
  texts.delete(text)
  return [...[...texts].map((one) => encoder.encode(one)), ...encoded]
}

function withEntities(text: string, [double, single]: readonly [string, string]): string {
  const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': double, "'": single }
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign)
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function utf16(text: string, little: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), little)
  return bytes
}
