// Which values are worth searching for by value: those that could not be ordinary text. In: a value and the key it stood under.
// Out: yes or no. No I/O.

/** Shorter values would be found in everything. */
export const MIN_VALUE_BYTES = 6
/** Digits alone, under a name that says secret: fewer are dates, ports, sizes. */
const MIN_DIGITS = 8
/** Without a name that says secret, a value must say it itself. */
const MIN_UNNAMED_BYTES = 8
/** Bits for each character that a value without a secret name must have. */
const MIN_ENTROPY = 2.5

/** Keys whose values are no secrets, or no more than what everybody sees: users, places, certificates. */
const PUBLIC_NAME =
  /(?:^|[._-])(?:user(?:s|name)?|login|host(?:s|name)?|port|endpoints?|servers?|address|database|db(?:[._-]?name)?|namespace|region|bucket|zone|email|mail|domain|cn|type|kind|version|mode|sslmode|driver|protocol|scheme|path|ca|crt|cert|ca-?bundle|id)$/i
/** Keys whose values are secrets whatever they look like. */
const SECRET_NAME =
  /pass(?!ive)|pwd|secret|token|key(?!s?tore\.type|word|space|board)|credential|cred\b|auth|salt|signature|hmac|bearer|private|api[_-]?key|license|dsn|cookie|session|seed|mnemonic|pin$|otp/i

/** A longer name of a key is no name. */
const MAX_NAME = 256
/** Words of a language are seldom longer. */
const MAX_WORD_BYTES = 11
/** Blanks and quotes between an operator and its value. */
const MAX_BETWEEN = 8

/** Words that stand everywhere. As a value they cannot be told from themselves. */
const WORDS = new Set(
  (
    'access account active admin administrator always amazon anonymous apache application backend backup basic bearer binary bucket ' +
    'changeit client cluster config configuration connect container content control controller create credentials customer database debug ' +
    'default delete demouser deploy deployment developer development disable disabled docker domain elastic elasticsearch email enable ' +
    'enabled endpoint environment example external false frontend gateway github gitlab google grafana guest health hidden ' +
    'hostname http https image import ingress inherit internal invalid jenkins kafka kubectl kubernetes local localhost login ' +
    'manager master memcached memory message metadata method metrics minikube mongo mongodb monitoring mysql namespace network never nginx nobody none normal null ' +
    'number object opaque operator optional oracle other password passwd passphrase plain plugin postgres postgresql prefer primary private production ' +
    'prometheus provider public rabbitmq random read readonly redis registry release remote replica request require required resource ' +
    'response result return root route running sample schema script search secret secrets secure select server service session ' +
    'settings simple source staging standard static status storage string success suspend switch system target telegraf template test ' +
    'testing timeout token traefik true undefined unknown update upload user username vault version volume warning webhook website worker write'
  ).split(' '),
)

