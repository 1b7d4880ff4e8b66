// What the API server refuses in an object: unknown and mistyped fields, missing ones, bad names, changed immutables.
// In: an object as sent. Out: the object without unknown fields, with warnings; or a refusal with its causes.

import type { StatusCause } from '../../../protocol/status.ts'
import {
  at,
  equal,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectsAt,
  stringsAt,
  textAt,
} from '../json.ts'
import type { Resource } from '../kinds.ts'
import { invalid, refuse } from '../refusal.ts'
import { type FieldType, SCHEMAS, type Schema } from '../schema/schema.ts'
import { objectSelector } from '../selectors.ts'

/** `fieldValidation` of a write. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

const SCALAR_CHECK: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (v) => typeof v === 'string',
  bool: (v) => typeof v === 'boolean',
  int32: (v) => Number.isInteger(v),
  int64: (v) => Number.isInteger(v),
  double: (v) => typeof v === 'number',
  bytes: (v) => typeof v === 'string',
  Time: (v) => typeof v === 'string' && !Number.isNaN(Date.parse(v)),
  MicroTime: (v) => typeof v === 'string' && !Number.isNaN(Date.parse(v)),
  Quantity: (v) => typeof v === 'string' || typeof v === 'number',
  IntOrString: (v) => typeof v === 'string' || typeof v === 'number',
  Duration: (v) => typeof v === 'string',
}

const GO_NAME: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  bytes: '[]uint8',
  double: 'float64',
}

interface Findings {
  readonly unknown: string[]
  readonly mistyped: string[]
  readonly missing: string[]
}

function jsonName(value: Json): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function check(value: Json, type: FieldType | undefined, path: string, found: Findings): Json {
  if (type === undefined) return value
  if (value === null) return value
  const mistyped = (wanted: string) => {
    found.mistyped.push(`json: cannot unmarshal ${jsonName(value)} into Go struct field ${path} of type ${wanted}`)
    return value
  }
  switch (type.kind) {
    case 'scalar': {
      const ok = SCALAR_CHECK[type.name]?.(value) ?? true
      if (!ok) return mistyped(GO_NAME[type.name] ?? type.name)
      if (type.name === 'Quantity' && typeof value === 'number') return String(value)
      return value
    }
    case 'list':
      if (!Array.isArray(value)) return mistyped('[]')
      return value.map((item, i) => check(item, type.of, `${path}[${i}]`, found))
    case 'map': {
      if (!isObject(value)) return mistyped('map')
      const out: JsonObject = {}
      for (const [key, item] of Object.entries(value))
        if (item !== undefined) out[key] = check(item, type.of, `${path}.${key}`, found)
      return out
    }
    case 'ref': {
      if (!isObject(value)) return mistyped(type.name.slice(type.name.lastIndexOf('.') + 1))
      const schema = SCHEMAS.get(type.name)
      return schema === undefined ? value : checkObject(value, schema, path, found)
    }
  }
}

/** Whole objects inside others (volumeClaimTemplates) say their kind too. */
function isKind(schema: Schema): boolean {
  return schema.fields.has('metadata') && schema.fields.has('status')
}

function checkObject(value: JsonObject, schema: Schema, path: string, found: Findings): JsonObject {
  const out: JsonObject = {}
  const below = (name: string) => (path === '' ? name : `${path}.${name}`)
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const field = schema.fields.get(key)
    if (field === undefined) {
      if ((path === '' || isKind(schema)) && (key === 'apiVersion' || key === 'kind')) out[key] = item
      else found.unknown.push(below(key))
      continue
    }
    if (item === null && field.name !== 'creationTimestamp') continue
    out[key] = check(item, field.type, below(key), found)
  }
  for (const field of schema.fields.values()) {
    if (
      field.required &&
      field.type.kind !== 'map' &&
      out[field.name] === undefined &&
      path !== '' &&
      !path.startsWith('status')
    ) {
      found.missing.push(below(field.name))
    }
  }
  return out
}

/**
 * Checks an object's fields against its type and drops unknown ones.
 * Refuses wrong types (400), with `Strict` also unknown fields; with `Warn` these become warnings.
 */
