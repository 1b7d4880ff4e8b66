// The frame around every page but the login: name of the app, who is logged in, colour scheme, help.

import { A, useNavigate } from '@solidjs/router'
import { createQuery, useQueryClient } from '@tanstack/solid-query'
import { createEffect, createSignal, type JSX, lazy, onCleanup, Show, Suspense } from 'solid-js'
import { ApiError } from '../api/client.ts'
import { newsOf, waitingOf } from '../approvals/groups.ts'
import { useOpenApprovals } from '../approvals/queries.ts'
import { api } from './api-context.ts'
import { GateIcon, MoonIcon, SunIcon } from './icons.tsx'
import { useKeys } from './keys.ts'
import { theme, toggleTheme } from './theme.ts'
import { setWaiting } from './title.ts'

const Help = lazy(() => import('./help.tsx'))

export function Shell(props: { readonly children?: JSX.Element }) {
  const [helpWanted, setHelpWanted] = createSignal(false)
  const [help, setHelp] = createSignal(false)
  const navigate = useNavigate()
  const openHelp = () => {
    setHelpWanted(true)
    setHelp(true)
  }
  useKeys({ '?': openHelp, d: toggleTheme, g: () => navigate('/sessions'), a: () => navigate('/approvals') })
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
          <ApprovalsLink />
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

/** The way to the inbox, with how many questions wait. New ones are announced once, in words of ours. */
function ApprovalsLink() {
  const open = useOpenApprovals()
  const waiting = () => waitingOf(open.data?.items ?? [])
  const [news, setNews] = createSignal('')
  let known: ReadonlySet<string> | null = null
  createEffect(() => {
    const items = open.data?.items
    if (!items) return
    const text = newsOf(known, items)
    if (text !== '') setNews(text)
    known = new Set(items.map((hold) => hold.id))
  })
  createEffect(() => setWaiting(waiting()))
  onCleanup(() => setWaiting(0))
  return (
    <>
      <A class="nav-link" href="/approvals" data-testid="approvals-link">
        Approvals
        <Show when={waiting() > 0}>
          <span class="count" data-testid="waiting">
            <span aria-hidden="true">
              {waiting()}
              {open.data?.next === undefined ? '' : '+'}
            </span>
            <span class="sr">, {waiting()} waiting</span>
          </span>
        </Show>
      </A>
      <span class="sr" aria-live="polite">
        {news()}
      </span>
    </>
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
