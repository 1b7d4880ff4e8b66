// The policies of the suite: one for each group of agents, so that nobody's rules or limits touch another one's.

const LOOK = `
  - {name: look, effect: Allow, verbs: [get, list, watch], resources: ["*"]}
  - {name: discover, effect: Allow, verbs: [get, head], paths: ["*"]}
  - {name: ask-about-oneself, effect: Allow, verbs: [create], resources: ["*.authorization.k8s.io", "*.authentication.k8s.io"]}`
/** Writes that are no questions about oneself, which clients ask in between. */
const WRITES = 'verbs: [create, update, patch, delete, deletecollection], resources: ["*"]'
const NOT_A_QUESTION =
  'when: request.resource.group != "authorization.k8s.io" && request.resource.group != "authentication.k8s.io"'

const policy = (group: string, rules: string, limits = ''): string => `
apiVersion: sallyport/v1
kind: AccessPolicy
metadata: {name: ${group}}
spec:
  subjects: [{groups: [${group}]}]
  connections: [test]
  rules:${LOOK}${rules}${limits}
`

/** Everything that changes or connects waits for a person; one rule, so that one grant covers a helm upgrade. */
const HELD = `
  - {name: ask, effect: Hold, ${WRITES}, ${NOT_A_QUESTION}, approval: {holdFor: 20m, validFor: 5m, grant: {maxFor: 10m}}}
  - {name: into-pods, effect: Hold, verbs: [connect], resources: ["*"], approval: {holdFor: 20m}}`
const TWICE = `
  - {name: two-people, effect: Hold, ${WRITES}, approval: {count: 2}}`
const FREE = `
  - {name: work, effect: Allow, verbs: ["*"], resources: ["*"]}`
const GRANTED = `
  - {name: ask, effect: Hold, ${WRITES}, ${NOT_A_QUESTION}, approval: {grant: {maxFor: 10m}}}`

/** What no verb and no form of a patch leads past. */
const BOUNDED = `
  - name: at-most-ten-replicas
    effect: Allow
    verbs: [create, update, patch]
    resources: [deployments.apps, deployments.apps/scale]
    when: object.spec.replicas <= 10
  - name: work
    effect: Allow
    verbs: [create, update, patch]
    resources: [pods, pods/ephemeralcontainers, services, configmaps, secrets, jobs.batch, cronjobs.batch]
  - {name: clear-up, effect: Allow, verbs: [delete], resources: ["*"]}
  - {name: into-pods, effect: Allow, verbs: [connect], resources: [pods/exec, pods/attach]}
  - name: not-privileged
    effect: Deny
    verbs: [create, update, patch]
    resources: ["*"]
    when: podSpec.privileged()
    message: no privileged pods
  - name: our-images
    effect: Deny
    verbs: [create, update, patch]
    resources: ["*"]
    when: podSpec.images().exists(image, !image.startsWith("localhost/") && !image.startsWith("registry.demo.invalid/"))
    message: images from our registries only
  - name: no-new-secrets
    effect: Deny
    verbs: [create, update, patch]
    resources: ["*"]
    when: |
      podSpec.secretNames().exists(name, oldObject == null || !(name in (
        has(oldObject.spec.jobTemplate) ? oldObject.spec.jobTemplate.spec.template.spec.secretNames() :
        has(oldObject.spec.template) ? oldObject.spec.template.spec.secretNames() :
        oldObject.spec.secretNames())))
    message: no new secrets in pods`

export const POLICIES = [
  policy('held', HELD),
  policy('twice', TWICE),
  policy('free', FREE),
  policy('bounded', BOUNDED),
  policy(
    'limited',
    FREE,
    '\n  limits:\n  - {name: five-writes, count: writes, per: session, within: 10m, max: 5, approval: {holdFor: 5m}}',
  ),
  policy(
    'granted',
    GRANTED,
    '\n  limits:\n  - {name: three-writes, count: writes, per: session, max: 3, approval: {holdFor: 5m}}',
  ),
].join('---\n')
