// One JSON object per line on stderr. Callers pass ids, counts and words for a person; never a header, body or credential.

/** Writes one line. `fields` must hold nothing secret. */
export type LogLine = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void

/** The process's own log. */
export const logToStderr: LogLine = (level, message, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`)
}
