// A denial in words. In: a decision and the request. Out: a Refusal whose message kubectl prints. No I/O.

import type { Authenticated, Decision, Refusal } from '../context.ts'

/** The refusal that belongs to a decision other than Allow. Worded as the API server words its own denials. */
export function forbidden(
  decision: Decision,
  { identity, connection, info }: Pick<Authenticated, 'identity' | 'connection' | 'info'>,
): Refusal {
  const who = `user ${JSON.stringify(identity.user.username)}`
  const what = requestWords(info)
  const by = decision.policy === '' ? '' : ` (policy ${decision.policy}, rule ${decision.rule})`
  return {
    kind: 'forbidden',
    message: `${who} may not ${what} on connection ${JSON.stringify(connection)}: ${decision.reason}${by}`,
    decision,
  }
}

/** What is asked, in the words of the API: `patch deployments.apps/scale "web" in namespace "shop"`. */
export function requestWords(info: Authenticated['info']): string {
  return info.isResourceRequest ? resourceWords(info) : `${info.verb} the path ${JSON.stringify(info.path)}`
}

function resourceWords({ verb, apiGroup, resource, subresource, namespace, name }: Authenticated['info']): string {
  const kind = `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${subresource === '' ? '' : `/${subresource}`}`
  const which = name === '' ? '' : ` ${JSON.stringify(name)}`
  const where = namespace === '' || resource === 'namespaces' ? '' : ` in namespace ${JSON.stringify(namespace)}`
  return `${verb} ${kind}${which}${where}`
}
