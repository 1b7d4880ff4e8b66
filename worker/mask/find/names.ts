// What a name says of its value. In: the name of a variable, key, field, header or option. Out: whether what stands under it is a
// secret, and how sure that is. No I/O.

import { VENDORS } from './rules/vendors.ts'

/**
 * `password`: any value under it is one. `secret`: a secret, if the value looks made and not said. `weak`: only if the value
 * looks random.
 */
export type NameKind = 'none' | 'weak' | 'secret' | 'password'

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

const PASSWORDS = set(
  'password passwords passwd passwds passphrase passphrases pwd pwds passcode passwort kennwort contrasena senha userpassword mypassword dbpassword rootpassword adminpassword userpass dbpass rootpass adminpass dbpasswd userpasswd mysqlpassword pgpassword pgpass requirepass masterauth sshpass keypass storepass ldappassword smtppassword httppassword bindpw bindpassword rootpw userpw psw storepassword keypassword truststorepassword keystorepassword adminpwd userpwd dbpwd',
)
/** Say password only where the name ends with them. */
const SHORT_PASSWORDS = set('pass pw psk')
const SECRETS = set(
  'secret secrets secretkey secretaccesskey secretid clientsecret appsecret apisecret consumersecret sharedsecret token tokens apitoken authtoken accesstoken refreshtoken bearertoken idtoken sessiontoken usertoken bottoken privatetoken credential credentials creds cred apikey apikeys appkey accesskey authkey privatekey privkey signingkey encryptionkey masterkey accountkey storagekey sharedkey sharedaccesskey clientkey sshkey deploykey servicekey consumerkey secretaccess subscriptionkey licensekey authorization authtok dockerconfigjson dockerauth jwtsecret tokensecret accesskeysecret primarykey4 functionkey hostkey webhooksecret hmackey aeskey',
)
/** `key` is a secret after one of these. */
const KEY_OF = set(
  'api access private priv client signing sign encryption encrypt decryption secret master shared account storage license deploy ssh service auth app application session hmac aes rsa webhook consumer subscription admin user jwt cookie encoding crypto function functions integration write read ingest routing data tls server authentication authorization secure security project admin2 sas row vault unseal recovery root wallet wif mnemonic production prod live test sandbox merchant bot personal',
)
const WEAK = set(
  'auth sess session sessionid sid phpsessid jsessionid sessid pat otp pin nonce signature sig salt bearer basic dsn seed mnemonic sas csrf xsrf csrftoken xsrftoken',
)

/** What a name ends with that is said of a secret and is none: `passwordFile`, `tokenUrl`, `secretName`. */
const ABOUT = set(
  'name names ref refs reference file files filename path paths dir directory folder url uri urls uris endpoint endpoints type types kind count counts size length len limit limits max min expiry expires expired expire expiration expiresat expiresin seconds ttl timeout age version alg algorithm enabled disabled enable disable required policy policies field fields label labels prefix suffix header headers param parameter format usage hint reset store stores manager provider providers namespace class mode status state error errors review reviews request requests mount mounts volume volumes controller issuer audience audiences scope scopes server service host port rotation rotate created updated modified at date time timestamp description desc message title text method strategy validator validation generator source src template handler factory checker check change changed command cmd prompt question confirmation confirm rules rule strength pattern regex minlength maxlength interval period delay cache lookup backend plugin driver engine operator loader reader writer parser util utils helper test tests example examples docs doc help info details list map index idx num number id2 ids uid uuid owner usages duration lifetime renewal exists present set unset is has not needed optional allowed denied attempts retries failures failed failure invalid valid success input inputs box placeholder screen page view form event events exception group groups role roles length2 sha sha1 sha256 md5 checksum digest fingerprint thumbprint etag public',
)
/** What stands in a name that makes it none: `public_key`, `next_page_token`, `automountServiceAccountToken`. */
const HARMLESS = set(
  'public pub automount image pull max min num total count page next continue continuation resource pagination cursor no without is has use uses allow allows require requires required enable enables disable disables should can show hide forgot forget reset change update invalid wrong missing incorrect bad expected unexpected sort partition primary foreign composite unique index cache idempotency idempotent dedup object prompt completion input output cached reasoning eos bos pad unk special sep mask cls vocab stop',
)
/** What says in which form a secret is given: `CLIENT_KEY_DATA`, `tokenValue`. */
const FORM = set('value data base64 b64 plain old new raw encoded encrypted string env default')
/** Words that end with `key` and have nothing to do with one. */
const NO_KEY =
  /^(?:monkey|turkey|donkey|whiskey|hockey|jockey|hotkey|(?:public|primary|foreign|partition|sort|cache|index|row|group|dict|map|sub)key)$/
