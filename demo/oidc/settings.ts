// What the demo's OIDC provider is started with. In: parsed JSON. Out: settings, or an error naming what is wrong. No I/O.

import * as v from 'valibot'

const settings = v.strictObject({
  /** `https://127.0.0.1:PORT`: where it listens, too. */
  issuer: v.pipe(v.string(), v.url()),
  certFile: v.string(),
  keyFile: v.string(),
  /** Private EC P-256 JWK that signs ID tokens (ES256). */
  signingKey: v.strictObject({
    kty: v.literal('EC'),
    crv: v.literal('P-256'),
    x: v.string(),
    y: v.string(),
    d: v.string(),
    kid: v.string(),
    alg: v.literal('ES256'),
    use: v.literal('sig'),
  }),
  /** What everybody who logs in by the page must know: groups of five. Capitals, spaces and hyphens make no difference. */
  loginCode: v.pipe(v.string(), v.regex(/^[0-9a-z]{5}(-[0-9a-z]{5}){1,7}$/, 'groups of five')),
  /** Signs the provider's own cookies. */
  cookieSecret: v.pipe(v.string(), v.minLength(32)),
  /** The app at the gateway: a client with a secret. */
  app: v.strictObject({ clientId: v.string(), clientSecret: v.string(), redirectUri: v.pipe(v.string(), v.url()) }),
  /** The command line: a public client with loopback redirects (RFC 8252). */
  cli: v.strictObject({ clientId: v.string() }),
  /** `aud` of tokens for machines. */
  audience: v.string(),
  /** Whoever knows the secret gets a token for the identity without a browser. */
  machines: v.array(
    v.strictObject({ secret: v.pipe(v.string(), v.minLength(32)), username: v.string(), groups: v.array(v.string()) }),
  ),
})

export type DemoOidcSettings = v.InferOutput<typeof settings>

/** @throws Error naming the fields that are wrong; never their values */
export function parseDemoOidcSettings(document: unknown): DemoOidcSettings {
  const parsed = v.safeParse(settings, document)
  if (parsed.success) return parsed.output
  const lines = parsed.issues.map(
    (issue) => `${v.getDotPath(issue) ?? '(document)'}: expected ${issue.expected ?? 'another form'}`,
  )
  throw new Error(`the OIDC provider's settings are not valid:\n${lines.join('\n')}`)
}
