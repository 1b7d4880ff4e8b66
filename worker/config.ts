// The gateway's configuration: one JSON document, from a file (Bun, Deno) or a binding (workerd). Parsed, never cast.
// In: unknown. Out: GatewayConfig, or an error that names the path of what is wrong. No I/O.

import * as v from 'valibot'

/** How one claim becomes a part of the identity, as in Kubernetes' AuthenticationConfiguration `claimMappings`. */
const prefixedClaim = v.strictObject({ claim: v.string(), prefix: v.optional(v.string(), '') })

const issuer = v.strictObject({
  /** Must equal `iss` exactly. */
  url: v.pipe(v.string(), v.url()),
  /** Absent: taken from `URL/.well-known/openid-configuration`. */
  jwksUri: v.optional(v.pipe(v.string(), v.url())),
  /** At least one must be in `aud`. */
  audiences: v.pipe(v.array(v.string()), v.minLength(1)),
  claimMappings: v.optional(
    v.strictObject({
      username: v.optional(prefixedClaim, { claim: 'sub' }),
      groups: v.optional(prefixedClaim),
      uid: v.optional(v.strictObject({ claim: v.string() })),
      /** Keys are `extra` keys (a domain-prefixed path), values name the claim. */
      extra: v.optional(v.array(v.strictObject({ key: v.string(), claim: v.string() })), []),
    }),
    {},
  ),
  claimValidationRules: v.optional(v.array(v.strictObject({ claim: v.string(), requiredValue: v.string() })), []),
  /** PEM of the CA that signs the issuer's TLS certificate, where it is not a public one. Bun and Deno only. */
  ca: v.optional(v.string()),
})

/** Bytes of a Standard Webhooks secret (`whsec_` and base64), or null when it is none. */
export function webhookKey(secret: string): Uint8Array | null {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  if (encoded === undefined || encoded.length % 4 !== 0) return null
  return Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0))
}

/** `https:` anywhere; `http:` only where it does not leave the machine, since the URL of a channel is itself a secret. */
function carriesSecrets(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && loopback)
}

const noticeUrl = v.pipe(
  v.string(),
  v.maxLength(2048),
  v.check(carriesSecrets, 'an https URL without a password in it, or http to this machine'),
)
const channelName = v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/))

/** Where a hold is told of: a Slack incoming webhook, a Teams workflow webhook, or any webhook that checks signatures. */
const channel = v.variant('kind', [
  v.strictObject({ name: channelName, kind: v.literal('slack'), url: noticeUrl }),
  v.strictObject({ name: channelName, kind: v.literal('teams'), url: noticeUrl }),
  v.strictObject({
    name: channelName,
    kind: v.literal('webhook'),
    url: noticeUrl,
    /** Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes. */
    secret: v.pipe(
      v.string(),
      v.check((secret) => {
        const length = webhookKey(secret)?.length ?? 0
        return length >= 24 && length <= 64
      }, 'whsec_ and base64 of 24 to 64 bytes'),
    ),
  }),
])

const gatewayConfig = v.strictObject({
  /** The public base URL, e.g. `https://gateway.example.com`; no trailing slash. */
  url: v.pipe(v.string(), v.url(), v.regex(/[^/]$/, 'must not end with a slash')),
  issuers: v.optional(v.array(issuer), []),
  /** Private Ed25519 JWK that signs gateway tokens. Never leaves the gateway. */
  signingKey: v.strictObject({
    kty: v.literal('OKP'),
    crv: v.literal('Ed25519'),
    x: v.string(),
    d: v.string(),
    kid: v.string(),
    alg: v.optional(v.literal('EdDSA')),
  }),
  database: v.strictObject({
    /** `file:PATH` (embedded) or `libsql://`, `https://`, `http://` (remote). */
    url: v.string(),
    authToken: v.optional(v.string()),
    encryptionKey: v.optional(v.pipe(v.string(), v.minLength(32))),
  }),
  /** How people log in to the app; absent: by one-time login links only. */
  login: v.optional(
    v.strictObject({
      /** One of `issuers`, by its url. */
      issuer: v.string(),
      clientId: v.string(),
      clientSecret: v.optional(v.string()),
      /** A public client with loopback redirects (RFC 8252), for `sallyport login`; absent: the CLI is given tokens. */
      cliClientId: v.optional(v.string()),
      scopes: v.optional(v.array(v.string()), ['openid', 'profile', 'groups']),
    }),
  ),
  /** Which groups hold which role in the app and the API. Higher roles include lower ones. */
  roles: v.optional(
    v.strictObject({
      viewer: v.optional(v.array(v.string()), []),
      approver: v.optional(v.array(v.string()), []),
      admin: v.optional(v.array(v.string()), []),
    }),
    {},
  ),
  /** Host name suffix under which connections are host names, e.g. `gateway.example.com` for `prod.gateway.example.com`. */
  connectionHostSuffix: v.optional(v.string()),
  limits: v.optional(
    v.strictObject({
      /** Requests in flight of one identity on one connection; absent: the built-in limit. */
      streamsPerIdentity: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000))),
      /** Milliseconds for a request body to arrive whole; absent: the built-in limit. */
      bodyDeadlineMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(600_000))),
    }),
    {},
  ),
  /** Names of built-in deny rules that are switched off. */
  denyPackExcept: v.optional(v.array(v.string()), []),
  /** Where people are told that a request waits for them. */
  notices: v.optional(
    v.pipe(
      v.array(channel),
      v.maxLength(20),
      v.check((channels) => new Set(channels.map(({ name }) => name)).size === channels.length, 'names that differ'),
    ),
    [],
  ),
  holds: v.optional(
    v.strictObject({
      /** Milliseconds a held request waits before its client is asked to come again; absent: by the rule's `holdFor`. */
      pollMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1000), v.maxValue(300_000))),
    }),
    {},
  ),
})

export type GatewayConfig = v.InferOutput<typeof gatewayConfig>
export type IssuerConfig = GatewayConfig['issuers'][number]
export type ChannelConfig = GatewayConfig['notices'][number]

/**
 * Parses a configuration document.
 * @throws Error with one line per problem: the path and what is expected. Never prints values (they hold keys).
 */
export function parseConfig(document: unknown): GatewayConfig {
  const result = v.safeParse(gatewayConfig, document)
  if (result.success) return result.output
  const lines = result.issues.map(
    // A check of ours says in its message what it expects; valibot's own messages repeat what was received.
    (issue) =>
      `${v.getDotPath(issue) ?? '(document)'}: expected ${issue.expected ?? (issue.type === 'check' ? issue.message : 'another form')}`,
  )
  throw new Error(`configuration is not valid:\n${lines.join('\n')}`)
}
