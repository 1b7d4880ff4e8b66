// create, update, patch and delete by HTTP: content types, dry run, field validation, the patch kinds.
// In: a call. Out: the stored (or would-be) object, or a refusal.

import { failure } from '../../../protocol/status.ts'
import { checkFields, type FieldValidation } from '../admission/validate.ts'
import { authorize } from '../auth/rbac.ts'
import { asKubeObject, mediaType, parseText, readObject } from '../body.ts'
import { toServed, toStored } from '../convert.ts'
import { at, isObject, type Json, type KubeObject, numberAt, textAt } from '../json.ts'
import { apiVersionOf } from '../kinds.ts'
import { applyConfiguration } from '../patch/apply.ts'
import { jsonPatch, mergePatch } from '../patch/json-patch.ts'
import { strategicMergePatch } from '../patch/strategic.ts'
import { isProtobuf } from '../protobuf.ts'
import { alreadyExists, notFound, Refusal, refuse } from '../refusal.ts'
import { type DemoResponse, header } from '../request.ts'
import { SCHEMAS } from '../schema/schema.ts'
import { shelfOf } from '../store.ts'
import { answer, type Call, json, shownList } from './call.ts'
import { found, selected } from './read.ts'
import { fromScale, scaleOf } from './scale.ts'
import { createObject, type DeleteOptions, deleteObject, updateObject, writerOf } from './write.ts'

/** Whether a write is only tried. Refuses another value than `All`. */
function dryRun(call: Call, inBody: Json | undefined = undefined): boolean {
  const values = [...call.info.query.getAll('dryRun'), ...(Array.isArray(inBody) ? inBody : [])].filter(
    (value) => value !== '',
  )
  if (values.some((value) => value !== 'All')) {
    throw new Refusal(
      failure(
        'Invalid',
        `${call.resource.kind} "" is invalid: dryRun: Unsupported value: "${String(values[0])}": supported values: "All"`,
      ),
    )
  }
  return values.length > 0
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
  const live = found(call)
  const sent = readObject(call.request.body, header(call.request, 'content-type'))
  if (sent.metadata.name !== '' && sent.metadata.name !== info.name) {
    throw refuse(
      'BadRequest',
      `the name of the object (${sent.metadata.name}) does not match the name on the URL (${info.name})`,
    )
  }
  const options = { dryRun: dryRun(call), writer: writer(call) }
  if (info.subresource === 'scale')
    return json(200, scaleOf(updateObject(cluster, resource, live, fromScale(live, sent), 'main', options)))
  const object = accepted(call, { ...sent, metadata: { ...sent.metadata, name: info.name } })
  return answer(call, 200, updateObject(cluster, resource, live, object, partOf(call), options))
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
  if (object.metadata.name !== live.metadata.name)
    throw refuse('BadRequest', 'the name of the object does not match the name on the URL')
  return scale ? fromScale(live, object) : accepted(call, object)
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
  const live = found(call)
  const options = { dryRun: dryRun(call), writer: writer(call) }
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
    throw refuse('BadRequest', 'the name of the object does not match the name on the URL')
  const live = cluster.store.get(shelfOf(resource), resource.namespaced ? info.namespace : '', info.name)
  const force = info.query.get('force') === 'true'
  const schema = resource.schema === undefined ? undefined : SCHEMAS.get(resource.schema)
  const version = sent.metadata.resourceVersion
  if (live === undefined) {
    if (info.subresource !== '') throw notFound(resource.plural, resource.group, info.name)
    authorize(cluster, user, { ...info, verb: 'create' })
    if (version !== undefined) throw alreadyExists(resource.plural, resource.group, info.name)
  }
  if (info.subresource === 'scale' && live !== undefined) {
    const next = fromScale(live, sent)
    return json(
      200,
      scaleOf(updateObject(cluster, resource, live, next, 'main', { dryRun: dryRun(call), writer: writer(call) })),
    )
  }
  const config = accepted(call, { ...sent, metadata: { ...sent.metadata, name: info.name } })
  delete config.metadata.creationTimestamp
  delete config.metadata.uid
  if (config.kind === 'Secret') stringDataToData(config)
  const merged = applyConfiguration(live, config, schema, writer(call), force)
  const options = { dryRun: dryRun(call), writer: writer(call), applied: true }
  if (live === undefined) return answer(call, 201, createObject(cluster, resource, merged, options))
  if (version !== undefined) merged.metadata.resourceVersion = version
  return answer(call, 200, updateObject(cluster, resource, live, merged, partOf(call), options))
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

function deleteOptions(call: Call): DeleteOptions {
  const body = deleteBody(call)
  if (body !== undefined && body.kind !== 'DeleteOptions')
    throw refuse('BadRequest', `${body.kind} cannot be handled as DeleteOptions`)
  const { query } = call.info
  const grace = query.get('gracePeriodSeconds') ?? at(body, 'gracePeriodSeconds')
  const policy = query.get('propagationPolicy') ?? textAt(body, 'propagationPolicy')
  const orphan = at(body, 'orphanDependents') === true || query.get('orphanDependents') === 'true'
  const uid = textAt(body, 'preconditions', 'uid')
  const version = textAt(body, 'preconditions', 'resourceVersion')
  return {
    dryRun: dryRun(call, at(body, 'dryRun')),
    ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(orphan ? { propagationPolicy: 'Orphan' } : policy === '' ? {} : { propagationPolicy: policy }),
    ...(uid === '' ? {} : { uid }),
    ...(version === '' ? {} : { resourceVersion: version }),
  }
}

/** DELETE of one object. */
export function remove(call: Call): DemoResponse {
  const { cluster, resource, info } = call
  const live = found(call)
  const options = deleteOptions(call)
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
  const grace = at(body, 'deleteOptions', 'gracePeriodSeconds')
  deleteObject(cluster, resource, pod, {
    dryRun: dryRun(call, at(body, 'deleteOptions', 'dryRun')),
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
  })
  return json(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}
