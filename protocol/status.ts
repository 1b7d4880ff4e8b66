// metav1.Status, the one shape in which the gateway, the connector and the API server refuse.
// In: a reason and words. Out: the JSON kubectl prints well. No I/O.

/** `metav1.StatusReason` values this project sends or looks at. Source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go. */
export type StatusReason =
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'ServerTimeout'
  | 'Timeout'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'Expired'
  | 'ServiceUnavailable'
  | 'NonZeroExitCode'

/** `metav1.StatusCause`. */
export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

/** `metav1.Status` of a failure or, on an exec error channel, of a success. */
export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: Record<string, never>
  readonly status: 'Failure' | 'Success'
  readonly message?: string
  readonly reason?: StatusReason | string
  readonly details?: {
    readonly name?: string
    readonly group?: string
    readonly kind?: string
    readonly uid?: string
    readonly causes?: readonly StatusCause[]
    readonly retryAfterSeconds?: number
  }
  readonly code?: number
}

/** The HTTP code that belongs to a reason, as apimachinery's `errors.NewX` functions pair them. */
export const CODE_OF: Readonly<Record<StatusReason, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Invalid: 422,
  ServerTimeout: 500,
  Timeout: 504,
  TooManyRequests: 429,
  BadRequest: 400,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  InternalError: 500,
  Expired: 410,
  ServiceUnavailable: 503,
  NonZeroExitCode: 500,
}

/**
 * A failure Status.
 * @param message what happened and what to do next; kubectl prints it after `Error from server (REASON): `.
 * @param code the HTTP code; absent: the one that belongs to the reason.
 */
export function failure(
  reason: StatusReason,
  message: string,
  options: { code?: number; details?: Status['details'] } = {},
): Status & { code: number } {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(options.details === undefined ? {} : { details: options.details }),
    code: options.code ?? CODE_OF[reason],
  }
}
