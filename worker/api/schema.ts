// JSON Schemas (2020-12, as OpenAPI 3.1 uses it) of what the API answers, tied to the types: a field that is added to a type
// and not here does not compile. No I/O.

import type {
  MaskedPlace,
  RecordedDecision,
  RecordedMask,
  RecordedRequest,
  RecordedResult,
} from '../../protocol/log/event.ts'
import type { Review, ReviewedRequest } from '../../protocol/review.ts'
import type {
  Approve,
  BlockSummary,
  CommandSummary,
  ConnectionSummary,
  ConnectorSummary,
  DenyHold,
  DocumentSummary,
  Enrolled,
  Enrolment,
  ExplainAnswer,
  ExplainedRule,
  ExplainQuestion,
  GrantSummary,
  HoldDetail,
  HoldSummary,
  LoginLink,
  LoginOptions,
  Me,
  NewBlock,
  Problem,
  RequestRecord,
  SessionSummary,
  SimulateAnswer,
  SimulatedChange,
  SimulateQuestion,
} from './types.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

const optionalMark = Symbol('optional')
type Optional = { readonly [optionalMark]: true; readonly schema: JsonSchema }
type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T]

/** One schema per field; optional fields, and only those, are wrapped in `optional`. */
type Fields<T> = { readonly [K in keyof T]-?: K extends OptionalKeys<T> ? Optional : JsonSchema }

const optional = (schema: JsonSchema): Optional => ({ [optionalMark]: true, schema })
const isOptional = (field: JsonSchema | Optional): field is Optional => optionalMark in field

function object<T>(fields: Fields<T>): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  const required: string[] = []
  for (const [name, field] of Object.entries<JsonSchema | Optional>(fields)) {
    if (isOptional(field)) properties[name] = field.schema
    else {
      properties[name] = field
      required.push(name)
    }
  }
  return { type: 'object', properties, required }
}

const string: JsonSchema = { type: 'string' }
const time: JsonSchema = { type: 'string', format: 'date-time' }
const integer: JsonSchema = { type: 'integer' }
const boolean: JsonSchema = { type: 'boolean' }
const oneOf = (...values: readonly string[]): JsonSchema => ({ type: 'string', enum: values })
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
const page = (items: JsonSchema): JsonSchema =>
  object<{ items: JsonSchema; next?: string }>({ items: list(items), next: optional(string) })
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

const recordedRequest = object<RecordedRequest>({
  method: string,
  target: string,
  verb: string,
  group: string,
  version: string,
  resource: string,
  subresource: string,
  namespace: string,
  name: string,
  userAgent: string,
  kubectlCommand: optional(string),
  exec: optional(
    object<NonNullable<RecordedRequest['exec']>>({
      argv: list(string),
      container: string,
      stdin: boolean,
      tty: boolean,
    }),
  ),
  preparatory: optional(oneOf('dry-run', 'exists', 'read', 'reach')),
})
const recordedDecision = object<RecordedDecision>({
  effect: oneOf('Allow', 'Deny', 'Hold'),
  policy: string,
  rule: string,
  reason: string,
  revision: integer,
})
const recordedMask = object<RecordedMask>({
  count: integer,
  rules: { type: 'object', additionalProperties: integer },
  places: optional(list(object<MaskedPlace>({ rule: string, at: string, count: integer }))),
  withheld: optional(string),
})
const recordedResult = object<RecordedResult>({
  outcome: oneOf('ok', 'refused', 'failed', 'cancelled', 'unknown'),
  code: integer,
  reason: optional(string),
  message: optional(string),
  durationMs: { type: 'number' },
  bytes: integer,
  exitCode: optional(integer),
})

const objectName = object<{ group: string; resource: string; name: string }>({
  group: string,
  resource: string,
  name: string,
})
const grantAsked = object<NonNullable<Approve['grant']>>({
  scope: oneOf('namespace', 'object'),
  forS: { type: 'integer', minimum: 1 },
})
const anyValue: JsonSchema = {}

