// The frame around every page but the login: name of the app, who is logged in, colour scheme, help.

import { A, useNavigate } from '@solidjs/router'
import { createQuery, useQueryClient } from '@tanstack/solid-query'
import { createSignal, type JSX, lazy, Show, Suspense } from 'solid-js'
import { ApiError } from '../api/client.ts'
import { api } from './api-context.ts'
import { GateIcon, MoonIcon, SunIcon } from './icons.tsx'
import { useKeys } from './keys.ts'
import { theme, toggleTheme } from './theme.ts'

const Help = lazy(() => import('./help.tsx'))

export function Shell(props: { readonly children?: JSX.Element }) {
  const [helpWanted, setHelpWanted] = createSignal(false)
  const [help, setHelp] = createSignal(false)
  const navigate = useNavigate()
  const openHelp = () => {
    setHelpWanted(true)
    setHelp(true)
  }
  useKeys({ '?': openHelp, d: toggleTheme, g: () => navigate('/sessions') })
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <A class="brand" href="/sessions">
          <GateIcon />
          <span>Sallyport</span>
        </A>
        <nav aria-label="Main">
          <A class="nav-link" href="/sessions">
            Sessions
          </A>
        </nav>
        <div class="bar-end">
          <button
            type="button"
            class="button quiet icon-only"
            aria-label="Keyboard help"
            title="Keyboard help (?)"
            onClick={openHelp}
          >
            <kbd>?</kbd>
          </button>
          <button
            type="button"
            class="button quiet icon-only"
            aria-label={theme() === 'dark' ? 'Use light colours' : 'Use dark colours'}
            title="Dark or light (d)"
            onClick={toggleTheme}
          >
            {theme() === 'dark' ? <SunIcon /> : <MoonIcon />}
          </button>
          <Account />
        </div>
      </header>
      <main id="main" tabindex="-1">
        {props.children}
      </main>
      <Show when={helpWanted()}>
        <Suspense>
          <Help open={help()} onOpenChange={setHelp} />
        </Suspense>
      </Show>
    </div>
  )
}

function Account() {
  const navigate = useNavigate()
  const client = useQueryClient()
  const me = createQuery(() => ({ queryKey: ['me'], queryFn: () => api.me(), staleTime: 60_000 }))
  const [failed, setFailed] = createSignal(false)
  const logout = async () => {
    try {
      await api.logout()
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== 'unauthorized') {
        setFailed(true)
        return
      }
    }
    navigate('/login')
    client.clear()
  }
  return (
    <Show when={me.data}>
      {(who) => (
        <div class="account">
          <span class="account-name" title={`${who().username} (${who().roles.join(', ')})`}>
            {who().username}
          </span>
          <button type="button" class="button quiet" onClick={logout}>
            {failed() ? 'Not logged out, try again' : 'Log out'}
          </button>
        </div>
      )}
    </Show>
  )
}
