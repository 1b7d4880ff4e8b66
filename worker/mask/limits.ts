// Every limit of masking, with its unit, its reason and the attack it stops. No code.

/** An object key in a part of a document that is looked at. Kubernetes' longest is 253 + 1 + 63. Stops a key that fills memory. */
export const MAX_KEY_BYTES = 1024

/**
 * One value that has to be held back before it can be masked. A Secret holds at most 1 MiB (1.4 MiB as base64), a request 3 MiB.
 * Stops one endless string from filling memory.
 */
export const MAX_VALUE_BYTES = 3 * 1024 * 1024

/** Number or literal, in bytes. Stops a number without end. */
export const MAX_PRIMITIVE_BYTES = 1024

/** Nesting of a scanned document. Secrets and their managedFields need about 20. Stops stack and memory exhaustion by `[[[[…`. */
export const MAX_DEPTH = 128

/** JSON in a JSON string in a JSON string (last-applied of a last-applied). Each level doubles the escapes. */
export const MAX_EMBEDDED = 3

/** A text error (`429 Too Many Requests`) on a Secrets request, read whole to be masked. The API server's are below 1 KiB. */
export const MAX_ERROR_TEXT_BYTES = 64 * 1024

/** A Status message on a Secrets request; a longer one quotes the object and is masked whole. Bounds the search in it. */
export const MAX_STATUS_CHARS = 64 * 1024

/** Values known from the request that are searched for in a Status; with more it is masked whole. Stops quadratic work. */
export const MAX_REQUEST_SECRETS = 256

/** A Helm release as gzip. etcd holds no more. */
export const MAX_RELEASE_GZIP_BYTES = 1.5 * 1024 * 1024

/** A Helm release unpacked. Stops a decompression bomb: unpacking ends here. */
export const MAX_RELEASE_BYTES = 16 * 1024 * 1024

/** Bytes given to gunzip at once: deflate grows at most 1032-fold, so one step makes at most about 2 MiB before the bound is checked. */
export const GUNZIP_STEP_BYTES = 2048

/** Characters of one release's Secrets and Lists that are parsed as YAML (some 1 MB/s). Stops one release from holding the event loop. */
export const MAX_RELEASE_YAML_CHARS = 256 * 1024

/** Characters × values searched for in one release. Stops quadratic work; some 0.2 s at worst. */
export const MAX_RELEASE_SEARCH = 128 * 1024 * 1024

/** Values of this length or longer are searched for elsewhere in a release; shorter ones would hit ordinary words. */
export const MIN_SEARCHED_CHARS = 4

/** Nesting of a request body. Stops a parser's stack from running out (CVE-2019-11253's cousins). */
export const MAX_BODY_DEPTH = 200

/** A YAML body. Its parser does some 1 MB/s; kubectl sends JSON. Stops one body from holding the event loop. */
export const MAX_YAML_BYTES = 256 * 1024

/** Operations of one json-patch. The API server takes 10,000 (CVE-2019-1002100); people need a few. */
export const MAX_PATCH_OPERATIONS = 1000

/** Gzip streams opened in one request body in search of placeholders. A body holds one release. Stops repeated unpacking. */
export const MAX_OPENED_PER_BODY = 4

/**
 * How long the end of a stream's text may be held back because a secret may have begun there. Longer is felt at a prompt; a secret
 * that is written slower than this comes out in part.
 */
export const HOLD_BACK_MS = 50

/** Text of a stream that has gone out and is looked back at: the words in front of a secret, and its head. Bounds each new look. */
export const LOOK_BACK_BYTES = 8 * 1024

/** Text of a stream held back at once, on each channel. The longest private key is 64 KiB. Stops a key without an end from filling memory. */
export const MAX_HELD_BYTES = 80 * 1024
