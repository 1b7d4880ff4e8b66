// What commands share: how many items, ids that were typed in short, and how a command that is suggested goes on.

import { Failure, type Invocation, UsageError } from '../command.ts'
import { safe } from '../safe.ts'

/** What must stand behind a command that is suggested, so that it reaches the same gateway. */
export function elsewhere({ data }: Invocation): string {
  return data === '.sallyport' ? '' : ` --data ${data}`
}

/** `--limit`. @throws UsageError */
export function limitOf(invocation: Invocation, fallback = 50): number {
  const limit = Number(invocation.option('limit') ?? fallback)
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new UsageError('--limit takes a number from 1 to 10000')
  return limit
}

/** The first `limit` items. */
export async function listed<T>(items: AsyncIterable<T>, limit: number): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) {
    found.push(item)
    if (found.length >= limit) break
  }
  return found
}

/**
 * The id that begins as typed. What begins none of them is given back as it is: the gateway then says what it is or is not.
 * @throws Failure when it begins several
 */
export async function unshortened(
  items: AsyncIterable<{ readonly id: string }>,
  typed: string,
  what: string,
): Promise<string> {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(typed)) return typed
  const found: string[] = []
  for await (const { id } of items) {
    if (id === typed) return id
    if (id.startsWith(typed)) found.push(id)
  }
  const [only] = found
  if (found.length < 2) return only ?? typed
  throw new Failure(`${safe(typed)} begins more than one ${what}:\n${found.slice(0, 10).join('\n')}`)
}
