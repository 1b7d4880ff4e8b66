// The bounds on a request's head. Each has its unit and the attack it stops. A request past one is refused with 400.

/** Path and query. A `kubectl exec` with 60 KB of arguments is real; percent-escapes treble it. Stops: parsing without end. */
export const TARGET_BYTES = 512 * 1024
/** All header names and values together. Tokens with hundreds of groups stay under 32 KB. Stops: memory per request. */
export const HEADER_BYTES = 128 * 1024
/** Header fields. kubectl sends about 10. Stops: quadratic look-ups. */
export const HEADER_COUNT = 100
/** Path segments. A custom resource's deepest has 8; a proxied path may be long. Stops: parsing without end. */
export const PATH_SEGMENTS = 64
/** Query parameters. Only `command` and `ports` may repeat. Stops: parsing without end. */
export const QUERY_PARAMETERS = 10_000
/** Clauses of `Accept`. kubectl sends 3. */
export const ACCEPT_CLAUSES = 32
/** Characters kept of what the client says of itself (`User-Agent`, `Kubectl-Command`, `Kubectl-Session`). */
export const CLAIM_CHARS = 256
