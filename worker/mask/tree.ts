// Where secrets stand in any object: the tree the scanner walks for an answer to, or a body of, a request. Chosen by what was
// asked, never by `kind` in the stream alone. Out: a tree for objects, lists, Tables, watch events and Statuses alike. No I/O.

import type { RequestInfo } from '../context.ts'
import { decodeBase64 } from './base64.ts'
import type { FieldRule } from './contract.ts'
import { extend, type Field } from './fields.ts'
import { maskRelease } from './helm.ts'
import { fold, type Key } from './keys.ts'
import { type Looking, lookIntoBase64, looking, saysSecret } from './look.ts'
import type { Node, Token, Verdict } from './node.ts'
import type { Scope } from './scope.ts'
import { secretObject } from './secrets.ts'
import { statusLeaf } from './status.ts'
import { decodeString, stringToken } from './token.ts'
import { type Leaf, maskBelow, maskData, maskFieldsBelow, maskWhole } from './values.ts'

const encoder = new TextEncoder()
const ascii = new TextDecoder('latin1')

/** What `kind` says of an object, as far as it matters here. */
const OTHER = 1
const CONFIG_MAP = 2
const SECRET = 3
const SECRET_LIST = 4
/** What `name` says of the `value` beside it. */
const NAMES_NOTHING = 1
const NAMES_SECRET = 2

/** Members of `metadata` that the API server makes: nothing stands in them. */
const GENERATED = ['uid', 'resourceversion', 'creationtimestamp', 'deletiontimestamp', 'selflink', 'generation']
/** Members whose content is names of objects: without them the agent cannot name what it talks about. */
const NAMING = ['apiversion', 'ownerreferences', 'involvedobject', 'regarding', 'related', 'details']
/** A generated word is no longer. */
const MAX_GENERATED_BYTES = 64

const MIN_BASIC_BYTES = 8

/** Values that a name of a secret may have and that are none: switches. */
const SWITCH = /^(?:true|false|yes|no|on|off|null|none|)$/i
/** What stands for a variable that is named elsewhere. */
const REFERENCE = /^(?:\$\([A-Za-z_][\w.-]*\))+$/

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
  const { any, meta } = nodesOf(scope)
  return secretObject(scope, { any, meta, document: treeFor })
}

function isOpenApi({ isResourceRequest, path }: RequestInfo): boolean {
  return !isResourceRequest && /^\/openapi\/v[23](?:\/|$)/.test(path)
}

/**
 * The tree for OpenAPI: megabytes that describe kinds and hold no object of the cluster (in protobuf they pass unread). Defaults and
 * examples are looked at like anything; the descriptions, most of it, are not.
 */
