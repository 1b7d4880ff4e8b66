// From a verified token's claims to a Kubernetes identity, as AuthenticationConfiguration maps them. No I/O.

import type { JWTPayload } from 'jose'
import type { IssuerConfig } from '../config.ts'
import type { UserInfo } from '../context.ts'
import { GROUPS, NAME_CHARS } from './limits.ts'

export type MappedUser =
  | { readonly ok: true; readonly user: UserInfo }
  | { readonly ok: false; readonly message: string }

/** Names that belong to the cluster's own components (`system:masters`): no issuer may hand them out. */
const RESERVED = 'system:'

/**
 * Checks an issuer's mapping when it is configured.
 * @throws Error for an `extra` key Kubernetes would refuse or that belongs to Kubernetes
 */
export function checkMapping(issuer: IssuerConfig): void {
  for (const { key } of issuer.claimMappings.extra) {
    const domain = key.split('/')[0] ?? ''
    if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[a-z0-9._~!$&'()*+,;=:@/-]+$/.test(key)) {
      throw new Error(`issuer ${issuer.url}: extra key ${key} must be a path with a domain, in lower case`)
    }
    if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) {
      throw new Error(`issuer ${issuer.url}: extra keys of ${domain} belong to Kubernetes`)
    }
  }
}

/** Maps claims to a user. The message of a failure is for the person at kubectl and holds no claim's value. */
export function mapClaims(claims: JWTPayload, issuer: IssuerConfig): MappedUser {
  const { claimMappings: mappings, claimValidationRules: rules } = issuer
  for (const { claim, requiredValue } of rules) {
    if (own(claims, claim) !== requiredValue) return no(`the token's claim ${claim} is not what this gateway requires`)
  }
  const username = own(claims, mappings.username.claim)
  if (!isName(username))
    return no(`the token's claim ${mappings.username.claim}, the user name, is missing or not usable`)
  if (mappings.username.claim === 'email' && (own(claims, 'email_verified') ?? true) !== true) {
    return no('the e-mail address in the token is not verified')
  }
  const groups = stringsOf(mappings.groups === undefined ? undefined : own(claims, mappings.groups.claim))
  if (groups === null || groups.length > GROUPS) return no(`the token's claim ${mappings.groups?.claim} is not usable`)
  const uid = mappings.uid === undefined ? undefined : own(claims, mappings.uid.claim)
  if (uid !== undefined && !isName(uid)) return no(`the token's claim ${mappings.uid?.claim} is not usable`)
  const extra: Record<string, readonly string[]> = Object.create(null)
  for (const { key, claim } of mappings.extra) {
    const values = stringsOf(own(claims, claim))
    if (values === null) return no(`the token's claim ${claim} is not usable`)
    if (values.length > 0) extra[key] = values
  }
  const user = {
    username: mappings.username.prefix + username,
    uid: uid ?? '',
    groups: [...new Set(groups.map((group) => (mappings.groups?.prefix ?? '') + group))],
    extra: { ...extra },
  }
  const reserved = [user.username, ...user.groups].some((name) => name.startsWith(RESERVED))
  if (reserved) return no(`names that start with ${RESERVED} are the cluster's own: the issuer needs a prefix for them`)
  return { ok: true, user }
}

/**
 * A non-empty string that means the same once it stood in a header: no controls, no half characters, of which UTF-8 makes one
 * and the same, and no space at either end. HTTP takes those off, so that ` system:masters` would arrive as a name that is reserved.
 */
function isName(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > NAME_CHARS || !value.isWellFormed()) return false
  return !/[\x00-\x1f\x7f]/.test(value) && !/^ | $/.test(value)
}

/** A claim that is a string, a list of strings or absent; null when it is anything else. */
function stringsOf(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.every(isName) ? list : null
}

function own(claims: JWTPayload, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

function no(message: string): MappedUser {
  return { ok: false, message }
}
