// A gateway that cannot start says why in one line and exits 1; the line holds nothing of the configuration's secrets.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issueCertificate, makeAuthority } from '../../demo/certificates.ts'
import { type RawAnswer, rawRequest } from './raw.ts'
import { startWorkerd } from './workerd.ts'
import { freePort, until } from './world.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const KEY = { kty: 'OKP', crv: 'Ed25519', x: 'eA', d: 'the-private-half', kid: 'k' }
const CONFIG = { url: 'https://127.0.0.1:1', signingKey: KEY, database: { url: 'file:log.db' } }
const LISTEN = { port: 0, certFile: 'cert.pem', keyFile: 'key.pem' }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-startup-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function start(runtime: string, file: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(
    join(ROOT, 'node_modules/.bin', runtime),
    [
      ...(runtime === 'deno' ? ['run', '--quiet', '--allow-all'] : []),
      join(ROOT, 'worker/runtime/main.ts'),
      ...['--config', file],
    ],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += String(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += String(chunk)
  })
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })))
}

const CASES: readonly (readonly [string, string | null, RegExp])[] = [
  ['a file that is not there', null, /cannot be read|no such file|ENOENT/i],
  ['a file that is not JSON', `{"config": {"signingKey": {"d": "the-private-half"`, /not JSON/],
  ['no listen', JSON.stringify({ config: CONFIG }), /listen/],
  ['a field that is not known', JSON.stringify({ config: { ...CONFIG, databse: 1 }, listen: LISTEN }), /databse/],
  [
    'a private key of another kind',
    JSON.stringify({ config: { ...CONFIG, signingKey: { ...KEY, kty: 'RSA' } }, listen: LISTEN }),
    /signingKey\.kty/,
  ],
  ['a certificate that is not there', JSON.stringify({ config: CONFIG, listen: LISTEN }), /cert\.pem/],
]

describe.each(['bun', 'deno'])('%s', (runtime) => {
  it.each(CASES)('%s', async (_name, text, says) => {
    const file = join(folder, `${runtime}.json`)
    await rm(file, { force: true })
    if (text !== null) await writeFile(file, text)
    const { code, stdout, stderr } = await start(runtime, file)
    expect(code).toBe(1)
    expect(stdout).toBe('')
    const lines = stderr.trimEnd().split('\n')
    expect(lines, stderr).toHaveLength(1)
    const line: unknown = JSON.parse(lines[0] ?? '')
    expect(line).toMatchObject({ level: 'fatal', message: expect.stringMatching(says) })
    expect(stderr).not.toContain('the-private-half')
  })
})

// A worker cannot refuse to start: it refuses every request instead.
describe('workerd', () => {
  it('answers by a Status and says why in its log', async () => {
    const authority = await makeAuthority('contract suite')
    const certificate = await issueCertificate(authority, {
      commonName: 'localhost',
      names: ['localhost', '127.0.0.1'],
    })
    const port = await freePort()
    const config = { ...CONFIG, signingKey: { ...KEY, kty: 'RSA' } }
    const child = await startWorkerd({ folder, port, config, certificate })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += String(chunk)
      })
    }
    let answer: RawAnswer | null = null
    await until('it answers', async () => {
      answer = await rawRequest({ port, ca: authority.cert, target: '/clusters/test/version' }).catch(() => null)
      return answer !== null
    })
    expect(answer).toMatchObject({ status: 500, text: expect.stringMatching(/"kind":"Status".*not configured/) })
    await until('the log says why', () => /signingKey\.kty/.test(output))
    expect(output).not.toContain('the-private-half')
    const ended = new Promise<void>((done) => child.once('exit', () => done()))
    child.kill('SIGKILL')
    await ended
  })
})
