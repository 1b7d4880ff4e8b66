// Lists and objects as `meta.k8s.io` Table and PartialObjectMetadata. In: objects. Out: JSON.

import type { Json, JsonObject, KubeObject } from '../json.ts'
import type { Resource } from '../kinds.ts'
import { type Column, jsonPath, since } from './column.ts'
import { COLUMNS } from './columns.ts'

/** What the client wants resources as. */
export type View = 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

/** `includeObject` of a Table request. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

const DEFAULT: readonly Column[] = [
  { name: 'Name', cell: (o) => o.metadata.name },
  { name: 'Age', cell: (o, now) => since(o.metadata.creationTimestamp ?? '', now) },
]

function columnsOf(resource: Resource): readonly (Column & { readonly about?: string; readonly shown?: string })[] {
  if (resource.columns === undefined) return COLUMNS[resource.kind] ?? DEFAULT
  if (resource.columns.length === 0) return DEFAULT
  const extra = resource.columns.map((column) => ({
    name: column.name,
    about: column.description,
    ...(column.priority > 0 ? { wide: true as const } : {}),
    shown: column.type,
    cell: (o: KubeObject, now: number): Json => {
      const found = jsonPath(o, column.jsonPath)
      if (found === undefined || found === null) return null
      if (column.type === 'date') return since(String(found), now)
      return typeof found === 'object' ? JSON.stringify(found) : found
    },
  }))
  return [{ name: 'Name', cell: (o) => o.metadata.name }, ...extra]
}

/** `PartialObjectMetadata` of an object. */
export function partial(object: KubeObject, version: string): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata }
}

/** A Table of objects. `columns`: false for later events of a watch, which repeat none. */
export function table(
  resource: Resource,
  objects: readonly KubeObject[],
  options: { version: string; include: IncludeObject; nowMs: number; metadata: JsonObject; columns?: boolean },
): JsonObject {
  const columns = columnsOf(resource)
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: options.metadata,
    columnDefinitions:
      options.columns === false
        ? []
        : columns.map((column) => ({
            name: column.name,
            type: column.shown ?? column.type ?? 'string',
            format: column.name === 'Name' ? 'name' : '',
            description: column.about ?? '',
            priority: column.wide === true ? 1 : 0,
          })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.nowMs)),
      ...(options.include === 'None'
        ? {}
        : { object: options.include === 'Object' ? object : partial(object, options.version) }),
    })),
  }
}
