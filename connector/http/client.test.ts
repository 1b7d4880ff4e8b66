import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { HttpClient } from './client.ts'

test('a body in chunks of one byte and of many is put together while nobody reads, and arrives whole', async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.cork()
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      for (const part of BODY.match(/[a-y]|z+/g) ?? []) socket.write(`${part.length.toString(16)}\r\n${part}\r\n`)
      socket.write('0\r\n\r\n')
      socket.uncork()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = new HttpClient({ host: '127.0.0.1', port, tls: null })
  try {
    const answer = await client.request(
      { method: 'GET', target: '/', headers: [['Host', 'h']], body: null },
      new AbortController().signal,
    )
    let text = ''
    let pieces = 0
    for (let chunk = await answer.read(); chunk !== null; chunk = await answer.read()) {
      text += Buffer.from(chunk).toString('latin1')
      pieces += 1
    }
    expect(text).toBe(BODY)
    expect(pieces).toBeLessThan(BODY.length / 50)
  } finally {
    client.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

const BODY = `${'abcdefgh'.repeat(2_000)}${'z'.repeat(70_000)}${'ij'.repeat(3_000)}${'z'.repeat(1_500)}${'klm'.repeat(20_000)}`