function openApiTree(scope: Scope): Node {
  const { any } = nodesOf(scope)
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
  const nodes = nodesOf(scope)
  const { any } = nodes
  const { structure } = scope.masking.rules.layers
  const members = new Map(any.members)
  let object: Node = { ...any, members }
  if (structure && scope.embedded === 0 && isConfigMaps(scope.info)) members.set('data', nodes.config)
  if (isSealed(scope.info)) members.set('spec', { ...any, members: new Map([...members, ['encrypteddata', DEAD]]) })
  const message: Node = { ...any, leaf: statusLeaf(scope, new Set(), false), worth: alwaysWorth }
  members.set('message', message)
  members.set('details', {
    ...nodes.naming,
    members: new Map([['causes', { ...nodes.naming, members: new Map([['message', message]]) }]]),
  })
  const fields = structure ? fieldsOf(scope) : []
  if (fields.length > 0) object = extend(object, fields, (field) => maskedField(scope, field))
  const root = new Map(object.members)
  const columns: string[] = []
  root.set('items', object)
  root.set('object', object)
  root.set('columndefinitions', columnsNode(any, columns))
  root.set('rows', {
    ...any,
    members: new Map<string, Node>([
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
  return rules.flatMap(({ name: rule, path }): Field[] => {
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
}

function maskedField(scope: Scope, { rule, managed }: Field): Node {
  return managed ? maskFieldsBelow(scope, rule) : maskBelow(scope, { rule })
}

/** The nodes that trees are made of. */
export interface Nodes {
  /** Any place. */
  readonly any: Node
  /** `metadata`. */
  readonly meta: Node
  /** Names of objects. */
  readonly naming: Node
  /** `data` of a ConfigMap. */
  readonly config: Node
}

/** The nodes for any object. */
export function nodesOf(scope: Scope): Nodes {
  const look = looking(scope, { document: treeFor })
  const quiet = looking(scope, { quiet: true, document: treeFor })
  const any = nodeOf(look)
  const naming = nodeOf(quiet)
  naming.others = naming
  const members = new Map<string, Node>()
  any.members = members
  any.others = any
  const meta = metaNode(any, naming, look, quiet)
  members.set('metadata', meta)
  for (const name of NAMING) members.set(name, naming)
  const uid = meta.members?.get('uid')
  if (uid !== undefined) naming.members = new Map([['uid', uid]])
  const config = configNode(scope, any, look)
  const { structure } = scope.masking.rules.layers
  if (structure) {
    members.set('kind', { ...naming, tells: { question: 'kind', says: kindOf } })
    const tells = {
      question: 'name',
      says: (key: Key) => (saysSecret(key, scope) ? NAMES_SECRET : NAMES_NOTHING),
    } as const
    const name: Node = { ...any, tells }
    members.set('name', name)
    members.set('key', name)
    const env = maskNamed(scope, any, 'env')
    members.set('value', {
      ...any,
      asks: {
        question: 'name',
        waits: true,
        from: NAMES_SECRET,
        node: (verdict) => (verdict === NAMES_SECRET ? env : any),
      },
    })
    const data = maskBelow(scope, { rule: 'secret', decode: true, base64: true })
    data.leaf = maskData(scope)
    const plain = maskBelow(scope, { rule: 'secret' })
    members.set(
      'data',
      byKind((verdict) => (verdict >= SECRET ? data : verdict === CONFIG_MAP ? config : any)),
    )
    members.set(
      'stringdata',
      byKind((verdict) => (verdict >= SECRET ? plain : any), SECRET),
    )
    members.set('binarydata', { ...any, others: { leaf: (token) => lookIntoBase64(token, scope, treeFor) } })
    members.set('auths', { ...any, others: authNode(scope, any) })
    members.set('auth', basicNode(scope, any))
  } else members.set('kind', naming)
  return { any, meta, naming, config }
}

function nodeOf({ worth, leaf, rekey }: Looking): Node {
  return { worth, leaf, rekey }
}

function byKind(node: (verdict: Verdict) => Node, from: Verdict = CONFIG_MAP): Node {
  return { asks: { question: 'kind', waits: true, from, node } }
}

function kindOf({ text }: Key): Verdict {
  if (text.length > 12) return OTHER
  const kind = text.toLowerCase()
  return kind === 'secret' ? SECRET : kind === 'secretlist' ? SECRET_LIST : kind === 'configmap' ? CONFIG_MAP : OTHER
}

/** Items of a list, which may turn out to be Secrets by the list's kind. */
function listNode(scope: Scope, object: Node, { any, meta }: Nodes): Node {
  const secrets = secretObject(scope, { any, meta, document: treeFor })
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

function metaNode(any: Node, naming: Node, look: Looking, quiet: Looking): Node {
  const generated: Node = {
    ...naming,
    worth: (bytes, start, end, name, escaped) =>
      end - start > MAX_GENERATED_BYTES && quiet.worth(bytes, start, end, name, escaped),
  }
  const named: Node = { ...any, rekey: quiet.rekey }
  const annotation: Node = { ...any, members: new Map() }
  annotation.others = annotation
  const fields: Node = { worth: look.worth, leaf: look.leaf, rekey: fieldRekey(look, quiet) }
  fields.others = fields
  return {
    ...any,
    members: new Map<string, Node>([
      ...GENERATED.map((name): [string, Node] => [name, generated]),
      ...['name', 'namespace', 'generatename', 'ownerreferences'].map((name): [string, Node] => [name, naming]),
      ['labels', { ...named, members: new Map() }],
      ['annotations', { ...named, members: new Map(), others: annotation }],
      ['managedfields', { ...naming, members: new Map([['fieldsv1', fields]]) }],
    ]),
  }
}

/** `f:` keys are names of fields; `v:` and `k:` keys hold values. */
function fieldRekey(look: Looking, quiet: Looking): NonNullable<Node['rekey']> {
  return (key, where) => {
    const { raw } = key
    if (raw[1] === 0x66 && raw[2] === 0x3a) return quiet.rekey(key, where)
    return isUidKey(raw) ? null : look.rekey(key, where)
  }
}

const UID_KEY = new TextEncoder().encode('"k:{\\"uid\\":\\"')
const UID_BYTES = 36

/** `k:{"uid":"…"}` of an owner: every object has one of its own, and nothing stands in it but the API server's UUID. */
function isUidKey(raw: Uint8Array): boolean {
  if (raw.length !== UID_KEY.length + UID_BYTES + 4) return false
  for (let i = 1; i < UID_KEY.length; i++) if (raw[i] !== UID_KEY[i]) return false
  for (let i = UID_KEY.length; i < UID_KEY.length + UID_BYTES; i++) {
    const byte = raw[i]!
    if (!(byte >= 0x30 && byte <= 0x39) && !(byte >= 0x61 && byte <= 0x66) && byte !== 0x2d) return false
  }
  return true
}

/** `data` of a ConfigMap: masked where the key says that it is a secret, else looked at like anything. */
function configNode(scope: Scope, any: Node, look: Looking): Node {
  const secret = namedLeaf(scope, 'config')
  const value: Node = {
    ...any,
    worth: (bytes, start, end, name, escaped) =>
      name?.text === 'release' || look.worth(bytes, start, end, name, escaped),
    leaf(token) {
      if (token.name?.text === 'release' && token.kind === 'string') return releaseIn(token, scope) ?? look.leaf(token)
      return token.name !== null && saysSecret(token.name, scope) ? secret(token) : look.leaf(token)
    },
  }
  value.others = value
  value.members = new Map()
  return { ...value, others: value }
}

/** A release that helm keeps in a ConfigMap: base64 of gzip, once. Null: it is none, or holds nothing to mask. */
function releaseIn(token: Token, scope: Scope): Uint8Array | null {
  const text = decodeString(token.raw)
  if (!text.startsWith('H4sI')) return null
  const release = maskRelease(encoder.encode(text), scope.masker, token.at)
  if (release === 'unchanged') return null
  if (release === 'unreadable') return maskWhole(scope, { rule: 'secret', base64: true })(token)
  return stringToken(atob(release))
}

/** What a name says is a secret: masked, unless it is a switch or stands for something else. */
function namedLeaf(scope: Scope, rule: string): Leaf {
  const whole = maskWhole(scope, { rule })
  return (token) => {
    if (token.kind === 'primitive') return /^[tfn]/.test(ascii.decode(token.raw)) ? null : whole(token)
    if (token.kind === 'string' && token.raw.length < 128) {
      const text = decodeString(token.raw)
      if (SWITCH.test(text) || REFERENCE.test(text)) return null
    }
    return whole(token)
  }
}

function maskNamed(scope: Scope, any: Node, rule: string): Node {
  const node: Node = { leaf: namedLeaf(scope, rule) }
  node.others = node
  if (any.rekey !== undefined) node.rekey = any.rekey
  return node
}

/** A registry's credentials in a docker config. */
function authNode(scope: Scope, any: Node): Node {
  const secret = maskBelow(scope, { rule: 'docker-config' })
  const members = ['auth', 'password', 'identitytoken', 'registrytoken'].map((name): [string, Node] => [name, secret])
  return { ...any, members: new Map(members) }
}

/** `auth` of a registry without `auths` around it (.dockercfg): base64 of a user, a colon and a password. */
function basicNode(scope: Scope, any: Node): Node {
  const whole = maskWhole(scope, { rule: 'docker-config' })
  return {
    ...any,
    worth: (bytes, start, end, name, escaped) =>
      ((end - start) % 4 === 0 && end - start >= MIN_BASIC_BYTES) ||
      any.worth?.(bytes, start, end, name, escaped) === true,
    leaf(token) {
      const decoded = token.kind === 'string' ? decodeBase64(encoder.encode(decodeString(token.raw))) : null
      const isBasic = decoded !== null && /^[ -~]+:[ -~]+$/.test(ascii.decode(decoded))
      return isBasic ? whole(token) : (any.leaf?.(token) ?? null)
    },
  }
}

function columnsNode(any: Node, columns: string[]): Node {
  const name: Node = {
    ...any,
    worth: alwaysWorth,
    leaf: (token) => {
      if (token.kind === 'string') columns.push(fold(decodeString(token.raw)).replace(/[^a-z0-9]/g, ''))
      return any.leaf?.(token) ?? null
    },
  }
  return { ...any, members: new Map([['name', name]]) }
}

/**
 * A Table's cells. The first is the object's name. A column that is called like a masked field shows it, and one whose name says
 * secret a secret.
 */
function cellsNode(scope: Scope, { any, naming }: Nodes, fields: readonly Field[], columns: readonly string[]): Node {
  const last = new Map(
    fields
      .filter(({ managed }) => !managed)
      .map(({ rule, steps }) => [(steps.at(-1) ?? '').replace(/[^a-z0-9]/g, ''), rule]),
  )
  const leaf: Leaf = (token) => {
    const { index } = token
    if (index === 0) return naming.leaf?.(token) ?? null
    const rule = last.get(columns[index] ?? '')
    return rule === undefined ? (any.leaf?.(token) ?? null) : maskWhole(scope, { rule })(token)
  }
  const element: Node = last.size === 0 ? { ...any, leaf } : { leaf }
  return { ...any, elements: element }
}
