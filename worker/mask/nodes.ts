// What trees are made of: the nodes for any place in any object, and for the members that mean the same wherever they stand. No I/O.

import { argumentNodes } from './arguments.ts'
import type { Key } from './keys.ts'
import { type Looking, lookIntoBase64, looking, lookUnder, saysSecret } from './look.ts'
import { authNode, basicNode, configNode, maskNamed } from './named.ts'
import type { Node, Verdict } from './node.ts'
import type { Scope } from './scope.ts'
import { maskBelow, maskData, maskFieldKey, maskWhole } from './values.ts'

/** What `kind` says of an object, as far as it matters here. */
const OTHER = 1
const CONFIG_MAP = 2
const SECRET = 3
export const SECRET_LIST = 4
/** What `name` says of the `value` beside it. */
const NAMES_NOTHING = 1
const NAMES_SECRET = 2

/** Members of `metadata` that the API server makes: nothing stands in them. */
const GENERATED = ['uid', 'resourceversion', 'creationtimestamp', 'deletiontimestamp', 'selflink', 'generation']
/** Members of an event that say what it is about: without names the agent cannot say what it talks about. */
const ABOUT = ['involvedobject', 'regarding', 'related']
/** Members that say which Secret or ConfigMap is meant. */
const REFERENCES = ['secretkeyref', 'configmapkeyref', 'secretref', 'configmapref', 'imagepullsecrets']
/** Command lines as arrays, with the program and without. */
const COMMANDS = ['command', 'cmd', 'entrypoint']
const ARGUMENTS = ['args', 'extraargs', 'additionalargs', 'arguments', 'flags']
/** Objects of nothing but secrets, whatever those are called: Grafana's. */
const SECURE = ['securejsondata', 'securesettings']
/** A kind is a DNS label. */
const MAX_KIND_CHARS = 63
/** A generated word is no longer. */
const MAX_GENERATED_BYTES = 64

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
  /** The same where ConfigMaps were asked for: what else says that it is a Secret must say so first. */
  readonly configAsked: Node
}

/** The nodes for any object. @param document the tree for a document that stands in a string */
export function nodesOf(scope: Scope, document: (scope: Scope) => Node): Nodes {
  const look = looking(scope, { document })
  const quiet = looking(scope, { quiet: true, document })
  const any = nodeOf(look)
  const naming = nodeOf(quiet)
  naming.others = naming
  const members = new Map<string, Node>()
  any.members = members
  any.others = any
  const named = new Map<string, Node>()
  naming.members = named
  const ofObject = new Map<string, Node>()
  const meta = metaNode({ scope, any, naming, ofObject }, look, quiet)
  members.set('metadata', meta)
  members.set('apiversion', { ...any, leaf: quiet.leaf, worth: quiet.worth })
  members.set('ownerreferences', naming)
  const uid = ofObject.get('uid')
  if (uid !== undefined) named.set('uid', uid)
  const config = configNode(scope, any, look)
  let configAsked = config
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
    const dataByKind = byKind((verdict) => (verdict >= SECRET ? data : verdict === CONFIG_MAP ? config : any))
    const stringsByKind = byKind((verdict) => (verdict >= SECRET ? plain : any), SECRET)
    // What stands where names are expected may be an object all the same.
    for (const place of [members, named, ofObject]) place.set('data', dataByKind).set('stringdata', stringsByKind)
    for (const place of [named, ofObject]) place.set('kind', { ...naming, tells: { question: 'kind', says: kindOf } })
    if (config.others !== undefined)
      config.others.members = new Map(
        ['kind', 'data', 'stringdata'].flatMap((name) => {
          const node = members.get(name)
          return node === undefined ? [] : [[name, node] as const]
        }),
      )
    const asked = (verdict: Verdict): Node => (verdict >= SECRET ? data : config)
    configAsked = { ...config, asks: { question: 'kind', waits: false, from: SECRET, node: asked } }
    const binary = maskWhole(scope, { rule: 'config', decode: true, base64: true })
    members.set('binarydata', {
      ...any,
      others: {
        ...any,
        worth: () => true,
        leaf: (token) =>
          token.kind === 'string' && token.name !== null && saysSecret(token.name, scope)
            ? binary(token)
            : lookIntoBase64(token, scope, document),
      },
    })
    const { command, args } = argumentNodes(scope, any, (token, name) => lookUnder(token, name, scope, document))
    for (const name of COMMANDS) members.set(name, command)
    for (const name of ARGUMENTS) members.set(name, args)
    for (const name of SECURE) members.set(name, env)
    members.set('auths', { ...any, others: authNode(scope, any) })
    members.set('auth', basicNode(scope, any))
    const inList: Node = { ...any, members: new Map([...members, ['data', data], ['stringdata', plain]]) }
    members.set('items', itemsNode(scope, any, inList))
  } else members.set('kind', naming)
  // Where a name is expected an object may stand: it is looked at like any.
  addReferences(members, any, { ...any, ...nodeOf(looking(scope, { reference: true, document })) })
  return { any, meta, naming, config, configAsked }
}

/** Members of an event that name what it is about, as objects. Words in their place are words. */
export function aboutNodes({ any, naming }: Nodes): readonly (readonly [string, Node])[] {
  const { leaf, worth } = any
  const about: Node = { ...naming, ...(leaf === undefined ? {} : { leaf }), ...(worth === undefined ? {} : { worth }) }
  return ABOUT.map((name) => [name, about] as const)
}

