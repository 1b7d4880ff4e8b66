// policy explain, simulate: what the policies in force, or a draft, say to a question or to what was recorded.

import { parse } from 'yaml'
import type {
  ExplainAnswer,
  ExplainedRule,
  ExplainQuestion,
  SimulateAnswer,
  SimulateQuestion,
} from '../../worker/api/types.ts'
import { about, connectApi } from '../api.ts'
import { type Invocation, UsageError } from '../command.ts'
import { parseDuration } from '../duration.ts'
import { print, printJson, shortTime, table } from '../output.ts'
import { safe } from '../safe.ts'
import { readSource } from './documents.ts'
import { limitOf } from './listing.ts'

/** An object as a file has it: YAML or JSON. */
async function objectFrom(file: string): Promise<unknown> {
  const text = await readSource(file)
  try {
    return parse(text)
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : 'is no YAML'}`)
  }
}

async function questionOf(invocation: Invocation): Promise<ExplainQuestion> {
  const [username, connection] = [invocation.option('user'), invocation.option('connection')]
  if (username === undefined) throw new UsageError('--user is missing')
  if (connection === undefined) throw new UsageError('--connection is missing')
  const [verb, resource, name] = invocation.positionals
  if (verb !== undefined && resource === undefined) throw new UsageError('RESOURCE is missing')
  const [namespace, draft] = [invocation.option('namespace'), invocation.option('file')]
  const [object, oldObject] = [invocation.option('object'), invocation.option('old-object')]
  const argv = invocation.rest
  const detail = [namespace, object, oldObject].some((value) => value !== undefined) || argv !== null
  if (verb === undefined && detail) throw new UsageError('VERB and RESOURCE are missing')
  return {
    username,
    groups: invocation.options('group'),
    connection,
    ...(verb === undefined ? {} : { verb }),
    ...(resource === undefined ? {} : { resource }),
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(object === undefined ? {} : { object: await objectFrom(object) }),
    ...(oldObject === undefined ? {} : { oldObject: await objectFrom(oldObject) }),
    ...(argv === null ? {} : { argv }),
    ...(draft === undefined ? {} : { draft: await readSource(draft) }),
  }
}

const anyOf = (values: readonly string[], none: string): string => (values.length === 0 ? none : values.join(','))
const ruleName = ({ policy, rule }: { readonly policy: string; readonly rule: string }): string =>
  policy === '' ? '(no rule)' : rule === '' ? policy : `${policy}/${rule}`

/** `condition false: object.spec.replicas <= 10` */
function verdictOf({ verdict, when }: ExplainedRule): string {
  const words = verdict.replaceAll('-', ' ')
  const needs = verdict === 'condition-unknown' ? ' (needs --object or --old-object)' : ''
  return when === undefined ? words : `${words}${needs}: ${when}`
}

export async function explain(invocation: Invocation): Promise<number> {
  const question = await questionOf(invocation)
  const api = await connectApi(invocation.data)
  const answer = await api.post<ExplainAnswer>('/api/v1/policies/explain', question)
  const { decision, rules } = answer
  // What is not known to be allowed or held is not.
  const code = decision?.effect === 'Deny' || decision?.effect === 'unknown' ? 1 : 0
  if (invocation.json) {
    printJson({
      ...(decision === undefined ? {} : { decision }),
      items: rules.map((rule) => ({ id: `${rule.policy}/${rule.rule}`, ...rule })),
    })
    return code
  }
  if (decision === undefined) {
    const rows = rules.map((rule) => [
      rule.effect,
      anyOf(rule.verbs, '*'),
      anyOf(rule.resources, '*'),
      anyOf(rule.namespaces, '*'),
      anyOf(rule.names, '*'),
      ruleName(rule),
      rule.when ?? '',
    ])
    print(table(['EFFECT', 'VERBS', 'RESOURCES', 'NAMESPACES', 'NAMES', 'RULE', 'WHEN'], rows))
    return code
  }
  print(
    `${decision.effect}  by ${safe(ruleName(decision))}${decision.reason === '' ? '' : `: ${safe(decision.reason)}`}\n`,
  )
  if (rules.length === 0) print('\nNo rule is about this.\n')
  else {
    const rows = rules.map((rule) => [rule.effect, ruleName(rule), verdictOf(rule)])
    print(
      `\nRules that are about this, in the order in which they are judged:\n\n${table(['EFFECT', 'RULE', 'VERDICT'], rows)}`,
    )
  }
  return code
}

/** `24h` ago, or a time. */
function sinceOf(text: string, now: number): string {
  const seconds = parseDuration(text)
  if (seconds !== null) return new Date(now - seconds * 1000).toISOString()
  const time = /^\d{4}-\d\d-\d\d(?:T.+)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new UsageError('--since takes a time such as 24h or 2026-01-02T03:04:05Z')
  return new Date(time).toISOString()
}

export async function simulate(invocation: Invocation): Promise<number> {
  const file = invocation.option('file')
  if (file === undefined) throw new UsageError('-f DRAFT is missing')
  const limit = invocation.has('limit') ? limitOf(invocation) : undefined
  const [session, connection, since] = [
    invocation.option('session'),
    invocation.option('connection'),
    invocation.option('since'),
  ]
  const question: SimulateQuestion = {
    draft: await readSource(file),
    ...(invocation.has('alone') ? { alone: true } : {}),
    ...(session === undefined ? {} : { session }),
    ...(connection === undefined ? {} : { connection }),
    ...(since === undefined ? {} : { since: sinceOf(since, Date.now()) }),
    ...(limit === undefined ? {} : { limit }),
  }
  const api = await connectApi(invocation.data)
  const answer = await about(file, api.post<SimulateAnswer>('/api/v1/policies/simulate', question))
  const { judged, changes, cut } = answer
  if (invocation.json) {
    printJson({ judged, cut, items: changes.map((change) => ({ id: change.request, ...change })) })
    return 0
  }
  if (changes.length > 0) {
    const rows = changes.map(({ at, username, title, before, after }) => [
      shortTime(at),
      username,
      `${before.effect} -> ${after.effect}`,
      `${ruleName(before)} -> ${ruleName(after)}`,
      title,
    ])
    print(`${table(['AT', 'AGENT', 'DECISION', 'RULE', 'REQUEST'], rows)}\n`)
  }
  const more = cut ? '; there were more, raise --limit or narrow --since' : ''
  print(`${judged} recorded requests judged, ${changes.length} would be decided otherwise${more}\n`)
  return 0
}
