// Helm rows: a small chart's whole life, and one whose release holds a Secret.

import { expect } from 'vitest'
import type { TableRow } from '../door.ts'

export const HELM: readonly TableRow[] = [
  { run: 'helm list -n {ns}', out: [/^NAME\s+NAMESPACE/], not: ['calm'] },
  {
    run: 'helm install calm {charts}/chart -n {ns} --set image={image}',
    out: ['STATUS: deployed', 'REVISION: 1', 'calm says hello.'],
  },
  { run: 'helm list -n {ns}', out: ['calm', 'deployed'] },
  { run: 'helm status calm -n {ns}', out: ['STATUS: deployed'] },
  {
    run: 'helm upgrade calm {charts}/chart -n {ns} --set image={image},greeting=again --wait --timeout 60s',
    out: ['REVISION: 2', 'calm says again.'],
  },
  { run: "kubectl get cm calm-config -n {ns} -o 'jsonpath={.data.greeting}'", out: [/^again$/] },
  { run: 'helm history calm -n {ns}', out: ['superseded', 'deployed'] },
  { run: 'helm get values calm -n {ns}', out: ['greeting: again'] },
  { run: 'helm get manifest calm -n {ns}', out: ['kind: Deployment'] },
  { run: 'helm rollback calm 1 -n {ns}', out: ['Rollback was a success'] },
  { run: "kubectl get cm calm-config -n {ns} -o 'jsonpath={.data.greeting}'", out: [/^hello$/] },
  { run: 'helm uninstall calm -n {ns}', out: ['release "calm" uninstalled'] },
  { run: 'helm list -n {ns} -a', not: ['calm'], only: 'v30' },
  { run: 'kubectl get deploy calm -n {ns} --ignore-not-found', out: [/^$/] },
  { run: 'helm uninstall nosuch -n {ns}', code: 1, err: ['release: not found'] },
]

export const HELM_SECRET: readonly TableRow[] = [
  {
    run: 'helm install dark {charts}/chart-secret -n {ns} --set image={image},password={plain}',
    out: ['STATUS: deployed'],
    not: ['{plain}', '{base}'],
  },
  { run: 'helm list -n {ns}', out: ['dark', 'deployed'], not: ['{plain}', '{base}'] },
  { run: 'helm status dark -n {ns}', out: ['STATUS: deployed'], not: ['{plain}', '{base}'] },
  { run: 'helm get manifest dark -n {ns}', out: ['kind: Secret'], not: ['{plain}', '{base}'] },
  { run: 'helm get all dark -n {ns}', out: ['kind: Secret'], not: ['{plain}', '{base}'] },
  { run: 'helm get values dark -n {ns}', not: ['{plain}', '{base}'] },
  { run: 'kubectl get secrets -n {ns} -l owner=helm -o yaml', out: ['release:'], not: ['{plain}', '{base}'] },
  // The values helm read back were masked: written back, they are what they were.
  {
    run: 'helm upgrade dark {charts}/chart-secret -n {ns} --reuse-values --set greeting=again',
    out: ['Release "dark" has been upgraded', 'REVISION: 2'],
    not: ['{plain}', '{base}'],
  },
  { run: 'helm rollback dark 1 -n {ns}', out: ['Rollback was a success'], not: ['{plain}', '{base}'] },
  { run: 'helm list -n {ns}', out: ['dark'], not: ['{plain}', '{base}'] },
  {
    run: 'helm upgrade dark {charts}/chart-secret -n {ns} --set image={image},password={plain},greeting=again',
    out: ['Release "dark" has been upgraded', 'REVISION: 4'],
    not: ['{plain}', '{base}'],
  },
  {
    name: 'the Secret of the release is as it was',
    check: async (door) => {
      const args = ['get', 'secret', 'dark-secret', '-n', door.fill('{ns}'), '-o', 'jsonpath={.data}']
      expect(JSON.parse((await door.installation.admin(args)).stdout)).toEqual({ password: door.places.base })
    },
  },
  { run: 'helm uninstall dark -n {ns}', out: ['release "dark" uninstalled'], not: ['{plain}', '{base}'] },
  { run: 'helm list -n {ns}', not: ['dark'] },
]
