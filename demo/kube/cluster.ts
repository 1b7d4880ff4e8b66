// What the parts of the demo cluster share: its state, its kinds, its clock and who may come in.

import type { JsonObject } from './json.ts'
import type { Kinds } from './kinds.ts'
import type { Store } from './store.ts'

/** `UserInfo` of authentication.k8s.io. */
export interface User {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** A bearer token the cluster accepts from the start, and who it stands for. Only these users may impersonate, if RBAC lets them. */
export interface Credential {
  readonly token: string
  readonly user: User
}

/** Time as the cluster sees it. `after` answers a function that calls the run off. */
export interface Clock {
  now(): number
  after(delayMs: number, run: () => void): () => void
}

/** The machine's own clock; its timers do not keep a process alive. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A service account token the cluster has made; they are kept in memory only. */
interface IssuedToken {
  readonly user: User
  readonly expiresAt: number
}

/** The parts of one cluster. */
export interface Cluster {
  readonly store: Store
  readonly kinds: Kinds
  readonly clock: Clock
  readonly credentials: readonly Credential[]
  readonly issued: Map<string, IssuedToken>
  /** The certificate authority published as `kube-root-ca.crt`. */
  readonly caCert: string
}

/** RFC 3339 with seconds, as Kubernetes writes times. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** `metadata.creationTimestamp` for now. */
export function now(cluster: { readonly clock: Clock }): string {
  return timestamp(cluster.clock.now())
}

/** The `UserInfo` JSON of a user. */
export function userInfo(user: User): JsonObject {
  return {
    username: user.username,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra === undefined
      ? {}
      : { extra: Object.fromEntries(Object.entries(user.extra).map(([k, v]) => [k, [...v]])) }),
  }
}
