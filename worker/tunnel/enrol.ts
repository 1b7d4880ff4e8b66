// Enrolment: a connector hands in the public half of the key it made and a one-time code, once.
// In: what was posted, unknown. Out: the connector's id and the connections its key is bound to, or a refusal.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as v from 'valibot'
import type { Outcome } from '../context.ts'
import type { Clock, ConnectorRecord, RandomBytes, Store } from '../ports.ts'

const enrolment = v.strictObject({
  code: v.pipe(v.string(), v.regex(/^[\w-]{16,200}$/)),
  publicKey: v.strictObject({
    kty: v.literal('OKP'),
    crv: v.literal('Ed25519'),
    /** 32 bytes, base64url. */
    x: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
  }),
  name: v.pipe(v.string(), v.regex(/^[\w.-]{1,63}$/)),
})

/** What an enrolment code stands for; the payload of its OneTimeCode, as JSON. */
const grant = v.strictObject({ connections: v.pipe(v.array(v.string()), v.minLength(1)) })

export interface EnrolOptions {
  readonly store: Pick<Store, 'takeCode' | 'putCode' | 'putConnector' | 'connectors'>
  readonly clock: Clock
  readonly random: RandomBytes
}

/** How long a code is good for when the caller does not say. */
const CODE_LIFE_MS = 60 * 60 * 1000

/** Makes a one-time code that lets one connector serve `connections`. Returns the code; only its hash is stored. */
export async function createEnrolmentCode(
  options: EnrolOptions,
  connections: readonly string[],
  lifeMs: number = CODE_LIFE_MS,
): Promise<string> {
  const code = bytesToHex(options.random(24))
  await options.store.putCode(hash(code), {
    purpose: 'enrol',
    payload: JSON.stringify({ connections }),
    expiresAt: options.clock.now() + lifeMs,
  })
  return code
}

/**
 * Takes the code and stores the key. A key that is already enrolled is refused, so that a revoked one cannot come back.
 * Rejects only when the store does.
 */
export async function enrol(
  options: EnrolOptions,
  document: unknown,
): Promise<Outcome<{ readonly id: string; readonly connections: readonly string[] }>> {
  const parsed = v.safeParse(enrolment, document)
  if (!parsed.success) {
    return { ok: false, refusal: { kind: 'malformed', message: 'an enrolment is {code, publicKey, name}' } }
  }
  const { code, publicKey, name } = parsed.output
  const now = options.clock.now()
  const taken = await options.store.takeCode(hash(code), 'enrol', now)
  const granted = taken === null ? null : parseGrant(taken.payload)
  if (granted === null) {
    const message = 'the enrolment code is not known, was used, or has expired; ask for a new one'
    return { ok: false, refusal: { kind: 'unauthenticated', message } }
  }
  const known = await options.store.connectors()
  if (known.some((record) => record.publicKey.x === publicKey.x)) {
    return {
      ok: false,
      refusal: { kind: 'forbidden', message: 'this key is enrolled already; start with an empty state folder' },
    }
  }
  const record: ConnectorRecord = {
    id: `${name}-${bytesToHex(options.random(5))}`,
    publicKey,
    connections: granted.connections,
    createdAt: new Date(now).toISOString(),
  }
  await options.store.putConnector(record)
  return { ok: true, value: { id: record.id, connections: record.connections } }
}

function hash(code: string): string {
  return bytesToHex(sha256(utf8ToBytes(code)))
}

function parseGrant(payload: string): v.InferOutput<typeof grant> | null {
  try {
    const parsed = v.safeParse(grant, JSON.parse(payload))
    return parsed.success ? parsed.output : null
  } catch {
    return null
  }
}
