// Commands that wait for a person and then finish by themselves. In: a stage. Out: tests, one per row and version.

import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { HoldSummary } from '../../../worker/api/types.ts'
import type { Version } from '../installation.ts'
import type { Running, RunOptions } from '../process.ts'
import { config } from './files.ts'
import type { Agent, Stage } from './stage.ts'

/** Longer than a poll of the suite's gateways: the client has been told to come again, and has. */
const A_ROUND_MS = 3_500

interface HeldRow {
  /** A command line with {places} of the door. */
  readonly run: string
  /** Files it needs, by name. */
  readonly files?: Readonly<Record<string, string>>
  readonly options?: RunOptions
  readonly out: RegExp
  /** Answered only after the client has been told to come again. */
  readonly round?: boolean
  /** As a grant for the namespace. */
  readonly grant?: boolean
  readonly on?: 'demo'
}

const EDITOR = { env: { KUBE_EDITOR: "sed -i 's/colour: blue/colour: green/'" } }

export const HELD: readonly HeldRow[] = [
  { run: 'kubectl create configmap made -n {ns} --from-literal=a=b', out: /^configmap\/made created\n$/ },
  { run: 'kubectl create configmap later -n {ns} --from-literal=a=b', out: /^configmap\/later created\n$/, round: true },
  // Its body is protobuf from kubectl 1.32 on.
  { run: 'kubectl create deployment made -n {ns} --image={image} --replicas=0', out: /deployment\.apps\/made created/ },
  { run: 'kubectl apply -n {ns} -f {dir}/new.yaml', files: { 'new.yaml': config('new', 'red') }, out: /configmap\/new created/ },
  { run: 'kubectl apply -n {ns} -f {dir}/a.yaml', files: { 'a.yaml': config('kept-a', 'red') }, out: /configmap\/kept-a configured/ },
  { run: 'kubectl apply --server-side -n {ns} -f {dir}/ss.yaml', files: { 'ss.yaml': config('ss', 'red') }, out: /serverside-applied/ },
  { run: `kubectl patch cm kept-b -n {ns} --type=merge -p '{"data":{"colour":"red"}}'`, out: /patched/ },
  { run: `kubectl patch cm late -n {ns} --type=json -p '[{"op":"replace","path":"/data/colour","value":"red"}]'`, out: /patched/, round: true },
  { run: 'kubectl scale deploy scaled -n {ns} --replicas=0', out: /scaled/ },
  { run: 'kubectl set image deploy/imaged -n {ns} app={image}-next', out: /image updated/ },
  { run: 'kubectl label cm kept-c -n {ns} tier=middle', out: /labeled/ },
  { run: 'kubectl edit cm edited -n {ns}', options: EDITOR, out: /edited/ },
  { run: 'kubectl replace -n {ns} -f {dir}/r.yaml', files: { 'r.yaml': config('replaced', 'red') }, out: /replaced/ },
  { run: 'kubectl delete cm doomed -n {ns}', out: /"doomed" deleted/, round: true },
  { run: 'kubectl delete pod doomed -n {ns} --wait=false', out: /"doomed" deleted/ },
  { run: 'helm install calm {charts}/chart -n {ns} --set image={image},replicas=0', out: /STATUS: deployed/, grant: true },
  { run: 'kubectl exec box -n {ns} -- echo through', out: /^through\n$/ },
  { run: `kubectl exec box -n {ns} -- sh -c 'echo later'`, out: /^later\n$/, round: true },
  { run: 'kubectl exec -i box -n {ns} -- cat', options: { stdin: 'piped\n' }, out: /^piped\n$/, on: 'demo' },
  { run: 'kubectl exec -it box -n {ns} -- echo hello', options: { tty: true }, out: /hello/ },
] // biome-ignore format: one row, one line

/** Starts a row's command and waits until a person is asked. */
export async function held(
  agent: Agent,
  row: Pick<HeldRow, 'run' | 'files' | 'options'>,
  stage: Stage,
): Promise<{ client: Running; hold: HoldSummary }> {
  const { door, username } = agent
  for (const [name, text] of Object.entries(row.files ?? {})) await writeFile(door.fill(`{dir}/${name}`), text)
  const client = door.start(row.run, row.options)
  return { client, hold: await stage.people.pending(username, client) }
}

/** Until the client must have been told to come again at least once. */
export async function aRound(hold: HoldSummary): Promise<void> {
  const wait = Date.parse(hold.openedAt) + A_ROUND_MS - Date.now()
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)))
}

/** Declares a test for each row. */
export function declareHeld(of: {
  stage: () => Stage
  namespace: () => string
  version: Version
  rows: readonly HeldRow[]
}): void {
  const { version } = of
  test.concurrent.each(of.rows.map((row) => [row.round ? `${row.run} (after a 429)` : row.run, row] as const))(
    '%s',
    async (_name, row) => {
      const stage = of.stage()
      if (row.on === 'demo' && stage.real) return
      const agent = await stage.agent(version, 'held', of.namespace())
      const { client, hold } = await held(agent, row, stage)
      if (row.round) await aRound(hold)
      await stage.people.approve(hold.id, row.grant ? { grant: { scope: 'namespace', forS: 300 } } : {})
      const { code, stdout, stderr } = await client.done
      expect([code, stdout], `${stdout}\n${stderr}`).toEqual([0, expect.stringMatching(row.out)])
      const all = await stage.people.of(agent.username)
      expect(all.map(({ id }) => id)).toEqual([hold.id])
    },
  )
}
