// Bounds of the notices, each with its reason.

/** A channel that does not answer must not hold up the others. */
export const SEND_TIMEOUT_MS = 10_000
/** Between the first try and the second; doubled from try to try. */
export const FIRST_RETRY_MS = 5_000
/** Between tries at most: a channel that comes back hears of what still waits. */
export const LONGEST_RETRY_MS = 300_000
/** Some two hours of trying. A question open for a day that no channel took by then is in the inbox all the same. */
export const MAX_TRIES = 24
/** A `Retry-After` beyond this is cut: a channel cannot silence a question for good. */
export const LONGEST_RETRY_AFTER_MS = 900_000
/** Requests to one channel at one time. Stops an agent that asks much from opening as many sockets. */
export const MAX_IN_FLIGHT = 2
/** Notices under way in memory. Those beyond are given up at once; the questions stand in the inbox. */
export const MAX_NOTICES = 5_000
/** Characters of a name that are shown. Slack takes 2,000 in a field. */
export const MAX_SHOWN_CHARS = 120
