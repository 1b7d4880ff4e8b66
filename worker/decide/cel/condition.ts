// A policy's condition: CEL over what a request is, who sends it and the objects it is about. In: the text of a rule's
// `when`. Out: a condition that is asked once per request, or what is wrong with the text, with line and column.
// No I/O, no clock: the time is a variable. `evaluate` never throws and quotes nothing of the objects, which may hold secrets.

import type { Environment } from '@marcbachmann/cel-js'
import { compileText, environment, type Problem, place } from './language.ts'

export type Variable =
  | 'request'
  | 'identity'
  | 'connection'
  | 'object'
  | 'oldObject'
  | 'podSpec'
  | 'exec'
  | 'session'
  | 'now'

/** Values of the variables; may be getters, each asked for only when the condition comes to it. */
export type Scope = Readonly<Record<Variable, unknown>>

export type Evaluated =
  | { readonly ok: true; readonly value: boolean }
  /** `error`: one short sentence with the place in the text, nothing of the object. */
  | { readonly ok: false; readonly error: string }

export interface Condition {
  readonly text: string
  /** The variables the text refers to; one that a macro's own name hides is not among them. */
  readonly uses: ReadonlySet<Variable>
  evaluate(scope: Scope): Evaluated
}

export type CompiledCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const VARIABLES: Readonly<Record<Variable, string>> = {
  request: 'Request',
  identity: 'Identity',
  connection: 'Connection',
  object: 'dyn',
  oldObject: 'dyn',
  podSpec: 'dyn',
  exec: 'Exec',
  session: 'Session',
  now: 'google.protobuf.Timestamp',
}

/** The fields of the variables that are not free in form. In an order in which each type knows those before it. */
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GroupVersionResource: { group: 'string', version: 'string', resource: 'string' },
  UserInfo: { username: 'string', uid: 'string', groups: 'list<string>', extra: 'map<string, list<string>>' },
  Request: {
    verb: 'string',
    operation: 'string',
    method: 'string',
    path: 'string',
    namespace: 'string',
    name: 'string',
    subResource: 'string',
    resource: 'GroupVersionResource',
    dryRun: 'bool',
    userInfo: 'UserInfo',
    query: 'map<string, list<string>>',
    options: 'dyn',
  },
  Identity: {
    username: 'string',
    uid: 'string',
    groups: 'list<string>',
    extra: 'map<string, list<string>>',
    issuer: 'string',
  },
  Connection: { name: 'string' },
  Exec: {
    subResource: 'string',
    argv: 'list<string>',
    container: 'string',
    stdin: 'bool',
    stdout: 'bool',
    stderr: 'bool',
    tty: 'bool',
    ports: 'list<int>',
  },
  Session: {
    id: 'string',
    startedAt: 'google.protobuf.Timestamp',
    requests: 'int',
    writes: 'int',
    deletions: 'int',
    secretReads: 'int',
    execBytes: 'int',
  },
}

function declared(): Environment {
  const env = environment()
  for (const [name, fields] of Object.entries(TYPES)) env.registerType(name, { fields: { ...fields } })
  for (const [name, type] of Object.entries(VARIABLES)) env.registerVariable(name, type)
  // `exec` is null unless the request is one; every other variable of a fixed form is always there.
  env.registerOperator('Exec == null', () => false)
  return env
}

const ENVIRONMENT = declared()

function isVariable(name: string): name is Variable {
  return Object.hasOwn(VARIABLES, name)
}

/** Checks and compiles a condition. What it says must be a bool, or something of an object that only a request can show. */
export function compileCondition(text: string): CompiledCondition {
  const compiled = compileText(ENVIRONMENT, text)
  if (!compiled.ok) return compiled
  const { program, type } = compiled
  if (type !== 'bool' && !type.startsWith('dyn')) {
    return { ok: false, problems: [{ line: 1, column: 1, message: `the condition must be a bool, not ${type}` }] }
  }
  const uses = new Set([...program.variables].filter(isVariable))
  const evaluate = (scope: Scope): Evaluated => {
    const outcome = program.run((name) => (isVariable(name) ? scoped(scope, name) : undefined))
    if (!outcome.ok) {
      const { line, column } = place(text, outcome.at)
      return { ok: false, error: `${outcome.reason} (line ${line}, column ${column})` }
    }
    if (typeof outcome.value !== 'boolean') return { ok: false, error: 'the condition is not a bool' }
    return { ok: true, value: outcome.value }
  }
  return { ok: true, condition: { text, uses, evaluate } }
}

/** A variable's value. The counters of the gateway are numbers; to CEL they are integers. */
function scoped(scope: Scope, name: Variable): unknown {
  const value = scope[name] ?? null
  return name === 'session' || name === 'exec' ? integers(value) : value
}

function integers(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (Array.isArray(value)) return value.some((each) => typeof each === 'number') ? value.map(integers) : value
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, integers(each)]))
}
