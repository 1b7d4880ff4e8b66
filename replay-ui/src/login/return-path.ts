// Where to go after a login. In: anything a URL or the storage held. Out: a path of this app. Never another origin.

const PAGES = /^\/(?:sessions|approvals)(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/

/** The path if it is a page of the app, else the list of sessions. Stops open redirects (`//host`, `/\host`, `javascript:`). */
export function safeReturnPath(wanted: string | null | undefined): string {
  return wanted != null && wanted.length <= 1024 && PAGES.test(wanted) ? wanted : '/sessions'
}
