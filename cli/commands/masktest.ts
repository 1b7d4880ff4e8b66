// mask test: a file masked as the gateway would mask it, without a gateway, by the code that masks. For whoever writes masks.

import { getRandomValues } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { tryMasks } from '../../worker/masktrial.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { print, printJson, table } from '../output.ts'
import { safe, safeLines } from '../safe.ts'
import { readSource } from './documents.ts'

async function contentOf(file: string): Promise<Uint8Array> {
  if (file === '-') return new Uint8Array(await buffer(process.stdin))
  try {
    return new Uint8Array(await readFile(file))
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function policiesOf(files: readonly string[]): Promise<readonly { file: string; text: string }[]> {
  try {
    return await Promise.all(files.map(async (file) => ({ file, text: await readSource(file) })))
  } catch (error) {
    throw error instanceof Failure ? new UsageError(error.message) : error
  }
}

export async function maskTest(invocation: Invocation): Promise<number> {
  const [file = '-'] = invocation.positionals
  const policies = await policiesOf(invocation.options('file'))
  const secret = getRandomValues(new Uint8Array(32))
  const tried = tryMasks(policies, await contentOf(file), invocation.option('resource'), secret)
  if (!tried.ok) {
    const lines = 'errors' in tried ? tried.errors : [`the gateway would withhold it: ${tried.withheld}`]
    process.stderr.write(
      lines
        .flatMap(safeLines)
        .map((line) => `sallyport: ${line}\n`)
        .join(''),
    )
    return 'errors' in tried ? 2 : 1
  }
  const text = new TextDecoder().decode(tried.bytes)
  const rules = Object.entries(tried.report.rules).sort(([, one], [, other]) => other - one)
  if (invocation.json) {
    printJson({ as: tried.as, count: tried.report.count, rules: Object.fromEntries(rules), text })
    return 0
  }
  print(text.split('\n').map(safe).join('\n'))
  if (!text.endsWith('\n')) print('\n')
  const rows = rules.map(([rule, count]) => [rule, String(count)])
  process.stderr.write(
    `\nmasked as ${tried.as}: ${tried.report.count}\n${rows.length === 0 ? '' : table(['RULE', 'COUNT'], rows)}`,
  )
  return 0
}
