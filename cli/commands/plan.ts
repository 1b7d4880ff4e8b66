// plan -- kubectl …: runs a change as a server-side dry run. What policy would hold of it becomes one question to people.

import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { HoldSummary } from '../../worker/api/types.ts'
import { type Api, connectApi } from '../api.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { print } from '../output.ts'
import { safe } from '../safe.ts'
import { elsewhere, listed } from './listing.ts'

/** Verbs of kubectl that take --dry-run=server. */
const VERBS = new Set(
  'annotate apply autoscale cordon create delete drain expose label patch replace run scale set taint uncordon'.split(
    ' ',
  ),
)
/** Global options that take a value in the next argument. */
const VALUED = new Set(
  '-n --namespace --context --cluster --user --kubeconfig -s --server --request-timeout --as --as-group --token -v --v'.split(
    ' ',
  ),
)
const POLL_MS = 500
/** A plan is asked when its dry run has been quiet for two seconds: six seconds are enough, two when none is collected. */
const LOOKS = 12
const LOOKS_FOR_ANY = 4

/**
 * The command line as it is run.
 * @throws UsageError for anything but a kubectl command that can be tried
 */
export function dryRunOf(argv: readonly string[]): readonly string[] {
  const [program, ...rest] = argv
  if (program === undefined || !/^kubectl(?:\.exe)?$/.test(basename(program)))
    throw new UsageError('what stands behind -- must be kubectl and its arguments')
  let verb: string | undefined
  for (let index = 0; index < rest.length && verb === undefined; index += 1) {
    const argument = rest[index] ?? ''
    if (VALUED.has(argument)) index += 1
    else if (!argument.startsWith('-')) verb = argument
  }
  if (verb === undefined || !VERBS.has(verb))
    throw new UsageError(`kubectl ${verb ?? ''} cannot be planned; there are ${[...VERBS].join(', ')}`)
  const end = rest.indexOf('--')
  const own = end === -1 ? rest : rest.slice(0, end)
  const given = own.find((argument) => argument === '--dry-run' || argument.startsWith('--dry-run='))
  if (given === '--dry-run=server') return argv
  if (given !== undefined) throw new UsageError('a plan is --dry-run=server; leave --dry-run out')
  return [program, ...own, '--dry-run=server', ...(end === -1 ? [] : rest.slice(end))]
}

function run([program = '', ...rest]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: 'inherit' })
    child.on('error', (error) => reject(new Failure(`cannot run ${program}: ${error.message}`)))
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

/** Open plans by id; null where this data folder sees no approvals: an agent's does not. */
async function plansOf(invocation: Invocation): Promise<ReadonlyMap<string, HoldSummary> | null> {
  try {
    const api: Api = await connectApi(invocation.data)
    const open = await listed(api.all<HoldSummary>('/api/v1/approvals?open=true&limit=500'), 2_000)
    return new Map(open.filter(({ kind }) => kind === 'plan').map((hold) => [hold.id, hold]))
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

/** The plan that was not there before, once it is asked. Null: nothing of the dry run is held, or it cannot be seen. */
async function newPlan(
  invocation: Invocation,
  before: ReadonlyMap<string, HoldSummary>,
  pollMs: number,
): Promise<HoldSummary | null> {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const now = await plansOf(invocation)
    if (now === null) return null
    const found = [...now.values()].filter((hold) => !before.has(hold.id))
    const [asked] = found.filter(({ state }) => state !== 'collecting')
    if (asked !== undefined) return asked
    // Nothing is being collected: what passed without a question needs no plan.
    if (found.length === 0 && looks >= LOOKS_FOR_ANY) return null
    await pause(pollMs)
  }
  return null
}

export async function plan(invocation: Invocation, pollMs = POLL_MS): Promise<number> {
  const argv = dryRunOf(invocation.rest ?? [])
  const before = await plansOf(invocation)
  const code = await run(argv)
  if (code !== 0) return 1
  const opened = before === null ? null : await newPlan(invocation, before, pollMs)
  if (opened !== null) {
    print(
      `\nplan ${opened.id}: ${safe(opened.title)}\n  to be answered with: sallyport approvals show ${opened.id}${elsewhere(invocation)}\n`,
    )
  } else if (before !== null) print('\nno plan was opened: nothing in it is held\n')
  else print('\nwhat policy holds of this is now one plan in the approvers’ inbox\n')
  if (opened !== null || before === null) print('Run the command itself when it is approved, or at once: it waits.\n')
  return 0
}
