// Token exchange (RFC 8693) at the gateway, from the client's side.

import * as v from 'valibot'
import { Failure } from './command.ts'
import { call } from './http.ts'

const granted = v.object({ access_token: v.string(), expires_in: v.number(), session: v.optional(v.string()) })
const refused = v.object({ error: v.string(), error_description: v.optional(v.string()) })
const machineToken = v.object({ id_token: v.string() })

export interface Granted {
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly session?: string
}

/** The gateway refused the exchange; `description` is its own sentence. */
export class ExchangeRefused extends Failure {
  readonly description: string
  constructor(description: string) {
    super(`the gateway gave no token: ${description}`)
    this.description = description
  }
}

/** @param audience `URL/api` or `URL/clusters/NAME` */
export async function exchange(
  gateway: { readonly url: string; readonly ca?: string | undefined },
  subjectToken: string,
  audience: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<Granted> {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    audience,
    ...extra,
  })
  const answer = await call(`${gateway.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    ca: gateway.ca,
  })
  const body = parseJson(await answer.text(), gateway.url)
  const parsed = v.safeParse(granted, body)
  if (answer.status === 200 && parsed.success) {
    const { access_token, expires_in, session } = parsed.output
    const expiresAt = Date.now() + expires_in * 1000
    return { token: access_token, expiresAt, ...(session === undefined ? {} : { session }) }
  }
  const error = v.safeParse(refused, body)
  throw new ExchangeRefused(
    error.success ? (error.output.error_description ?? error.output.error) : `it answered ${answer.status}`,
  )
}

/** An identity provider's token for a secret, from the demo's provider. */
export async function machineIdToken(url: string, secret: string, ca: string | undefined): Promise<string> {
  const answer = await call(url, { method: 'POST', headers: { authorization: `Bearer ${secret}` }, ca })
  const parsed = v.safeParse(machineToken, answer.status === 200 ? parseJson(await answer.text(), url) : null)
  if (parsed.success) return parsed.output.id_token
  throw new Failure(`the identity provider at ${new URL(url).origin} gave no token (${answer.status})`)
}

function parseJson(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure(`the answer of ${url} is not JSON`)
  }
}