const holdFields: Fields<HoldSummary> = {
  id: string,
  kind: oneOf('request', 'plan'),
  state: oneOf(
    ...['collecting', 'pending', 'approved', 'denied', 'expired', 'withdrawn', 'used', 'spoiled', 'superseded'],
  ),
  connection: string,
  session: string,
  command: string,
  agent: object<HoldSummary['agent']>({ username: string, groups: list(string), issuer: string }),
  purpose: optional(string),
  policy: string,
  rule: string,
  reason: string,
  title: string,
  requests: integer,
  used: integer,
  openedAt: time,
  expiresAt: time,
  validUntil: optional(time),
  closedAt: optional(time),
  votes: list(
    object<HoldSummary['votes'][number]>({
      username: string,
      approve: boolean,
      reason: string,
      at: time,
      grant: optional(grantAsked),
    }),
  ),
  needs: object<HoldSummary['needs']>({ count: integer, users: list(string), groups: list(string) }),
  mayAnswer: boolean,
  whyNot: optional(string),
  grant: optional(string),
}

const diff: JsonSchema = {
  oneOf: [
    object<{ kind: 'lines'; lines: JsonSchema; added: number; removed: number; cut: boolean }>({
      kind: { const: 'lines' },
      lines: list({
        type: 'array',
        prefixItems: [oneOf(' ', '+', '-', '@'), string],
        items: false,
        minItems: 2,
      }),
      added: integer,
      removed: integer,
      cut: boolean,
    }),
    object<{ kind: 'none'; why: string }>({ kind: { const: 'none' }, why: string }),
  ],
}
const orNull = (type: string): JsonSchema => ({ type: [type, 'null'] })
const reviewedRequest = object<ReviewedRequest>({
  title: string,
  request: recordedRequest,
  body: optional(object<NonNullable<ReviewedRequest['body']>>({ mediaType: string, text: string, cut: boolean })),
  diff,
  reach: object<ReviewedRequest['reach']>({
    objects: orNull('integer'),
    pods: orNull('integer'),
    examples: list(string),
    note: optional(string),
  }),
})

