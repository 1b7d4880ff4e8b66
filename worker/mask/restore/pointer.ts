// JSON pointers (RFC 6901). No I/O.

/** The steps of a pointer; null when it is none. */
export function stepsOf(pointer: string): string[] | null {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) return null
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
