// A gateway as a process, on Bun or Deno: `worker/runtime/main.ts --config FILE`.
// Prints one JSON line `{"ready":true,"url":…}` on stdout when it listens; one JSON line a notable thing on stderr.

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { parseProcessConfig } from './processconfig.ts'
import { startGateway } from './start.ts'

async function main(argv: readonly string[]): Promise<void> {
  // The database holds what agents did: nobody else on the machine may read its files.
  process.umask(0o077)
  const at = argv.indexOf('--config')
  const file = at === -1 ? undefined : argv[at + 1]
  if (file === undefined) {
    process.stderr.write('usage: main.ts --config FILE\n')
    process.exit(2)
  }
  const settings = parseProcessConfig(parseJson(await readFile(file, 'utf8'), file), dirname(resolve(file)))
  const gateway = await startGateway(settings)
  process.stdout.write(`${JSON.stringify({ ready: true, url: settings.config.url, port: gateway.port })}\n`)
  const stop = (): void => {
    gateway.close(2_000).then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** The runtime's own message would quote the file, which holds the signing key. */
function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${file} is not JSON`)
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `${JSON.stringify({ level: 'fatal', message: error instanceof Error ? error.message : String(error) })}\n`,
  )
  process.exit(1)
})