export function checkFields(
  object: KubeObject,
  schema: Schema,
  mode: FieldValidation,
): { object: KubeObject; warnings: string[] } {
  const found: Findings = { unknown: [], mistyped: [], missing: [] }
  const checked = checkObject(object, schema, '', found)
  const version = object.apiVersion.slice(object.apiVersion.lastIndexOf('/') + 1)
  const handled = `${object.kind} in version "${version}" cannot be handled as a ${object.kind}`
  const mistyped = found.mistyped[0]
  if (mistyped !== undefined) throw refuse('BadRequest', `${handled}: ${mistyped}`)
  if (mode === 'Strict' && found.unknown.length > 0) {
    throw refuse(
      'BadRequest',
      `${handled}: strict decoding error: ${found.unknown.map((name) => `unknown field "${name}"`).join(', ')}`,
    )
  }
  const warnings = mode === 'Warn' ? found.unknown.map((name) => `unknown field "${name}"`) : []
  return {
    object: {
      ...checked,
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata: { ...objectAt(checked, 'metadata'), name: object.metadata.name },
    },
    warnings,
  }
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

function required(field: string, message = ''): StatusCause {
  return {
    reason: 'FieldValueRequired',
    message: message === '' ? 'Required value' : `Required value: ${message}`,
    field,
  }
}

function invalidValue(field: string, value: Json, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field }
}

function checkPodSpec(spec: JsonObject, path: string, causes: StatusCause[], claims: readonly string[] = []): void {
  const containers = objectsAt(spec, 'containers')
  if (containers.length === 0) causes.push(required(`${path}.containers`))
  const names = new Set<string>()
  const volumes = new Set([...claims, ...objectsAt(spec, 'volumes').map((volume) => textAt(volume, 'name'))])
  for (const list of ['containers', 'initContainers']) {
    objectsAt(spec, list).forEach((container, i) => {
      const where = `${path}.${list}[${i}]`
      const name = textAt(container, 'name')
      if (name === '') causes.push(required(`${where}.name`))
      else if (!LABEL.test(name))
        causes.push(
          invalidValue(
            `${where}.name`,
            name,
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'",
          ),
        )
      else if (names.has(name))
        causes.push({
          reason: 'FieldValueDuplicate',
          message: `Duplicate value: ${JSON.stringify(name)}`,
          field: `${where}.name`,
        })
      names.add(name)
      if (textAt(container, 'image') === '') causes.push(required(`${where}.image`))
      objectsAt(container, 'volumeMounts').forEach((mount, j) => {
        if (!volumes.has(textAt(mount, 'name'))) {
          causes.push({
            reason: 'FieldValueNotFound',
            message: `Not found: ${JSON.stringify(textAt(mount, 'name'))}`,
            field: `${where}.volumeMounts[${j}].name`,
          })
        }
      })
    })
  }
}

function checkWorkload(object: KubeObject, causes: StatusCause[]): void {
  const labels = stringsAt(object, 'spec', 'template', 'metadata', 'labels')
  const selector = at(object, 'spec', 'selector')
  if (!isObject(selector)) causes.push(required('spec.selector'))
  else if (Object.keys(selector).length === 0)
    causes.push(invalidValue('spec.selector', {}, 'empty selector is invalid for deployment'))
  else if (!objectSelector(selector)(labels))
    causes.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  const claims = objectsAt(object, 'spec', 'volumeClaimTemplates').map((claim) => textAt(claim, 'metadata', 'name'))
  checkPodSpec(objectAt(object, 'spec', 'template', 'spec'), 'spec.template.spec', causes, claims)
  const replicas = at(object, 'spec', 'replicas')
  if (typeof replicas === 'number' && replicas < 0)
    causes.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'))
}

