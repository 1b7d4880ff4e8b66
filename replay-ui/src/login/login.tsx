// The login page. It asks for nothing itself: the organisation's identity provider does.

import { useSearchParams } from '@solidjs/router'
import { createQuery } from '@tanstack/solid-query'
import { Show } from 'solid-js'
import { api } from '../shell/api-context.ts'
import { GateIcon } from '../shell/icons.tsx'
import { Problem } from '../shell/problem.tsx'
import { useTitle } from '../shell/title.ts'
import { safeReturnPath } from './return-path.ts'

/** Why the last try failed, by the word the gateway puts into the address. Anything else is not shown. */
const REASONS: Readonly<Record<string, string>> = {
  expired: 'That took too long. Please try again.',
  refused: 'Your organisation did not confirm the login.',
  'no-role': 'You are known here, but nobody gave you a role. An administrator can.',
  unavailable: 'The identity provider cannot be reached at the moment.',
  link: 'That link has been used already or is too old.',
}

export function Login() {
  const [search] = useSearchParams()
  const word = (name: string) => {
    const value = search[name]
    return typeof value === 'string' ? value : ''
  }
  const options = createQuery(() => ({ queryKey: ['login-options'], queryFn: () => api.loginOptions() }))
  const reason = () => (Object.hasOwn(REASONS, word('error')) ? REASONS[word('error')] : undefined)
  const start = () => `/login/start?return=${encodeURIComponent(safeReturnPath(word('return')))}`
  useTitle(() => 'Log in')
  return (
    <main class="login">
      <div class="login-card">
        <GateIcon />
        <h1>Sallyport</h1>
        <p class="muted">What the agents did in your clusters, and who let them.</p>
        <Show when={reason()}>
          {(text) => (
            <p class="notice" role="alert">
              {text()}
            </p>
          )}
        </Show>
        <Show when={options.error} fallback={null}>
          <Problem error={options.error} retry={() => void options.refetch()} />
        </Show>
        <Show when={options.data?.oidc}>
          <a class="button primary large" href={start()} rel="external">
            Log in with your organisation
          </a>
        </Show>
        <Show when={options.data}>
          <p class="login-hint">
            {options.data?.oidc ? 'On this machine' : 'Log in from the machine of the gateway'}: <code>npm start</code>{' '}
            prints a one-time link that logs you in.
          </p>
        </Show>
      </div>
    </main>
  )
}
