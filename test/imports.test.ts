// Who may import whom (docs/architecture.md), as the linter enforces it: each row is an import that must be refused or pass.

import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const BIOME = join(ROOT, 'node_modules/.bin/biome')

function isRefused(file: string, specifier: string): boolean {
  const { stdout, stderr } = spawnSync(BIOME, ['lint', `--stdin-file-path=${file}`], {
    cwd: ROOT,
    input: `import { a } from '${specifier}'\n\nexport const b = a\n`,
    encoding: 'utf8',
  })
  return `${stdout}${stderr}`.includes('noRestrictedImports')
}

describe('imports', () => {
  it.each([
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
    ['worker/hub.ts', '../db/embedded.ts'],
    ['worker/hub/x.ts', 'node:fs'],
    ['worker/api/routes/x.ts', '../../../db/store.ts'],
    ['db/x.ts', '../worker/hub.ts'],
    ['connector/x.ts', '../worker/context.ts'],
    ['replay-ui/src/x.ts', '../../worker/hub.ts'],
    ['cli/commands/x.ts', '../../db/embedded.ts'],
    ['demo/kube/x.ts', '../../worker/context.ts'],
  ])('%s may not import %s', (file, specifier) => {
    expect(isRefused(file, specifier)).toBe(true)
  })

  it.each([
    ['protocol/tunnel/x.ts', '../status.ts'],
    ['worker/mask/x.ts', '../context.ts'],
    ['worker/mask/x.ts', '../../protocol/status.ts'],
    ['worker/hub/x.ts', '../record/entries.ts'],
    ['db/x.ts', '../worker/ports.ts'],
    ['replay-ui/src/x.ts', '../../worker/api/types.ts'],
    ['cli/commands/x.ts', '../../worker/api/types.ts'],
    ['connector/x.ts', '../protocol/websocket.ts'],
  ])('%s may import %s', (file, specifier) => {
    expect(isRefused(file, specifier)).toBe(false)
  })
})
