// policy test: cases against policy files, without a gateway, by the code that decides. For people and for CI.

import process from 'node:process'
import { type CaseResult, type SourceFile, testPolicies } from '../../worker/policycases.ts'
import { Failure, type Invocation, UsageError } from '../command.ts'
import { print, printJson, printLines } from '../output.ts'
import { safe, safeLines } from '../safe.ts'
import { readSource } from './documents.ts'

const sourcesOf = (files: readonly string[]): Promise<readonly SourceFile[]> =>
  Promise.all(files.map(async (file) => ({ file, text: await readSource(file) })))

/** Files that cannot be read are a matter of how the command was called, not of a case that fails. */
async function sources(files: readonly string[]): Promise<readonly SourceFile[]> {
  try {
    return await sourcesOf(files)
  } catch (error) {
    throw error instanceof Failure ? new UsageError(error.message) : error
  }
}

function line({ file, line, name, passed, expected, decided }: CaseResult): string {
  const place = `${passed ? 'ok  ' : 'FAIL'}  ${file}:${line}  ${name}: `
  if (passed) return safe(`${place}${decided.effect}`)
  const by = [decided.policy, decided.rule].filter((part) => part !== '').join('/') || 'no rule'
  const wanted = expected.rule === null ? expected.effect : `${expected.effect} by ${expected.rule}`
  const why = decided.reason === '' ? '' : `: ${decided.reason}`
  return safe(`${place}expected ${wanted}, got ${decided.effect} by ${by}${why}`)
}

export async function policyTest(invocation: Invocation): Promise<number> {
  const policies = invocation.options('file')
  if (policies.length === 0) throw new UsageError('-f POLICY is missing')
  const except = invocation.options('except')
  const tested = testPolicies(await sources(policies), await sources(invocation.positionals), except)
  if (!tested.ok) {
    process.stderr.write(
      tested.errors
        .flatMap(safeLines)
        .map((error) => `sallyport: ${error}\n`)
        .join(''),
    )
    return 2
  }
  const failed = tested.results.filter(({ passed }) => !passed).length
  const passed = tested.results.length - failed
  if (invocation.json) {
    printJson({ passed, failed, items: tested.results.map((one) => ({ id: `${one.file}:${one.line}`, ...one })) })
  } else {
    printLines(tested.results.map(line))
    print(`\n${passed} passed, ${failed} failed\n`)
  }
  return failed === 0 ? 0 : 1
}
