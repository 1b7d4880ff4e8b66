import { describe, expect, it } from 'vitest'
import { failure } from '../../protocol/status.ts'
import type { RequestInfo } from '../context.ts'
import { HOLD_BACK_MS } from '../mask/limits.ts'
import { settled, testClock } from '../record/fixtures.ts'
import { HOLD_BACK_INPUT_MS } from './holdback.ts'
import { type RelayMasks, relay, type TextMask } from './relay.ts'
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

/** Replaces SECRET, holds back what could become one, and fails at FAIL. */
class PlayedMask implements TextMask {
  readonly #held = new Map<number, string>()
  get holding(): boolean {
    return [...this.#held.values()].some((text) => text !== '')
  }
  push(channel: number, bytes: Uint8Array): { channel: number; bytes: Uint8Array }[] {
    const text = (this.#held.get(channel) ?? '') + new TextDecoder().decode(bytes)
    if (text.includes('FAIL')) {
      const error = new Error('it is spent')
      error.name = 'MaskError'
      throw error
    }
    const done = text.replaceAll('SECRET', '[masked]')
    const tail = /S(?:E(?:C(?:RE?)?)?)?\r?$/.exec(done)?.[0] ?? ''
    this.#held.set(channel, tail)
    return this.#pieces(channel, done.slice(0, done.length - tail.length))
  }
  flush(): { channel: number; bytes: Uint8Array }[] {
    const pieces = [...this.#held].flatMap(([channel, text]) => this.#pieces(channel, text))
    this.#held.clear()
    return pieces
  }
  end(): { channel: number; bytes: Uint8Array }[] {
    return this.flush()
  }
  #pieces(channel: number, text: string): { channel: number; bytes: Uint8Array }[] {
    return text === '' ? [] : [{ channel, bytes: new TextEncoder().encode(text) }]
  }
}

function set(options: { info?: RequestInfo; protocol?: string; record?: () => Promise<void> } = {}) {
  const time = testClock()
  const masks: RelayMasks = {
    output: new PlayedMask(),
    input: new PlayedMask(),
    status: (payload) => new TextEncoder().encode(new TextDecoder().decode(payload).replaceAll('SECRET', '[masked]')),
  }
  const passed: number[] = []
  const info = options.info ?? INFO
  const client = new PlayedSocket(options.protocol ?? 'v5.channel.k8s.io')
  const upstream = new PlayedSocket('v5.channel.k8s.io')
  const recorded: [number, string][] = []
  const controller = new AbortController()
  let ended: { kind: 'unauthenticated'; message: string } | null = null
  const end = relay({
    info,
    client,
    upstream,
    clock: time.clock,
    masks: info.subresource === 'portforward' ? null : masks,
    passed: (bytes) => passed.push(bytes),
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
    passed,
    advance: time.advance,
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

describe('masks in exec', () => {
  const said = ({ client }: { client: PlayedSocket }): [number | undefined, string][] =>
    client.written.map((each) => [each[0], textOf(each)])

  it('records and sends what is masked, a secret cut in two included', async () => {
    const { client, upstream, recorded, end } = set()
    upstream.play(message(1, 'a SEC'), message(1, 'RET b'), message(2, 'SECRET'), null)
    await end
    expect(said({ client })).toEqual([
      [1, 'a '],
      [1, '[masked] b'],
      [2, '[masked]'],
    ])
    expect(recorded).toEqual(said({ client }))
  })

  it('lets go of what is held back once it has waited, and goes on reading the same message', async () => {
    const { client, upstream, recorded, advance, end } = set()
    upstream.play(message(1, 'login: S'))
    await settled()
    expect(said({ client })).toEqual([[1, 'login: ']])
    advance(HOLD_BACK_MS - 1)
    await settled()
    expect(client.written).toHaveLength(1)
    advance(1)
    await settled()
    expect(said({ client }).at(-1)).toEqual([1, 'S'])
    expect(recorded.at(-1)).toEqual([1, 'S'])
    upstream.play(message(1, 'more'), null)
    await end
    expect(said({ client }).at(-1)).toEqual([1, 'more'])
  })

  it.each([
    ['the Status', [message(3, '{"status":"Success"}'), null], [3, '{"status":"Success"}']],
    ['the end', [null], null],
    ['a stream that broke off', [new Error('lost')], null],
  ] as const)('what is held back comes before %s', async (_name, rest, last) => {
    const { client, upstream, end } = set()
    upstream.play(message(1, 'SEC'), ...rest)
    await end
    expect(said({ client })[0]).toEqual([1, 'SEC'])
    if (last !== null) expect(said({ client })[1]).toEqual(last)
  })

  it('masks the Status, in the record of the end as well', async () => {
    const { client, upstream, end } = set()
    upstream.play(message(3, JSON.stringify(failure('InternalError', 'exec: "SECRET" not found'))), null)
    expect(await end).toMatchObject({ outcome: 'failed', message: 'exec: "[masked]" not found' })
    expect(said({ client }).at(-1)?.[1]).not.toContain('SECRET')
  })

  it('masks the words with which the other side closed the stream', async () => {
    const { client, upstream, end } = set()
    upstream.play(new Error('the API server ended the stream: no SECRET here'))
    const { message: recorded } = await end
    expect(recorded).toContain('was lost: the API server ended the stream: no [masked] here;')
    expect(textOf(client.written.at(-1))).toContain('no [masked] here')
    expect(client.closed?.reason).not.toContain('SECRET')
  })

  it.each([
    ['output', (played: ReturnType<typeof set>) => played.upstream.play(message(1, 'FAIL'))],
    ['input', (played: ReturnType<typeof set>) => played.client.play(message(0, 'FAIL'))],
  ])('%s that cannot be masked ends the session in words, and nothing of it passes', async (_name, play) => {
    const played = set()
    play(played)
    expect(await played.end).toMatchObject({ outcome: 'failed', reason: 'InternalError', withheld: 'it is spent' })
    const { client, upstream, recorded } = played
    expect(client.written).toHaveLength(1)
    expect(client.written[0]?.[0]).toBe(3)
    expect(textOf(client.written[0])).toContain('cannot be masked: it is spent')
    expect(upstream.written).toEqual([])
    expect(recorded).toEqual([])
  })

  it('sends input as it is and at once, and records it masked, however slowly it is typed', async () => {
    const { client, upstream, recorded, advance, end } = set()
    for (const key of 'SECRET') {
      client.play(message(0, key))
      await settled()
      advance(HOLD_BACK_INPUT_MS - 1)
      await settled()
    }
    expect(upstream.written.map(textOf).join('')).toBe('SECRET')
    expect(recorded).toEqual([[0, '[masked]']])
    client.play(message(0, 'SEC'), null)
    await end
    expect(recorded).toEqual([
      [0, '[masked]'],
      [0, 'SEC'],
    ])
  })

  describe('the echo of a key', () => {
    const tty: RequestInfo = {
      ...INFO,
      exec: { argv: [], container: '', stdin: true, stdout: true, stderr: false, tty: true, ports: [] },
    }
    const typing = async (played: ReturnType<typeof set>, keys: string, apartMs: number): Promise<void> => {
      for (const key of keys) {
        played.client.play(message(0, key))
        await settled()
        played.upstream.play(message(1, key))
        await settled()
        played.advance(apartMs)
        await settled()
      }
    }

    it('comes at once though more could make a secret of it', async () => {
      const played = set({ info: tty })
      await typing(played, 'S', 0)
      expect(said(played)).toEqual([[1, 'S']])
    })

    it.each([
      ['keys that come faster than a hold-back', tty, 'xSEC', [[1, 'x']]],
      ['what is no terminal', INFO, 'S', []],
    ])('waits as all else: %s', async (_name, info, keys, shown) => {
      const played = set({ info })
      await typing(played, keys, 10)
      expect(said(played)).toEqual(shown)
    })

    it('waits when it is another than what was typed', async () => {
      const played = set({ info: tty })
      played.client.play(message(0, 'x'))
      await settled()
      played.upstream.play(message(1, 'S'))
      await settled()
      expect(said(played)).toEqual([])
    })
  })

  it('records what was entered up to Return before the answer to it', async () => {
    const { client, recorded } = set()
    client.play(message(0, 'S'), message(0, 'E'))
    await settled()
    expect(recorded).toEqual([])
    client.play(message(0, 'C\r'))
    await settled()
    expect(recorded.map(([, text]) => text).join('')).toBe('SEC\r')
  })

  it('records what is held back of the input when stdin is closed', async () => {
    const { client, upstream, recorded, end } = set()
    client.play(message(0, 'SEC'), Uint8Array.of(255, 0))
    await settled()
    expect(recorded).toEqual([[0, 'SEC']])
    expect(upstream.written.at(-1)).toEqual(Uint8Array.of(255, 0))
    client.play(message(0, 'x'))
    expect(await end).toMatchObject({ outcome: 'failed', reason: 'BadRequest' })
  })
})

describe('relay of port-forward', () => {
  const info: RequestInfo = { ...INFO, subresource: 'portforward' }

  it('passes bytes of any kind and counts them', async () => {
    const { client, upstream, end, passed } = set({ info, protocol: 'SPDY/3.1+portforward.k8s.io' })
    const bytes = Uint8Array.of(0x80, 3, 0, 1)
    client.play(bytes)
    upstream.play(Uint8Array.of(7, 8, 9), null)
    expect(await end).toEqual({ outcome: 'ok' })
    expect(passed).toEqual([4, 3])
    expect(client.written).toEqual([Uint8Array.of(7, 8, 9)])
  })

  it('does not repeat the words with which the other side closed it: nothing masks them', async () => {
    const { client, upstream, end } = set({ info, protocol: 'SPDY/3.1+portforward.k8s.io' })
    upstream.play(new Error('no SECRET here'))
    expect(JSON.stringify([await end, client.closed])).not.toContain('SECRET')
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
