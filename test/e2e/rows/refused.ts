// Rows that are refused: by policy, by the built-in pack, by the door itself. The client must say clearly why.

import type { TableRow } from '../door.ts'

const SPDY = { code: 1, err: [/this client speaks SPDY.*use kubectl 1\.31 or newer/] } as const

export const REFUSED: readonly TableRow[] = [
  // kubectl itself ends with 0 when a node cannot be cordoned.
  {
    run: 'kubectl cordon {node}',
    err: ['Nodes may be looked at, not changed. (policy coding-agents, rule keep-nodes)'],
  },
  { run: 'kubectl drain {node} --pod-selector=no=such', err: ['Nodes may be looked at, not changed.'] },
  { run: 'kubectl taint node {node} a=b:NoSchedule', code: 1, err: ['Nodes may be looked at, not changed.'] },
  {
    run: 'kubectl delete namespace {ns}',
    code: 1,
    err: [
      /^Error from server \(Forbidden\): user "agent" may not delete namespaces/,
      'Namespaces and persistent volumes are deleted by people, not by agents.',
      /\(request [0-9a-f-]{36}\)/,
    ],
  },
  {
    run: 'kubectl create token default -n {ns}',
    code: 1,
    err: ['policy built-in, rule service-account-tokens', 'minting service account tokens'],
  },
  {
    run: 'kubectl create rolebinding r -n {ns} --clusterrole=view --user=x',
    code: 1,
    err: ['Permissions are changed by people'],
  },
  { run: 'kubectl delete pod nosuch -n kube-system', code: 1, err: ["The system's own namespaces may be looked at"] },
  { run: 'kubectl get pods -n {ns} --as=someone', code: 1, err: ['(Forbidden)', 'kubectl --as', 'are refused'] },
  { run: 'kubectl get pods -n {ns} --as=a --as-group=system:masters', code: 1, err: ['(Forbidden)', 'are refused'] },
  {
    run: 'kubectl get pods --kubeconfig={dir}/nosuch.kubeconfig',
    code: 1,
    err: [/connection.*nosuch|nosuch.*connection/],
  },
  // A token is good for one connection only.
  { run: 'kubectl get pods --server={url}/clusters/nosuch', code: 1, err: ['the token is for another audience'] },
  {
    run: 'kubectl get pods --kubeconfig={dir}/wrong.kubeconfig',
    code: 1,
    err: ['You must be logged in to the server', /token/],
  },
  {
    run: 'kubectl exec box -n {ns} -- true',
    env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' },
    ...SPDY,
  },
  { run: 'kubectl port-forward pod/box -n {ns} :80', env: { KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }, ...SPDY },
  {
    run: 'kubectl get --raw /api/v1/namespaces/{ns}/services/web:80/proxy',
    only: 'v35',
    code: 1,
    err: ['policy built-in'],
  },
  { run: 'kubectl certificate approve nosuch', code: 1, err: [/built-in|NotFound/] },
]
