// What the stories of held commands have in common. In: a stage, an agent. Out: what its clients said.

import { mkdir, writeFile } from 'node:fs/promises'
import type { Version } from '../installation.ts'
import type { Running } from '../process.ts'
import type { Agent, Stage } from './stage.ts'

export interface Of {
  readonly stage: () => Stage
  readonly namespace: () => string
  readonly version: Version
  /** workerd does not say that a client has gone while it waits for its answer: seen only when it does not come again. */
  readonly blind?: boolean
}

/** Waits for what another process does. `expect.poll` does not know its test among those that run beside it. */
export async function eventually(what: string, check: () => Promise<boolean>, limitMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + limitMs
  while (!(await check())) {
    if (Date.now() > giveUpAt) throw new Error(`gave up waiting until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export const said = async (client: Running): Promise<[code: number, text: string]> => {
  const { code, stdout, stderr } = await client.done
  return [code, `${stdout}\n${stderr}`]
}

export const creating = (name: string) => ({ run: `kubectl create configmap ${name} -n {ns} --from-literal=a=b` })

/** A folder with manifests, as an agent would apply it. */
export async function directory(agent: Agent, files: Readonly<Record<string, string>>): Promise<void> {
  const path = agent.door.fill('{dir}/all')
  await mkdir(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(`${path}/${name}.yaml`, text)
}
