// Rows that look: get in all its forms, describe, explain, discovery, permissions. Nothing here changes anything.

import { expect } from 'vitest'
import type { TableRow } from '../door.ts'

const METRICS_MISSING = { code: 1, err: ['Metrics API not available'] } as const

export const GET: readonly TableRow[] = [
  { run: 'kubectl get pods -n {ns}', out: [/^NAME +READY +STATUS/, /^box +1\/1 +Running/m] },
  { run: 'kubectl get deploy web -n {ns} -o wide', out: [/CONTAINERS +IMAGES +SELECTOR/, '{image}', 'app=web'] },
  { run: 'kubectl get pod box -n {ns} -o yaml', out: ['apiVersion: v1\nkind: Pod\n', '  name: box\n'] },
  {
    name: 'kubectl get pod box -o json',
    check: async (door) => {
      const pod: unknown = JSON.parse(await door.must('kubectl get pod box -n {ns} -o json'))
      expect(pod).toMatchObject({ kind: 'Pod', metadata: { name: 'box' }, status: { phase: 'Running' } })
    },
  },
  { run: 'kubectl get pod box -n {ns} -o name', out: [/^pod\/box\n$/] },
  { run: "kubectl get pod box -n {ns} -o 'jsonpath={.spec.containers[0].name}'", out: [/^main$/] },
  {
    run: 'kubectl get pods -n {ns} -o custom-columns=N:.metadata.name,C:.spec.containers[*].name',
    out: [/^N +C\n/, /^box +main$/m],
  },
  { run: 'kubectl get pods -A', out: [/^NAMESPACE +NAME/, '{ns}', 'box'] },
  { run: 'kubectl get pods -n {ns} -l app=web', out: [/^web-/m], not: ['box'] },
  { run: 'kubectl get pods -n {ns} --field-selector metadata.name=box', out: ['box'], not: ['web-'] },
  {
    run: 'kubectl get pods -n {ns} --field-selector status.phase=Failed',
    err: ['No resources found in {ns} namespace'],
  },
  { run: 'kubectl get pods -n {ns} --show-labels', out: ['LABELS', 'app=box'] },
  { run: 'kubectl get configmaps -n {ns} --sort-by .metadata.name', out: [/kept-a[\s\S]*kept-b[\s\S]*kept-c/] },
  { run: 'kubectl get configmaps -n {ns} --chunk-size=1', out: ['kept-a', 'kept-b', 'kept-c'] },
  { run: 'kubectl get all -n {ns}', out: ['pod/box', 'deployment.apps/web', 'replicaset.apps/web-'] },
  { run: 'kubectl get pod,cm -n {ns}', out: ['pod/box', 'configmap/kept-a'] },
  { run: 'kubectl get pod nosuch -n {ns}', code: 1, err: [/^Error from server \(NotFound\): pods "nosuch" not found/] },
  { run: 'kubectl get nosuchkind', code: 1, err: [`error: the server doesn't have a resource type "nosuchkind"`] },
  { run: 'kubectl get pod nosuch -n {ns} --ignore-not-found', out: [/^$/] },
  { run: 'kubectl get secret kept -n {ns} -o yaml', out: ['⟦masked:'], not: ['{plain}', '{base}'] },
  { run: 'kubectl get secrets -n {ns} -o json', out: ['⟦masked:'], not: ['{plain}', '{base}'] },
  { run: 'kubectl get secret kept -n {ns}', out: [/^kept +Opaque +1/m], not: ['{plain}', '{base}'] },
  { run: "kubectl get secret kept -n {ns} -o 'jsonpath={.data.password}'", not: ['{plain}', '{base}'] },
  // Every value of the demo's own Secrets begins so; the second is the same in base64.
  { run: 'kubectl get secrets -A -o yaml', on: 'demo', out: ['db-credentials'], not: ['fake-demo', 'ZmFrZS1kZW1v'] },
  { run: 'kubectl get secrets -A', on: 'demo', out: ['db-credentials'], not: ['fake-demo', 'ZmFrZS1kZW1v'] },
  { run: 'kubectl describe secrets -n shop', on: 'demo', out: ['db-credentials'], not: ['fake-demo', 'ZmFrZS1kZW1v'] },
  { run: 'kubectl get events -n {ns}', out: [/LAST SEEN +TYPE +REASON/] },
  { run: 'kubectl events -n {ns}', out: [/LAST SEEN +TYPE +REASON/] },
  {
    name: 'kubectl get -w shows what happens, and Ctrl-C ends it',
    check: async (door) => {
      const watch = door.start('kubectl get configmaps -n {ns} -l watched=yes -w')
      await door.must('kubectl create -n {ns} -f {dir}/watched.yaml')
      await watch.until(/^watched-one +1/m)
      await door.must('kubectl label configmap watched-one -n {ns} seen=yes')
      await watch.until(/^watched-one[\s\S]*^watched-one/m)
      watch.interrupt()
      expect((await watch.done).stderr).toBe('')
    },
  },
  {
    name: 'kubectl get --watch-only starts empty',
    check: async (door) => {
      const watch = door.start('kubectl get configmaps -n {ns} -l kept=yes --watch-only -o name')
      // It says nothing of what is there; only a change shows that it listens.
      const label = async (turn: number): Promise<void> => {
        await door.must(`kubectl label configmap kept-b -n {ns} --overwrite turn=${turn}`)
      }
      let turn = 0
      const heard = watch.until(/configmap\/kept-b/)
      const over = heard.then(
        () => true,
        () => true,
      )
      while (!(await Promise.race([over, label(turn).then(() => false)]))) turn += 1
      await heard
      watch.interrupt()
      expect((await watch.done).stdout).not.toContain('kept-a')
    },
  },
  {
    name: 'kubectl get -w of Secrets masks every event',
    check: async (door) => {
      const watch = door.start('kubectl get secrets -n {ns} -w -o yaml')
      await watch.until(/name: kept\n/)
      watch.interrupt()
      door.judge({ ...(await watch.done), code: 0 }, { out: ['⟦masked:'], not: ['{plain}', '{base}'] })
    },
  },
]

