// Rows that change things: apply, create, edit, patch, delete, rollout, wait. Each group is a story in its own objects.

import { expect } from 'vitest'
import type { TableRow } from '../door.ts'

export const APPLY: readonly TableRow[] = [
  { run: 'kubectl apply -n {ns} -f {dir}/applied.yaml', out: [/^configmap\/applied created\n$/] },
  { run: 'kubectl apply -n {ns} -f {dir}/applied.yaml', out: [/^configmap\/applied unchanged\n$/] },
  { run: 'kubectl diff -n {ns} -f {dir}/applied.yaml', out: [/^$/] },
  { run: 'kubectl diff -n {ns} -f {dir}/applied-2.yaml', code: 1, out: ['-  colour: red', '+  colour: green'] },
  {
    run: 'kubectl apply -n {ns} -f {dir}/applied-2.yaml --dry-run=server',
    out: [/^configmap\/applied configured \(server dry run\)\n$/],
  },
  { run: "kubectl get cm applied -n {ns} -o 'jsonpath={.data.colour}'", out: [/^red$/] },
  { run: 'kubectl apply -n {ns} -f {dir}/applied-2.yaml', out: [/^configmap\/applied configured\n$/] },
  { run: "kubectl get cm applied -n {ns} -o 'jsonpath={.data.colour}'", out: [/^green$/] },
  { run: 'kubectl apply -n {ns} -f - --dry-run=client', stdin: CONFIG('dry'), out: ['created (dry run)'] },
  { run: 'kubectl delete -n {ns} -f {dir}/applied.yaml', out: ['configmap "applied" deleted'] },
  { run: 'kubectl apply -n {ns} --server-side -f {dir}/ss.yaml', out: [/^configmap\/ss serverside-applied\n$/] },
  { run: 'kubectl apply -n {ns} --server-side -f {dir}/ss.yaml', out: [/^configmap\/ss serverside-applied\n$/] },
  {
    run: 'kubectl apply -n {ns} --server-side --field-manager=other -f {dir}/ss-2.yaml',
    code: 1,
    err: ['conflict', '.data.colour', '--force-conflicts'],
  },
  {
    run: 'kubectl apply -n {ns} --server-side --field-manager=other --force-conflicts --dry-run=server -f {dir}/ss-2.yaml',
    out: ['serverside-applied (server dry run)'],
  },
  {
    run: 'kubectl apply -n {ns} --server-side --field-manager=other --force-conflicts -f {dir}/ss-2.yaml',
    out: ['serverside-applied'],
  },
  { run: "kubectl get cm ss -n {ns} -o 'jsonpath={.data.colour}'", out: [/^green$/] },
  { run: 'kubectl diff -n {ns} --server-side --field-manager=other -f {dir}/ss-2.yaml', out: [/^$/] },
  { run: 'kubectl replace -n {ns} -f {dir}/ss.yaml', out: ['configmap/ss replaced'] },
  { run: 'kubectl apply -n {ns} -f {dir}/migrated.yaml', out: ['pod/migrated created'] },
  // kubectl hands the fields of its client-side applies over to the server-side one.
  {
    run: 'kubectl apply -n {ns} --server-side -f {dir}/migrated.yaml',
    out: [/^pod\/migrated serverside-applied\n$/],
    not: ['Warning'],
  },
  { run: 'kubectl apply -n {ns} -f {dir}/secret.yaml', out: ['secret/applied-secret created'], not: ['{plain}'] },
  { run: 'kubectl get secret applied-secret -n {ns} -o yaml', out: ['⟦masked:'], not: ['{plain}', '{base}'] },
]

function CONFIG(name: string): string {
  return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"},"data":{"colour":"red"}}`
}