/** What a name ends with that only counts. */
const NUMBERED = /^(?:v?\d{1,3}|\d{1,6})$/
/** `PASSWORD1000`, `apiKey2`: the number counts. `sha256` and the like are other words. */
const COUNTED = /^(.*[a-z])\d{1,6}$/
/** `key` after one of these says it wherever in the name it stands: `SECRET_KEY_BASE`, `SIGNING_KEY_PROD`. */
const SURE_KEY_OF = set('secret signing encryption encrypt decryption master private api')
/** `checksum/secret`, as charts of Helm annotate Pods. */
const OF_SUM = /(?:^|[^a-z])(?:checksum|hash|digest)s?\//i

/** Charts name by it a Secret that is there already, and its keys: `existingSecret`, `auth.existingSecretPasswordKey`. */
const EXISTING = /\bexisting secret(?: name)?$|\bexisting secret (?:\w+ )*keys?$/

const MAX_NAME = 128
const cache = new Map<string, NameKind>()
const MAX_CACHED = 2048

/** The words of a name, in lower case: split at signs and where camelCase begins a new one. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

function isPassword(word: string): boolean {
  return PASSWORDS.has(word) || /(?:password|passwd|passphrase)\d{0,3}$/.test(word)
}

/** Without a number at its end, if what is left is a word that says secret. */
function uncounted(word: string): string {
  const bare = COUNTED.exec(word)?.[1]
  return bare !== undefined && (bare === 'key' || PASSWORDS.has(bare) || SECRETS.has(bare)) ? bare : word
}

function judge(name: string): NameKind {
  if (OF_SUM.test(name)) return 'none'
  const words = [...wordsOf(name)]
  while (words.length > 1 && NUMBERED.test(words.at(-1)!)) words.pop()
  if (words.length > 0) words.push(uncounted(words.pop()!))
  const last = words.at(-1)
  if (last === undefined) return 'none'
  if (EXISTING.test(words.join(' '))) return 'none'
  const joined = words.join('')
  const harmless = words.slice(0, -1).some((word) => HARMLESS.has(word))
  const before = words.at(-2) ?? ''
  if (isPassword(last) || (SHORT_PASSWORDS.has(last) && !harmless))
    return harmless && !isPassword(last) ? 'none' : 'password'
  if (words.length > 1) {
    // password_hash: what can be tried against a list of words.
    if (last === 'hash') return judge(words.slice(0, -1).join('_')) === 'password' ? 'password' : 'none'
    if (FORM.has(last) || (last === 'key' && isPassword(before))) return judge(words.slice(0, -1).join('_'))
    if (last === 'id' || last === 'ids') return before === 'secret' ? 'secret' : 'none'
  }
  if (ABOUT.has(last)) return 'none'
  if (harmless) return 'none'
  if (SECRETS.has(last) || SECRETS.has(joined)) return 'secret'
  if ((last === 'key' || last === 'keys') && (KEY_OF.has(before) || VENDORS.has(before))) return 'secret'
  if (/(?:secret|token|apikey|secretkey|credentials)$/.test(last) && last.length <= 24) return 'secret'
  if (words.some((word, i) => word === 'key' && SURE_KEY_OF.has(words[i - 1] ?? ''))) return 'secret'
  if (WEAK.has(last)) return 'weak'
  if (last === 'key' && words.length > 1) return 'weak'
  if (last.length > 5 && last.endsWith('key') && !NO_KEY.test(last)) return 'weak'
  // The word stands further in front: DB_PASSWORD_PROD, TOKEN_GITHUB.
  if (words.some((word) => PASSWORDS.has(word))) return words.length <= 4 ? 'password' : 'weak'
  if (words.some((word) => SECRETS.has(word))) return 'weak'
  return 'none'
}

/** What a name says. Longer names than 128 characters are judged by their end. */
export function nameKind(name: string): NameKind {
  const short = name.length > MAX_NAME ? name.slice(-MAX_NAME) : name
  let kind = cache.get(short)
  if (kind === undefined) {
    kind = judge(short)
    if (cache.size >= MAX_CACHED) cache.clear()
    cache.set(short, kind)
  }
  return kind
}
