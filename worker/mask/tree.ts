// Where secrets stand in any object: the tree the scanner walks for an answer to, or a body of, a request. Chosen by what was
// asked, never by `kind` in the stream alone. Out: a tree for objects, lists, Tables, watch events and Statuses alike. No I/O.

import type { RequestInfo } from '../context.ts'
import type { FieldRule } from './contract.ts'
import { extend, type Field } from './fields.ts'
import { fold } from './keys.ts'
import type { Node } from './node.ts'
import { aboutNodes, type Nodes, nodesOf, SECRET_LIST } from './nodes.ts'
import type { Scope } from './scope.ts'
import { secretObject } from './secrets.ts'
import { statusLeaf } from './status.ts'
import { type Column, cellsNode, columnsNode, isCustom } from './table.ts'
import { maskBelow, maskFieldsBelow } from './values.ts'

/** Fields that are masked by structure whatever a MaskPolicy says. */
const BUILT_IN: readonly { readonly resources: RegExp; readonly fields: readonly FieldRule[] }[] = [
  { resources: /^serviceaccounts\/token $/, fields: [{ name: 'token', path: ['status', 'token'] }] },
  {
    resources: /^tokenreviews(?:\/.*)? authentication\.k8s\.io$/,
    fields: [{ name: 'token', path: ['spec', 'token'] }],
  },
  {
    resources: /^oauthclients oauth\.openshift\.io$/,
    fields: [
      { name: 'oauth-client', path: ['secret'] },
      { name: 'oauth-client', path: ['additionalSecrets'] },
    ],
  },
  {
    resources: /^oauth(?:access|authorize)tokens oauth\.openshift\.io$/,
    fields: [
      { name: 'token', path: ['authorizeToken'] },
      { name: 'token', path: ['refreshToken'] },
    ],
  },
]

/** A tree for answers and bodies, and for documents that stand in their strings: those are mostly the object once more. */
export function treeFor(scope: Scope): Node {
  const known = scope.trees.get(scope.embedded)
  if (known !== undefined) return known
  const { info } = scope
  const isSecret = isSecrets(info) || (info.isResourceRequest && info.subresource === 'proxy')
  const tree = isSecret ? secretsTree(scope) : isOpenApi(info) ? openApiTree(scope) : answerTree(scope)
  scope.trees.set(scope.embedded, tree)
  return tree
}

/** True when the request is for Secrets of the core group, whatever the verb or subresource. */
export function isSecrets(info: RequestInfo): boolean {
  return info.isResourceRequest && info.apiGroup === '' && info.resource === 'secrets'
}

/** The tree for Secrets; when structure is switched off, that of any object. */
function secretsTree(scope: Scope): Node {
  if (!scope.masking.rules.layers.structure) return answerTree(scope)
  const nodes = nodesOf(scope, treeFor)
  const secret = secretObject(scope, { ...nodes, document: treeFor })
  const fields = fieldsOf(scope).filter(({ steps }) => steps[0] !== 'data' && steps[0] !== 'stringdata')
  return fields.length === 0 ? secret : withFields(secret, fields, scope)
}

/** A tree for objects, lists and Tables whose objects have fields that are masked besides. */
function withFields(base: Node, fields: readonly Field[], scope: Scope): Node {
  const object = extend(base, fields, (field) => maskedField(scope, field))
  const rows = base.members?.get('rows') ?? {}
  const members = new Map(object.members)
  for (const name of ['items', 'object']) members.set(name, object)
  members.set('rows', { ...rows, members: new Map([...(rows.members ?? []), ['object', object]]) })
  return { ...object, members }
}

function isOpenApi({ isResourceRequest, path }: RequestInfo): boolean {
  return !isResourceRequest && /^\/openapi\/v[23](?:\/|$)/.test(path)
}

/**
 * The tree for OpenAPI: megabytes that describe kinds and hold no object of the cluster (in protobuf they pass unread). Defaults and
 * examples are looked at like anything; the descriptions, most of it, are not.
 */
function openApiTree(scope: Scope): Node {
  const { any } = nodesOf(scope, treeFor)
  const node: Node = { ...any }
  // A property may be called `description`: it is an object.
  const description: Node = { ...node, leaf: () => null, worth: () => false }
  node.members = new Map([['description', description]])
  node.others = node
  description.members = node.members
  description.others = node
  return node
}

