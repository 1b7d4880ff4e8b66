// One authenticated, authorised call on a resource, as the resource handlers share it, and how answers are made.

import type { Cluster, User } from '../cluster.ts'
import { toServed } from '../convert.ts'
import type { JsonObject, KubeObject } from '../json.ts'
import { apiVersionOf, type Resource } from '../kinds.ts'
import type { Negotiated } from '../negotiate.ts'
import type { DemoRequest, DemoResponse, RequestInfo } from '../request.ts'
import { partial, table } from '../table/table.ts'

/** A call on a served resource. `warnings` become `Warning` headers. */
export interface Call {
  readonly cluster: Cluster
  readonly user: User
  readonly request: DemoRequest
  readonly info: RequestInfo
  readonly resource: Resource
  readonly negotiated: Negotiated
  readonly warnings: string[]
}

/** A JSON answer. */
export function json(status: number, body: JsonObject, headers: DemoResponse['headers'] = {}): DemoResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: `${JSON.stringify(body)}\n` }
}

/** One object in the view the client asked for. */
export function shown(call: Call, stored: KubeObject, columns = true): JsonObject {
  const object = toServed(stored, call.resource)
  const { view, version, include } = call.negotiated
  if (view === 'Table') {
    const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' }
    return table(call.resource, [object], { version, include, nowMs: call.cluster.clock.now(), metadata, columns })
  }
  return view === 'PartialObjectMetadata' || view === 'PartialObjectMetadataList' ? partial(object, version) : object
}

/** One object as an answer. */
export function answer(call: Call, status: number, object: KubeObject): DemoResponse {
  const warnings = call.warnings.map((text) => `299 - "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
  return json(status, shown(call, object), warnings.length === 0 ? {} : { warning: warnings })
}

/** A list in the view the client asked for. */
export function shownList(call: Call, objects: readonly KubeObject[], metadata: JsonObject): JsonObject {
  const served = objects.map((object) => toServed(object, call.resource))
  const { view, version, include } = call.negotiated
  if (view === 'Table')
    return table(call.resource, served, { version, include, nowMs: call.cluster.clock.now(), metadata })
  if (view === 'PartialObjectMetadataList' || view === 'PartialObjectMetadata') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${version}`,
      metadata,
      items: served.map((object) => partial(object, version)),
    }
  }
  const items = served.map((object): JsonObject => {
    if (call.resource.schema === undefined) return object
    const { apiVersion, kind, ...rest } = object
    return rest
  })
  return { kind: `${call.resource.kind}List`, apiVersion: apiVersionOf(call.resource), metadata, items }
}
