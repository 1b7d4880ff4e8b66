// How long clients wait: held for 5 s, 60 s and 10 min, kubectl and helm of both generations, all at once; each must finish by
// itself. `npm run test:waits`: takes eleven minutes, so it is no part of the suite, whose holds are answered after seconds.
// The gateway polls as it does by default: clients are told to come again many times in ten minutes. Exit code 1: one did not.
// On the demo cluster, or on the real one whose administrator's kubeconfig KUBECONFIG names.

import { setTimeout as wait } from 'node:timers/promises'
import { openStage, type Stage } from './holds/stage.ts'
import type { Version } from './installation.ts'

const WAITS_S = (process.env.WAITS_S ?? '5,60,600').split(',').map(Number)
const COMMANDS: Readonly<Record<string, string>> = {
  'kubectl create': 'kubectl create configmap {name} -n {ns} --from-literal=a=b',
  'kubectl delete': 'kubectl delete configmap {name}-old -n {ns}',
  'kubectl exec': 'kubectl exec box -n {ns} -- echo through',
  'helm install': 'helm install {name}-chart {charts}/chart -n {ns} --set image={image},replicas=0',
}
const VERSIONS: readonly Version[] = ['v35', 'v30']

const pod = (image: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'box' },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        { name: 'main', image, command: ['sh', '-c', 'while :; do sleep 1; done'], imagePullPolicy: 'IfNotPresent' },
      ],
    },
  })

/** @returns what went wrong; null: it finished by itself */
async function one(
  stage: Stage,
  namespace: string,
  version: Version,
  command: string,
  seconds: number,
): Promise<string | null> {
  const name = `w${seconds}-${version}-${command.replace(' ', '-')}`
  const agent = await stage.agent(version, 'held', namespace)
  const client = agent.door.start((COMMANDS[command] ?? '').replaceAll('{name}', name), {
    limitMs: (seconds + 120) * 1000,
  })
  const hold = await stage.people.pending(agent.username, client)
  await wait(Math.max(0, Date.parse(hold.openedAt) + seconds * 1000 - Date.now()))
  // One grant covers what helm writes after its first.
  const grant = command.startsWith('helm') ? { grant: { scope: 'namespace', forS: 120 } as const } : {}
  await stage.people.approve(hold.id, grant)
  const { code, stderr } = await client.done
  return code === 0 ? null : `exit code ${code}: ${stderr}`
}

async function main(): Promise<number> {
  const runtime = process.env.RUNTIME === 'deno' || process.env.RUNTIME === 'workerd' ? process.env.RUNTIME : 'bun'
  const stage = await openStage({ runtime, kubeconfig: process.env.KUBECONFIG ?? '' })
  let failed = 0
  try {
    const namespace = await stage.namespace('waits')
    await stage.admin(['apply', '-n', namespace, '-f', '-'], pod('localhost/busybox:1'))
    for (const seconds of WAITS_S) {
      for (const version of VERSIONS) {
        const name = `w${seconds}-${version}-kubectl-delete-old`
        await stage.admin(['create', 'configmap', name, '-n', namespace])
      }
    }
    await stage.admin(['wait', '-n', namespace, '--for=condition=Ready', 'pod/box', '--timeout=60s'])
    await Promise.all(
      WAITS_S.flatMap((seconds) =>
        VERSIONS.flatMap((version) =>
          Object.keys(COMMANDS).map(async (command) => {
            const wrong = await one(stage, namespace, version, command, seconds).catch((error: unknown) =>
              String(error),
            )
            if (wrong !== null) failed += 1
            process.stdout.write(
              `${wrong === null ? 'ok    ' : 'FAILED'} ${command} (${version}) held for ${seconds} s${wrong === null ? '' : `: ${wrong}`}\n`,
            )
          }),
        ),
      ),
    )
  } finally {
    await stage.close()
  }
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
