// Values that are none: words said instead of a secret, places to look one up, code. In: a value. Out: whether it is one. No I/O.

import { setOf } from './bytes.ts'
import { isJumbled } from './entropy.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

/** Whole values, in lower case. */
const PLACEHOLDERS = words(`
  true false null nil none no yes on off undefined nan n/a na todo tbd fixme unset empty default required optional string str text
  int bool boolean bytes any object number integer array unknown void self this
  password passwd pass pwd passphrase passcode secret secrets token tokens key apikey api_key api-key auth credential credentials user
  username login email name value values data example sample test testing dummy fake mock placeholder changeme change_me change-me
  change-it changeit change_it replaceme replace_me replace-me insert your yours redacted masked hidden removed omitted filtered
  private-key private_key secretkey secret_key secret-key mysecret my-secret my_secret utf-8 base64 base62 hex
  my-password my_password yourpassword your-password your_password yourtoken your-token your_token yoursecret
  your-secret your_secret yourapikey your-api-key your_api_key accesstoken access_token access-token client_secret client-secret
  bearer basic digest negotiate ntlm oauth oauth2 oidc saml ldap kerberos plain plaintext md5 sha1 sha256 scram-sha-256 bcrypt
  opaque invalid incorrect wrong missing failed expired valid ok success error denied is was are has have and or for the a an of in to
  from with not
  enter here get set prompt ask env file vault sops kms encrypted hash hashed
`)

