// Every limit of the chain, with its unit, its reason and the attack it stops. No code.

/** A request body as a whole. The API server takes 3 MiB; more cannot be meant for it. Stops memory exhaustion. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024

/**
 * Bodies of the requests that one identity has in flight on one connection, together: held ones keep theirs for minutes, and what is
 * read of them takes many times as much. Stops one agent from filling memory with all its streams.
 */
export const MAX_BODIES_PER_IDENTITY_BYTES = 48 * 1024 * 1024

/** Time for a request body to arrive. kubectl sends at once; a body that drips in holds memory and a stream (slowloris). */
export const BODY_DEADLINE_MS = 30_000

/** Request line and headers together. client-go's exec with a long argv needs far more than Node's 16 KiB; the API server takes 1 MiB. */
export const MAX_HEADER_BYTES = 1024 * 1024

/** Time for the headers to arrive. Stops slowloris. */
export const HEADERS_DEADLINE_MS = 30_000

/** Requests in flight, watches and execs included, of one identity on one connection. Stops one agent from using the hub up. */
export const MAX_STREAMS_PER_IDENTITY = 500

/** How often open streams are judged again: expiry of the token, policy, revocation. Promise: at least every 10 s. */
export const REJUDGE_EVERY_MS = 5_000

/** A response up to this size is read whole before the first byte is sent, so that one that cannot be masked becomes a Status. */
export const WHOLE_RESPONSE_BYTES = 512 * 1024

/** A dry run's answer: the object a protobuf body stands for. Bounded by what etcd stores (1.5 MiB) and managedFields. */
export const MAX_DRY_RUN_BYTES = 4 * 1024 * 1024

/** One WebSocket message of a client's exec, attach or port-forward. client-go sends at most 32 KiB; the rest is room. */
export const MAX_CLIENT_MESSAGE_BYTES = 1024 * 1024