export const CREATE: readonly TableRow[] = [
  { run: 'kubectl create deployment made -n {ns} --image={image}', out: ['deployment.apps/made created'] },
  { run: 'kubectl create configmap made -n {ns} --from-literal=colour=red', out: ['configmap/made created'] },
  {
    run: 'kubectl create secret generic made -n {ns} --from-literal=password={plain}',
    out: ['secret/made created'],
    not: ['{plain}'],
  },
  { run: 'kubectl create job made -n {ns} --image=localhost/busybox:1 -- sh -c true', out: ['job.batch/made created'] },
  {
    run: 'kubectl create cronjob made -n {ns} --image={image} --schedule=@yearly -- true',
    out: ['created'],
    real: { code: 1, err: ['not'] },
  },
  { run: 'kubectl create service clusterip made -n {ns} --tcp=80:80', out: ['service/made created'] },
  { run: 'kubectl create serviceaccount made -n {ns}', out: ['serviceaccount/made created'] },
  { run: 'kubectl create namespace {ns}-more', out: ['namespace/{ns}-more created'] },
  { run: 'kubectl create -n {ns} -f -', stdin: CONFIG('from-stdin'), out: ['configmap/from-stdin created'] },
  {
    run: 'kubectl create -n {ns} -f -',
    stdin: CONFIG('from-stdin'),
    code: 1,
    err: ['(AlreadyExists)', '"from-stdin"'],
  },
  { run: 'kubectl create -n {ns} -f - --dry-run=server', stdin: CONFIG('dry'), out: ['created (server dry run)'] },
  { run: 'kubectl get cm dry -n {ns}', code: 1, err: ['NotFound'] },
  { run: 'kubectl expose deployment made -n {ns} --name=made-too --port=80', out: ['service/made-too exposed'] },
  {
    run: 'kubectl wait -n {ns} --for=condition=complete job/made --timeout=40s',
    out: ['job.batch/made condition met'],
  },
  {
    run: 'kubectl edit configmap made -n {ns}',
    env: { KUBE_EDITOR: "sed -i 's/colour: red/colour: green/'" },
    out: ['configmap/made edited'],
  },
  { run: "kubectl get cm made -n {ns} -o 'jsonpath={.data.colour}'", out: [/^green$/] },
  { run: 'kubectl edit configmap made -n {ns}', env: { KUBE_EDITOR: 'true' }, err: ['no changes made'] },
  // kubectl sends what was changed and nothing else: a label may be added beside values that are masked.
  {
    run: 'kubectl edit secret made -n {ns}',
    env: { KUBE_EDITOR: "sed -i 's/^metadata:/metadata:\\n  labels: {edited: yes-it-is}/'" },
    out: ['secret/made edited'],
    not: ['{plain}', '{base}'],
  },
  {
    run: 'kubectl edit secret made -n {ns}',
    env: { KUBE_EDITOR: "sed -i 's/  password: /  other: /'" },
    code: 1,
    err: ['placeholder'],
    not: ['{plain}', '{base}'],
  },
  {
    name: 'the Secret that was edited is as it was',
    check: async (door) => {
      const args = ['get', 'secret', 'made', '-n', door.fill('{ns}'), '-o', 'jsonpath={.data}']
      expect(JSON.parse((await door.installation.admin(args)).stdout)).toEqual({ password: door.places.base })
    },
  },
]

export const PATCH: readonly TableRow[] = [
  { run: 'kubectl apply -n {ns} -f {dir}/patched.yaml', out: ['deployment.apps/patched created'] },
  { run: `kubectl patch deploy patched -n {ns} -p '{"spec":{"minReadySeconds":1}}'`, out: ['patched'] },
  {
    run: `kubectl patch deploy patched -n {ns} --type=merge -p '{"spec":{"revisionHistoryLimit":5}}'`,
    out: ['patched'],
  },
  {
    run: `kubectl patch deploy patched -n {ns} --type=json -p '[{"op":"replace","path":"/spec/minReadySeconds","value":0}]'`,
    out: ['patched'],
  },
  {
    run: "kubectl get deploy patched -n {ns} -o 'jsonpath={.spec.revisionHistoryLimit} {.spec.minReadySeconds}'",
    out: [/^5 ?0?$/],
  },
  {
    run: `kubectl patch deploy patched -n {ns} -p '{"spec":{"replicas":"many"}}'`,
    code: 1,
    err: [/[Ii]nvalid|cannot|unmarshal/],
  },
  { run: 'kubectl scale deploy patched -n {ns} --replicas=2', out: ['deployment.apps/patched scaled'] },
  { run: "kubectl get deploy patched -n {ns} -o 'jsonpath={.spec.replicas}'", out: [/^2$/] },
  {
    run: 'kubectl scale deploy patched -n {ns} --replicas=1 --current-replicas=7',
    code: 1,
    err: ['Expected replicas to be 7'],
  },
  { run: 'kubectl label deploy patched -n {ns} tier=middle', out: ['labeled'] },
  { run: 'kubectl label deploy patched -n {ns} tier=top', code: 1, err: ['--overwrite'] },
  { run: 'kubectl label deploy patched -n {ns} tier-', out: ['unlabeled'] },
  { run: 'kubectl annotate deploy patched -n {ns} note=seen', out: ['annotated'] },
  { run: 'kubectl set image deploy/patched -n {ns} app={image} --record=false', out: [/^$/] },
  { run: 'kubectl set env deploy/patched -n {ns} COLOUR=red', out: ['env updated'] },
  { run: 'kubectl set resources deploy/patched -n {ns} --requests=cpu=1m', out: ['resource requirements updated'] },
  { run: 'kubectl autoscale deploy patched -n {ns} --max=3', out: ['autoscaled'], on: 'demo' },
]

