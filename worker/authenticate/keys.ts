// An issuer's public keys, by discovery or from its jwksUri. In: fetch and a clock. Out: the keys for a token's header.
// Never follows a redirect, and never a URL from a token (`jku`, `x5u`, `kid`): only the configured issuer's.

import { createLocalJWKSet, errors, type JSONWebKeySet } from 'jose'
import type { IssuerConfig } from '../config.ts'
import type { Clock } from '../ports.ts'
import {
  FAILED_COOLDOWN_MS,
  FETCH_BYTES,
  FETCH_COOLDOWN_MS,
  FETCH_TIMEOUT_MS,
  KEYS_FRESH_MS,
  KEYS_KEPT_MS,
} from './limits.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>
type KeyGetter = ReturnType<typeof createLocalJWKSet>
type Key = Awaited<ReturnType<KeyGetter>>
export type TokenHeader = Parameters<KeyGetter>[0]

/** The issuer's keys could not be had: it is not the token's fault. */
export class KeysUnavailable extends Error {
  readonly code = 'KEYS_UNAVAILABLE'
  constructor(cause?: unknown) {
    super('the keys of the issuer cannot be fetched', { cause })
    this.name = 'KeysUnavailable'
  }
}

export interface IssuerKeys {
  /**
   * The keys that may have signed a token with this header; usually one, none when the issuer has no such key.
   * @throws {KeysUnavailable} no keys are held and none could be fetched
   */
  candidates(header: TokenHeader): Promise<readonly Key[]>
}

/** A clock may step back by so much when it is set right. */
const STEP_MS = 1_000

/** Keeps one issuer's keys. Concurrent callers share a fetch. */
export function createIssuerKeys(issuer: IssuerConfig, fetch: Fetch, clock: Clock): IssuerKeys {
  let held: { readonly get: KeyGetter; readonly fetchedAt: number } | null = null
  let jwksUri = issuer.jwksUri ?? null
  let askedAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let asking: Promise<void> | null = null

  // A clock that was set back by more would keep keys for as long.
  const ageOf = (at: number) => (clock.now() < at - STEP_MS ? Number.POSITIVE_INFINITY : clock.now() - at)
  const refresh = async () => {
    askedAt = clock.now()
    try {
      jwksUri ??= await discover(issuer.url, fetch, clock)
      const keys = await fetchJson(jwksUri, fetch, clock)
      held = { get: createLocalJWKSet(parseKeySet(keys)), fetchedAt: clock.now() }
    } catch (error) {
      failure = error
      jwksUri = issuer.jwksUri ?? null
    }
  }
  const maybeRefresh = async () => {
    const cooldown = held === null ? FAILED_COOLDOWN_MS : FETCH_COOLDOWN_MS
    if (asking === null && ageOf(askedAt) >= cooldown) {
      asking = refresh().finally(() => {
        asking = null
      })
    }
    await asking
  }
  const age = () => (held === null ? Number.POSITIVE_INFINITY : ageOf(held.fetchedAt))

  return {
    async candidates(header) {
      if (age() >= KEYS_FRESH_MS) await maybeRefresh()
      if (held === null || age() > KEYS_KEPT_MS) throw new KeysUnavailable(failure)
      const known = await matching(held.get, header)
      if (known.length > 0) return known
      await maybeRefresh()
      return matching(held.get, header)
    },
  }
}

/** At most 8 keys: a key set without ids must not make one token cost a hundred verifications. */
async function matching(get: KeyGetter, header: TokenHeader): Promise<readonly Key[]> {
  try {
    return [await get(header)]
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return []
    const keys: Key[] = []
    for await (const key of error) {
      if (keys.push(key) === 8) break
    }
    return keys
  }
}

/** OpenID Connect Discovery 1.0: the document must name the issuer it was asked of. */
async function discover(issuer: string, fetch: Fetch, clock: Clock): Promise<string> {
  const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, fetch, clock)
  if (!isRecord(document) || document.issuer !== issuer) throw new Error('the discovery document names another issuer')
  const uri = document.jwks_uri
  if (typeof uri !== 'string') throw new Error('the discovery document has no jwks_uri')
  const plain = issuer.startsWith('http://') && uri.startsWith('http://')
  if (!uri.startsWith('https://') && !plain) throw new Error('the jwks_uri is not https')
  return uri
}

async function fetchJson(url: string, fetch: Fetch, clock: Clock): Promise<unknown> {
  const controller = new AbortController()
  const cancel = clock.after(FETCH_TIMEOUT_MS, () => controller.abort(new Error('timed out')))
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: controller.signal,
    })
    if (response.status !== 200) throw new Error(`answered ${response.status}`)
    return JSON.parse(await readText(response))
  } finally {
    cancel()
  }
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > FETCH_BYTES) {
      await reader.cancel()
      throw new Error(`is longer than ${FETCH_BYTES} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** Asymmetric keys only: a symmetric one in a public set would let everybody sign. */
function parseKeySet(document: unknown): JSONWebKeySet {
  if (!isRecord(document) || !Array.isArray(document.keys)) throw new Error('is not a key set')
  const keys = document.keys.filter((key): key is Record<string, unknown> & { kty: string } => {
    return isRecord(key) && (key.kty === 'RSA' || key.kty === 'EC' || key.kty === 'OKP')
  })
  return { keys }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
