// What may be told of an unexpected error. In: anything thrown. Out: its name and where it came from, and nothing of its text,
// which may quote what passed through. No I/O.

const PLACES = 3

/** The error's name, and the first places of its stack. */
export function factsOf(error: unknown): { readonly name: string; readonly stack: string } {
  if (!(error instanceof Error)) return { name: typeof error, stack: '' }
  const stack = error.stack ?? ''
  // The message stands before the places, on as many lines as it has; some of those may look like places.
  const text = error.message === '' ? -1 : stack.indexOf(error.message)
  const places = text < 0 ? stack : stack.slice(text + error.message.length)
  const lines = places.split('\n').filter((line) => /^\s+at /.test(line))
  return { name: error.name, stack: lines.slice(0, PLACES).join(' ') }
}
