// The bounds of authentication. Each has its unit and the attack it stops.

/** Characters of a token. Entra ID's with 200 groups have 9,000. Stops: hashing and decoding without end. */
export const TOKEN_CHARS = 32 * 1024
/** Groups of one identity. Stops: an upstream header per group without end. */
export const GROUPS = 1_000
/** Characters of a user name, group, uid or extra value. */
export const NAME_CHARS = 1_024
/** Difference of clocks that is forgiven on `exp`, `nbf` and `iat`, in seconds. */
export const CLOCK_TOLERANCE_S = 5
/** How long a verified token is believed without verifying it again; never past its `exp`. */
export const VERIFIED_MS = 10_000
/** Verified tokens kept. Stops: memory by many tokens. */
export const VERIFIED_COUNT = 10_000
/** Keys of an issuer are fetched again after this time. */
export const KEYS_FRESH_MS = 10 * 60_000
/** Keys of an issuer that cannot be reached are used for this time. Stops: withdrawn keys living on. */
export const KEYS_KEPT_MS = 60 * 60_000
/** Between two fetches of one issuer's keys. Stops: 100 made-up key ids making 100 fetches. */
export const FETCH_COOLDOWN_MS = 60_000
/** The same, while no keys are held because the issuer did not answer. */
export const FAILED_COOLDOWN_MS = 5_000
/** For one fetch, its body included. */
export const FETCH_TIMEOUT_MS = 5_000
/** Of a discovery document or key set. */
export const FETCH_BYTES = 1024 * 1024
/** Lifetime of a token the gateway issues, unless the subject's token ends earlier. */
export const ISSUED_S = 15 * 60
/** How long after its end a gateway token still proves which session it belonged to. */
export const SESSION_PROOF_S = 24 * 60 * 60
/** Characters of a stated purpose. */
export const PURPOSE_CHARS = 500