export const ROLLOUT: readonly TableRow[] = [
  { run: 'kubectl apply -n {ns} -f {dir}/rolled.yaml', out: ['deployment.apps/rolled created'] },
  { run: 'kubectl rollout status deploy/rolled -n {ns} --timeout=60s', out: ['successfully rolled out'] },
  { run: 'kubectl set env deploy/rolled -n {ns} COLOUR=green', out: ['env updated'] },
  { run: 'kubectl rollout status deploy/rolled -n {ns} --timeout=60s', out: ['successfully rolled out'] },
  { run: 'kubectl rollout history deploy/rolled -n {ns}', out: ['REVISION', /^2 /m] },
  { run: 'kubectl rollout history deploy/rolled -n {ns} --revision=2', out: ['COLOUR'] },
  { run: 'kubectl rollout undo deploy/rolled -n {ns}', out: ['rolled back'] },
  { run: 'kubectl rollout pause deploy/rolled -n {ns}', out: ['paused'] },
  { run: 'kubectl rollout resume deploy/rolled -n {ns}', out: ['resumed'] },
  { run: 'kubectl rollout restart deploy/rolled -n {ns}', out: ['restarted'] },
  { run: 'kubectl wait -n {ns} --for=condition=Available deploy/rolled --timeout=60s', out: ['condition met'] },
  {
    run: "kubectl wait -n {ns} '--for=jsonpath={.status.readyReplicas}=1' deploy/rolled --timeout=60s",
    out: ['condition met'],
  },
  { run: 'kubectl wait -n {ns} --for=condition=Never deploy/rolled --timeout=1s', code: 1, err: ['timed out waiting'] },
]

export const DELETE: readonly TableRow[] = [
  {
    run: 'kubectl create -n {ns} -f {dir}/doomed.yaml',
    out: ['doomed-1 created', 'doomed-2 created', 'doomed-3 created'],
  },
  { run: 'kubectl delete cm doomed-1 -n {ns}', out: ['configmap "doomed-1" deleted'] },
  { run: 'kubectl delete cm doomed-1 -n {ns}', code: 1, err: ['(NotFound)'] },
  { run: 'kubectl delete cm -l doomed=yes -n {ns} --dry-run=server', out: ['doomed-2', 'doomed-3', 'server dry run'] },
  { run: 'kubectl delete cm -l doomed=yes -n {ns}', out: ['"doomed-2" deleted', '"doomed-3" deleted'] },
  { run: 'kubectl get cm -l doomed=yes -n {ns}', err: ['No resources found'] },
  { run: 'kubectl create -n {ns} -f {dir}/doomed-pods.yaml', out: ['pod/gone-1 created'] },
  { run: 'kubectl delete pod gone-1 -n {ns} --wait=false', out: ['pod "gone-1" deleted'] },
  {
    run: 'kubectl delete pod gone-2 -n {ns} --force --grace-period=0',
    out: ['force deleted'],
    err: ['Immediate deletion'],
  },
  {
    name: 'kubectl delete and kubectl wait --for=delete end when it is gone',
    check: async (door) => {
      // A finalizer and not a Pod: when a kubelet lets one go is its own affair, a minute later at times.
      await door.must('kubectl create -n {ns} -f {dir}/kept-back.yaml')
      const deletes = door.start('kubectl delete cm kept-back -n {ns} -v=6')
      const waits = door.start('kubectl wait -n {ns} --for=delete cm/kept-back --timeout=50s -v=6')
      // Both must watch before it goes: of one that was never there they say nothing.
      const watching = /kept-back\S*watch=true"? (?:status=")?200 OK/
      await Promise.all([deletes.until(watching), waits.until(watching)])
      await door.must(`kubectl patch cm kept-back -n {ns} -p '{"metadata":{"finalizers":null}}'`)
      const [deleted, waited] = await Promise.all([deletes.done, waits.done])
      expect([deleted.code, deleted.stdout]).toEqual([0, expect.stringContaining('configmap "kept-back" deleted')])
      expect([waited.code, waited.stdout]).toEqual([0, expect.stringContaining('configmap/kept-back condition met')])
    },
  },
  { run: 'kubectl delete deploy nosuch -n {ns} --ignore-not-found', out: [/^$/] },
]