/** Names of things: words and numbers held together by signs. */
const IDENTIFIER = /^[a-z]+\d{0,2}(?:[-_./: ](?:[a-z]+\d{0,2}|\d+))*$/i
const HOST = /^(?:[a-z]+:\/\/)?(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*(?::\d{1,5})?(?:\/[a-z0-9._/-]*)?$/i
const ADDRESS = /^(?:[a-z]+:\/\/)?(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?(?::\d{1,5})?(?:\/[a-z0-9._/-]*)?$/i
const URL_OF_HOST = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@?#]+(?:[/?#][^\s@]*)?$/i
const MAIL = /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/
const PATH = /^\.{0,2}\/[\w./-]*$/
const PATH_OF_FILE =
  /^\/(?:etc|var|usr|opt|home|run|tmp|root|data|mnt|srv|app|config|secrets?|certs?|vault|bin|lib)\/[\w./-]*$/
const VERSION = /^v?\d+(?:\.\d+)+(?:[-+][\w.]*)?$/i
const DATE = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?$/
const QUANTITY = /^\d+(?:\.\d+)?(?:[a-z]{1,2}|bytes|seconds|minutes|hours)$/i

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const latin = new TextDecoder('latin1')
/** Of a longer value its beginning says enough. */
const LOOKED_AT_BYTES = 4096

/** Whether a key's name says that its value is a secret. */
export function saysSecret(name: string): boolean {
  return SECRET_NAME.test(name)
}

/**
 * Whether a value is searched for by value.
 * @param value without blanks around it
 */
export function searchable(value: Uint8Array, name: string): boolean {
  if (value.length < MIN_VALUE_BYTES) return false
  const text = textOf(value)
  // Bytes that are no text are found nowhere by chance.
  if (text === null) return value.length >= MIN_UNNAMED_BYTES
  if (text.includes('PRIVATE KEY-----')) return true
  if (text.startsWith('-----BEGIN ')) return false
  if (new Set(text).size < 3) return false
  const plain = text.toLowerCase()
  // One that is called what it says (`admin-pin: admin_pin`) keeps nothing secret, and stands wherever the name does.
  if (WORDS.has(plain) || letters(plain) === letters(name.toLowerCase())) return false
  const secret = saysSecret(name)
  if (/^[\d.,:+-]+$/.test(text))
    return secret ? text.length >= MIN_DIGITS && !DATE.test(text) && !ADDRESS.test(text) : false
  if (DATE.test(text) || ADDRESS.test(text) || VERSION.test(text)) return false
  if (isHost(text) && /\.(?:internal|local|svc|com|net|org|io|dev|cloud|example|test)\b/i.test(text)) return false
  if (URL_OF_HOST.test(text) && !hasLongPart(text)) return false
  if (PUBLIC_NAME.test(name) && !secret) return false
  if (secret) return !PATH_OF_FILE.test(text)
  return value.length >= MIN_UNNAMED_BYTES && saysItself(text)
}

/** Without signs: a name may be written in several ways. */
function letters(text: string): string {
  return text.length > MAX_NAME ? text : text.replace(/[-_. ]/g, '')
}

/** Whether it is a host's name: nobody mixes capitals, small letters and digits in one. */
function isHost(text: string): boolean {
  return HOST.test(text) && !text.split('.').some((part) => /[a-z]/.test(part) && /[A-Z]/.test(part) && /\d/.test(part))
}

/** Whether a value may be a word of a language: short, of small letters, to be spoken. It is searched for only where a value stands. */
export function isWord(value: Uint8Array): boolean {
  if (value.length > MAX_WORD_BYTES) return false
  const text = latin.decode(value)
  if (!/^[a-z]+$/.test(text) || /[^aeiouy]{4}|q(?!u)/.test(text)) return false
  return text.replace(/[^aeiouy]/g, '').length * 4 >= text.length
}

/** Whether what begins at `start` stands where a value does: behind `=`, `:` or `>`, with blanks and quotes between. */
export function isAssigned(bytes: Uint8Array, start: number): boolean {
  let at = start - 1
  const least = Math.max(0, start - MAX_BETWEEN)
  while (at >= least && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x22 || bytes[at] === 0x27)) at--
  const sign = bytes[at]
  return at >= least && (sign === 0x3d || sign === 0x3a || sign === 0x3e)
}

/** Whether a value without a secret name looks like one: not the name of something, mixed, uneven. */
function saysItself(text: string): boolean {
  if (IDENTIFIER.test(text) || isHost(text) || PATH.test(text) || MAIL.test(text) || QUANTITY.test(text)) return false
  // Prose: words between blanks.
  if (/^[\p{L}\d.,:;'"!?()-]+(?: [\p{L}\d.,:;'"!?()-]+)+$/u.test(text) && !hasLongPart(text)) return false
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length
  return classes >= 2 && entropy(text) >= MIN_ENTROPY
}

/** Whether it has a part of letters and digits in disorder, 16 or longer: a key in a path or a URL. */
function hasLongPart(text: string): boolean {
  for (const [part] of text.matchAll(/[A-Za-z0-9_-]{16,}/g))
    if (/\d/.test(part) && /[a-z]/i.test(part) && entropy(part) >= 3) return true
  return false
}

/** The same for a line of a value of several lines. */
export function searchableLine(line: Uint8Array): boolean {
  if (line.length < 16) return false
  const text = textOf(line)
  if (text === null) return true
  if (text.startsWith('-----')) return false
  return !/\s/.test(text) && saysItself(text)
}

function textOf(value: Uint8Array): string | null {
  const start = value.subarray(0, LOOKED_AT_BYTES)
  try {
    return decoder.decode(start)
  } catch {
    // Cut in the middle of a character, or no text at all.
    if (value.length <= LOOKED_AT_BYTES) return null
    return latin.decode(start)
  }
}

/** Bits for each character (Shannon). */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  const length = [...text].length
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length)
  return bits
}
