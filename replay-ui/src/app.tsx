// The pages and their addresses, and the one place that turns an ended login into the login page.

import { Navigate, Route, Router, useNavigate } from '@solidjs/router'
import { QueryClient, QueryClientProvider } from '@tanstack/solid-query'
import { type JSX, lazy } from 'solid-js'
import { ApiError } from './api/client.ts'
import { Login } from './login/login.tsx'
import { Sessions } from './sessions/sessions.tsx'
import { whenLoggedOut } from './shell/api-context.ts'
import { Shell } from './shell/shell.tsx'

const Inbox = lazy(() => import('./approvals/inbox.tsx'))
const Approval = lazy(() => import('./approvals/approval.tsx'))
const Session = lazy(() => import('./session/session.tsx'))

const RETRIES = 2

/** A request is worth repeating when nothing answered, or the gateway stumbled. */
function worthRetrying(count: number, error: unknown): boolean {
  return count < RETRIES && error instanceof ApiError && (error.kind === 'network' || error.status >= 500)
}

function Root(props: { readonly children?: JSX.Element }) {
  const navigate = useNavigate()
  const client = new QueryClient({
    defaultOptions: { queries: { retry: worthRetrying, staleTime: 2000, refetchOnWindowFocus: true } },
  })
  whenLoggedOut(() => {
    const { pathname, search } = window.location
    if (pathname.startsWith('/login')) return
    navigate(`/login?return=${encodeURIComponent(pathname + search)}`, { replace: true })
    client.clear()
  })
  return <QueryClientProvider client={client}>{props.children}</QueryClientProvider>
}

export function App() {
  return (
    <Router root={Root}>
      <Route path="/login" component={Login} />
      <Route path="/" component={Shell}>
        <Route path="/" component={() => <Navigate href="/sessions" />} />
        <Route path="/sessions" component={Sessions} />
        <Route path="/sessions/:id" component={Session} />
        <Route path="/approvals" component={Inbox} />
        <Route path="/approvals/:id" component={Approval} />
        <Route path="*" component={NotFound} />
      </Route>
    </Router>
  )
}

function NotFound() {
  return (
    <div class="problem" role="alert">
      <h1>There is no such page</h1>
      <p>
        <a href="/sessions">All sessions</a>
      </p>
    </div>
  )
}
