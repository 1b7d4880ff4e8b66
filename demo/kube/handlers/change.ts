// create, update, patch and delete by HTTP: content types, dry run, field validation, the patch kinds.
// In: a call. Out: the stored (or would-be) object, or a refusal.

import { failure } from '../../../protocol/status.ts'
import { checkFields, type FieldValidation } from '../admission/validate.ts'
import { authorize } from '../auth/rbac.ts'
import { asKubeObject, mediaType, parseText, readObject } from '../body.ts'
import { toServed, toStored } from '../convert.ts'
import {
  at,
  clone,
  ensure,
  equal,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
} from '../json.ts'
import { apiVersionOf } from '../kinds.ts'
import { applyConfiguration } from '../patch/apply.ts'
import { jsonPatch, mergePatch } from '../patch/json-patch.ts'
import { strategicMergePatch } from '../patch/strategic.ts'
import { isProtobuf } from '../protobuf.ts'
import { conflict, invalid, invalidOption, notFound, Refusal, refuse } from '../refusal.ts'
import { type DemoResponse, header } from '../request.ts'
import { SCHEMAS } from '../schema/schema.ts'
import { shelfOf } from '../store.ts'
import { answer, type Call, json, shownList } from './call.ts'
import { found, selected } from './read.ts'
import { fromScale, scaleOf } from './scale.ts'
import { createObject, type DeleteOptions, deleteObject, updateObject, writerOf } from './write.ts'

const OPTIONS: Readonly<Record<string, string>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
}

/** Whether values of `dryRun` ask only to try. Refuses another than `All`. */
function onlyTried(values: readonly (Json | undefined)[], options: string): boolean {
  if (values.some((value) => value !== 'All')) {
    const told = values.map((value) => JSON.stringify(value ?? '')).join(', ')
    throw invalidOption(options, 'dryRun', `[]string{${told}}`, ['All'])
  }
  return values.length > 0
}

/** Whether a write is only tried, by its query. */
function dryRun(call: Call): boolean {
  return onlyTried(call.info.query.getAll('dryRun'), OPTIONS[call.request.method] ?? 'CreateOptions')
}

function validation(call: Call): FieldValidation {
  const value = call.info.query.get('fieldValidation') ?? ''
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn'
}

/** The object in a body as it is to be stored: right kind and namespace, known fields, storage version. */
function accepted(call: Call, sent: KubeObject): KubeObject {
  const { resource, info } = call
  const wanted = apiVersionOf(resource)
  if (sent.kind !== resource.kind || sent.apiVersion !== wanted) {
    throw refuse(
      'BadRequest',
      `${sent.kind} in version "${sent.apiVersion}" cannot be handled as a ${resource.kind}: expected ${wanted}, Kind=${resource.kind}`,
    )
  }
  const schema = resource.schema === undefined ? undefined : SCHEMAS.get(resource.schema)
  let object = sent
  if (schema !== undefined) {
    const checked = checkFields(sent, schema, validation(call))
    object = checked.object
    call.warnings.push(...checked.warnings)
  }
  if (resource.namespaced) {
    const namespace = object.metadata.namespace
    if (namespace !== undefined && namespace !== '' && namespace !== info.namespace) {
      throw refuse(
        'BadRequest',
        `the namespace of the provided object does not match the namespace sent on the request`,
      )
    }
    object.metadata.namespace = info.namespace
  }
  return toStored(object, resource)
}

function writer(call: Call) {
  return writerOf(
    call.cluster,
    call.resource,
    call.info.query.get('fieldManager') ?? '',
    header(call.request, 'user-agent'),
    call.info.subresource,
  )
}

/** POST to a collection. */
export function create(call: Call): DemoResponse {
  const sent = readObject(call.request.body, header(call.request, 'content-type'))
  const object = accepted(call, sent)
  if (call.resource.kind === 'CertificateSigningRequest') {
    object.spec = {
      ...(isObject(object.spec) ? object.spec : {}),
      username: call.user.username,
      groups: [...call.user.groups],
    }
  }
  const stored = createObject(call.cluster, call.resource, object, { dryRun: dryRun(call), writer: writer(call) })
  return answer(call, 201, stored)
}

type Part = 'main' | 'status' | 'all'

function partOf(call: Call): Part {
  if (call.info.subresource === 'status' || call.info.subresource === 'approval') return 'status'
  return 'main'
}

