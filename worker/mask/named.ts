// Values that are masked for what they are called: under a key or a name that says secret, in a registry's credentials. No I/O.

import { decodeBase64 } from './base64.ts'
import { maskRelease } from './helm.ts'
import { type Looking, saysSecret } from './look.ts'
import type { Node, Token } from './node.ts'
import type { Scope } from './scope.ts'
import { decodeString, stringToken } from './token.ts'
import { type Leaf, lookInRelease, maskBelow, maskWhole } from './values.ts'

const encoder = new TextEncoder()
const ascii = new TextDecoder('latin1')

/** Base64 of the shortest user, colon and password. */
const MIN_BASIC_BYTES = 8

/** Values that a name of a secret may have and that are none: switches. */
const SWITCH = /^(?:true|false|yes|no|on|off|null|none|)$/i
/** What stands for a variable that is named elsewhere. */
const REFERENCE = /^(?:\$\([A-Za-z_][\w.-]*\))+$/
/** Where a secret is, not what it is: a file's path. */
const PATH =
  /^\/(?:etc|var|usr|opt|home|run|tmp|root|data|mnt|srv|app|config|secrets?|certs?|vault|bin|lib)(?:\/[\w.@+-]+)+\/?$/
/** A URL without a user, a query or a part long enough for a key: those may be the secret itself. */
const URL_OF_PLACE = /^[a-z][a-z0-9+.-]{1,20}:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/(?![\w.~-]{16})[\w.~-]*)*$/

/** `data` of a ConfigMap: masked where the key says that it is a secret, else looked at like anything. */
export function configNode(scope: Scope, any: Node, look: Looking): Node {
  const secret = namedLeaf(scope, 'config', look.leaf)
  const value: Node = {
    ...any,
    worth: (bytes, start, end, name, escaped) =>
      name?.text === 'release' || look.worth(bytes, start, end, name, escaped),
    leaf(token) {
      if (token.name?.text === 'release' && token.kind === 'string') return releaseIn(token, scope) ?? look.leaf(token)
      return token.name !== null && saysSecret(token.name, scope) ? secret(token) : look.leaf(token)
    },
  }
  value.others = value
  value.members = new Map()
  return { ...value, others: value }
}

/** A release that helm keeps in a ConfigMap: base64 of gzip, once. Null: it is none, or holds nothing to mask. */
function releaseIn(token: Token, scope: Scope): Uint8Array | null {
  const text = decodeString(token.raw)
  if (!text.startsWith('H4sI')) return null
  const release = maskRelease(encoder.encode(text), scope.masker, token.at, lookInRelease(scope, token.at))
  if (release === 'unchanged') return null
  if (release === 'unreadable') return maskWhole(scope, { rule: 'secret', base64: true })(token)
  return stringToken(atob(release))
}

/** What a name says is a secret: masked, unless it is a switch or says where something else is. @param other what those are given to */
export function namedLeaf(scope: Scope, rule: string, other: Leaf | undefined): Leaf {
  const whole = maskWhole(scope, { rule })
  return (token) => {
    if (token.kind === 'primitive') return /^[tfn]/.test(ascii.decode(token.raw)) ? null : whole(token)
    if (token.kind === 'string' && token.raw.length < 128) {
      const text = decodeString(token.raw)
      if (SWITCH.test(text) || REFERENCE.test(text)) return null
      if (PATH.test(text) || URL_OF_PLACE.test(text)) return other?.(token) ?? null
    }
    return whole(token)
  }
}

/** A value under a name that says secret. @param rule as it stands in the placeholder */
export function maskNamed(scope: Scope, any: Node, rule: string): Node {
  const node: Node = { leaf: namedLeaf(scope, rule, any.leaf) }
  node.others = node
  if (any.rekey !== undefined) node.rekey = any.rekey
  return node
}

/** A registry's credentials in a docker config. */
export function authNode(scope: Scope, any: Node): Node {
  const secret = maskBelow(scope, { rule: 'docker-config' })
  const members = ['auth', 'password', 'identitytoken', 'registrytoken'].map((name): [string, Node] => [name, secret])
  return { ...any, members: new Map([...(any.members ?? []), ...members]) }
}

/** `auth` of a registry without `auths` around it (.dockercfg): base64 of a user, a colon and a password. */
export function basicNode(scope: Scope, any: Node): Node {
  const whole = maskWhole(scope, { rule: 'docker-config' })
  return {
    ...any,
    worth: (bytes, start, end, name, escaped) =>
      ((end - start) % 4 === 0 && end - start >= MIN_BASIC_BYTES) ||
      any.worth?.(bytes, start, end, name, escaped) === true,
    leaf(token) {
      const decoded = token.kind === 'string' ? decodeBase64(encoder.encode(decodeString(token.raw))) : null
      const isBasic = decoded !== null && /^[ -~]+:[ -~]+$/.test(ascii.decode(decoded))
      return isBasic ? whole(token) : (any.leaf?.(token) ?? null)
    },
  }
}
