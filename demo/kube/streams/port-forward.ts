// Port-forward into a simulated pod: every declared container port answers HTTP with a small made-up page.
// In: a SPDY connection whose streams come in pairs, `error` and `data`. No socket of the host is opened.

import { type KubeObject, numberAt, objectsAt, textAt } from '../json.ts'
import type { PodRuntime } from '../pods/runtime.ts'
import type { SpdySession, SpdyStream } from './spdy.ts'

/** Head of a request; longer ones end the connection. */
const MAX_HEAD_BYTES = 16 * 1024

function page(pod: KubeObject, port: number, line: string): string {
  return `${JSON.stringify({ simulated: true, pod: pod.metadata.name, namespace: pod.metadata.namespace ?? '', port, request: line }, undefined, 2)}\n`
}

function answer(pod: KubeObject, port: number, head: string): { text: string; close: boolean } {
  const line = head.split('\r\n')[0] ?? ''
  const [method = '', path = '', version = ''] = line.split(' ')
  if (!version.startsWith('HTTP/1.'))
    return { text: 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n', close: true }
  const close = /\r\nconnection:\s*close/i.test(head) || version === 'HTTP/1.0'
  const body = /^\/(healthz|readyz|livez)$/.test(path) ? 'ok\n' : page(pod, port, line)
  const lines = [
    'HTTP/1.1 200 OK',
    'Server: sallyport-demo',
    `Content-Type: ${body.startsWith('{') ? 'application/json' : 'text/plain'}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Connection: ${close ? 'close' : 'keep-alive'}`,
  ]
  return { text: `${lines.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : body}`, close }
}

async function http(stream: SpdyStream, pod: KubeObject, port: number): Promise<void> {
  let buffer = Buffer.alloc(0)
  let skip = 0
  for (let piece = await stream.input.next(); piece !== null; piece = await stream.input.next()) {
    buffer = Buffer.concat([buffer, piece])
    while (true) {
      const dropped = Math.min(skip, buffer.length)
      buffer = buffer.subarray(dropped)
      skip -= dropped
      if (skip > 0) break
      const end = buffer.indexOf('\r\n\r\n')
      if (end < 0) {
        if (buffer.length > MAX_HEAD_BYTES) return
        break
      }
      const head = buffer.subarray(0, end).toString('latin1')
      buffer = buffer.subarray(end + 4)
      skip = Number(/\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1] ?? '0')
      const reply = answer(pod, port, head)
      await stream.write(Buffer.from(reply.text, 'utf8'))
      if (reply.close) return
    }
  }
}

/** Serves every forwarded connection of a session. */
export function servePortForward(runtime: PodRuntime, pod: KubeObject, session: SpdySession): void {
  const errors = new Map<string, SpdyStream>()
  const open = objectsAt(pod, 'spec', 'containers')
    .filter((container) => runtime.isRunning(pod, textAt(container, 'name')))
    .flatMap((container) => objectsAt(container, 'ports').map((port) => numberAt(port, ['containerPort'])))
  const serve = async (stream: SpdyStream, port: number, error: SpdyStream | undefined) => {
    if (open.includes(port)) await http(stream, pod, port)
    else {
      const why = `error forwarding port ${port} to pod ${pod.metadata.uid ?? ''}, uid : failed to connect to localhost:${port} inside the simulated pod: connect: connection refused`
      await error?.write(Buffer.from(why, 'utf8'))
    }
    await error?.close()
    await stream.close()
  }
  session.onStream((stream) => {
    const request = stream.headers.get('requestid') ?? ''
    if (stream.headers.get('streamtype') === 'error') {
      errors.set(request, stream)
      return
    }
    const error = errors.get(request)
    errors.delete(request)
    serve(stream, Number(stream.headers.get('port') ?? '0'), error).catch(() => undefined)
  })
}
