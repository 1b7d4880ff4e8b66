import { describe, expect, it } from 'vitest'
import { failure } from '../../protocol/status.ts'
import type { RequestInfo } from '../context.ts'
import { relay } from './relay.ts'
import { PlayedSocket } from './testing.ts'

const INFO: RequestInfo = {
  isResourceRequest: true,
  path: '/api/v1/namespaces/d/pods/p/exec',
  query: 'command=sh',
  verb: 'connect',
  apiPrefix: 'api',
  apiGroup: '',
  apiVersion: 'v1',
  namespace: 'd',
  resource: 'pods',
  subresource: 'exec',
  name: 'p',
  parts: ['pods', 'p', 'exec'],
  exec: { argv: ['sh'], container: '', stdin: true, stdout: true, stderr: true, tty: false, ports: [] },
  streaming: true,
  dryRun: false,
}

const message = (channel: number, text: string): Uint8Array =>
  new Uint8Array([channel, ...new TextEncoder().encode(text)])
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes?.subarray(1))

function set(options: { info?: RequestInfo; protocol?: string; record?: () => Promise<void> } = {}) {
  const client = new PlayedSocket(options.protocol ?? 'v5.channel.k8s.io')
  const upstream = new PlayedSocket('v5.channel.k8s.io')
  const recorded: [number, string][] = []
  const controller = new AbortController()
  let ended: { kind: 'unauthenticated'; message: string } | null = null
  const end = relay({
    info: options.info ?? INFO,
    client,
    upstream,
    recorder: {
      record: async (channel, payload) => {
        await options.record?.()
        recorded.push([channel, new TextDecoder().decode(payload)])
      },
    },
    signal: controller.signal,
    ended: () => ended,
    id: 'the-id',
  })
  return {
    client,
    upstream,
    recorded,
    end,
    expire: () => {
      ended = { kind: 'unauthenticated', message: 'the token has expired' }
      controller.abort()
    },
  }
}

describe('relay of exec', () => {
  it('passes both ways, records each message, and ends with the exit code', async () => {
    const { client, upstream, recorded, end } = set()
    client.play(message(0, 'in'), message(4, '{"Width":80,"Height":24}'), Uint8Array.of(255, 0))
    upstream.play(message(1, 'out'), message(2, 'err'))
    const status = {
      ...failure('NonZeroExitCode', 'exit 3'),
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    }
    upstream.play(message(3, JSON.stringify(status)), null)
    expect(await end).toMatchObject({ outcome: 'ok', exitCode: 3 })
    expect(client.written.map(textOf).slice(0, 2)).toEqual(['out', 'err'])
    expect(recorded).toContainEqual([1, 'out'])
    expect(recorded).toContainEqual([2, 'err'])
    expect(client.closed?.code).toBe(1000)
    expect(upstream.closed).not.toBeNull()
  })

  it.each([
    ['input without stdin', { ...INFO, exec: { ...INFO.exec, stdin: false } }, message(0, 'x'), 'without stdin'],
    ['output from the client', INFO, message(1, 'x'), 'channel 1'],
    ['a status from the client', INFO, message(3, '{}'), 'channel 3'],
    ['closing a channel that is not stdin', INFO, Uint8Array.of(255, 1), 'only stdin'],
  ])('ends the stream on %s and forwards nothing', async (_name, info, bad, words) => {
    const { client, upstream, end } = set({ info: info as RequestInfo })
    client.play(bad)
    expect(await end).toMatchObject({ outcome: 'failed', reason: 'BadRequest' })
    expect(upstream.written).toEqual([])
    expect(textOf(client.written.at(-1))).toContain(words)
  })

  it('knows no half-close in v4', async () => {
    const { client, upstream, end } = set({ protocol: 'v4.channel.k8s.io' })
    client.play(Uint8Array.of(255, 0))
    expect(await end).toMatchObject({ outcome: 'failed' })
    expect(upstream.written).toEqual([])
  })

  it('ends with a Status on the error channel when it can no longer be recorded, and passes nothing on', async () => {
    const { client, upstream, end } = set({ record: () => Promise.reject(new Error('disk full')) })
    upstream.play(message(1, 'secret output'))
    expect(await end).toMatchObject({ outcome: 'failed', reason: 'ServiceUnavailable' })
    const last = client.written.at(-1)
    expect(client.written).toHaveLength(1)
    expect(last?.[0]).toBe(3)
    expect(textOf(last)).toContain('can no longer be recorded')
    expect(textOf(last)).toContain('the-id')
    expect(client.closed?.code).toBe(1000)
  })

  it('says that the cluster was lost, and that the command may go on', async () => {
    const { client, upstream, end } = set()
    upstream.play(new Error('the connector was lost'))
    expect(await end).toMatchObject({ outcome: 'unknown' })
    expect(textOf(client.written.at(-1))).toContain('may still be running')
  })

  it('ends both sides when access ends', async () => {
    const { client, upstream, end, expire } = set()
    expire()
    expect(await end).toMatchObject({ outcome: 'failed', message: 'the token has expired' })
    expect(textOf(client.written.at(-1))).toContain('the token has expired')
    expect(upstream.closed).not.toBeNull()
  })

  it('is cancelled by a client that leaves', async () => {
    const { client, upstream, end } = set()
    client.play(null)
    expect(await end).toMatchObject({ outcome: 'cancelled' })
    expect(upstream.closed).not.toBeNull()
  })
})

describe('relay of port-forward', () => {
  const info: RequestInfo = { ...INFO, subresource: 'portforward' }

  it('passes bytes of any kind and counts them', async () => {
    const { client, upstream, end } = set({ info, protocol: 'SPDY/3.1+portforward.k8s.io' })
    const bytes = Uint8Array.of(0x80, 3, 0, 1)
    client.play(bytes)
    upstream.play(Uint8Array.of(7, 8, 9), null)
    expect(await end).toMatchObject({ outcome: 'ok', bytesOut: 3 })
    expect(client.written).toEqual([Uint8Array.of(7, 8, 9)])
  })
})

it('ends when access does although the client takes nothing any more', async () => {
  const { client, upstream, end, expire } = set()
  const taken: Uint8Array[] = []
  client.write = (written) => {
    taken.push(written)
    // Full for good: such a write ends with the socket only.
    return new Promise(() => undefined)
  }
  upstream.play(message(1, 'flood'))
  await Promise.resolve()
  expire()
  expect(await end).toMatchObject({ outcome: 'failed', reason: 'Forbidden' })
  expect(client.closed?.code).toBe(1000)
  expect(textOf(taken.at(-1))).toContain('expired')
})