/** What stands in a value that says it is none. */
const SAYS_SO =
  /^(?:your[_-]|my[_-](?:super[_-]?)?(?:secret|password|token|key)$|change|replace[_-]?(?:me|this|with)|insert[_-]|enter[_-]|add[_-]your|example|sample|dummy|placeholder|redacted|<|\[?redacted)|(?:_here$|-here$|placeholder|changeme|change[_-]me|replace[_-]me|example[_-]?(?:key|token|secret|password)|^example$|your[_-](?:api|token|secret|password|key|access|client))/

/** Looked up when it runs: variables, templates, calls. */
const LOOKED_UP = new RegExp(
  [
    /^['"\\]*\$\$?\{?[A-Za-z_][\w.:-]*\}?['"\\]*$/,
    /^\\?\$(?:\d|[{([]|[A-Za-z_]\w*(?:[[.:]|->))/,
    /^(?:<%|%[A-Za-z_]\w*%|%\(|#\{|@\{|@[A-Za-z]\w*\()/,
    /^\{[\w .:()[\]\\-]*\}$|^\{\w+\(|^[A-Za-z_-]*\{\w*\}[A-Za-z_-]*$/,
    /^<[^>]*>?$|^\[[^\]]*\]$|^`[^`]*`$|^&[a-z]|^!\w|^#[a-z]+(?:-[a-z]+)*$|^arn:/,
    /\{\{[^{}]*\}\}/,
  ]
    .map(({ source }) => source)
    .join('|'),
)
/** What stands between two string literals that were taken for one. */
const FRAGMENT = /^\\?["']?[+,.)\]}; ].*[([=:+,.{]\\?$|^\([a-z ]+\*?\)?$|^\w+[:=] ?$/
/** Base64 with one sign of padding looks like a name before its value. */
const PADDED = /^[A-Za-z0-9]{7,}=$/
const CALL =
  /^(?:await |new |return )?[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*)*(?:\([\w$., :{}[\]=+()-]*[;,]*|\[\w*\]?[\w.[\]]*[;,]*)$/
const MEMBER = /^[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*)+[);,]*$/
const VARIABLE_NAME =
  /^[A-Z]+(?:_[A-Z]+)+$|^(?:[a-z]+[_-])+(?:password|passwd|pwd|secret|token|key)s?$|^(?:new|old|user|current|this|the|raw|plain|hashed|encrypted|confirm|default)(?:Password|Passwd|Pwd|Secret|Token|Key)$/
const PATH = /^(?:\/|\.{1,2}\/|~\/|[A-Za-z]:\\)[\w.@+~ -]*(?:[\\/][\w.@+~ -]*)*$/
/** An action of a controller, as routes of Rails name it. */
const ROUTE = /^[a-z_]+(?:\/[a-z_]+)+#[a-z_]+$/
const URL_START = /^[a-z][a-z0-9+.-]*:\/\//i
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DIGEST = /^(?:sha(?:1|224|256|384|512)|md5)[:-]/i
const REPEATED = /^(.)\1*$|^(?:x+|\*+|\.+|-+|_+|•+|#+|0+)$/i
const MASKED_START = 'â\u009f¦masked:'

/** Something was left out. */
const LEFT_OUT = /^(?:xxx|XXX)(?![A-Za-z0-9])|\.{3}$/
/** Letters that stand for others, all of one case, and short words: so short that a random value has them now and then. */
const MAYBE_SAYS_SO = /^(?:todo|put[_-])/i
const MAYBE_LEFT_OUT = /x{4,}|X{4,}|\*{3,}/g

/** How a value is to be taken. */
export type Excuse = 'none' | 'placeholder' | 'lookup' | 'code' | 'path' | 'url' | 'uuid' | 'digest'

/**
 * Why a value is no secret; `none` when nothing speaks for it.
 * @param value one character a byte
 */
export function excuseOf(value: string): Excuse {
  if (value.startsWith(MASKED_START)) return 'placeholder'
  const low = value.toLowerCase()
  const first = low.charCodeAt(0)
  const last = low.charCodeAt(low.length - 1)
  const has = signsIn(value)
  // Most values have none of the signs that a pattern asks for: it is not tried.
  const may = (signs: number): boolean => (has & signs) !== 0
  if (low.length <= LONGEST_WORD && PLACEHOLDERS.has(low)) return 'placeholder'
  if ((first === last || first >= 0x80 || last >= 0x80) && REPEATED.test(value)) return 'placeholder'
  if (SAYS_SO.test(low) || (may(LEAVES_OUT) && LEFT_OUT.test(value))) return 'placeholder'
  if (isSaidBy(value, MAYBE_SAYS_SO) || (may(LEAVES_OUT) && isSaidBy(value, MAYBE_LEFT_OUT))) return 'placeholder'
  if ((may(BRACE | COLON) || isOf(BEGINS_LOOKUP, first)) && LOOKED_UP.test(value)) return 'lookup'
  if (may(UPPER | JOIN) && VARIABLE_NAME.test(value)) return 'placeholder'
  if (value.length === UUID_LENGTH && UUID.test(value)) return 'uuid'
  if (may(COLON | JOIN) && DIGEST.test(value)) return 'digest'
  if (may(COLON) && URL_START.test(value)) return 'url'
  if ((may(COLON) || isOf(BEGINS_PATH, first)) && PATH.test(value)) return 'path'
  if (value.includes('#') && ROUTE.test(value)) return 'path'
  if ((first === BRACKET || isOf(ENDS_FRAGMENT, last)) && FRAGMENT.test(value) && !isPadded(value)) return 'placeholder'
  if (may(CALLS) && CALL.test(value)) return 'code'
  if (may(MEMBERS | COLON) && MEMBER.test(value) && !/\d{2}/.test(value) && !isJumbled(value)) return 'code'
  return 'none'
}

const UUID_LENGTH = 36
const BRACKET = 0x28
/** Signs that patterns ask for. */
const UPPER = 1
const JOIN = 2
const COLON = 4
const BRACE = 8
const LEAVES_OUT = 16
const CALLS = 32
const MEMBERS = 64
const SIGNS = new Uint8Array(256)
for (const [sign, chars] of [
  [UPPER, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  [JOIN, '-_'],
  [COLON, ':'],
  [BRACE, '{'],
  [LEAVES_OUT, 'xX*.'],
  [CALLS, '(['],
  [MEMBERS, '.>'],
] as const) {
  for (const char of chars) SIGNS[char.charCodeAt(0)]! |= sign
}
const BEGINS_LOOKUP = setOf(/['"\\$<%#@{[`&!]/)
const BEGINS_PATH = setOf(/[/.~]/)
const ENDS_FRAGMENT = setOf(/[([=:+,.{\\ ]/)
const LONGEST_WORD = [...PLACEHOLDERS].reduce((most, { length }) => Math.max(most, length), 0)

function signsIn(value: string): number {
  let signs = 0
  for (let i = 0; i < value.length; i++) signs |= SIGNS[value.charCodeAt(i)] ?? 0
  return signs
}

/** Whether a value has what the pattern asks for, and the rest of it does not look made. */
function isSaidBy(value: string, pattern: RegExp): boolean {
  const rest = value.replace(pattern, '')
  return rest.length < value.length && !isJumbled(rest)
}

function isOf(set: Uint8Array, code: number): boolean {
  return set[code] === 1
}

function isPadded(value: string): boolean {
  if (value.length % 4 !== 0 || !PADDED.test(value)) return false
  return /\d/.test(value) || (value.match(/[A-Z]/g) ?? []).length > 2
}
