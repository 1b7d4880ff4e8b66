// Values that are ordinary though they have the shape of a credential: ids, digests and revisions, as the name in front of them
// says; names of objects, classes and hosts. In: where a value stands. Out: whether it is one. No I/O.

import { ALNUM, LETTER, latin, NAME, SPACE, setOf } from './bytes.ts'
import { wordsOf } from './names.ts'

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** Last words of names whose values are told to everybody. */
const IDENTIFIERS = set(
  'uid uuid guid uids uuids traceid spanid parentid requestid reqid correlationid reconcileid reconcilerid eventid containerid imageid podid nodeid machineid instanceid jobid runid taskid messageid msgid buildid deploymentid volumeid sha sha1 sha224 sha256 sha384 sha512 md5 crc32 digest hash checksum checksums etag etags fingerprint thumbprint commit commits revision rev ref head version build tag image generation resourceversion trace span request correlation pvc pv vol volume container sandbox snapshot layer blob manifest object block tx txid transaction blockhash txhash hex gz tgz zip jar pod pods node nodes job deployment replicaset',
)
/** `…_id` and `…_hash` after one of these are half of a credential. */
const ID_OF = set('secret client role key access app auth token api account user consumer application license oauth')
const SCHEME =
  /(?:(?:containerd|docker|cri-o|docker-pullable|sha\d*|md5|oci|urn:uuid|uuid):\/{0,2}|\/(?:blob|commits?|tree|raw|compare)\/|arn:aws[\w:/.-]*)$/
/** Bytes in front that are looked at. */
const LOOK_BACK = 96
const DASH = 0x2d
const DOT = 0x2e
const SLASH = 0x2f
const PLUS = 0x2b
const JOINS = setOf(/[-.+/]/)

/** Whether `bytes[start..end)` is an id, a digest, a revision, or a name made of words, or only a part of such. */
export function isOrdinary(bytes: Uint8Array, start: number, end: number): boolean {
  const last = bytes[start - 1]
  if (last === DASH || last === DOT) return true
  // A piece of longer base64.
  if (last === PLUS || bytes[end] === PLUS) return true
  if ((last === SLASH || bytes[end] === SLASH) && bytes.subarray(start, end).includes(SLASH)) return true
  if (last !== undefined && ALNUM[last] === 1 && JOINS[bytes[start]!] === 1) return true
  const next = bytes[end]
  if ((next === DASH || next === DOT) && end + 1 < bytes.length && ALNUM[bytes[end + 1]!] === 1) return true
  return isNamedIdentifier(bytes, start) || isMadeOfWords(latin(bytes, start, Math.min(end, start + 256)))
}

/** Whether what stands right in front of `start` says that the value there is an id, a digest or a revision. */
function isNamedIdentifier(bytes: Uint8Array, start: number): boolean {
  const last = bytes[start - 1]
  if ((last === SLASH || last === COLON) && SCHEME.test(latin(bytes, Math.max(0, start - LOOK_BACK), start)))
    return true
  const name = nameBefore(bytes, start)
  if (name === '') return false
  const words = wordsOf(name)
  const end = words.at(-1) ?? ''
  if (ID_OF.has(words.at(-2) ?? '')) return false
  if (end === 'id' || end === 'ids') return words.length > 1
  return IDENTIFIERS.has(end) || IDENTIFIERS.has(words.slice(-2).join(''))
}

const COLON = 0x3a
const BACKSLASH = 0x5c
const OPENING = setOf(/["'([]/)
const OPERATOR = setOf(/[:=@#>-]/)
const CLOSING = setOf(/["'\])]/)

/** The name in front of `start`, with an operator or blanks and quotes between; empty when there is none. */
function nameBefore(bytes: Uint8Array, start: number): string {
  const lowest = Math.max(0, start - LOOK_BACK)
  let at = start
  const back = (most: number, which: Uint8Array): void => {
    for (let count = 0; count < most && at > lowest && which[bytes[at - 1]!] === 1; count++) at--
  }
  back(2, OPENING)
  if (at > lowest && bytes[at - 1] === BACKSLASH) at--
  back(8, SPACE)
  back(2, OPERATOR)
  back(8, SPACE)
  back(2, CLOSING)
  if (at > lowest && bytes[at - 1] === BACKSLASH) at--
  const end = at
  while (at > lowest && NAME[bytes[at - 1]!] === 1) at--
  while (at < end && LETTER[bytes[at]!] === 0) at++
  return latin(bytes, at, end)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const NAMED_UUID = /^[a-z]{3,}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
/** Four letters and more, with a vowel, and not all of them hexadecimal. */
const WORD = /^(?=.*[aeiouy])(?!.*[^A-Za-z])(?![a-f]+$).{4,}$/i
/** Letters alone of fewer than this are a word. */
const MIN_LETTERS = 20
/** Words of camelCase are longer than this, those of random letters shorter. */
const CAMEL_WORD = 3.5

/** Names of objects (`agent-7d9c5b8f6-x2x7z`), of classes (`PersistentVolumeClaim`), of hosts and packages. */
function isMadeOfWords(value: string): boolean {
  if (UUID.test(value)) return false
  if (NAMED_UUID.test(value) || /^[A-Za-z][A-Za-z_.-]+[=:]/.test(value)) return true
  const parts = value.split(/[-_./=]+/)
  if (parts.length > 1) {
    const said = parts.filter((part) => WORD.test(part) && (isCamel(part) || part === part.toUpperCase())).length
    return said > 1 || (said === 1 && !/[A-Z]/.test(value))
  }
  // One number, as in OAuth2Provider, does not make it random.
  const letters = value.replace(/\d{1,2}/, '')
  if (!/^[A-Za-z]+$/.test(letters)) return false
  return value === letters.toLowerCase() ? value.length < MIN_LETTERS : /[A-Z]/.test(value) && isCamel(letters)
}

function isCamel(letters: string): boolean {
  const words = 1 + (letters.slice(1).match(/[A-Z]/g)?.length ?? 0)
  return letters.length / words > CAMEL_WORD
}
