// What conditions see: the variables of docs/policies.md, made from a request and what is known beside it, each only when a
// condition looks at it. Integers are BigInt, times are Date, as CEL wants them. No I/O, no clock.

import type { Authenticated, Facts } from '../context.ts'
import type { Scope, Variable } from './cel/condition.ts'
import { podSpecOf } from './cel/podspec.ts'

/** The part of a request that is judged. */
export type Judged = Pick<Authenticated, 'identity' | 'connection' | 'info' | 'method' | 'bodyFormat'>

/** What must be fetched before a condition that looks at it can be asked. */
export type Need = 'object' | 'oldObject'

const OPERATION: Readonly<Record<string, string>> = {
  create: 'CREATE',
  update: 'UPDATE',
  patch: 'UPDATE',
  delete: 'DELETE',
  deletecollection: 'DELETE',
  connect: 'CONNECT',
}
const STORES: ReadonlySet<string> = new Set(['create', 'update', 'patch'])
const CHANGES: ReadonlySet<string> = new Set(['update', 'patch', 'delete'])

/** What there is to be fetched for a request. What it does not name is null without asking. */
export function wanted({ info, bodyFormat }: Judged): ReadonlySet<Need> {
  const needs = new Set<Need>()
  if (!info.isResourceRequest) return needs
  if (STORES.has(info.verb) && bodyFormat !== 'none') needs.add('object')
  if (CHANGES.has(info.verb) || (info.verb === 'connect' && info.apiGroup === '' && info.resource === 'pods'))
    needs.add('oldObject')
  return needs
}

/**
 * What is missing before a condition that uses `variables` can be asked. `podSpec` is looked for in `object` where the request
 * stores one, else in `oldObject`.
 */
export function missing(variables: ReadonlySet<Variable>, want: ReadonlySet<Need>, facts: Facts): readonly Need[] {
  const needs: Need[] = []
  const podSpecFrom = want.has('object') ? 'object' : 'oldObject'
  for (const need of want) {
    if (facts[need] !== undefined) continue
    if (variables.has(need) || (need === podSpecFrom && variables.has('podSpec'))) needs.push(need)
  }
  return needs
}

/** Makes the scope of one request; it keeps what it has made. What is not wanted is null, even where it is known. */
export function scopeOf(judged: Judged, want: ReadonlySet<Need>, facts: Facts): Scope {
  return new LazyScope(judged, want, facts)
}

class LazyScope implements Scope {
  private readonly judged: Judged
  private readonly want: ReadonlySet<Need>
  private readonly facts: Facts
  private madeRequest: unknown
  private madeIdentity: unknown
  private madePodSpec: unknown
  private madeExec: unknown
  private madeSession: unknown

  constructor(judged: Judged, want: ReadonlySet<Need>, facts: Facts) {
    this.judged = judged
    this.want = want
    this.facts = facts
  }

  get request(): unknown {
    this.madeRequest ??= requestOf(this.judged, this.facts)
    return this.madeRequest
  }
  get identity(): unknown {
    const { user, issuer } = this.judged.identity
    this.madeIdentity ??= { ...userOf(user), issuer }
    return this.madeIdentity
  }
  get connection(): unknown {
    return { name: this.judged.connection }
  }
  get object(): unknown {
    return this.want.has('object') ? (this.facts.object ?? null) : null
  }
  get oldObject(): unknown {
    return this.want.has('oldObject') ? (this.facts.oldObject ?? null) : null
  }
  get podSpec(): unknown {
    if (this.madePodSpec === undefined) this.madePodSpec = podSpecOf(this.object ?? this.oldObject)
    return this.madePodSpec
  }
  get exec(): unknown {
    if (this.madeExec === undefined) this.madeExec = execOf(this.judged)
    return this.madeExec
  }
  get session(): unknown {
    this.madeSession ??= sessionOf(this.facts.session)
    return this.madeSession
  }
  get now(): unknown {
    return new Date(this.facts.now)
  }
}

function requestOf({ info, method, identity }: Judged, facts: Facts) {
  return {
    verb: info.verb,
    operation: info.isResourceRequest ? (OPERATION[info.verb] ?? '') : '',
    method,
    path: info.path,
    namespace: info.namespace,
    name: info.name,
    subResource: info.subresource,
    resource: { group: info.apiGroup, version: info.apiVersion, resource: info.resource },
    dryRun: info.dryRun,
    userInfo: userOf(identity.user),
    get query() {
      return queryOf(info.query)
    },
    get options() {
      return integers(facts.options ?? null)
    },
  }
}

/** DeleteOptions come as any JSON does; a whole number in them is an integer to conditions. */
function integers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(integers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, integers(each)]))
}

function userOf({ username, uid, groups, extra }: Judged['identity']['user']) {
  return { username, uid, groups, extra }
}

/** Parameters decoded, in a map without a prototype: the client chooses their names. */
function queryOf(query: string): Readonly<Record<string, readonly string[]>> {
  const parameters: Record<string, string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    const values = parameters[name] ?? []
    values.push(value)
    parameters[name] = values
  }
  return parameters
}

/** The ports of a port-forward are named within its stream; what its query says of them binds nobody. */
function execOf({ info }: Judged) {
  if (info.exec === undefined) return null
  const { ports, ...exec } = info.exec
  const known = { ...exec, subResource: info.subresource }
  return info.subresource === 'portforward' ? known : { ...known, ports: ports.map(BigInt) }
}

function sessionOf(session: Facts['session']) {
  return {
    id: session.id,
    startedAt: new Date(session.startedAt),
    requests: BigInt(session.requests),
    writes: BigInt(session.writes),
    deletions: BigInt(session.deletions),
    secretReads: BigInt(session.secretReads),
    execBytes: BigInt(session.execBytes),
  }
}
