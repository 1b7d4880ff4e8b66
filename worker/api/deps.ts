// What the API needs from outside. Everything with a clock, a key or a socket is handed in, so that it runs on any runtime.

import type { GatewayConfig } from '../config.ts'
import type { Identity, Outcome } from '../context.ts'
import type {
  Answered,
  Clock,
  ConnectorRecord,
  HoldStore,
  Log,
  RandomBytes,
  Recordings,
  Store,
  Vote,
} from '../ports.ts'
import type { ExplainAnswer, ExplainQuestion, SimulateAnswer, SimulateQuestion } from './types.ts'

/** One document of an applied file, as its parser took it. */
interface ParsedDocument {
  readonly kind: string
  readonly name: string
  readonly document: unknown
  /** The text of this document alone. */
  readonly source: string
}

/** What a file of documents became: all of them, or what is wrong with it, one line per problem. */
type ParsedDocuments =
  | { readonly ok: true; readonly documents: readonly ParsedDocument[] }
  | { readonly ok: false; readonly errors: readonly string[] }

/** The answer of the token endpoint: RFC 6749 JSON. */
interface TokenAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** An answer about policies, or what is wrong with the question, one line per problem. */
export type PolicyAnswer<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly errors: readonly string[] }

type EnrolmentStore = 'takeCode' | 'putCode' | 'putConnector' | 'connectors'

export interface ApiDeps {
  readonly config: GatewayConfig
  readonly clock: Clock
  readonly random: RandomBytes
  /** A new UUIDv7, for an event. */
  readonly newId: () => string
  readonly store: Store
  readonly recordings: Recordings
  readonly log: Log
  /** Verifies a gateway token whose audience is `${config.url}/api`. */
  readonly verifyApiToken: (token: string) => Promise<Outcome<Identity>>
  /** Verifies a token of one of `config.issuers`: signature, issuer, audience, times, claim rules. */
  readonly verifyIdToken: (token: string) => Promise<Outcome<Identity>>
  /** RFC 8693 token exchange. Parameters are not repeated; nothing else about them has been checked. */
  readonly exchange: (form: URLSearchParams) => Promise<TokenAnswer>
  /** Live connectors of a connection. */
  readonly tunnelStatus: (connection: string) => Promise<readonly { readonly id: string; readonly since: string }[]>
  /** Makes a one-time code for connections, good for `lifeMs`; only its hash is stored. */
  readonly createEnrolmentCode: (
    options: { readonly store: Pick<Store, EnrolmentStore>; readonly clock: Clock; readonly random: RandomBytes },
    connections: readonly string[],
    lifeMs: number,
  ) => Promise<string>
  /** Trades a code for a place; parses the document. Stores only through the given store. */
  readonly enrol: (
    options: { readonly store: Pick<Store, EnrolmentStore>; readonly clock: Clock; readonly random: RandomBytes },
    document: unknown,
  ) => Promise<Outcome<{ readonly id: string; readonly connections: readonly string[] }>>
  /** Called after a connector was revoked, so that its tunnels close at once. */
  readonly connectorRevoked?: (connector: ConnectorRecord) => Promise<void>
  /** Parses and checks a YAML file of one or more documents. Never throws for a bad file. */
  readonly parseDocuments: (text: string) => ParsedDocuments
  /** Holds, grants and notices; the API reads them and changes none. */
  readonly holds: HoldStore
  /** Hands an answer to the hub of the hold's connection, which alone decides whether it counts. */
  readonly answerHold: (connection: string, id: string, vote: Vote) => Promise<Answered>
  /** Ends a grant; false when there was none to end. `by`: username. */
  readonly endGrant: (connection: string, id: string, by: string) => Promise<boolean>
  /** Called after documents were applied or deleted, so that everything is judged anew at once. */
  readonly documentsChanged: () => Promise<void>
  readonly explainPolicies: (question: ExplainQuestion) => Promise<PolicyAnswer<ExplainAnswer>>
  readonly simulatePolicies: (question: SimulateQuestion) => Promise<PolicyAnswer<SimulateAnswer>>
  /** Outgoing HTTP to the login issuer; `ca` is the PEM of a private CA to trust for it. Redirects are not followed. */
  readonly fetch: (url: string, init: RequestInit, ca?: string) => Promise<Response>
}
