// What has become of a question, in words. In: a hold as the API tells it. Out: a short word, a sentence, a tone. No clock.

import type { HoldSummary } from '../../../worker/api/types.ts'
import { countText } from '../shell/format.ts'

/** `ask`: people are wanted. `wait`: nothing to do but wait. The rest are ends. */
export type Tone = 'ask' | 'wait' | 'good' | 'bad' | 'none'

export interface Outcome {
  readonly word: string
  readonly text: string
  readonly tone: Tone
}

type Told = Pick<HoldSummary, 'state' | 'kind' | 'requests' | 'used' | 'votes' | 'needs' | 'grant'>

const names = (list: readonly string[]): string =>
  list.length < 2 ? (list[0] ?? '') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`

/** Who approved, in the order in which they did. */
export function approversOf(hold: Pick<HoldSummary, 'votes'>): readonly string[] {
  return hold.votes.filter((vote) => vote.approve).map((vote) => vote.username)
}

/** True once as many people approved as were needed. */
const wasApproved = (hold: Told): boolean => approversOf(hold).length >= hold.needs.count

export function outcomeOf(hold: Told): Outcome {
  const by = names(approversOf(hold))
  const plan = hold.kind === 'plan'
  const passed = `${hold.used} of ${countText(hold.requests, 'request')}`
  switch (hold.state) {
    case 'collecting':
      return {
        word: 'collecting',
        text: 'The agent’s dry run goes on; the question opens when it is over.',
        tone: 'wait',
      }
    case 'pending':
      return { word: 'waiting', text: 'Waiting for an answer.', tone: 'ask' }
    case 'approved':
      return {
        word: 'approved',
        text: plan
          ? `Approved by ${by}. ${passed} have passed so far.`
          : `Approved by ${by}. It passes as soon as the agent’s client asks again, once.`,
        tone: 'good',
      }
    case 'denied': {
      const denial = hold.votes.findLast((vote) => !vote.approve)
      return { word: 'denied', text: `Denied by ${denial?.username ?? 'an approver'}.`, tone: 'bad' }
    }
    case 'expired':
      if (!wasApproved(hold))
        return { word: 'ran out', text: 'Nobody answered in time, so it was refused.', tone: 'none' }
      return {
        word: 'not used in time',
        text: `Approved by ${by}, but ${plan ? `only ${passed} passed` : 'the agent did not send it again'} in time.`,
        tone: 'none',
      }
    case 'withdrawn':
      return { word: 'withdrawn', text: 'The agent’s client stopped waiting.', tone: 'none' }
    case 'used':
      return {
        word: 'carried out',
        text: `Approved by ${by}, and ${plan ? `all ${countText(hold.requests, 'request')} have` : 'the request has'} passed.`,
        tone: 'good',
      }
    case 'spoiled':
      return {
        word: 'void',
        text: 'The object changed after it was shown, so the answer no longer counts.',
        tone: 'bad',
      }
    case 'superseded':
      return { word: 'replaced', text: 'A newer plan of the same requests took its place.', tone: 'none' }
  }
}
