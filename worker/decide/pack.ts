// The built-in deny pack: ways past a policy that a policy's author rarely means to open. On unless switched off by name.
// In: names switched off. Out: rules in the shape of AccessPolicy rules. No I/O.

import type { AccessRule } from './policy.ts'

/** What the pack is called where a decision names its policy. */
export const PACK_POLICY = 'built-in'

const WRITES: AccessRule['verbs'] = ['create', 'update', 'patch', 'delete', 'deletecollection']

const RULES: readonly (AccessRule & { message: string })[] = [
  {
    name: 'service-account-tokens',
    effect: 'Deny',
    verbs: ['create'],
    resources: ['serviceaccounts/token'],
    message: 'minting service account tokens would give another identity than the one this gateway recorded',
  },
  {
    name: 'certificate-approval',
    effect: 'Deny',
    verbs: WRITES,
    resources: [
      'certificatesigningrequests.certificates.k8s.io/approval',
      'certificatesigningrequests.certificates.k8s.io/status',
    ],
    message: 'approving certificate signing requests would give another identity',
  },
  {
    name: 'node-proxy',
    effect: 'Deny',
    verbs: ['*'],
    resources: ['nodes/proxy'],
    message: 'nodes/proxy reaches the kubelet, past every rule on pods',
  },
  {
    name: 'service-proxy',
    effect: 'Deny',
    verbs: ['*'],
    resources: ['services/proxy'],
    message: 'services/proxy reaches any port in the cluster, the API server included',
  },
  {
    name: 'pod-proxy',
    effect: 'Deny',
    verbs: ['*'],
    resources: ['pods/proxy'],
    message: 'pods/proxy reaches any port in the cluster; kubectl port-forward is judged and recorded instead',
  },
  {
    name: 'webhooks',
    effect: 'Deny',
    verbs: WRITES,
    resources: [
      'validatingwebhookconfigurations.admissionregistration.k8s.io',
      'mutatingwebhookconfigurations.admissionregistration.k8s.io',
      'mutatingadmissionpolicies.admissionregistration.k8s.io',
      'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
    ],
    message: 'admission webhooks and mutating policies see and change what everybody writes',
  },
  {
    name: 'api-services',
    effect: 'Deny',
    verbs: WRITES,
    resources: ['apiservices.apiregistration.k8s.io', 'apiservices.apiregistration.k8s.io/status'],
    message: 'an APIService sends part of the API to a server of its choice',
  },
  {
    name: 'bindings',
    effect: 'Deny',
    verbs: ['*'],
    resources: ['bindings', 'pods/binding'],
    message: 'binding pods to nodes is the scheduler’s work',
  },
]

/** Rules of the pack that are not plain matches: they look at the body, or at what is not known. */
export const BODY_RULES = {
  'service-account-token-secrets':
    'a Secret of type kubernetes.io/service-account-token would be filled with a token of another identity',
  escalate: 'a role that grants escalate, bind or impersonate lets its holder become anybody',
} as const
export const UNKNOWN_CONNECT = {
  name: 'unknown-connect',
  message: 'this API group’s proxies and consoles are not known to the gateway, so it cannot judge or record them',
} as const

/** Every name in the pack, in the order of the documentation. */
export const PACK_NAMES: readonly string[] = [
  ...RULES.map(({ name }) => name),
  ...Object.keys(BODY_RULES),
  UNKNOWN_CONNECT.name,
]

/**
 * The pack's matching rules without those switched off.
 * @throws Error naming a rule that does not exist: a misspelt exception must not pass unseen
 */
export function packRules(except: readonly string[]): readonly AccessRule[] {
  const wrong = except.filter((name) => !PACK_NAMES.includes(name))
  if (wrong.length > 0) {
    throw new Error(`denyPackExcept: no such rule ${wrong.join(', ')}; there are ${PACK_NAMES.join(', ')}`)
  }
  return RULES.filter(({ name }) => !except.includes(name))
}
