// The JSON API and the OAuth routes as one Hono app, made from the route table. In: a web Request. Out: a Response.
// Every row names who may call it; the check stands in one place, before any handler.

import { Hono } from 'hono'
import { LogUnavailable } from '../ports.ts'
import { identifyCaller } from './caller.ts'
import type { ApiDeps } from './deps.ts'
import { securityHeaders } from './headers.ts'
import { openApiDocument } from './openapi.ts'
import { json, problem } from './problem.ts'
import { type Call, parseQuery, type Route } from './route.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { BLOCK_ROUTES } from './routes/blocks.ts'
import { CONNECTION_ROUTES } from './routes/connections.ts'
import { DOCUMENT_ROUTES } from './routes/documents.ts'
import { loginRoutes } from './routes/login.ts'
import { notFound, OAUTH_ROUTES } from './routes/oauth.ts'
import { policyRoutes } from './routes/policies.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { createViews } from './views.ts'

/** Every row of the API. A fresh table for each gateway: its rows remember what was lately viewed. */
export function apiRoutes(): readonly Route[] {
  const view = createViews()
  const routes = [
    ...loginRoutes(),
    ...OAUTH_ROUTES,
    ...sessionRoutes(view),
    ...approvalRoutes(view),
    ...BLOCK_ROUTES,
    ...CONNECTION_ROUTES,
    ...DOCUMENT_ROUTES,
    ...policyRoutes(view),
  ]
  const openapi: Route = {
    method: 'GET',
    path: '/api/v1/openapi.json',
    access: 'anyone',
    operationId: 'openapi',
    summary: 'This document.',
    response: { status: 200, schema: 'any' },
    handle: async (call) => json(openApiDocument(all, call.deps.config.url)),
  }
  const all = [...routes, openapi]
  return all
}

/** True for a path the API answers; everything else on the gateway's own host is the app. */
export function isApiPath(path: string): boolean {
  return /^\/(?:api|oauth|\.well-known)(?:\/|$)|^\/login\/(?:start|callback|link)$|^\/logout$/.test(path)
}

/** What the database's client and Drizzle throw, which may wrap one another. */
const DATABASE_ERRORS: ReadonlySet<string> = new Set(['LibsqlError', 'DrizzleError', 'WriteFailed'])

function isDatabaseError(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    // A DrizzleQueryError gives itself no name; below it may be whatever the runtime's fetch throws.
    if (DATABASE_ERRORS.has(cause.name) || ('query' in cause && 'params' in cause)) return true
  }
  return false
}

async function answer(route: Route, request: Request, params: Call['params'], deps: ApiDeps): Promise<Response> {
  let caller: Call['caller'] = null
  if (route.access !== 'anyone') {
    const identified = await identifyCaller(request, deps)
    if (!identified.ok) return identified.response
    caller = identified.caller
    if (caller === null) return problem(401, 'Log in first.', { 'www-authenticate': 'Bearer' })
    if (route.access !== 'login' && !caller.roles.includes(route.access)) {
      return problem(403, `This needs the role ${route.access}.`)
    }
  }
  const parsed = parseQuery(new URL(request.url).searchParams, route.query ?? [])
  if (!parsed.ok) return parsed.response
  return route.handle({ deps, request, params, query: parsed.query, integers: parsed.integers, caller })
}

/**
 * The API. Requests must come with the path as it was judged by the edge; nothing here is forwarded to a cluster.
 * A log that cannot be written answers 503; a bug answers 500 and says nothing of the inside.
 * @param onBug tells the operator; never given a header or a body
 */
export function createApi(deps: ApiDeps, onBug: (error: unknown) => void = () => undefined): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(securityHeaders())) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    }
    c.res.headers.set('cache-control', 'no-store')
  })
  const routes = apiRoutes()
  const notAllowed = (path: string): Response => {
    const allow = routes.filter((route) => route.path === path).map((route) => route.method)
    return problem(405, `This path takes ${allow.join(', ')}.`, { allow: allow.join(', ') })
  }
  for (const route of routes) {
    // Hono takes HEAD for GET; but a look spends a login link, and is recorded.
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) =>
      c.req.raw.method === route.method ? answer(route, c.req.raw, c.req.param(), deps) : notAllowed(route.path),
    )
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), () => notAllowed(path))
  }
  app.notFound(() => notFound())
  app.onError((error) => {
    if (error instanceof LogUnavailable) {
      return problem(503, 'The log cannot be written, so this was not done. Try again later.')
    }
    if (isDatabaseError(error))
      return problem(503, 'The database cannot be read, so this was not done. Try again later.')
    onBug(error)
    return problem(500, 'The gateway could not do this.')
  })
  return app
}
