// The refusals the demo cluster answers, each in the words and the metav1.Status form of a real API server.
// In: what is wrong. Out: a Status, thrown so that the one catcher in handler.ts answers it.

import { failure, type Status, type StatusCause, type StatusReason } from '../../protocol/status.ts'

/** A refused request; `status` is what the client is told. */
export class Refusal extends Error {
  readonly status: Status & { code: number }
  readonly headers: Readonly<Record<string, string>>

  constructor(status: Status & { code: number }, headers: Readonly<Record<string, string>> = {}) {
    super(status.message ?? '')
    this.name = 'Refusal'
    this.status = status
    this.headers = headers
  }
}

/** Names a resource in messages: `pods`, `deployments.apps`. */
export function qualified(plural: string, group: string): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** A refusal with just a reason and words. */
export function refuse(reason: StatusReason, message: string, code?: number): Refusal {
  return new Refusal(failure(reason, message, code === undefined ? {} : { code }))
}

/** 404 for one object. */
export function notFound(plural: string, group: string, name: string): Refusal {
  return new Refusal(
    failure('NotFound', `${qualified(plural, group)} "${name}" not found`, {
      details: { name, ...(group === '' ? {} : { group }), kind: plural },
    }),
  )
}

/** 404 for a path that leads nowhere. */
export function noSuchPath(): Refusal {
  return new Refusal(failure('NotFound', 'the server could not find the requested resource', { details: {} }))
}

/** 409 for a create of what is there. */
export function alreadyExists(plural: string, group: string, name: string): Refusal {
  return new Refusal(
    failure('AlreadyExists', `${qualified(plural, group)} "${name}" already exists`, {
      details: { name, ...(group === '' ? {} : { group }), kind: plural },
    }),
  )
}

/** 409 for a write based on an old resourceVersion, or with other causes. */
export function conflict(plural: string, group: string, name: string, why: string): Refusal {
  return new Refusal(
    failure('Conflict', `Operation cannot be fulfilled on ${qualified(plural, group)} "${name}": ${why}`, {
      details: { name, ...(group === '' ? {} : { group }), kind: plural },
    }),
  )
}

/** 409 for a delete whose preconditions do not hold. The API server names the kind there, not the resource. */
export function failedPrecondition(kind: string, group: string, name: string, why: string): Refusal {
  return new Refusal(
    failure('Conflict', `Operation cannot be fulfilled on ${qualified(kind, group)} "${name}": ${why}`, {
      details: { name, ...(group === '' ? {} : { group }), kind },
    }),
  )
}

/** 422 for options of a request that make no sense, e.g. `dryRun=Some`. */
export function invalidOption(options: string, field: string, value: string, supported: readonly string[]): Refusal {
  const known = supported.map((one) => JSON.stringify(one)).join(', ')
  const cause = {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${value}: supported values: ${known}`,
    field,
  }
  return new Refusal(
    failure('Invalid', `${options}.meta.k8s.io "" is invalid: ${field}: ${cause.message}`, {
      details: { group: 'meta.k8s.io', kind: options, causes: [cause] },
    }),
  )
}

/** 409 of server-side apply, one cause per contested field. */
export function applyConflict(message: string, causes: readonly StatusCause[]): Refusal {
  return new Refusal(failure('Conflict', message, { details: { causes } }))
}

/** 422 with its causes. `kind` is the object's kind, as the real server names it there. */
export function invalid(kind: string, group: string, name: string, causes: readonly StatusCause[]): Refusal {
  const told = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const list = told.length === 1 ? (told[0] ?? '') : `[${told.join(', ')}]`
  return new Refusal(
    failure('Invalid', `${qualified(kind, group)} "${name}" is invalid: ${list}`, {
      details: { name, ...(group === '' ? {} : { group }), kind, causes },
    }),
  )
}

/** 403 as the RBAC authorizer words it. */
export function forbidden(plural: string, group: string, name: string, message: string): Refusal {
  return new Refusal(
    failure('Forbidden', message, {
      details: { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural },
    }),
  )
}
