// Who may import whom (docs/architecture.md), as the linter enforces it: each row is an import that must be refused or pass.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const BIOME = join(ROOT, 'node_modules/.bin/biome')

const REFUSED = [
  ['protocol/x.ts', '../worker/context.ts'],
  ['protocol/tunnel/x.ts', '../../db/schema.ts'],
  ['protocol/x.ts', 'valibot'],
  ['protocol/x.ts', 'node:fs'],
  ['worker/mask/x.ts', '../record/entries.ts'],
  ['worker/classify/x.ts', '../decide/decide.ts'],
  ['worker/decide/x.ts', '../hub.ts'],
  ['worker/record/x.ts', '../runtime/node.ts'],
  ['worker/tunnel/x.ts', '../../db/schema.ts'],
  ['worker/reply/x.ts', 'hono'],
  ['worker/authenticate/x.ts', 'node:crypto'],
  ['worker/hold/x.ts', '../decide/decide.ts'],
  ['worker/notify/x.ts', '../hold/holds.ts'],
  ['worker/decide/cel/x.ts', '../../mask/find.ts'],
  ['worker/decide/x.ts', '../documents.ts'],
  ['worker/mask/find/x.ts', '../../decide/decide.ts'],
  ['worker/mask/find/x.ts', '../../hub/masking.ts'],
  ['worker/mask/restore/x.ts', 'node:zlib'],
  ['worker/document/x.ts', '../mask/policy.ts'],
  ['worker/document/x.ts', '../documents.ts'],
  ['worker/hub.ts', '../db/embedded.ts'],
  ['worker/hub/x.ts', 'node:fs'],
  ['worker/api/routes/x.ts', '../../../db/store.ts'],
  ['db/x.ts', '../worker/hub.ts'],
  ['connector/x.ts', '../worker/context.ts'],
  ['replay-ui/src/x.ts', '../../worker/hub.ts'],
  ['cli/commands/x.ts', '../../db/embedded.ts'],
  ['cli/commands/x.ts', '../../worker/decide/decide.ts'],
  ['cli/commands/policytest.ts', '../../worker/masktrial.ts'],
  ['demo/kube/x.ts', '../../worker/context.ts'],
] as const

const ALLOWED = [
  ['protocol/tunnel/x.ts', '../status.ts'],
  ['worker/mask/x.ts', '../context.ts'],
  ['worker/mask/x.ts', '../../protocol/status.ts'],
  ['worker/mask/x.ts', '../document/problem.ts'],
  ['worker/mask/x.ts', './policy.ts'],
  ['worker/mask/find/x.ts', '../contract.ts'],
  ['worker/document/x.ts', '../ports.ts'],
  ['worker/hub/x.ts', '../record/entries.ts'],
  ['db/x.ts', '../worker/ports.ts'],
  ['replay-ui/src/x.ts', '../../worker/api/types.ts'],
  ['cli/commands/x.ts', '../../worker/api/types.ts'],
  ['cli/commands/policytest.ts', '../../worker/policycases.ts'],
  ['cli/commands/masktest.ts', '../../worker/masktrial.ts'],
  ['connector/x.ts', '../protocol/websocket.ts'],
] as const

/** One file per row in a folder laid out like the checkout, linted in one run with the checkout's own rules. */
let folder = ''
let refused: ReadonlySet<string> = new Set()

function fileOf(file: string, specifier: string): string {
  return join(dirname(file), `${basename(file, '.ts')}${specifier.replaceAll(/[^a-z]/g, '_')}.ts`)
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-imports-'))
  cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'))
  for (const [file, specifier] of [...REFUSED, ...ALLOWED]) {
    const path = join(folder, fileOf(file, specifier))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `import { a } from '${specifier}'\n\nexport const b = a\n`)
  }
  const args = ['lint', '--reporter=json', '--vcs-enabled=false', '--max-diagnostics=none', '.']
  const { stdout } = spawnSync(BIOME, args, { cwd: folder, encoding: 'utf8' })
  const report: { diagnostics: { category: string; location: { path: string } }[] } = JSON.parse(stdout)
  const found = report.diagnostics.filter(({ category }) => category === 'lint/style/noRestrictedImports')
  refused = new Set(found.map(({ location }) => location.path))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('imports', () => {
  it.each(REFUSED)('%s may not import %s', (file, specifier) => {
    expect(refused).toContain(fileOf(file, specifier))
  })

  it.each(ALLOWED)('%s may import %s', (file, specifier) => {
    expect(refused).not.toContain(fileOf(file, specifier))
  })
})
