// The review APIs and service account tokens: questions that are answered and not stored.

import { randomBytes } from 'node:crypto'
import { userOfToken } from '../auth/authenticate.ts'
import { type Attributes, allows, rulesFor } from '../auth/rbac.ts'
import { readObject } from '../body.ts'
import { timestamp, type User, userInfo } from '../cluster.ts'
import { at, type Json, type JsonObject, type KubeObject, listAt, numberAt, objectAt, textAt } from '../json.ts'
import { noSuchPath, refuse } from '../refusal.ts'
import { type DemoResponse, header } from '../request.ts'
import { type Call, json } from './call.ts'
import { found } from './read.ts'

/** Service account tokens kept at once; the oldest are forgotten first. */
const MAX_ISSUED_TOKENS = 1000

function attributes(spec: JsonObject): Attributes {
  const resource = objectAt(spec, 'resourceAttributes')
  const path = objectAt(spec, 'nonResourceAttributes')
  if (spec.nonResourceAttributes !== undefined) {
    return {
      verb: textAt(path, 'verb'),
      group: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
      path: textAt(path, 'path'),
    }
  }
  return {
    verb: textAt(resource, 'verb'),
    group: textAt(resource, 'group'),
    resource: textAt(resource, 'resource'),
    subresource: textAt(resource, 'subresource'),
    namespace: textAt(resource, 'namespace'),
    name: textAt(resource, 'name'),
  }
}

function strings(values: readonly Json[]): string[] {
  return values.filter((value) => typeof value === 'string')
}

function verdict(call: Call, user: User, spec: JsonObject): JsonObject {
  const allowed = allows(call.cluster, user, attributes(spec))
  return { allowed, ...(allowed ? { reason: 'RBAC of the demo cluster allows it' } : {}) }
}

function rules(call: Call, namespace: string): JsonObject {
  const all = rulesFor(call.cluster, call.user, namespace)
  return {
    resourceRules: all.filter((rule) => rule.resources !== undefined),
    nonResourceRules: all.filter((rule) => rule.nonResourceURLs !== undefined),
    incomplete: false,
  }
}

/** POST of a review. */
export function review(call: Call): DemoResponse {
  const sent = readObject(call.request.body, header(call.request, 'content-type'))
  if (sent.kind !== call.resource.kind)
    throw refuse('BadRequest', `${sent.kind} cannot be handled as a ${call.resource.kind}`)
  const spec = objectAt(sent, 'spec')
  const done = (status: JsonObject): DemoResponse =>
    json(201, { ...sent, metadata: { creationTimestamp: null }, status })
  switch (call.resource.kind) {
    case 'SelfSubjectAccessReview':
      return done(verdict(call, call.user, spec))
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      return done(verdict(call, { username: textAt(spec, 'user'), groups: strings(listAt(spec, 'groups')) }, spec))
    case 'SelfSubjectRulesReview':
      return done(rules(call, textAt(spec, 'namespace')))
    case 'SelfSubjectReview':
      return json(201, {
        ...sent,
        metadata: { creationTimestamp: timestamp(call.cluster.clock.now()) },
        status: { userInfo: userInfo(call.user) },
      })
    case 'TokenReview': {
      const user = userOfToken(call.cluster, textAt(spec, 'token'))?.user
      return done(
        user === undefined
          ? { authenticated: false, user: {}, error: 'unknown token' }
          : { authenticated: true, user: userInfo(user) },
      )
    }
    default:
      throw noSuchPath()
  }
}

const part = (value: JsonObject) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token of a service account: shaped like a JWT, signed by nobody, known to this process only. */
export function issueToken(
  call: { cluster: Call['cluster'] },
  account: KubeObject,
  seconds: number,
  audiences: readonly Json[],
): string {
  const { cluster } = call
  const { name, namespace = '', uid } = account.metadata
  const subject = `system:serviceaccount:${namespace}:${name}`
  const expiresAt = cluster.clock.now() + seconds * 1000
  const head = part({ alg: 'none-demo', kid: 'sallyport-demo', typ: 'JWT' })
  const claims = part({
    iss: 'https://sallyport-demo.invalid',
    sub: subject,
    aud: [...audiences],
    exp: Math.floor(expiresAt / 1000),
    'kubernetes.io': { namespace, serviceaccount: { name, uid: uid ?? '' } },
  })
  const token = `${head}.${claims}.demo-${randomBytes(24).toString('base64url')}`
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  if (cluster.issued.size >= MAX_ISSUED_TOKENS) {
    const oldest = cluster.issued.keys().next().value
    if (oldest !== undefined) cluster.issued.delete(oldest)
  }
  cluster.issued.set(token, { user: { username: subject, ...(uid === undefined ? {} : { uid }), groups }, expiresAt })
  return token
}

/** POST of a TokenRequest to a service account. */
export function tokenRequest(call: Call): DemoResponse {
  const account = found(call)
  const sent = readObject(call.request.body, header(call.request, 'content-type'))
  const seconds = Math.min(Math.max(numberAt(sent, ['spec', 'expirationSeconds'], 3600), 600), 86_400)
  const audiences = listAt(sent, 'spec', 'audiences')
  const wanted = audiences.length === 0 ? ['https://kubernetes.default.svc'] : audiences
  const token = issueToken(call, account, seconds, wanted)
  const expirationTimestamp = timestamp(call.cluster.clock.now() + seconds * 1000)
  return json(201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {
      name: account.metadata.name,
      namespace: account.metadata.namespace,
      creationTimestamp: timestamp(call.cluster.clock.now()),
    },
    spec: { audiences: wanted, expirationSeconds: seconds, boundObjectRef: at(sent, 'spec', 'boundObjectRef') ?? null },
    status: { token, expirationTimestamp },
  })
}
