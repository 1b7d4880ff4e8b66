// Who asks: bearer token or client certificate, then the impersonation headers.
// In: headers, the peer certificate's subject. Out: a user, or 401 / 403.

import { createHash, timingSafeEqual } from 'node:crypto'
import { failure } from '../../../protocol/status.ts'
import type { Cluster, User } from '../cluster.ts'
import { forbidden, Refusal, refuse } from '../refusal.ts'
import { type DemoRequest, header } from '../request.ts'
import { mayImpersonate } from './rbac.ts'

const unauthorized = () => new Refusal(failure('Unauthorized', 'Unauthorized'))

function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function withAuthenticated(user: User): User {
  return user.groups.includes('system:authenticated')
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] }
}

/** The user a token stands for; absent when it is unknown or expired. */
export function userOfToken(cluster: Cluster, token: string): { user: User; configured: boolean } | undefined {
  for (const credential of cluster.credentials) {
    if (sameSecret(credential.token, token)) return { user: withAuthenticated(credential.user), configured: true }
  }
  const issued = cluster.issued.get(token)
  if (issued === undefined || issued.expiresAt <= cluster.clock.now()) return undefined
  return { user: withAuthenticated(issued.user), configured: false }
}

/**
 * The user a request acts as.
 * @param peer the subject of a verified client certificate: CN is the user, O the groups. Absent: there was none.
 */
export function authenticate(cluster: Cluster, request: DemoRequest, peer: User | undefined): User {
  const [scheme = '', ...words] = header(request, 'authorization').split(' ')
  const token = scheme.toLowerCase() === 'bearer' ? words.join(' ').trim() : ''
  const found =
    token !== ''
      ? userOfToken(cluster, token)
      : peer === undefined
        ? undefined
        : { user: withAuthenticated(peer), configured: true }
  if (found === undefined) throw unauthorized()
  return impersonated(cluster, request, found.user, found.configured)
}

function impersonated(cluster: Cluster, request: DemoRequest, user: User, configured: boolean): User {
  const username = header(request, 'impersonate-user')
  const groups = request.headers['impersonate-group'] ?? []
  const uid = header(request, 'impersonate-uid')
  const extra: Record<string, string[]> = {}
  for (const [name, values] of Object.entries(request.headers)) {
    if (!name.startsWith('impersonate-extra-')) continue
    let key: string
    try {
      key = decodeURIComponent(name.slice('impersonate-extra-'.length))
    } catch {
      throw refuse('BadRequest', 'an Impersonate-Extra- header cannot be decoded')
    }
    extra[key] = [...values]
  }
  if (username === '') {
    if (groups.length > 0 || uid !== '' || Object.keys(extra).length > 0) {
      throw refuse('InternalError', 'requested impersonation without impersonating a user')
    }
    return user
  }
  const asked: [string, string, string][] = [
    ['', username.startsWith('system:serviceaccount:') ? 'serviceaccounts' : 'users', username],
    ...groups.map((group): [string, string, string] => ['', 'groups', group]),
    ...(uid === '' ? [] : [['authentication.k8s.io', 'uids', uid] satisfies [string, string, string]]),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value): [string, string, string] => ['authentication.k8s.io', `userextras/${key}`, value]),
    ),
  ]
  for (const [group, resource, name] of asked) {
    if (configured && mayImpersonate(cluster, user, group, resource, name)) continue
    throw forbidden(
      resource,
      group,
      name,
      `${resource} "${name}" is forbidden: User "${user.username}" cannot impersonate resource "${resource}" in API group "${group}" at the cluster scope`,
    )
  }
  const serviceAccount = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username)
  const implied =
    serviceAccount === null || groups.length > 0
      ? []
      : ['system:serviceaccounts', `system:serviceaccounts:${serviceAccount[1]}`]
  return withAuthenticated({
    username,
    groups: [...groups, ...implied],
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  })
}
