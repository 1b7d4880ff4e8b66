// Every limit of the connector, with its unit, its reason and the attack it stops. No code.

/** Status line and headers of the API server's answer. A broken or hostile server must not take the heap. */
export const MAX_RESPONSE_HEAD_BYTES = 256 * 1024

/** A chunk-size line with its extensions, or one trailer line. */
export const MAX_CHUNK_LINE_BYTES = 4 * 1024

/** A request body, kept whole before it is sent so that a lost gateway never leaves half a request behind. The API server takes 3 MiB. */
export const MAX_REQUEST_BODY_BYTES = 4 * 1024 * 1024

/** All request bodies being collected at once. Stops a gateway gone wrong from taking the heap. */
export const MAX_COLLECTING_BYTES = 256 * 1024 * 1024

/** Bytes of an answer read ahead of the tunnel's credit before the API server's socket is paused. */
export const READ_AHEAD_BYTES = 128 * 1024

/**
 * Chunks read ahead that are a quarter of it or shorter are put together up to this. A pod that logs byte by byte to a client that
 * does not read would else take forty megabytes for those 128 KiB.
 */
export const GATHERED_BYTES = 4 * 1024

/** Idle kept-alive connections to the API server. */
export const MAX_IDLE_SOCKETS = 64

/** How long a connection is kept idle: less than the API server's own 90 s, so that it is never closed under a request. */
export const IDLE_SOCKET_MS = 45_000

/**
 * How long a connection may have been idle to carry a write: servers and balancers close idle ones after 5 s or more, and a
 * write that meets the closing cannot be sent again, since it may have been carried out.
 */
export const WRITE_SOCKET_MS = 3_000

/** Silence after which TCP asks whether the other host is still there: an idle watch must not outlive its API server. */
export const TCP_KEEPALIVE_MS = 30_000

/** Time to connect to the API server, TLS included. */
export const CONNECT_TIMEOUT_MS = 15_000

/** Time to the head of an answer. The API server gives up at 60 s itself; watches and `logs -f` have no limit, since a quiet log sends no head. */
export const RESPONSE_HEAD_TIMEOUT_MS = 90_000

/** One message of the API server's exec, attach or port-forward WebSocket. It sends at most 32 KiB and the channel. */
export const MAX_UPSTREAM_MESSAGE_BYTES = 1024 * 1024

/** What an exec credential plugin may print. */
export const MAX_PLUGIN_OUTPUT_BYTES = 1024 * 1024

/** How long an exec credential plugin may take. */
export const PLUGIN_TIMEOUT_MS = 60_000