/** PUT of an object or of a subresource that is a view of it. */
export function update(call: Call): DemoResponse {
  const { cluster, resource, info } = call
  const options = { dryRun: dryRun(call), writer: writer(call) }
  const live = found(call)
  const sent = readObject(call.request.body, header(call.request, 'content-type'))
  if (sent.metadata.name !== '' && sent.metadata.name !== info.name) {
    throw refuse(
      'BadRequest',
      `the name of the object (${sent.metadata.name}) does not match the name on the URL (${info.name})`,
    )
  }
  if (info.subresource === 'scale')
    return json(200, scaleOf(updateObject(cluster, resource, live, fromScale(resource, live, sent), 'main', options)))
  const object = ofSubresource(call, live, accepted(call, { ...sent, metadata: { ...sent.metadata, name: info.name } }))
  return answer(call, 200, updateObject(cluster, resource, live, object, partOf(call), options))
}

/** What a write through a subresource may change; of any other it is everything. */
function ofSubresource(call: Call, live: KubeObject, sent: KubeObject): KubeObject {
  if (call.info.subresource !== 'ephemeralcontainers') return sent
  const kept = textAt(sent, 'metadata', 'resourceVersion')
  const uid = textAt(sent, 'metadata', 'uid')
  const next = clone(live)
  const spec = ensure(next, 'spec')
  const now = at(sent, 'spec', 'ephemeralContainers')
  if (now === undefined) delete spec.ephemeralContainers
  else spec.ephemeralContainers = now
  next.metadata.resourceVersion = kept
  if (uid !== '') next.metadata.uid = uid
  const gone = objectsAt(live, 'spec', 'ephemeralContainers').filter(
    (had) => !objectsAt(next, 'spec', 'ephemeralContainers').some((has) => equal(has, had)),
  )
  if (gone.length > 0) {
    throw invalid('Pod', '', call.info.name, [
      {
        reason: 'FieldValueForbidden',
        message: `Forbidden: existing ephemeral containers ${JSON.stringify(gone.map((one) => textAt(one, 'name')))} may not be removed or changed`,
        field: 'spec.ephemeralContainers',
      },
    ])
  }
  return next
}

