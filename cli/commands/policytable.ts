// The commands for whoever writes policies, one row each, and the one for whoever plans a change.

import type { Command } from '../command.ts'

export const POLICY_COMMANDS: readonly Command[] = [
  {
    words: ['policy', 'explain'],
    positionals: ['[VERB]', '[RESOURCE]', '[NAME]'],
    rest: 'ARGV…',
    summary: 'Say what an identity may do, and why; without VERB, everything.',
    details: `VERB is Kubernetes' own, or connect; RESOURCE is pods, deployments.apps/scale, … or a path such as /version.
What stands behind -- is the command of an exec. Conditions that look at an object need --object or --old-object.
Exit code 0 where it is allowed or held for people, 1 where it is denied or depends on an object that was not given.

  sallyport policy explain --user agent --group ai-agents --connection prod
  sallyport policy explain --user agent --group ai-agents --connection prod update deployments.apps web -n shop --object web.yaml
  sallyport policy explain --user agent --connection prod connect pods/exec web-0 -n shop -- cat /etc/passwd`,
    options: [
      { name: 'user', value: 'USERNAME', help: 'who asks' },
      { name: 'group', value: 'GROUP', many: true, help: 'a group of theirs' },
      { name: 'connection', value: 'NAME', help: 'on which connection' },
      { name: 'namespace', short: 'n', value: 'NS', help: 'in which namespace' },
      { name: 'object', value: 'FILE', help: 'what the cluster would store' },
      { name: 'old-object', value: 'FILE', help: 'the object as it stands; a file that holds `null`: there is none' },
      { name: 'file', short: 'f', value: 'DRAFT', help: 'with these policies in place of those of the same name' },
    ],
    listing: true,
    run: async (invocation) => (await import('./policy.ts')).explain(invocation),
  },
  {
    words: ['policy', 'test'],
    positionals: ['FILE…'],
    summary: 'Run cases against policy files, without a gateway.',
    details: `Exit code 0 when all pass, 1 when one does not, 2 when a file cannot be read or is not valid. A file of cases:

  defaults:
    identity: {username: agent, groups: [ai-agents]}
    connection: prod
  cases:
  - name: scaling beyond ten waits for a person
    request: {verb: update, resource: deployments.apps/scale, namespace: shop, name: web, object: {spec: {replicas: 11}}}
    expect: Hold                # Allow, Deny or Hold
    rule: change-with-a-human   # a rule or limit, or POLICY/RULE; may be left out`,
    options: [
      { name: 'file', short: 'f', value: 'POLICY', many: true, help: 'a YAML file of policies; - for standard input' },
      { name: 'except', value: 'NAME', many: true, help: 'a built-in deny rule that is switched off' },
    ],
    listing: true,
    run: async (invocation) => (await import('./policytest.ts')).policyTest(invocation),
  },
  {
    words: ['policy', 'simulate'],
    summary: 'Judge recorded requests by a draft, and print every decision that would change.',
    details: 'The documents of the draft replace those of the same name. Nothing is applied.',
    options: [
      { name: 'file', short: 'f', value: 'DRAFT', help: 'a YAML file of policies; - for standard input' },
      { name: 'alone', help: 'the draft alone, without the policies in force' },
      { name: 'session', value: 'ID', help: 'only this session' },
      { name: 'connection', value: 'NAME', help: 'only this connection' },
      { name: 'since', value: 'TIME', help: 'only what is younger: 24h, 30m, or a time of RFC 3339' },
      { name: 'limit', value: 'N', help: 'at most so many requests, the newest' },
    ],
    listing: true,
    run: async (invocation) => (await import('./policy.ts')).simulate(invocation),
  },
  {
    words: ['mask', 'test'],
    positionals: ['[FILE]'],
    summary: 'Mask a text or a JSON object as the gateway would, without a gateway.',
    details: `FILE, or standard input without it or for -, is masked by the built-in rules and all MaskPolicies given, whoever they are
about: an object as JSON (kubectl get -o json) by its fields, anything else as a log. A list of several kinds needs --resource for
fields of your own. Counts by rule go to standard error.
Exit code 0 when it is printed, 1 when the gateway would withhold it, 2 when a policy is not valid. Nothing is sent anywhere.

  kubectl logs web-0 | sallyport mask test -f masks.yaml
  sallyport mask test -f masks.yaml --resource vaults.acme.io vault.json`,
    options: [
      { name: 'file', short: 'f', value: 'POLICY', many: true, help: 'a YAML file of MaskPolicies' },
      { name: 'resource', value: 'RESOURCE', help: 'what the object is; absent: guessed from its apiVersion and kind' },
    ],
    listing: true,
    run: async (invocation) => (await import('./masktest.ts')).maskTest(invocation),
  },
  {
    words: ['plan'],
    rest: 'kubectl …',
    summary: 'Try a change by a server-side dry run, so that people can approve all of it at once.',
    details: `Runs the command behind -- with --dry-run=server. What policy holds of it becomes one question, shown as one diff. Then
run the command itself: it waits until the plan is approved, and exactly those requests pass, once each.

  sallyport plan -- kubectl apply -f manifests/`,
    run: async (invocation) => (await import('./plan.ts')).plan(invocation),
  },
]
