// The files of the data folder that the CLI reads and writes. Whatever holds a secret is 0600 and appears whole or not at all.

import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { Failure } from './command.ts'

const cliState = v.object({
  /** The gateway's base URL. */
  url: v.string(),
  /** PEM of the CA that signs its certificate; absent: a public one. */
  ca: v.optional(v.string()),
  /** A gateway token for the API. */
  token: v.string(),
  /** RFC 3339. */
  expiresAt: v.string(),
})
/** `cli.json`: where the CLI finds its gateway, and as whom. */
export type CliState = v.InferOutput<typeof cliState>

const agentState = v.object({
  url: v.string(),
  ca: v.optional(v.string()),
  /** An endpoint that gives an identity provider's token for a secret: the demo's. */
  machine: v.object({ url: v.string(), secret: v.string() }),
})
/** `agent.json`: how `sallyport token` comes by an identity provider's token on the machine of `sallyport up`. */
export type AgentState = v.InferOutput<typeof agentState>

/** Writes a file whole: readers see the old or the new one. */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, text, { mode })
  await rename(draft, path)
}

/** A file's text; null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function readState<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T | null> {
  const text = await readIfThere(path)
  if (text === null) return null
  try {
    return v.parse(schema, JSON.parse(text))
  } catch {
    throw new Failure(`${path} is damaged; delete it and run the command that made it again`)
  }
}

/** @throws Failure when nobody has logged in with this data folder */
export async function readCliState(data: string): Promise<CliState> {
  const path = join(data, 'cli.json')
  const state = await readState(path, cliState)
  if (state !== null) return state
  throw new Failure(
    `there is no ${path}: start a gateway here with \`sallyport up\`, or log in to one with \`sallyport login URL\``,
  )
}

export function writeCliState(data: string, state: CliState): Promise<void> {
  return writeWhole(join(data, 'cli.json'), `${JSON.stringify(state, null, 2)}\n`)
}

/** Null when this data folder is not `sallyport up`'s. */
export function readAgentState(data: string): Promise<AgentState | null> {
  return readState(join(data, 'agent.json'), agentState)
}

export function writeAgentState(data: string, state: AgentState): Promise<void> {
  return writeWhole(join(data, 'agent.json'), `${JSON.stringify(state, null, 2)}\n`)
}
