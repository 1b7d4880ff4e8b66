import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { fetchWithCa } from './fetch.ts'

const servers: ReturnType<typeof createServer>[] = []

/** A server of a stranger's making, at a port of its own. */
async function serverAt(status: number, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status, headers).end('x'))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}/`
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

describe('an answer', () => {
  it.each([200, 204, 205, 304, 404, 500])('of status %d is handed over', async (status) => {
    expect((await fetchWithCa(await serverAt(status), { method: 'POST', body: '{}' })).status).toBe(status)
  })

  it('that is a redirect is handed over and not followed', async () => {
    const answer = await fetchWithCa(await serverAt(302, { location: 'http://127.0.0.1:1/' }), {})
    expect(answer.status).toBe(302)
  })

  it.each([600, 999])('of status %d rejects, and brings nothing else down', async (status) => {
    await expect(fetchWithCa(await serverAt(status), {})).rejects.toThrow()
  })
})