/** Every schema by its name in the OpenAPI document. */
export const SCHEMAS = {
  Problem: object<Problem>({ type: { const: 'about:blank' }, title: string, status: integer, detail: string }),
  Me: object<Me>({
    username: string,
    groups: list(string),
    roles: list(oneOf('viewer', 'approver', 'admin')),
    issuer: string,
  }),
  LoginOptions: object<LoginOptions>({
    oidc: optional(object<NonNullable<LoginOptions['oidc']>>({ issuer: string, start: string })),
    cli: optional(object<NonNullable<LoginOptions['cli']>>({ issuer: string, clientId: string, scopes: list(string) })),
  }),
  LoginLink: object<LoginLink>({ url: string, expiresAt: time }),
  SessionSummary: object<SessionSummary>({
    id: string,
    connection: string,
    agent: object<SessionSummary['agent']>({ username: string, groups: list(string), issuer: string }),
    purpose: optional(string),
    userAgent: string,
    startedAt: time,
    lastAt: time,
    commands: integer,
    requests: integer,
    denials: integer,
    holds: integer,
    masks: integer,
    maskRules: optional({ type: 'object', additionalProperties: integer }),
    live: boolean,
  }),
  CommandSummary: object<CommandSummary>({
    id: string,
    session: string,
    title: string,
    startedAt: time,
    endedAt: time,
    requests: integer,
    denials: integer,
    holds: integer,
    masks: integer,
    mask: optional(recordedMask),
    outcome: oneOf('ok', 'refused', 'failed', 'cancelled', 'unknown', 'running'),
    stream: optional(string),
  }),
  RequestRecord: object<RequestRecord>({
    id: string,
    session: string,
    command: string,
    at: time,
    request: recordedRequest,
    decision: optional(recordedDecision),
    hold: optional(string),
    grant: optional(string),
    of: optional(string),
    mask: optional(recordedMask),
    result: optional(recordedResult),
    bodies: list(
      object<RequestRecord['bodies'][number]>({
        kind: oneOf('request', 'response', 'stream'),
        mediaType: string,
        bytes: integer,
      }),
    ),
    leaf: string,
  }),
  ConnectionSummary: object<ConnectionSummary>({
    name: string,
    description: string,
    createdAt: time,
    connectors: list(
      object<ConnectionSummary['connectors'][number]>({ id: string, live: boolean, since: optional(time) }),
    ),
  }),
  Enrolment: object<Enrolment>({ code: string, connection: string, expiresAt: time }),
  EnrolRequest: object<{ code: string; publicKey: JsonSchema; name: string }>({
    code: string,
    publicKey: object<{ kty: string; crv: string; x: string }>({
      kty: { const: 'OKP' },
      crv: { const: 'Ed25519' },
      x: string,
    }),
    name: string,
  }),
  Enrolled: object<Enrolled>({ id: string, connections: list(string) }),
  ConnectionRequest: object<{ description?: string }>({ description: optional(string) }),
  DocumentSummary: object<DocumentSummary>({
    kind: string,
    name: string,
    revision: integer,
    appliedBy: string,
    appliedAt: time,
    source: string,
  }),
  HoldSummary: object<HoldSummary>(holdFields),
  HoldDetail: object<HoldDetail>({
    ...holdFields,
    review: object<Review>({ v: { const: 1 }, requests: list(reviewedRequest) }),
    reviewSha256: string,
    before: list(ref('CommandSummary')),
    offer: optional(
      object<NonNullable<HoldDetail['offer']>>({ maxForS: integer, namespace: string, object: optional(objectName) }),
    ),
    notices: list(
      object<HoldDetail['notices'][number]>({
        channel: string,
        state: oneOf('waiting', 'sent', 'given-up'),
        attempts: integer,
      }),
    ),
  }),
  Approve: object<Approve>({ seen: string, reason: optional(string), grant: optional(grantAsked) }),
  DenyHold: object<DenyHold>({ reason: optional(string) }),
  GrantSummary: object<GrantSummary>({
    id: string,
    hold: string,
    connection: string,
    agent: object<GrantSummary['agent']>({ username: string, issuer: string }),
    policy: string,
    rule: string,
    namespace: string,
    object: optional(objectName),
    approvers: list(string),
    openedAt: time,
    expiresAt: time,
    endedAt: optional(time),
    endedBy: optional(string),
    uses: integer,
  }),
  BlockSummary: object<BlockSummary>({
    name: string,
    kind: oneOf('session', 'identity', 'connection'),
    value: string,
    reason: string,
    by: string,
    at: time,
  }),
  NewBlock: object<NewBlock>({
    kind: oneOf('session', 'identity', 'connection'),
    value: string,
    reason: optional(string),
  }),
  ExplainQuestion: object<ExplainQuestion>({
    username: string,
    groups: list(string),
    connection: string,
    verb: optional(string),
    resource: optional(string),
    namespace: optional(string),
    name: optional(string),
    object: optional(anyValue),
    oldObject: optional(anyValue),
    argv: optional(list(string)),
    draft: optional(string),
  }),
  ExplainAnswer: object<ExplainAnswer>({
    decision: optional(
      object<NonNullable<ExplainAnswer['decision']>>({
        effect: oneOf('Allow', 'Deny', 'Hold', 'unknown'),
        policy: string,
        rule: string,
        reason: string,
      }),
    ),
    rules: list(
      object<ExplainedRule>({
        effect: oneOf('Allow', 'Deny', 'Hold'),
        policy: string,
        rule: string,
        verdict: oneOf('matches', 'condition-false', 'condition-unknown', 'condition-error'),
        when: optional(string),
        message: optional(string),
        verbs: list(string),
        resources: list(string),
        namespaces: list(string),
        names: list(string),
      }),
    ),
  }),
  SimulateQuestion: object<SimulateQuestion>({
    draft: string,
    alone: optional(boolean),
    session: optional(string),
    connection: optional(string),
    since: optional(time),
    limit: optional(integer),
  }),
  SimulateAnswer: object<SimulateAnswer>({
    judged: integer,
    changes: list(
      object<SimulatedChange>({
        request: string,
        session: string,
        at: time,
        username: string,
        title: string,
        before: object<SimulatedChange['before']>({ effect: string, policy: string, rule: string }),
        after: object<SimulatedChange['after']>({ effect: string, policy: string, rule: string, reason: string }),
      }),
    ),
    cut: boolean,
  }),
  SessionPage: page(ref('SessionSummary')),
  CommandPage: page(ref('CommandSummary')),
  RequestPage: page(ref('RequestRecord')),
  ConnectionPage: page(ref('ConnectionSummary')),
  ConnectorPage: page(
    object<ConnectorSummary>({
      id: string,
      connections: list(string),
      createdAt: time,
      revokedAt: optional(time),
      live: boolean,
    }),
  ),
  DocumentPage: page(ref('DocumentSummary')),
  HoldPage: page(ref('HoldSummary')),
  GrantPage: page(ref('GrantSummary')),
  BlockPage: page(ref('BlockSummary')),
} satisfies Readonly<Record<string, JsonSchema>>

export type SchemaName = keyof typeof SCHEMAS