export const DESCRIBE: readonly TableRow[] = [
  { run: 'kubectl describe pod box -n {ns}', out: [/^Name: +box$/m, 'Containers:', 'Events:'] },
  { run: 'kubectl describe deployment web -n {ns}', out: ['StrategyType:', 'NewReplicaSet:', 'Pod Template:'] },
  { run: 'kubectl describe secret kept -n {ns}', out: [/password: +\d+ bytes/], not: ['{plain}', '{base}'] },
  { run: 'kubectl describe configmap kept-a -n {ns}', out: ['colour:\n----\na\n'] },
  { run: 'kubectl describe namespace {ns}', out: ['{ns}', 'Status:'] },
  { run: 'kubectl describe nodes', out: ['Conditions:', 'Allocatable:'] },
  { run: 'kubectl explain pod.spec.containers', out: ['FIELDS:', 'image'] },
  { run: 'kubectl explain deployment --recursive', out: ['strategy', 'matchLabels'] },
  { run: 'kubectl api-resources', out: [/^NAME +SHORTNAMES +APIVERSION/, 'deployments', 'pods'] },
  { run: 'kubectl api-resources --namespaced=false -o name', out: ['namespaces', 'nodes'], not: [/^pods$/m] },
  { run: 'kubectl api-versions', out: [/^apps\/v1$/m, /^v1$/m] },
  { run: 'kubectl top pods -n {ns}', out: [/NAME +CPU\(cores\)/, 'box'], real: METRICS_MISSING },
  { run: 'kubectl top nodes', out: [/NAME +CPU\(cores\)/], real: METRICS_MISSING },
  { run: 'kubectl auth can-i get pods -n {ns}', out: [/^yes\n$/] },
  { run: 'kubectl auth can-i impersonate users', on: 'real', code: 1, out: [/^no/m] },
  { run: 'kubectl auth can-i --list -n {ns}', out: ['Resources', 'Verbs'] },
  {
    run: 'kubectl auth whoami',
    out: [/Username +agent/, 'ai-agents'],
    real: { code: 1, err: ['selfsubjectreviews API is not enabled'] },
  },
  { run: 'kubectl get --raw /version', only: 'v35', out: ['"gitVersion"'] },
  { run: 'kubectl version', out: ['Client Version:', 'Server Version:'] },
  { run: 'kubectl cluster-info', out: ['control plane', '/clusters/{connection}'] },
  { run: 'kubectl get namespaces', out: ['{ns}'] },
  { run: 'kubectl get nodes -o wide', out: ['Ready', 'INTERNAL-IP'] },
]
