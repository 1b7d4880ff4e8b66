// What a client is told when its request does not pass: which hold, who may approve, until when, and what to do. Nothing an
// agent chose is quoted. No I/O.

import type { Outcome, Refusal } from '../context.ts'
import type { HoldRecord } from '../ports.ts'
import type { HeldRequest } from './contract.ts'
import { RETRY_AFTER_S, TOO_MANY_RETRY_S } from './limits.ts'
import { denierOf, needed } from './states.ts'

type Refused = Extract<Outcome<never>, { readonly ok: false }>

/** How many names of people or groups a message gives. */
const MAX_NAMES = 5

function refuse(
  request: HeldRequest,
  kind: Refusal['kind'],
  message: string,
  { hold, retryAfterS }: { readonly hold?: HoldRecord; readonly retryAfterS?: number } = {},
): Refused {
  const refusal = { kind, message, decision: request.decision, ...(hold === undefined ? {} : { hold: hold.id }) }
  return { ok: false, refusal: retryAfterS === undefined ? refusal : { ...refusal, retryAfterS } }
}

/** It waits; the client repeats it by itself. */
export function stillHeld(request: HeldRequest, hold: HoldRecord): Refused {
  return refuse(request, 'held', `${waits(hold)}. It goes through by itself once it is approved`, {
    hold,
    retryAfterS: RETRY_AFTER_S,
  })
}

/** It waits, and the client will not repeat it by itself any more. */
export function runAgain(request: HeldRequest, hold: HoldRecord): Refused {
  return refuse(request, 'not-approved', `${waits(hold)}. Run the same command again once it is approved`, { hold })
}

function waits(hold: HoldRecord): string {
  return `hold ${hold.id} waits for approval by ${whoMay(hold)} until ${new Date(hold.expiresAt).toISOString()}`
}

function whoMay(hold: HoldRecord): string {
  const count = needed(hold)
  const named = hold.approvals.flatMap(({ by }) => [
    ...by.users.map((user) => `user ${user}`),
    ...by.groups.map((group) => `group ${group}`),
  ])
  const names = [...new Set(named)]
  const more = names.length > MAX_NAMES ? [...names.slice(0, MAX_NAMES), 'others'] : names
  if (more.length === 0) return count === 1 ? 'an approver' : `${count} approvers`
  return `${count === 1 ? '' : `${count} people of `}${more.join(' or ')}`
}

/** The hold it waited in has ended. */
export function overNow(request: HeldRequest, hold: HoldRecord): Refused {
  const name = `hold ${hold.id}`
  switch (hold.state) {
    case 'denied': {
      const reason = hold.votes.find(({ approve }) => !approve)?.reason ?? ''
      return refuse(
        request,
        'not-approved',
        `${name} was denied by ${denierOf(hold)}${reason === '' ? '' : `: ${reason}`}`,
        { hold },
      )
    }
    case 'used':
    case 'approved':
      return refuse(
        request,
        'not-approved',
        `${name} was used by another identical request. Run the command again to ask anew`,
        { hold },
      )
    case 'spoiled':
      return changed(request, hold)
    case 'expired':
    case 'collecting':
    case 'pending':
    case 'withdrawn':
    case 'superseded':
      return refuse(
        request,
        'not-approved',
        hold.validUntil === null
          ? `nobody approved ${name} in time. Run the command again to ask anew`
          : `the approval of ${name} has run out. Run the command again to ask anew`,
        { hold },
      )
  }
}

/** The object is not what people were shown. */
export function changed(request: HeldRequest, hold: HoldRecord): Refused {
  return refuse(
    request,
    'not-approved',
    `the object has changed since it was shown in hold ${hold.id}; nothing was sent. Run the command again to ask about it as it is now`,
    { hold },
  )
}

/** Nobody reads this: the client has gone. */
export function clientGone(request: HeldRequest): Refused {
  return refuse(request, 'not-approved', 'the client has gone away')
}

/** The gateway stops. An ordinary client repeats, and finds its hold again with the next run. */
export function stopping(request: HeldRequest, hold: HoldRecord | null): Refused {
  const what = hold === null ? 'the gateway restarts' : `the gateway restarts; hold ${hold.id} stays open`
  return refuse(request, 'held', `${what}. Run the same command again`, {
    ...(hold === null ? {} : { hold }),
    retryAfterS: RETRY_AFTER_S,
  })
}

export function tooManyOpen(request: HeldRequest): Refused {
  return refuse(
    request,
    'too-many',
    'too many requests of this identity wait for approval already. Have them answered, or stop some',
    { retryAfterS: TOO_MANY_RETRY_S },
  )
}

export function tooManyClients(request: HeldRequest, hold: HoldRecord): Refused {
  return refuse(request, 'too-many', `too many clients wait for hold ${hold.id} already`, {
    hold,
    retryAfterS: TOO_MANY_RETRY_S,
  })
}

/** What cannot be shown whole cannot be approved. */
export function tooLongToShow(request: HeldRequest): Refused {
  return refuse(request, 'too-large', 'the request needs approval, and is too long to be shown to a person whole')
}
