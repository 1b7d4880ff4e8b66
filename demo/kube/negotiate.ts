// Content negotiation: which view of a resource the Accept header asks for. In: header, query. Out: a view, or 406.

import { failure } from '../../protocol/status.ts'
import { Refusal } from './refusal.ts'
import type { IncludeObject, View } from './table/table.ts'

/** How to answer. `group` and `version` are those of the asked-for conversion. */
export interface Negotiated {
  readonly view: View | 'APIGroupDiscoveryList'
  readonly version: string
  readonly include: IncludeObject
  readonly contentType: string
}

const VIEWS: Readonly<Record<string, Negotiated['view']>> = {
  Table: 'Table',
  PartialObjectMetadata: 'PartialObjectMetadata',
  PartialObjectMetadataList: 'PartialObjectMetadataList',
  APIGroupDiscoveryList: 'APIGroupDiscoveryList',
}

/** The first acceptable form of `Accept`; only JSON is served. Refuses (406) when there is none. */
export function negotiate(accept: string, query: URLSearchParams): Negotiated {
  const includeText = query.get('includeObject') ?? ''
  const include: IncludeObject = includeText === 'None' || includeText === 'Object' ? includeText : 'Metadata'
  const types = accept.trim() === '' ? ['*/*'] : accept.split(',')
  for (const text of types) {
    const [type = '', ...parameters] = text.split(';').map((part) => part.trim())
    if (!['application/json', 'application/*', '*/*'].includes(type.toLowerCase())) continue
    const values = new Map(parameters.map((p) => [p.split('=')[0] ?? '', p.split('=')[1] ?? '']))
    const as = values.get('as') ?? ''
    if (as === '') return { view: 'object', version: '', include, contentType: 'application/json' }
    const view = VIEWS[as]
    const version = values.get('v') ?? ''
    const group = values.get('g') ?? ''
    const meta =
      view !== 'APIGroupDiscoveryList' && group === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1')
    const discovery =
      view === 'APIGroupDiscoveryList' && group === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1')
    if (view !== undefined && (meta || discovery)) {
      return {
        view,
        version,
        include,
        contentType: discovery ? `application/json;g=${group};v=${version};as=${as}` : 'application/json',
      }
    }
  }
  throw new Refusal(
    failure('NotAcceptable', 'only the following media types are accepted: application/json', { details: {} }),
  )
}
