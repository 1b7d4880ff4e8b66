// Refusals of this stage, as values. No I/O.

import type { Outcome, Refusal } from '../context.ts'

/** An outcome that stops the chain. */
export function refuse(kind: Refusal['kind'], message: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { kind, message } }
}

/** 400: the request is not in the one form that is judged. */
export function malformed(message: string): { readonly ok: false; readonly refusal: Refusal } {
  return refuse('malformed', message)
}

/** An outcome that goes on. */
export function accept<T>(value: T): Outcome<T> {
  return { ok: true, value }
}