/** `items` of a list in an object: of a SecretList they need not say what they are. @param secret one of those */
function itemsNode({ info }: Scope, any: Node, secret: Node): Node {
  // What is proxied may be of any length, and nothing of it waits for its end.
  const waits = info.isResourceRequest && info.subresource !== 'proxy'
  const node = (verdict: Verdict): Node => (verdict === SECRET_LIST ? secret : any)
  return { ...any, asks: { question: 'kind', waits, from: SECRET_LIST, node } }
}

/** Names of Secrets and ConfigMaps and of their keys, where others refer to them. */
function addReferences(members: Map<string, Node>, any: Node, name: Node): void {
  const names = ['name', 'key', 'path', 'secretname'].map((member): [string, Node] => [member, name])
  const item: Node = { ...any, members: new Map([...members, ...names]) }
  const source: Node = { ...any, members: new Map([...members, ...names, ['items', item]]) }
  for (const member of REFERENCES) members.set(member, source)
  members.set('secretname', name)
  const volume = new Map([...members, ['secret', source], ['configmap', source]] as const)
  const projected: Node = { ...any, members: new Map([...members, ['sources', { ...any, members: volume }]]) }
  members.set('volumes', { ...any, members: new Map([...volume, ['projected', projected]]) })
}

function nodeOf({ worth, leaf, rekey }: Looking): Node {
  return { worth, leaf, rekey }
}

function byKind(node: (verdict: Verdict) => Node, from: Verdict = CONFIG_MAP): Node {
  return { asks: { question: 'kind', waits: true, from, node } }
}

function kindOf(key: Key): Verdict {
  key.kind ??= verdictOf(key.text)
  return key.kind
}

function verdictOf(text: string): Verdict {
  if (text.length > MAX_KIND_CHARS) return OTHER
  const kind = text.toLowerCase()
  // ClusterSecret and others hold data as a Secret does; those that say where a secret is have none.
  if (kind.endsWith('secret')) return SECRET
  return kind === 'secretlist' ? SECRET_LIST : kind === 'configmap' ? CONFIG_MAP : OTHER
}

/** `metadata`. @param around.ofObject its members, to which more may be added */
function metaNode(
  around: {
    readonly scope: Scope
    readonly any: Node
    readonly naming: Node
    readonly ofObject: Map<string, Node>
  },
  look: Looking,
  quiet: Looking,
): Node {
  const { scope, any, naming, ofObject } = around
  const generated: Node = {
    ...naming,
    worth: (bytes, start, end, name, escaped) =>
      end - start > MAX_GENERATED_BYTES && quiet.worth(bytes, start, end, name, escaped),
  }
  const named: Node = { ...any, rekey: quiet.rekey }
  const annotation: Node = { ...any, members: new Map() }
  annotation.others = annotation
  const fields: Node = { worth: look.worth, leaf: look.leaf, rekey: fieldRekey(scope, look, quiet) }
  fields.others = fields
  for (const name of GENERATED) ofObject.set(name, generated)
  for (const name of ['name', 'namespace', 'generatename', 'ownerreferences']) ofObject.set(name, naming)
  ofObject.set('labels', { ...named, members: new Map() })
  ofObject.set('annotations', { ...named, members: new Map(), others: annotation })
  ofObject.set('managedfields', { ...naming, members: new Map([['fieldsv1', fields]]) })
  // A list of that name is none of an object: Dapr's is of names and values.
  return { ...any, members: ofObject, elements: any }
}

/** `f:` keys are names of fields; `v:` and `k:` keys hold values, which are masked as they would be in the field. */
function fieldRekey(scope: Scope, look: Looking, quiet: Looking): NonNullable<Node['rekey']> {
  const { finder, rules } = scope.masking
  const isSecret = (name: string, value: unknown): boolean =>
    finder.namesSecret(name) && finder.find(encoder.encode(String(value)), { final: true, name }).hits.length > 0
  /** Keys in which nothing is that is called a secret: nearly all, again and again. */
  const plain = new WeakSet<Key>()
  const holdsSecret = (key: Key, owner: Key | null): boolean => {
    if (plain.has(key)) return false
    const value = contentOf(key.text)
    if (key.raw[1] === V) {
      const field = owner?.text ?? ''
      return field.startsWith('f:') && isSecret(field.slice(2), value)
    }
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : []
    if (!members.some(([name]) => finder.namesSecret(name))) plain.add(key)
    return members.some(([name, member]) => isSecret(name, member))
  }
  return (key, where) => {
    const { raw } = key
    if (raw[2] === COLON && raw[1] === F) return quiet.rekey(key, where)
    if (isUidKey(raw)) return null
    const mayHold = rules.layers.structure && raw[2] === COLON && (raw[1] === K || raw[1] === V)
    if (mayHold && holdsSecret(key, where.owner)) return maskFieldKey(key.text, scope, where.at, 'secret')
    return look.rekey(key, where)
  }
}

/** What a key of managedFields holds behind its letter; undefined when it is no JSON. */
function contentOf(key: string): unknown {
  try {
    return JSON.parse(key.slice(2))
  } catch {
    return undefined
  }
}

const F = 0x66
const K = 0x6b
const V = 0x76
const COLON = 0x3a
const encoder = new TextEncoder()
const UID_KEY = encoder.encode('"k:{\\"uid\\":\\"')
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
