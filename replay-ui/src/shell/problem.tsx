// Says what went wrong and offers to try again. All text as text.

import { Show } from 'solid-js'
import { ApiError } from '../api/client.ts'

const TITLES: Readonly<Record<ApiError['kind'], string>> = {
  network: 'The gateway cannot be reached',
  unauthorized: 'You are not logged in',
  forbidden: 'You may not see this',
  missing: 'There is no such thing here',
  conflict: 'This has changed meanwhile',
  server: 'The gateway could not answer',
  malformed: 'The answer could not be read',
}

/** A failed request, in words; `retry` is offered when given. */
export function Problem(props: { readonly error: unknown; readonly retry?: () => void }) {
  const known = () => (props.error instanceof ApiError ? props.error : undefined)
  return (
    <div class="problem" role="alert">
      <h2>{TITLES[known()?.kind ?? 'server']}</h2>
      <p>{known()?.message ?? 'Something in this page failed.'}</p>
      <Show when={props.retry}>
        <button type="button" class="button" onClick={() => props.retry?.()}>
          Try again
        </button>
      </Show>
    </div>
  )
}
