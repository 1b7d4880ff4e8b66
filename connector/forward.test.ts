import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { STREAM_WINDOW_BYTES } from '../protocol/tunnel/limits.ts'
import { acceptKey, fromDuplex, type MessageSocket } from '../protocol/websocket.ts'
import { escapeExtraKey } from './impersonate.ts'
import { READ_AHEAD_BYTES, RESPONSE_HEAD_TIMEOUT_MS, WRITE_SOCKET_MS } from './limits.ts'
import { ask, fakeApi, joinForwarder, requestHead, statusOf, textOf } from './testing.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type OnRequest = (request: IncomingMessage, response: ServerResponse) => void
type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

async function setUp(onRequest: OnRequest, onUpgrade?: OnUpgrade) {
  const api = await fakeApi(onRequest, onUpgrade)
  const joined = joinForwarder(api.target)
  closers.push(api.close, () => joined.forwarder.close())
  return { api, joined }
}

function fieldsOf(request: IncomingMessage): string[] {
  return request.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${request.rawHeaders[i + 1]}`] : []))
}

describe('requests', () => {
  test('go out byte for byte, with identity and credentials set last', async () => {
    const seen: string[] = []
    const { joined } = await setUp((request, response) => {
      seen.push(request.url ?? '', ...fieldsOf(request).slice(1))
      response.end('{"kind":"PodList"}')
    })
    const target = '/api/v1/namespaces/d/pods?labelSelector=a%3Db,c!%3d%22x%22&limit=5'
    const user = { username: 'agent', uid: 'u1', groups: ['g1', 'g2'], extra: { 'example.com/Purpose': ['x', 'y'] } }
    const stream = ask(joined, requestHead({ target, user }))
    expect(statusOf(await stream.response)).toBe(200)
    expect(await textOf(stream)).toBe('{"kind":"PodList"}')
    expect(seen).toEqual([
      target,
      'accept: application/json',
      'Accept-Encoding: identity',
      'Audit-ID: 01890a5d-ac96-774b-bcce-b302099a8057',
      'Authorization: Bearer cluster-token',
      'Impersonate-User: agent',
      'Impersonate-Uid: u1',
      'Impersonate-Group: g1',
      'Impersonate-Group: g2',
      'Impersonate-Extra-example.com%2FPurpose: x',
      'Impersonate-Extra-example.com%2FPurpose: y',
    ])
  })

  test('a body of 3 MiB arrives whole, with its length', async () => {
    const { joined } = await setUp((request, response) => {
      let length = 0
      request.on('data', (chunk: Buffer) => {
        length += chunk.length
      })
      request.on('end', () => response.writeHead(201).end(`${request.headers['content-length']} ${length}`))
    })
    const body = new Uint8Array(3 * 1024 * 1024).fill(120)
    const stream = ask(joined, requestHead({ method: 'POST' }), body)
    expect(statusOf(await stream.response)).toBe(201)
    expect(await textOf(stream)).toBe(`${body.length} ${body.length}`)
  })

  test('a write without a body says so with a length of 0', async () => {
    const { joined } = await setUp((request, response) => response.end(request.headers['content-length']))
    const stream = ask(joined, requestHead({ method: 'DELETE' }))
    expect(await textOf(stream)).toBe('0')
  })

  test('connections are used again, one after the other', async () => {
    const ports = new Set<number | undefined>()
    const { joined } = await setUp((request, response) => {
      ports.add(request.socket.remotePort)
      response.end('x')
    })
    for (let i = 0; i < 5; i++) await textOf(ask(joined, requestHead()))
    expect(ports.size).toBe(1)
  })

  test('a read whose kept-alive connection was closed meanwhile is sent again', async () => {
    let count = 0
    const { joined } = await setUp((request, response) => {
      count++
      if (count === 2) request.socket.destroy()
      else response.end(`answer ${count}`)
    })
    expect(await textOf(ask(joined, requestHead()))).toBe('answer 1')
    expect(await textOf(ask(joined, requestHead()))).toBe('answer 3')
  })

  test('a write whose kept-alive connection was closed meanwhile is not', async () => {
    const methods: (string | undefined)[] = []
    const { joined } = await setUp((request, response) => {
      methods.push(request.method)
      if (request.method === 'POST') request.socket.destroy()
      else response.end('x')
    })
    await textOf(ask(joined, requestHead()))
    const answer = await ask(joined, requestHead({ method: 'POST' }), Uint8Array.of(1)).response
    expect(answer).toMatchObject({ failure: { kind: 'unreachable', sent: true } })
    expect(methods).toEqual(['GET', 'POST'])
  })

  test('a write takes a new connection where the old one was idle for some seconds', async () => {
    const ports: (number | undefined)[] = []
    const { joined } = await setUp((request, response) => {
      ports.push(request.socket.remotePort)
      response.end('x')
    })
    const started = performance.now()
    const now = vi.spyOn(performance, 'now').mockReturnValue(started)
    try {
      const post = () => textOf(ask(joined, requestHead({ method: 'POST' }), Uint8Array.of(1)))
      await post()
      now.mockReturnValue(started + WRITE_SOCKET_MS)
      await post()
      now.mockReturnValue(started + 2 * WRITE_SOCKET_MS + 1)
      await post()
      expect(ports[1]).toBe(ports[0])
      expect(ports[2]).not.toBe(ports[0])
    } finally {
      now.mockRestore()
    }
  })

  test('an API server that cannot be reached is said, and that nothing was sent', async () => {
    const { api, joined } = await setUp(() => undefined)
    await api.close()
    const answer = await ask(joined, requestHead({ method: 'POST' }), Uint8Array.of(1)).response
    expect(answer).toMatchObject({ failure: { kind: 'unreachable', sent: false } })
  })

  test.each([
    ['a list is given up', '/api/v1/namespaces/d/pods', false],
    ['a watch is waited for', '/api/v1/namespaces/d/pods?watch=true', true],
    ['a quiet log is waited for', '/api/v1/namespaces/d/pods/p/log?container=c&follow=true', true],
  ])('when no head comes: %s', async (_name, target, waits) => {
    const asked = Promise.withResolvers<ServerResponse>()
    const { joined } = await setUp((_request, response) => asked.resolve(response))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const stream = ask(joined, requestHead({ target }))
      const response = await asked.promise
      // Bytes pass at most every 10 s in a tunnel that is alive; this one is in memory and answers its PINGs.
      for (let ms = 0; ms <= RESPONSE_HEAD_TIMEOUT_MS; ms += 5_000) {
        vi.advanceTimersByTime(5_000)
        for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve))
      }
      if (waits) response.end('late')
      const answer = await stream.response
      if (waits) expect(statusOf(answer)).toBe(200)
      else expect(answer).toMatchObject({ failure: { kind: 'timeout', sent: true } })
    } finally {
      vi.useRealTimers()
    }
  })

  test('a refused credential is renewed once and the request sent again', async () => {
    const seen: (string | undefined)[] = []
    const api = await fakeApi((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(request.headers.authorization === 'Bearer new' ? 200 : 401).end('x')
    })
    closers.push(api.close)
    let token = 'old'
    const target = {
      ...api.target,
      credentials: () => Promise.resolve({ authorization: `Bearer ${token}` }),
      refuse: () => {
        token = 'new'
        return true
      },
    }
    const joined = joinForwarder(target)
    const stream = ask(joined, requestHead({ method: 'POST' }), Uint8Array.of(1))
    expect(statusOf(await stream.response)).toBe(200)
    expect(seen).toEqual(['Bearer old', 'Bearer new'])
    joined.forwarder.close()
  })
})

describe('answers', () => {
  test('hop-by-hop fields stay behind, repeats stay apart', async () => {
    const { joined } = await setUp((_request, response) => {
      response.writeHead(
        200,
        [
          ['Warning', '299 - "a"'],
          ['Warning', '299 - "b"'],
          ['Keep-Alive', 'timeout=5'],
          ['Content-Type', 'text/plain'],
        ].flat(),
      )
      response.end('x')
    })
    const answer = await ask(joined, requestHead()).response
    const headers = 'headers' in answer ? answer.headers.filter(([name]) => name !== 'date') : []
    expect(headers).toEqual([
      ['warning', '299 - "a"'],
      ['warning', '299 - "b"'],
      ['content-type', 'text/plain'],
    ])
  })

  // threats.md, row 5
  test.each([
    ['another host', 'https://evil.example/api', false],
    ['another host without a scheme', '//evil.example/api', false],
    ['a backslash that browsers take for a slash', '/\\evil.example', false],
    ['another scheme', 'javascript:alert(1)', false],
    ['a path on the same server', '/api/v1/', true],
  ])('a redirect to %s is not followed and its Location %#', async (_name, location, kept) => {
    let requests = 0
    const { joined } = await setUp((_request, response) => {
      requests++
      response.writeHead(302, { location }).end()
    })
    const answer = await ask(joined, requestHead()).response
    expect(statusOf(answer)).toBe(302)
    expect('headers' in answer && answer.headers.some(([name]) => name === 'location')).toBe(kept)
    expect(requests).toBe(1)
  })

  test('one that breaks off is broken off, never ended as if whole', async () => {
    const { joined } = await setUp((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.socket?.destroy())
    })
    await expect(textOf(ask(joined, requestHead()))).rejects.toMatchObject({ code: 'upstream' })
  })

  test('a client that stops reading stops the API server, and memory stays bounded', async () => {
    let written = 0
    const { joined } = await setUp((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (!response.destroyed) {
          written += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
      }
      more()
    })
    const stream = ask(joined, requestHead())
    await stream.response
    let before = -1
    while (written !== before) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(joined.gateway.unreadBytes).toBeLessThanOrEqual(STREAM_WINDOW_BYTES)
    expect(joined.gateway.unreadBytes).toBeGreaterThan(STREAM_WINDOW_BYTES / 2)
    // What is beyond the window and our read-ahead is in the kernel's socket buffers.
    expect(written).toBeLessThan(STREAM_WINDOW_BYTES + READ_AHEAD_BYTES + 16 * 1024 * 1024)
    stream.reset('cancelled', '')
  })

  test('a client that has gone closes the connection to the API server', async () => {
    const closed = Promise.withResolvers<void>()
    const { joined } = await setUp((_request, response) => {
      response.on('close', closed.resolve)
      response.write('first')
    })
    const stream = ask(joined, requestHead({ target: '/api/v1/namespaces/d/pods?watch=true' }))
    await stream.read()
    stream.reset('cancelled', 'the client has gone')
    await closed.promise
  })
})

test.each([
  ['plain', 'plain'],
  ['example.com/Key', 'example.com%2FKey'],
  ['50%', '50%25'],
  ['ü', '%C3%BC'],
  ['a b:c', 'a%20b%3Ac'],
])('the extra key %s becomes %s', (key, escaped) => {
  expect(escapeExtraKey(key)).toBe(escaped)
  expect(decodeURIComponent(escaped)).toBe(key)
})

describe('upgrades', () => {
  const exec = (query: string) =>
    requestHead({
      target: `/api/v1/namespaces/d/pods/p/exec?command=sh${query}`,
      headers: [],
      upgrade: { protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'] },
    })

  /** A server that knows some subprotocols and answers as Kubernetes does when it knows none of the offered. */
  function serving(known: readonly string[], run: (socket: MessageSocket) => void, dials: string[] = []): OnUpgrade {
    return (request, socket, head) => {
      const protocol = request.headers['sec-websocket-protocol'] ?? ''
      dials.push(protocol)
      if (!known.includes(protocol)) return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      const key = request.headers['sec-websocket-key'] ?? ''
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
      )
      run(fromDuplex(socket, { role: 'server', protocol, head, maxMessageBytes: 1 << 20 }))
    }
  }

  async function echo(socket: MessageSocket): Promise<void> {
    for (let message = await socket.read(); message !== null; message = await socket.read()) await socket.write(message)
    socket.close(1000, '')
  }

  test('messages pass both ways in order, large and empty ones too, until both have ended', async () => {
    const { joined } = await setUp(
      () => undefined,
      serving(['v5.channel.k8s.io'], (socket) => void echo(socket).catch(() => undefined)),
    )
    const stream = ask(joined, exec(''))
    expect(await stream.response).toEqual({ upgraded: true, protocol: 'v5.channel.k8s.io' })
    for (const length of [1, 0, 600_000, 2]) {
      void stream.write(new Uint8Array(length).fill(1))
      expect((await stream.read())?.length).toBe(length)
    }
    stream.end()
    expect(await stream.read()).toBeNull()
    expect(joined.gateway.streams).toBe(0)
  })

  test('an API server that does not know v5 is asked for v4', async () => {
    const dials: string[] = []
    const { joined } = await setUp(
      () => undefined,
      serving(['v4.channel.k8s.io'], (socket) => void echo(socket).catch(() => undefined), dials),
    )
    const stream = ask(joined, exec('&stdin=true&tty=true'))
    expect(await stream.response).toEqual({ upgraded: true, protocol: 'v4.channel.k8s.io' })
    expect(dials).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    stream.reset('cancelled', '')
  })

  test('on v4 a half-closed stdin is answered with a failure, not with silence', async () => {
    const { joined } = await setUp(
      () => undefined,
      serving(['v4.channel.k8s.io'], () => undefined),
    )
    const stream = ask(joined, exec('&stdin=true&tty=true'))
    await stream.response
    void stream.write(Uint8Array.of(255, 0))
    const message = await stream.read()
    expect(message?.[0]).toBe(3)
    expect(JSON.parse(Buffer.from(message?.subarray(1) ?? []).toString())).toMatchObject({ status: 'Failure' })
    stream.end()
    expect(await stream.read()).toBeNull()
  })

  test('piped stdin to a v4-only server is refused in words', async () => {
    const { joined } = await setUp(
      () => undefined,
      serving(['v4.channel.k8s.io'], (socket) => void echo(socket).catch(() => undefined)),
    )
    const answer = await ask(joined, exec('&stdin=true')).response
    expect(answer).toMatchObject({
      failure: { kind: 'unsupported', sent: false, message: expect.stringMatching(/1\.30/) },
    })
  })

  test('port-forward to a server that only knows SPDY is refused in words', async () => {
    const { joined } = await setUp(
      () => undefined,
      (_request, socket) =>
        void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nport'),
    )
    const head = requestHead({
      target: '/api/v1/namespaces/d/pods/p/portforward',
      upgrade: { protocols: ['SPDY/3.1+portforward.k8s.io'] },
    })
    expect(await ask(joined, head).response).toMatchObject({ failure: { kind: 'unsupported', sent: false } })
  })

  test('a Status instead of a 101 comes back as an ordinary answer, and v4 is not tried', async () => {
    const dials: string[] = []
    const body = '{"kind":"Status","code":403}'
    const { joined } = await setUp(
      () => undefined,
      (request, socket) => {
        dials.push(request.headers['sec-websocket-protocol'] ?? '')
        socket.end(
          `HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        )
      },
    )
    const stream = ask(joined, exec(''))
    expect(statusOf(await stream.response)).toBe(403)
    expect(await textOf(stream)).toBe(body)
    expect(dials).toHaveLength(1)
  })

  // threats.md, row 5
  test('a redirect instead of a 101 is not followed', async () => {
    const { joined } = await setUp(
      () => undefined,
      (_request, socket) =>
        void socket.end('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n'),
    )
    const answer = await ask(joined, exec('')).response
    expect(answer).toEqual({ status: 302, headers: [['content-length', '0']] })
  })

  test.each([
    [
      'a wrong accept key',
      'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n',
    ],
    ['another subprotocol', 'Sec-WebSocket-Accept: %\r\nSec-WebSocket-Protocol: v1.channel.k8s.io\r\n'],
    ['no subprotocol', 'Sec-WebSocket-Accept: %\r\n'],
    [
      'an extension',
      'Sec-WebSocket-Accept: %\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\nSec-WebSocket-Extensions: permessage-deflate\r\n',
    ],
  ])('a 101 with %s is not taken', async (_name, lines) => {
    const { joined } = await setUp(
      () => undefined,
      (request, socket) => {
        const accept = acceptKey(request.headers['sec-websocket-key'] ?? '')
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${lines.replace('%', accept)}\r\n`,
        )
      },
    )
    expect(await ask(joined, exec('')).response).toMatchObject({ failure: { kind: 'protocol', sent: true } })
  })

  test('a client that has gone ends the API server’s side', async () => {
    const ended = Promise.withResolvers<unknown>()
    const { joined } = await setUp(
      () => undefined,
      serving(['v5.channel.k8s.io'], (socket) => void socket.read().then(ended.resolve, ended.resolve)),
    )
    const stream = ask(joined, exec(''))
    await stream.response
    stream.reset('cancelled', 'the client has gone')
    expect(await ended.promise).toBeNull()
  })

  test('an API server that breaks off resets the stream', async () => {
    const { joined } = await setUp(
      () => undefined,
      (request, socket, head) =>
        serving(['v5.channel.k8s.io'], () => setImmediate(() => socket.destroy()))(request, socket, head),
    )
    const stream = ask(joined, exec(''))
    await stream.response
    await expect(stream.read()).rejects.toMatchObject({ code: 'upstream' })
  })
})