/** Refuses to change what makes an object this one and no other. A PUT is told so by a conflict, a patch by a 422. */
function sameObject(call: Call, live: KubeObject, patched: KubeObject): void {
  const { resource, info } = call
  const { name, namespace, uid } = patched.metadata
  if (name !== live.metadata.name)
    throw refuse(
      'BadRequest',
      `the name of the object (${name}) does not match the name on the URL (${live.metadata.name})`,
    )
  if (resource.namespaced && namespace !== undefined && namespace !== '' && namespace !== info.namespace)
    throw refuse(
      'BadRequest',
      `the namespace of the object (${namespace}) does not match the namespace on the request (${info.namespace})`,
    )
  if (uid === undefined || uid === '' || uid === live.metadata.uid) return
  const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`
  throw invalid(resource.kind, resource.group, live.metadata.name, [
    { reason: 'FieldValueInvalid', message, field: 'metadata.uid' },
  ])
}

function patched(call: Call, live: KubeObject, type: string): KubeObject {
  const { resource, info } = call
  const scale = info.subresource === 'scale'
  const target = scale ? scaleOf(live) : toServed(live, resource)
  const patch = parseText(call.request.body, false)
  const schema = scale
    ? SCHEMAS.get('io.k8s.api.autoscaling.v1.Scale')
    : resource.schema === undefined
      ? undefined
      : SCHEMAS.get(resource.schema)
  let result: Json
  switch (type) {
    case 'application/json-patch+json':
      result = jsonPatch(target, patch)
      break
    case 'application/merge-patch+json':
      result = mergePatch(target, patch)
      break
    default:
      if (schema === undefined) throw unsupportedPatch()
      result = strategicMergePatch(target, patch, schema)
  }
  const object = asKubeObject(result)
  if (scale) return fromScale(resource, live, object)
  sameObject(call, live, object)
  return ofSubresource(call, live, accepted(call, object))
}

const unsupportedPatch = () =>
  new Refusal(
    failure(
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
      { details: {} },
    ),
  )

const PATCHES = new Set([
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
])

/** PATCH of any kind. Retries nothing: one process, one step. */
export function patch(call: Call): DemoResponse {
  const { cluster, resource, info } = call
  const type = mediaType(header(call.request, 'content-type'))
  if (type === 'application/apply-patch+yaml') return apply(call)
  if (!PATCHES.has(type)) throw unsupportedPatch()
  const options = { dryRun: dryRun(call), writer: writer(call) }
  const live = found(call)
  const next = patched(call, live, type)
  const stored = updateObject(cluster, resource, live, next, partOf(call), options)
  return info.subresource === 'scale' ? json(200, scaleOf(stored)) : answer(call, 200, stored)
}

function apply(call: Call): DemoResponse {
  const { cluster, resource, info, user } = call
  const manager = info.query.get('fieldManager') ?? ''
  if (manager === '') {
    throw new Refusal(
      failure(
        'Invalid',
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        { details: { kind: 'PatchOptions', group: 'meta.k8s.io' } },
      ),
    )
  }
  const sent = asKubeObject(parseText(call.request.body, true))
  if ((sent.metadata.managedFields ?? []).length > 0) throw refuse('BadRequest', 'metadata.managedFields must be nil')
  if (sent.metadata.name !== '' && sent.metadata.name !== info.name)
    throw refuse(
      'BadRequest',
      `the name of the object (${sent.metadata.name}) does not match the name on the URL (${info.name})`,
    )
  const options = { dryRun: dryRun(call), writer: writer(call), applied: true }
  const live = cluster.store.get(shelfOf(resource), resource.namespaced ? info.namespace : '', info.name)
  const force = info.query.get('force') === 'true'
  const schema = resource.schema === undefined ? undefined : SCHEMAS.get(resource.schema)
  const version = sent.metadata.resourceVersion
  if (live === undefined) {
    if (info.subresource !== '') throw notFound(resource.plural, resource.group, info.name)
    authorize(cluster, user, { ...info, verb: 'create' })
    const { uid } = sent.metadata
    if (uid !== undefined && uid !== '') {
      const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
      throw conflict(resource.plural, resource.group, info.name, why)
    }
  }
  if (info.subresource === 'scale' && live !== undefined) {
    const scaled = fromScale(resource, live, sent)
    const { apiVersion, kind } = live
    const wanted: KubeObject = {
      apiVersion,
      kind,
      metadata: { name: live.metadata.name, namespace: info.namespace },
      spec: { replicas: numberAt(scaled, ['spec', 'replicas']) },
    }
    const next = applyConfiguration(live, wanted, schema, writer(call), force)
    next.metadata.resourceVersion = textAt(scaled, 'metadata', 'resourceVersion')
    return json(200, scaleOf(updateObject(cluster, resource, live, next, 'main', options)))
  }
  if (live !== undefined) sameObject(call, live, { ...sent, metadata: { ...sent.metadata, name: info.name } })
  const config = accepted(call, { ...sent, metadata: { ...sent.metadata, name: info.name } })
  delete config.metadata.creationTimestamp
  delete config.metadata.uid
  if (config.kind === 'Secret') stringDataToData(config)
  if (live === undefined) delete config.metadata.resourceVersion
  const merged = applyConfiguration(live, config, schema, writer(call), force)
  if (live === undefined) return answer(call, 201, createObject(cluster, resource, merged, options))
  if (version !== undefined) merged.metadata.resourceVersion = version
  const next = ofSubresource(call, live, merged)
  if (next !== merged) next.metadata = { ...next.metadata, managedFields: merged.metadata.managedFields ?? [] }
  return answer(call, 200, updateObject(cluster, resource, live, next, partOf(call), options))
}

/** Applied `stringData` owns the keys it makes in `data`. */
function stringDataToData(config: KubeObject): void {
  const extra = config.stringData
  if (!isObject(extra)) return
  const data = isObject(config.data) ? config.data : {}
  for (const [key, value] of Object.entries(extra))
    if (typeof value === 'string') data[key] = Buffer.from(value, 'utf8').toString('base64')
  config.data = data
  delete config.stringData
}

/** Clients send DeleteOptions without its kind too. */
function deleteBody(call: Call): KubeObject | undefined {
  const { body } = call.request
  const type = header(call.request, 'content-type')
  if (body.length === 0) return undefined
  if (isProtobuf(type)) return readObject(body, type)
  const parsed = parseText(body, mediaType(type) === 'application/yaml')
  return isObject(parsed) ? asKubeObject({ kind: 'DeleteOptions', apiVersion: 'v1', ...parsed }) : undefined
}

const POLICIES = ['Foreground', 'Background', 'Orphan', 'nil']

/**
 * The options of a delete. As the API server has it, a body is all there is: beside one the query is not looked at, not
 * even its `dryRun`.
 */
function deleteOptions(call: Call): DeleteOptions {
  const body = deleteBody(call)
  if (body !== undefined && body.kind !== 'DeleteOptions')
    throw refuse('BadRequest', `${body.kind} cannot be handled as DeleteOptions`)
  const { query } = call.info
  const asked = body ?? {
    gracePeriodSeconds: query.get('gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? '',
    orphanDependents: query.get('orphanDependents') === 'true',
    dryRun: query.getAll('dryRun'),
  }
  return readDeleteOptions(asked)
}

function readDeleteOptions(asked: JsonObject): DeleteOptions {
  const grace = at(asked, 'gracePeriodSeconds')
  const policy = textAt(asked, 'propagationPolicy')
  const orphan = at(asked, 'orphanDependents') === true
  const uid = textAt(asked, 'preconditions', 'uid')
  const version = textAt(asked, 'preconditions', 'resourceVersion')
  const tried = at(asked, 'dryRun')
  if (policy !== '' && !POLICIES.slice(0, 3).includes(policy))
    throw invalidOption('DeleteOptions', 'propagationPolicy', JSON.stringify(policy), POLICIES)
  return {
    dryRun: onlyTried(Array.isArray(tried) ? tried : [], 'DeleteOptions'),
    ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(orphan ? { propagationPolicy: 'Orphan' } : policy === '' ? {} : { propagationPolicy: policy }),
    ...(uid === '' ? {} : { uid }),
    ...(version === '' ? {} : { resourceVersion: version }),
  }
}

/** DELETE of one object. */
export function remove(call: Call): DemoResponse {
  const { cluster, resource, info } = call
  const options = deleteOptions(call)
  const live = found(call)
  const result = deleteObject(cluster, resource, live, options)
  if (options.gracePeriodSeconds === 0 && live.kind === 'Pod') {
    call.warnings.push(
      'Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.',
    )
  }
  if (!result.gone || live.kind === 'Pod') return answer({ ...call, warnings: [] }, 200, result.object)
  return json(200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: info.name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
      uid: live.metadata.uid ?? '',
    },
  })
}

/** DELETE of a collection. */
export function removeAll(call: Call): DemoResponse {
  const options = deleteOptions(call)
  const objects = selected(call)
  for (const object of objects) deleteObject(call.cluster, call.resource, object, options)
  return json(200, shownList(call, objects, { resourceVersion: String(call.cluster.store.version) }))
}

/** POST of an Eviction: a delete of the pod that disruption budgets may refuse (429). */
export function evict(call: Call): DemoResponse {
  const { cluster, resource, info } = call
  const pod = found(call)
  const body = readObject(call.request.body, header(call.request, 'content-type'))
  if (body.kind !== 'Eviction') throw refuse('BadRequest', `${body.kind} cannot be handled as an Eviction`)
  if (body.metadata.name !== info.name) throw refuse('BadRequest', 'name in URL does not match name in Eviction object')
  const inQuery = dryRun(call)
  const options = readDeleteOptions(objectAt(body, 'deleteOptions'))
  for (const budget of cluster.store.list('poddisruptionbudgets.policy', info.namespace)) {
    const labels = at(budget, 'spec', 'selector', 'matchLabels')
    const matches =
      isObject(labels) && Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value)
    if (matches && numberAt(budget, ['status', 'disruptionsAllowed']) <= 0) {
      throw new Refusal(
        failure('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
          details: {
            causes: [
              {
                reason: 'DisruptionBudget',
                message: `The disruption budget ${budget.metadata.name} needs ${numberAt(budget, ['status', 'desiredHealthy'])} healthy pods and has ${numberAt(budget, ['status', 'currentHealthy'])} currently`,
              },
            ],
          },
        }),
      )
    }
  }
  deleteObject(cluster, resource, pod, { ...options, dryRun: inQuery || options.dryRun })
  return json(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}
