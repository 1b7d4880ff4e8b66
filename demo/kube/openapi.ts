// OpenAPI v2 and v3 documents made from the type tables: enough for apply, explain, diff and helm's validation.
// In: the kinds. Out: JSON. Descriptions are given for kinds only.

import { createHash } from 'node:crypto'
import type { JsonObject } from './json.ts'
import { isObject } from './json.ts'
import { apiVersionOf, type Kinds, type Resource } from './kinds.ts'
import { describe } from './schema/describe.ts'
import { type Field, type FieldType, META_PREFIX, SCHEMAS } from './schema/schema.ts'

const SCALAR: Readonly<Record<string, JsonObject>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  Time: { type: 'string', format: 'date-time' },
  MicroTime: { type: 'string', format: 'date-time' },
  Duration: { type: 'string' },
  Quantity: { type: 'string' },
  IntOrString: { type: 'string', format: 'int-or-string' },
  FieldsV1: { type: 'object' },
  RawExtension: { type: 'object' },
  Any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
}

function typeSchema(type: FieldType, prefix: string): JsonObject {
  switch (type.kind) {
    case 'scalar':
      return SCALAR[type.name] ?? { type: 'object' }
    case 'ref':
      return { $ref: `${prefix}${type.name}` }
    case 'list':
      return { type: 'array', items: typeSchema(type.of, prefix) }
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.of, prefix) }
  }
}

function fieldSchema(field: Field, prefix: string): JsonObject {
  const schema = typeSchema(field.type, prefix)
  const about = describe(field.name)
  const strategies = [...(field.mergeKey !== undefined ? ['merge'] : []), ...(field.retainKeys ? ['retainKeys'] : [])]
  const marks: JsonObject = {
    ...(about === '' ? {} : { description: about }),
    ...(field.mergeKey !== undefined && field.mergeKey !== ''
      ? { 'x-kubernetes-patch-merge-key': field.mergeKey }
      : {}),
    ...(strategies.length > 0 ? { 'x-kubernetes-patch-strategy': strategies.join(',') } : {}),
    ...(field.mapKeys !== undefined
      ? { 'x-kubernetes-list-map-keys': [...field.mapKeys], 'x-kubernetes-list-type': 'map' }
      : field.set
        ? { 'x-kubernetes-list-type': 'set' }
        : field.type.kind === 'list'
          ? { 'x-kubernetes-list-type': 'atomic' }
          : {}),
  }
  if (schema.$ref === undefined || Object.keys(marks).length === 0) return { ...schema, ...marks }
  return prefix.startsWith('#/components') ? { allOf: [schema], ...marks } : { ...schema, ...marks }
}

function definition(name: string, prefix: string, kinds: readonly Resource[]): JsonObject {
  const schema = SCHEMAS.get(name)
  const own = kinds.filter((resource) => resource.schema === name)
  const properties: JsonObject = {}
  const kind = own[0]?.kind
  if (kind !== undefined || /\.(Status|DeleteOptions|Scale|Eviction|TokenRequest)$/.test(name)) {
    properties.apiVersion = { type: 'string', description: describe('apiVersion') }
    properties.kind = { type: 'string', description: describe('kind') }
  }
  const required: string[] = []
  for (const field of schema?.fields.values() ?? []) {
    properties[field.name] = fieldSchema(field, prefix)
    if (field.required) required.push(field.name)
  }
  const about = describe(name.slice(name.lastIndexOf('.') + 1))
  return {
    ...(about === '' ? {} : { description: about }),
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(own.length === 0
      ? {}
      : { 'x-kubernetes-group-version-kind': own.map((r) => ({ group: r.group, version: r.version, kind: r.kind })) }),
  }
}

function customName(resource: Resource): string {
  return `${resource.group.split('.').reverse().join('.')}.${resource.version}.${resource.kind}`
}

function customDefinition(resource: Resource, prefix: string): JsonObject {
  const own = isObject(resource.crdSchema)
    ? resource.crdSchema
    : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    ...own,
    properties: {
      ...(isObject(own.properties) ? own.properties : {}),
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: `${prefix}${META_PREFIX}.ObjectMeta` },
    },
    'x-kubernetes-group-version-kind': [{ group: resource.group, version: resource.version, kind: resource.kind }],
  }
}

function refsOf(type: FieldType): string | undefined {
  if (type.kind === 'ref') return type.name
  return type.kind === 'scalar' ? undefined : refsOf(type.of)
}

