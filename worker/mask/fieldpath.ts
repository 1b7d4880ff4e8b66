// The path of a field in a MaskPolicy, `spec.accounts[*].password`, as steps. In: text. Out: steps, or what is wrong. No I/O.

/** Deeper than any field of a Kubernetes kind. */
const MAX_STEPS = 32

export type ParsedFieldPath =
  /** A member by its name, `*` any member, `[*]` each element. */
  | { readonly ok: true; readonly steps: readonly string[] }
  /** `reason` follows the path in a sentence: `must …`. */
  | { readonly ok: false; readonly reason: string }

/** `name`, `*`, `[*]` or `["a name with . or / in it"]`, as JSON writes it; the first is at the start, names follow a dot. */
const STEP = /(?:^|(?!^)\.)(\*|[A-Za-z0-9_$-]+)|\[(\*)\]|\[("(?:[^"\\]|\\.)*")\]/y

/** What says which object it is: without it the agent cannot name what it talks about, nor the gateway what it masks. */
const IDENTIFYING = new Set(['apiVersion', 'kind', 'metadata'])
const IDENTIFYING_METADATA = new Set(['*', 'name', 'generateName', 'namespace', 'uid', 'resourceVersion'])

/** Parses a path. Escapes within quotes are those of JSON. */
export function parseFieldPath(text: string): ParsedFieldPath {
  const steps: string[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < text.length) {
    const place = STEP.lastIndex + 1
    const step = stepOf(STEP.exec(text))
    if (step === null)
      return refused(
        `must be steps such as spec.token, keys.*, list[*].password or annotations["a.b/c"]; character ${place} is none`,
      )
    steps.push(step)
    if (steps.length > MAX_STEPS) return refused(`must not have more than ${MAX_STEPS} steps`)
  }
  const [first, second] = steps
  if (first === undefined) return refused('must not be empty')
  if (first === '[*]') return refused('must begin with a member of the object')
  const whole = steps.length === 1 && (first === '*' || IDENTIFYING.has(first))
  const named = steps.length === 2 && first === 'metadata' && second !== undefined && IDENTIFYING_METADATA.has(second)
  if (whole || named) return refused('must not be what says which object it is')
  return { ok: true, steps }
}

function refused(reason: string): ParsedFieldPath {
  return { ok: false, reason }
}

/** One step of a match; null when there is none. */
function stepOf(match: RegExpExecArray | null): string | null {
  if (match === null) return null
  const [, name, each, quoted] = match
  if (name !== undefined) return name
  if (each !== undefined) return '[*]'
  let member: unknown
  try {
    member = JSON.parse(quoted ?? '')
  } catch {
    return null
  }
  // These two are no names to a FieldRule. No Kubernetes kind has members of that name.
  return typeof member !== 'string' || member === '*' || member === '[*]' ? null : member
}
