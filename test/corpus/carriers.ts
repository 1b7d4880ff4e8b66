// The ways a text comes out of a cluster, plain and wrapped. In: a text. Out: what the masking code is given, and where in it a
// place of the text stands. No I/O.

const encoder = new TextEncoder()

/** Bytes in which a text stands. */
export interface Carried {
  readonly bytes: Uint8Array
  /** Where what began at a place of the text (in UTF-16 units) begins in the bytes. Never falls. */
  at(place: number): number
  /** How many of the bytes between two offsets are the text's own, and not what breaks its lines. Absent: all. */
  own?(from: number, to: number): number
}

/** A way to carry a text. */
export interface Carrier {
  readonly name: string
  /** `finder`: one text given to the finder. `configmap`, `env`: a whole object given to the mask of answers. */
  readonly through: 'finder' | 'configmap' | 'env'
  carry(text: string): Carried
}

const BEFORE = '2026-03-01T10:00:01.123Z INFO  [main] worker 7 is starting\n'
const AFTER = '\n2026-03-01T10:00:01.391Z INFO  [main] listening on 0.0.0.0:8080\n'

/** The text in UTF-8 between two others. */
function plain(text: string, before = '', after = ''): Carried {
  const start = encoder.encode(before).length
  return {
    bytes: encoder.encode(before + text + after),
    at: (place) => start + encoder.encode(text.slice(0, place)).length,
  }
}

/** The text encoded piece by piece, so that the length of what is before a place tells where it went. */
function encoded(text: string, encode: (piece: string) => string, before = '', after = ''): Carried {
  return {
    bytes: encoder.encode(before + encode(text) + after),
    at: (place) => encoder.encode(before + encode(text.slice(0, place))).length,
  }
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

/** How lines are broken, besides where. */
interface Breaks {
  /** What stands where a line is broken. */
  readonly broken?: string
  /** What ends the lines that the text itself has. */
  readonly ended?: string
  /** What stands before each line. */
  readonly lead?: string
}

/** Line breaks where a line would be longer than `columns` bytes, as fold(1) makes them. */
function wrapped(inner: Carried, columns: number, breaks: Breaks = {}): Carried {
  const { lead = '', ended = '\n' } = breaks
  const broken = encoder.encode((breaks.broken ?? ended) + lead)
  const over = encoder.encode(ended + lead)
  const out: number[] = [...encoder.encode(lead)]
  const places: number[] = []
  /** How many of the first bytes are the text's own. */
  const own: number[] = [...out.map(() => 0)]
  let column = 0
  for (const byte of inner.bytes) {
    if (column === columns && byte !== 0x0a) {
      out.push(...broken)
      column = 0
    }
    while (own.length <= out.length) own.push(places.length)
    places.push(out.length)
    if (byte === 0x0a) out.push(...over)
    else out.push(byte)
    column = byte === 0x0a ? 0 : column + 1
  }
  while (own.length <= out.length) own.push(places.length)
  return {
    bytes: Uint8Array.from(out),
    at: (place) => places[inner.at(place)] ?? out.length,
    own: (from, to) => own[to]! - own[from]!,
  }
}

/** What stands before each line: of a block in YAML, of what kubectl prints of several pods, of a log with times. */
const INDENT = '      '
const POD = '[pod/web-7d4b9c6f5-x2x9z/main] '
const TIME = '2026-03-01T10:00:01.123456789Z '

/** Base64 of the UTF-8. A place in the middle of four characters is that of the first that tells only of what follows. */
function inBase64(text: string): Carried {
  const { bytes, at } = plain(text)
  return {
    bytes: encoder.encode(btoa(String.fromCharCode(...bytes))),
    at: (place) => Math.ceil((at(place) * 8) / 6),
  }
}

/** Every way. The first five are how section "How it is judged" of the documentation counts; the others hide the text. */
export const CARRIERS: readonly Carrier[] = [
  { name: 'log', through: 'finder', carry: (text) => plain(text, BEFORE, AFTER) },
  { name: 'exec', through: 'finder', carry: (text) => plain(text, '$ cat app.conf\r\n', '\r\n$ ') },
  { name: 'string', through: 'finder', carry: (text) => plain(text) },
  { name: 'configmap', through: 'configmap', carry: (text) => plain(text) },
  { name: 'env', through: 'env', carry: (text) => plain(text) },
  { name: 'base64', through: 'finder', carry: inBase64 },
  { name: 'base64-76', through: 'finder', carry: (text) => wrapped(inBase64(text), 76) },
  { name: 'url', through: 'finder', carry: (text) => encoded(text, encodeURIComponent, '/callback?state=') },
  {
    name: 'twice',
    through: 'finder',
    carry: (text) => encoded(text, (t) => escaped(escaped(t)), '{"a":"{\\"b\\":\\"', '\\"}"}'),
  },
  { name: 'wrap-64', through: 'finder', carry: (text) => wrapped(plain(text), 64) },
  { name: 'wrap-76', through: 'finder', carry: (text) => wrapped(plain(text), 76) },
  { name: 'wrap-80', through: 'finder', carry: (text) => wrapped(plain(text), 80) },
  { name: 'wrap-crlf', through: 'finder', carry: (text) => wrapped(plain(text), 64, { ended: '\r\n' }) },
  { name: 'wrap-yaml', through: 'finder', carry: (text) => wrapped(plain(text), 64, { lead: INDENT }) },
  { name: 'wrap-shell', through: 'finder', carry: (text) => wrapped(plain(text), 64, { broken: '\\\n' }) },
  { name: 'wrap-pods', through: 'finder', carry: (text) => wrapped(plain(text), 64, { lead: POD }) },
  { name: 'wrap-time', through: 'finder', carry: (text) => wrapped(plain(text), 80, { lead: TIME }) },
  { name: 'b64-crlf', through: 'finder', carry: (text) => wrapped(inBase64(text), 64, { ended: '\r\n' }) },
  { name: 'b64-yaml', through: 'finder', carry: (text) => wrapped(inBase64(text), 64, { lead: INDENT }) },
  { name: 'b64-pods', through: 'finder', carry: (text) => wrapped(inBase64(text), 76, { lead: POD }) },
  { name: 'b64-time', through: 'finder', carry: (text) => wrapped(inBase64(text), 76, { lead: TIME }) },
]

/** An object with the text in a field of a neutral name, as the API server answers it. */
export function objectWith(through: 'configmap' | 'env', text: string, name: string | null): Uint8Array {
  const metadata = {
    name: 'settings',
    namespace: 'shop',
    uid: '3d0f9b0e-6a3c-4c3e-8a57-0f6d2f6f1b11',
    resourceVersion: '812',
  }
  const object =
    through === 'configmap'
      ? { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { [name ?? 'settings']: text } }
      : {
          kind: 'Pod',
          apiVersion: 'v1',
          metadata,
          spec: {
            containers: [{ name: 'app', image: 'shop/app:1.4.2', env: [{ name: name ?? 'SETTINGS', value: text }] }],
          },
        }
  return encoder.encode(JSON.stringify(object))
}

/** The text out of such an object. */
export function textIn(through: 'configmap' | 'env', body: string, name: string | null): string {
  const object: unknown = JSON.parse(body)
  const path = through === 'configmap' ? ['data', name ?? 'settings'] : ['spec', 'containers', 0, 'env', 0, 'value']
  let at: unknown = object
  for (const step of path) {
    at = typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined
  }
  return typeof at === 'string' ? at : ''
}