/** The tree for what holds no Secrets of itself. */
function answerTree(scope: Scope): Node {
  const nodes = nodesOf(scope, treeFor)
  const { any } = nodes
  const { structure } = scope.masking.rules.layers
  const members = new Map(any.members)
  let object: Node = { ...any, members }
  if (structure && scope.embedded === 0 && isConfigMaps(scope.info)) members.set('data', nodes.configAsked)
  if (isSealed(scope.info)) members.set('spec', { ...any, members: new Map([...members, ['encrypteddata', DEAD]]) })
  const fields = structure ? fieldsOf(scope) : []
  const message: Node = { ...any, leaf: statusLeaf(scope, { strict: false, fields }), worth: alwaysWorth }
  members.set('message', message)
  for (const [name, node] of aboutNodes(nodes)) members.set(name, node)
  members.set('details', {
    ...nodes.naming,
    members: new Map([
      ...(nodes.naming.members ?? []),
      [
        'causes',
        {
          ...nodes.naming,
          members: new Map([
            ['message', message],
            ['field', message],
          ]),
        },
      ],
    ]),
  })
  if (fields.length > 0) object = extend(object, fields, (field) => maskedField(scope, field))
  const root = new Map(object.members)
  const columns: Column[] = []
  scope.forget.push(() => {
    columns.length = 0
  })
  root.set('items', object)
  root.set('object', object)
  root.set('columndefinitions', columnsNode(any, columns, scope))
  root.set('rows', {
    ...any,
    members: new Map<string, Node>([
      ...members,
      ['object', object],
      ['cells', cellsNode(scope, nodes, fields, columns)],
    ]),
  })
  object = { ...object, members: root }
  // Lists, watch events and rows hold what the root may be itself.
  root.set('items', structure ? listNode(scope, object, nodes) : object)
  root.set('object', object)
  const rows = root.get('rows')?.members
  if (rows instanceof Map) rows.set('object', object)
  return object
}

/** A place that is left as it is. */
const DEAD: Node = {}
const alwaysWorth = (): boolean => true

function isConfigMaps({ isResourceRequest, apiGroup, resource }: RequestInfo): boolean {
  return isResourceRequest && apiGroup === '' && resource === 'configmaps'
}

/** Of these the data are ciphertext. */
function isSealed({ apiGroup, resource }: RequestInfo): boolean {
  return apiGroup === 'bitnami.com' && resource === 'sealedsecrets'
}

function fieldsOf({ info, masking }: Scope): readonly Field[] {
  const what = `${info.resource}${info.subresource === '' ? '' : `/${info.subresource}`} ${info.apiGroup}`
  const builtIn = info.isResourceRequest ? BUILT_IN.filter(({ resources }) => resources.test(what)) : []
  const rules = [...builtIn.flatMap(({ fields }) => fields), ...masking.rules.fields(info)]
  const fields = rules.flatMap(({ name: rule, path }): Field[] => {
    // Arrays are passed through: a step to each element says nothing more.
    const steps = path.filter((step) => step !== '[*]').map((step) => (step === '*' ? step : fold(step)))
    const managed = [
      'metadata',
      'managedfields',
      'fieldsv1',
      ...steps.map((step) => (step === '*' ? step : `f:${step}`)),
    ]
    return [
      { rule, steps, managed: false },
      { rule, steps: managed, managed: true },
    ]
  })
  // A custom kind says itself which of its fields `scale` shows as the selector.
  const [first] = isCustom(info) && info.subresource === 'scale' ? fields : []
  return first === undefined ? fields : [...fields, { rule: first.rule, steps: ['status', 'selector'], managed: false }]
}

function maskedField(scope: Scope, { rule, managed }: Field): Node {
  return managed ? maskFieldsBelow(scope, rule) : maskBelow(scope, { rule })
}

/** Items of a list, which may turn out to be Secrets by the list's kind. */
function listNode(scope: Scope, object: Node, nodes: Nodes): Node {
  const secrets = secretObject(scope, { ...nodes, document: treeFor })
  return {
    ...object,
    asks: {
      question: 'kind',
      waits: false,
      from: SECRET_LIST,
      node: (verdict) => (verdict === SECRET_LIST ? secrets : object),
    },
  }
}
