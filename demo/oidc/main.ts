// The demo's OIDC provider as a process, on Node (the runtime oidc-provider supports): `main.ts --config FILE`.
// Prints one JSON line `{"ready":true,"url":…}` on stdout when it listens. One login code opens it for everybody: never use it elsewhere.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import process from 'node:process'
import { createDemoProvider } from './provider.ts'
import { parseDemoOidcSettings } from './settings.ts'

function main(argv: readonly string[]): void {
  const at = argv.indexOf('--config')
  const file = at === -1 ? undefined : argv[at + 1]
  if (file === undefined) {
    process.stderr.write('usage: main.ts --config FILE\n')
    process.exit(2)
  }
  const settings = parseDemoOidcSettings(JSON.parse(readFileSync(file, 'utf8')))
  const tls = { cert: readFileSync(settings.certFile), key: readFileSync(settings.keyFile) }
  const server = createServer(
    tls,
    createDemoProvider(settings, () => performance.now()),
  )
  const { port } = new URL(settings.issuer)
  server.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
  server.listen(Number(port), '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ ready: true, url: settings.issuer })}\n`)
  })
  const stop = () => {
    server.closeAllConnections()
    server.close(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

main(process.argv.slice(2))