/** Refuses (422) an object that breaks the rules of its kind, or changes what may not change. */
export function validate(
  object: KubeObject,
  resource: Resource,
  live: KubeObject | undefined,
  subresource: string | undefined = undefined,
): void {
  const causes: StatusCause[] = []
  const name = object.metadata.name
  const rbac = resource.group === 'rbac.authorization.k8s.io'
  if (name === '') causes.push(required('metadata.name', 'name or generateName is required'))
  else if (!rbac && (!SUBDOMAIN.test(name) || name.length > 253))
    causes.push(invalidValue('metadata.name', name, SUBDOMAIN_RULE))
  for (const [key, value] of Object.entries(objectAt(object, 'metadata', 'labels'))) {
    if (typeof value !== 'string' || !LABEL_VALUE.test(value) || value.length > 63) {
      causes.push(
        invalidValue(
          'metadata.labels',
          value ?? null,
          `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (key ${key})`,
        ),
      )
    }
  }
  switch (object.kind) {
    case 'Pod':
      checkPodSpec(objectAt(object, 'spec'), 'spec', causes)
      break
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
    case 'DaemonSet':
      if (resource.group === 'apps') checkWorkload(object, causes)
      break
    case 'Job':
      checkPodSpec(objectAt(object, 'spec', 'template', 'spec'), 'spec.template.spec', causes)
      if (textAt(object, 'spec', 'template', 'spec', 'restartPolicy') === 'Always') {
        causes.push({
          reason: 'FieldValueNotSupported',
          message: 'Unsupported value: "Always": supported values: "OnFailure", "Never"',
          field: 'spec.template.spec.restartPolicy',
        })
      }
      break
    case 'Service':
      if (
        objectsAt(object, 'spec', 'ports').length === 0 &&
        textAt(object, 'spec', 'type') !== 'ExternalName' &&
        textAt(object, 'spec', 'clusterIP') !== 'None'
      ) {
        causes.push(required('spec.ports'))
      }
      break
    case 'Secret':
      for (const [key, value] of Object.entries(objectAt(object, 'data'))) {
        if (typeof value !== 'string' || !/^[A-Za-z0-9+/\s]*={0,2}$/.test(value))
          throw refuse(
            'BadRequest',
            `Secret in version "v1" cannot be handled as a Secret: illegal base64 data in field data.${key}`,
          )
      }
      break
    case 'CustomResourceDefinition':
      if (name !== `${textAt(object, 'spec', 'names', 'plural')}.${textAt(object, 'spec', 'group')}`) {
        causes.push(invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group'))
      }
      break
    default:
  }
  if (live !== undefined) checkImmutable(object, live, subresource ?? '', causes)
  if (causes.length > 0) throw invalid(object.kind, resource.group, name, causes)
}

function stringsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function checkImmutable(object: KubeObject, live: KubeObject, subresource: string, causes: StatusCause[]): void {
  const fixed = (...path: string[]) => {
    const value = at(object, ...path)
    if (!equal(value, at(live, ...path))) causes.push(invalidValue(path.join('.'), value ?? null, 'field is immutable'))
  }
  const added = stringsOf(object.metadata.finalizers).filter(
    (finalizer) => !stringsOf(live.metadata.finalizers).includes(finalizer),
  )
  if (live.metadata.deletionTimestamp !== undefined && added.length > 0) {
    causes.push({
      reason: 'FieldValueForbidden',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`,
      field: 'metadata.finalizers',
    })
  }
  switch (object.kind) {
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
    case 'DaemonSet':
      fixed('spec', 'selector')
      break
    case 'Job':
      fixed('spec', 'selector')
      fixed('spec', 'template')
      break
    case 'ClusterRoleBinding':
    case 'RoleBinding':
      if (!equal(object.roleRef, live.roleRef))
        causes.push(invalidValue('roleRef', object.roleRef ?? null, 'cannot change roleRef'))
      break
    case 'Secret':
      fixed('type')
      if (live.immutable === true && !equal(object.data, live.data))
        causes.push({
          reason: 'FieldValueForbidden',
          message: 'Forbidden: field is immutable when `immutable` is set',
          field: 'data',
        })
      break
    case 'ConfigMap':
      if (live.immutable === true && !equal(object.data, live.data))
        causes.push({
          reason: 'FieldValueForbidden',
          message: 'Forbidden: field is immutable when `immutable` is set',
          field: 'data',
        })
      break
    case 'Service':
      if (textAt(live, 'spec', 'clusterIP') !== '' && textAt(object, 'spec', 'type') !== 'ExternalName')
        fixed('spec', 'clusterIP')
      break
    case 'Pod': {
      const comparable = (pod: KubeObject): JsonObject => {
        const spec = structuredClone(objectAt(pod, 'spec'))
        for (const list of ['containers', 'initContainers']) for (const c of objectsAt(spec, list)) delete c.image
        for (const key of ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds', 'nodeName'])
          delete spec[key]
        // They have a subresource of their own; anywhere else they may not change.
        if (subresource === 'ephemeralcontainers') delete spec.ephemeralContainers
        return spec
      }
      if (!equal(comparable(object), comparable(live))) {
        causes.push({
          reason: 'FieldValueForbidden',
          message:
            'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
          field: 'spec',
        })
      }
      break
    }
    default:
  }
}