function closure(names: Iterable<string>): string[] {
  const seen = new Set<string>()
  const queue = [...names]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name) || !SCHEMAS.has(name)) continue
    seen.add(name)
    for (const field of SCHEMAS.get(name)?.fields.values() ?? []) {
      const ref = refsOf(field.type)
      if (ref !== undefined) queue.push(ref)
    }
  }
  return [...seen].sort()
}

function pathOf(resource: Resource): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  return resource.namespaced ? `${root}/namespaces/{namespace}/${resource.plural}` : `${root}/${resource.plural}`
}

/** The operations of a resource: helm and kubectl look for `fieldValidation`, `dryRun` and the kind they act on. */
function paths(resources: readonly Resource[]): JsonObject {
  const parameter = (name: string): JsonObject => ({ name, in: 'query', schema: { type: 'string' }, uniqueItems: true })
  const out: JsonObject = {}
  for (const resource of resources) {
    const kind = { group: resource.group, version: resource.version, kind: resource.kind }
    const operation = (action: string): JsonObject => ({
      parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map(parameter),
      responses: { '200': { description: 'OK' } },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': kind,
    })
    out[pathOf(resource)] = { get: operation('list'), post: operation('post') }
    if (resource.verbs.includes('patch')) {
      const patch: JsonObject = {
        ...operation('patch'),
        requestBody: {
          content: Object.fromEntries(
            [
              'application/apply-patch+yaml',
              'application/json-patch+json',
              'application/merge-patch+json',
              'application/strategic-merge-patch+json',
            ].map((type) => [type, { schema: { type: 'object' } }]),
          ),
        },
      }
      out[`${pathOf(resource)}/{name}`] = {
        get: operation('get'),
        put: operation('put'),
        patch,
        delete: operation('delete'),
      }
    }
  }
  return out
}

/** `/openapi/v2`. */
export function openapiV2(kinds: Kinds): JsonObject {
  const definitions: JsonObject = {}
  const all = kinds.all()
  for (const name of SCHEMAS.keys()) definitions[name] = definition(name, '#/definitions/', all)
  for (const resource of all)
    if (resource.schema === undefined) definitions[customName(resource)] = customDefinition(resource, '#/definitions/')
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes (Sallyport demo)', version: 'v1.35.0' },
    paths: Object.fromEntries(
      Object.entries(paths(all)).map(([path, item]) => [
        path,
        Object.fromEntries(
          Object.entries(isObject(item) ? item : {}).map(([method, operation]) => [
            method,
            {
              ...(isObject(operation) ? operation : {}),
              parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
                name,
                in: 'query',
                type: 'string',
                uniqueItems: true,
              })),
              requestBody: undefined,
            },
          ]),
        ),
      ]),
    ),
    definitions,
  }
}

/** The OpenAPI v3 document of one group version; absent when it is not served. `where`: `api/v1`, `apis/apps/v1`. */
export function openapiV3(kinds: Kinds, where: string): JsonObject | undefined {
  const prefix = '#/components/schemas/'
  const mine = kinds.all().filter((r) => (r.group === '' ? `api/${r.version}` : `apis/${apiVersionOf(r)}`) === where)
  if (mine.length === 0) return undefined
  const schemas: JsonObject = {}
  const roots = [
    ...mine.flatMap((r) => (r.schema === undefined ? [] : [r.schema])),
    `${META_PREFIX}.ObjectMeta`,
    `${META_PREFIX}.Status`,
    `${META_PREFIX}.DeleteOptions`,
  ]
  for (const name of closure(roots)) schemas[name] = definition(name, prefix, mine)
  for (const resource of mine)
    if (resource.schema === undefined) schemas[customName(resource)] = customDefinition(resource, prefix)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes (Sallyport demo)', version: 'v1.35.0' },
    paths: paths(mine),
    components: { schemas },
  }
}

/** `/openapi/v3`: where the documents are; the hash changes when a custom resource is added. */
export function openapiV3Index(kinds: Kinds): JsonObject {
  const index: JsonObject = {}
  for (const resource of kinds.all()) {
    const where = resource.group === '' ? `api/${resource.version}` : `apis/${apiVersionOf(resource)}`
    if (index[where] !== undefined) continue
    const hash = createHash('sha256')
      .update(JSON.stringify(openapiV3(kinds, where)))
      .digest('hex')
      .toUpperCase()
    index[where] = { serverRelativeURL: `/openapi/v3/${where}?hash=${hash}` }
  }
  return { paths: index }
}
