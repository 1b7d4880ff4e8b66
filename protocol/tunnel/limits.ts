// Every limit of the tunnel, with its unit, its reason and the attack it stops. Both ends enforce them on what they receive. No code.

/** Payload of one DATA frame. Small enough that a large transfer does not hold a keystroke back for long. */
export const MAX_DATA_BYTES = 64 * 1024

/** Payload of a HEAD frame. The API server takes 1 MiB of headers, which a long exec argv uses; stops memory exhaustion by HEADs. */
export const MAX_HEAD_BYTES = 1024 * 1024 + 64 * 1024

/** Text in a RESET or GOAWAY frame, for a person. */
export const MAX_REASON_BYTES = 1024

/** One WebSocket message: a HEAD and what is sent together with it. Stops one message from taking the heap. */
export const MAX_TUNNEL_MESSAGE_BYTES = 2 * 1024 * 1024

/** Frames that wait for the same macrotask are sent as one WebSocket message up to this size; then the next begins. */
export const BATCH_BYTES = 256 * 1024

/** One message of an upgraded stream (exec, attach, port-forward). The gateway takes 1 MiB from a client; the byte more is the channel. */
export const MAX_STREAM_MESSAGE_BYTES = 1024 * 1024 + 64

/** Credit of one stream at its start: bytes that may be under way or unread. A slow reader keeps no more than this in memory. */
export const STREAM_WINDOW_BYTES = 256 * 1024

/** Credit of all streams of a session together. */
export const SESSION_WINDOW_BYTES = 64 * 1024 * 1024

/**
 * Unread bytes of a session above which the stream that holds the most is reset, so that clients who stopped reading
 * cannot use up the credit that all streams share.
 */
export const CONGESTED_BYTES = 48 * 1024 * 1024

/**
 * What a DATA frame costs beside its payload. An unread frame takes some 500 bytes of memory, however short it is: without this a
 * program that prints byte by byte to 200 clients that do not read took 2.5 GB of the gateway's.
 */
export const FRAME_COST_BYTES = 256

/** Stream numbers of a session (31 bits, as in HTTP/2). Busy for days, a session runs out; it is ended then and dialled again. */
export const MAX_STREAM_NUMBER = 0x7fffffff

/** Streams open at once in a session. 10,000 idle watches must fit; more is a leak or an attack. */
export const MAX_STREAMS = 16_384

/** Silence after which a PING is sent. */
export const PING_IDLE_MS = 10_000

/** Silence after that PING for which the peer is given up: a dead connection fails its streams within 20 s. */
export const PING_TIMEOUT_MS = 10_000

/** Bytes of frames that need no credit (HEAD, WINDOW, PING, RESET) waiting for the socket, above which the session is broken off: the peer does not read. */
export const MAX_BACKLOG_BYTES = 32 * 1024 * 1024

/** The same in frames, since a small frame costs more memory than its bytes. Stops floods of PING and RESET. */
export const MAX_BACKLOG_FRAMES = 100_000
