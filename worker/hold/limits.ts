// Every bound of this stage, each with its reason.

/** Open questions of one identity. Past it an agent in a loop could bury the one that matters. */
export const MAX_OPEN_PER_IDENTITY = 50
/** Open questions of one connection: what its hub keeps in memory whatever many identities do. */
export const MAX_OPEN_PER_CONNECTION = 1_000
/** Questions one identity may open in a minute, ended ones too: asking and withdrawing must not flood people with notices. */
export const MAX_OPENED_PER_MINUTE = 60
/** Clients attached to one hold, waiting or on their way back: each holds a connection open. */
export const MAX_CLIENTS = 50
/** Requests in a plan: what a person can still look through, and what one approval may let pass. */
export const MAX_PLAN_ITEMS = 200
/** One request as it is shown. Longer and its diff and body are cut; if it still does not fit, it cannot be asked. */
export const MAX_REVIEWED_BYTES = 256 * 1024
/** A whole review. It is kept in memory while a plan grows, and recorded as one body. */
export const MAX_REVIEW_BYTES = 1024 * 1024
/** Grants in force of one identity. */
export const MAX_GRANTS_PER_IDENTITY = 50
/** The shortest grant: below it nothing could use it. */
export const MIN_GRANT_MS = 1_000
/** How many ended holds are remembered for clients that are on their way back. */
export const MAX_REMEMBERED = 2_000

/** A dry run is over when nothing of it came for so long; kubectl sends the next within milliseconds. */
export const QUIET_MS = 2_000
/** An ordinary request waits at least so long before its client must repeat it. */
export const MIN_POLL_MS = 45_000
/** And at most so long: middleboxes and load balancers give up on connections without a byte, often after 100 s. */
export const MAX_POLL_MS = 90_000
/** client-go repeats a 429 ten times by itself, then shows it as an error that says nothing of what to do. */
export const MAX_REPEATS = 10
/** What the 429 asks for; client-go waits exactly that long. */
export const RETRY_AFTER_S = 1
/** A client that was to come back and has not within this has been stopped. */
export const AWAY_MS = 30_000
/** How long the end of a hold is remembered for a client that is on its way back. */
export const REMEMBERED_MS = 60_000
/** A write that failed where nobody waits for it is tried again after this. */
export const AGAIN_MS = 5_000
/** Whoever has too many questions open is told to come back after this. */
export const TOO_MANY_RETRY_S = 10

/** A title, a purpose, a reason: what agents and people type. */
export const MAX_TITLE_LENGTH = 300
export const MAX_PURPOSE_LENGTH = 500
export const MAX_REASON_LENGTH = 1_000

/** Lines of a diff that are shown. */
export const MAX_DIFF_LINES = 2_000
/** A longer line is shown as several, so that nothing hides at its end. */
export const MAX_DIFF_LINE_LENGTH = 400
/** An object as JSON, old or new, past which no diff is made: YAML of it would keep every other request waiting. */
export const MAX_DIFF_TEXT = 512 * 1024
/** Lines added and left out past which the shortest diff is not searched for: the search grows with their square. */
export const MAX_DIFF_EDITS = 1_000
