// Ports of 127.0.0.1 for `sallyport up`. The identity provider's is kept from start to start, since it is part of its name.

import { createServer } from 'node:net'
import { join } from 'node:path'
import { Failure } from '../command.ts'
import { readIfThere, writeWhole } from '../state.ts'

/** Binds a port and lets go of it. 0: one the system chooses. Null: it is taken or not ours to take. */
function probe(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : null
      server.close(() => resolve(bound))
    })
  })
}

/** The gateway's port: the one asked for, or a free one for 0. @throws Failure when it is taken */
export async function gatewayPort(wanted: number): Promise<number> {
  const port = await probe(wanted)
  if (port !== null) return port
  throw new Failure(`port ${wanted} of 127.0.0.1 is taken; give another one with --port N (0: any)`)
}

/** The identity provider's port: the last one if it is still free. */
export async function providerPort(data: string): Promise<number> {
  const path = join(data, 'oidc.port')
  const last = Number((await readIfThere(path)) ?? '0')
  const kept = Number.isInteger(last) && last > 0 && last < 65_536 ? await probe(last) : null
  const port = kept ?? (await probe(0))
  if (port === null) throw new Failure('no port of 127.0.0.1 is free')
  await writeWhole(path, `${port}\n`)
  return port
}
