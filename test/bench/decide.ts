// What a decision costs: 1,000 rules, of which as many conditions are reached and asked as the row says. No network.
// By itself: `bun test/bench/decide.ts [--json]`.

import process from 'node:process'
import { type CompiledRule, compilePolicies } from '../../worker/decide/compile.ts'
import { decide, type Judged } from '../../worker/decide/decide.ts'
import { agent, facts, judged, policy, rule } from '../../worker/decide/testing.ts'

const RULES = 1_000
/** Many short rounds, of which the best counts: on a busy machine one of them is not interrupted. */
const ROUNDS = 200
const DECISIONS_A_ROUND = 50
const WARM_UP = 3_000

/** Conditions as people write them; none of them holds, so all that are reached are asked. */
const CONDITIONS = [
  'object.spec.replicas > 10',
  "object.metadata.labels['tier'] == 'frontend' && object.spec.replicas < 2",
  "request.name.startsWith('db-') || connection.name == 'dev'",
  "podSpec.containers.exists(c, c.image.startsWith('example.org/'))",
  'object.spec.replicas - oldObject.spec.replicas > 5',
]

function deployment(replicas: number) {
  const containers = ['web', 'proxy', 'metrics'].map((name) => ({
    name,
    image: `registry.example.com/shop/${name}:1.2.3`,
    env: Array.from({ length: 10 }, (_, index) => ({ name: `SETTING_${index}`, value: `${index}` })),
  }))
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web', tier: 'backend' } },
    spec: { replicas, template: { metadata: { labels: { app: 'web' } }, spec: { containers } } },
  }
}

/** 1,000 rules in 20 policies; `reached` of them are Allow rules for the very request, with conditions. */
function rulesWith(reached: number) {
  const all: object[] = Array.from({ length: RULES - 1 }, (_, index) => {
    if (index < reached) {
      const when = CONDITIONS[index % CONDITIONS.length] ?? ''
      return { ...rule('Allow', 'patch', 'deployments.apps', { namespaces: ['shop'], when }), name: `reached-${index}` }
    }
    const effect = (['Allow', 'Deny', 'Hold'] as const)[index % 3] ?? 'Allow'
    const verb = ['get', 'list', 'patch', 'delete', '*'][index % 5] ?? 'get'
    const resource = ['deployments.apps', 'pods', 'configmaps', '*.apps', '*'][index % 5] ?? 'pods'
    const when = index % 2 === 0 ? { when: CONDITIONS[index % CONDITIONS.length] } : {}
    return { ...rule(effect, verb, resource, { namespaces: [`team-${index}`], ...when }), name: `other-${index}` }
  })
  // What allows it in the end, behind everything.
  all.push({
    ...rule('Allow', 'patch', 'deployments.apps', {
      namespaces: ['shop'],
      when: 'object.spec.replicas >= 1 && oldObject != null',
    }),
    name: 'last',
  })
  const size = Math.ceil(RULES / 20)
  return Array.from({ length: 20 }, (_, index) =>
    policy(`policy-${String(index).padStart(2, '0')}`, all.slice(index * size, (index + 1) * size)),
  )
}

/** Nanoseconds a decision takes, the best round of several. */
export function decideFigures(): Readonly<Record<string, { readonly ns: number; readonly budgetNs: number | null }>> {
  const known = facts({ object: deployment(3), oldObject: deployment(2) })
  const request: Judged = judged('patch deployments.apps shop web', {
    bodyFormat: 'merge-patch',
    identity: agent('agent', ['a', 'b', 'ai-agents']),
  })
  const figures: Record<string, { ns: number; budgetNs: number | null }> = {}
  for (const [reached, budgetNs] of [
    [0, 50_000],
    [20, 50_000],
    [100, 150_000],
  ] as const) {
    const set = compilePolicies(rulesWith(reached))
    const asked = set.rules.filter(({ rule: name }: CompiledRule) => name.startsWith('reached-')).length
    const verdict = decide(set, request, known)
    if (asked !== reached || !verdict.decided || verdict.decision.rule !== 'last') {
      throw new Error(`the bench measures something else: ${JSON.stringify(verdict)}`)
    }
    for (let index = 0; index < WARM_UP; index += 1) decide(set, request, known)
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now()
      for (let index = 0; index < DECISIONS_A_ROUND; index += 1) decide(set, request, known)
      best = Math.min(best, ((performance.now() - start) * 1e6) / DECISIONS_A_ROUND)
    }
    figures[`${RULES} rules, ${reached} conditions reached`] = { ns: Math.round(best), budgetNs }
  }
  return figures
}

/** The figures as lines of text. */
export function decideText(figures: ReturnType<typeof decideFigures>): string {
  const lines = Object.entries(figures).map(([name, { ns, budgetNs }]) => {
    const budget =
      budgetNs === null ? '' : `  budget ${(budgetNs / 1000).toFixed(0)} µs: ${ns <= budgetNs ? 'kept' : 'missed'}`
    return `  ${name.padEnd(36)} ${String(ns).padStart(8)} ns a decision${budget}\n`
  })
  return `\nDeciding\n${lines.join('')}`
}

if (import.meta.main) {
  const figures = decideFigures()
  process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(figures, null, 2)}\n` : decideText(figures))
}
