import { describe, expect, it } from 'vitest'
import type { ByteSource, Refusal, Reply } from '../context.ts'
import { HOLD_BACK_MS } from '../mask/limits.ts'
import { LogUnavailable, TunnelBroken } from '../ports.ts'
import { isPending, settled, testClock } from '../record/fixtures.ts'
import { type RespondOptions, respond } from './respond.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function source(...items: (string | Error)[]): ByteSource & { cancelled: string | null } {
  return {
    cancelled: null,
    async read() {
      const item = items.shift()
      if (item instanceof Error) throw item
      return item === undefined ? null : bytes(item)
    },
    cancel(reason) {
      this.cancelled ??= reason
    },
  }
}

const LOST = new TunnelBroken({ kind: 'lost', message: 'the connector was lost', sent: true })

function set(body: ByteSource, more: Partial<RespondOptions> = {}) {
  const time = testClock()
  const written: string[] = []
  const finished: unknown[] = []
  let left = 0
  const options: RespondOptions = {
    status: 200,
    headers: [['content-type', 'application/json']],
    body,
    transform: { push: (chunk) => chunk, end: () => new Uint8Array(0), report: () => ({ count: 0, rules: {} }) },
    clock: time.clock,
    recorder: {
      write: async (chunk) => {
        written.push(new TextDecoder().decode(chunk))
      },
      finish: (result) => {
        finished.push(result)
      },
    },
    streaming: false,
    watch: false,
    outcome: 'ok',
    wholeBytes: 16,
    signal: new AbortController().signal,
    ended: () => null,
    refuse: (refusal: Refusal): Reply => ({ kind: 'response', status: 502, headers: [], body: bytes(refusal.message) }),
    leave: () => {
      left += 1
    },
    onBug: () => undefined,
    ...more,
  }
  return { options, written, finished, left: () => left, advance: time.advance }
}

async function drain(reply: Reply): Promise<string> {
  if (reply.kind !== 'response' || reply.body === null) throw new Error('a body was expected')
  if (reply.body instanceof Uint8Array) return new TextDecoder().decode(reply.body)
  let text = ''
  for (let chunk = await reply.body.read(); chunk !== null; chunk = await reply.body.read()) {
    text += new TextDecoder().decode(chunk)
  }
  return text
}

describe('respond', () => {
  it('answers a small body whole, recorded, with one result', async () => {
    const { options, written, finished, left } = set(source('{"a":', '1}'))
    const reply = await respond(options)
    expect(reply).toMatchObject({ status: 200, body: bytes('{"a":1}') })
    expect(written.join('')).toBe('{"a":1}')
    expect(finished).toEqual([{ outcome: 'ok', code: 200 }])
    expect(left()).toBe(1)
  })

  it('streams a body that is longer, in order, and records before it gives', async () => {
    const parts = ['0123456789', 'abcdefghij', 'KLMNOPQRST']
    const { options, written, finished } = set(source(...parts))
    const reply = await respond(options)
    expect(finished).toEqual([])
    expect(await drain(reply)).toBe(parts.join(''))
    expect(written).toEqual(parts)
    expect(finished).toEqual([{ outcome: 'ok', code: 200 }])
  })

  it('withholds what cannot be masked, as long as nothing has been sent', async () => {
    const broken = new Error('the response is not JSON')
    broken.name = 'MaskError'
    const body = source('{"data": tru', 'e')
    const { options, finished, left } = set(body, {
      transform: {
        push: () => {
          throw broken
        },
        end: () => new Uint8Array(0),
        report: () => ({ count: 0, rules: {} }),
      },
    })
    expect(await drain(await respond(options))).toContain('cannot be masked')
    expect(body.cancelled).not.toBeNull()
    expect(finished).toMatchObject([{ outcome: 'failed', reason: 'InternalError' }])
    expect(left()).toBe(1)
  })

  it('cuts a long body that breaks off, so that it does not look whole', async () => {
    const { options, finished } = set(source('0123456789', 'abcdefghij', LOST))
    const reply = await respond(options)
    await expect(drain(reply)).rejects.toThrow(LOST)
    expect(finished).toMatchObject([{ outcome: 'failed', reason: 'Timeout' }])
  })

  it('ends a watch that breaks off between two events with an ERROR event', async () => {
    const event = '{"type":"ADDED","object":{}}\n'
    const { options } = set(source(event, LOST), { streaming: true, watch: true })
    const text = await drain(await respond(options))
    const [first, last] = text.trimEnd().split('\n')
    expect(`${first}\n`).toBe(event)
    expect(JSON.parse(last ?? '')).toMatchObject({ type: 'ERROR', object: { kind: 'Status', status: 'Failure' } })
  })

  it('cuts a watch that breaks off within an event', async () => {
    const { options } = set(source('{"type":"ADD', LOST), { streaming: true, watch: true })
    await expect(drain(await respond(options))).rejects.toThrow(LOST)
  })

  it('passes nothing on that could not be recorded', async () => {
    const { options, finished } = set(source('{"a":1}'), {
      recorder: {
        write: () => Promise.reject(new LogUnavailable('disk full')),
        finish: (result) => {
          finished.push(result)
        },
      },
    })
    const reply = await respond(options)
    expect(await drain(reply)).toContain('nothing passes unrecorded')
    expect(finished).toMatchObject([{ outcome: 'failed', reason: 'ServiceUnavailable' }])
  })

  it('says why access ended', async () => {
    const cancelled = new TunnelBroken({ kind: 'cancelled', message: 'cancelled', sent: true })
    const { options } = set(source('{"type":"ADDED","object":{}}\n', cancelled), {
      streaming: true,
      watch: true,
      ended: () => ({ kind: 'unauthenticated', message: 'the token has expired' }),
    })
    expect(await drain(await respond(options))).toContain('the token has expired')
  })

  it('records a client that goes away as cancelled, once', async () => {
    const body = source('{"type":"ADDED"}\n')
    const { options, finished, left } = set(body, { streaming: true, watch: true })
    const reply = await respond(options)
    if (reply.kind !== 'response' || reply.body === null || reply.body instanceof Uint8Array)
      throw new Error('a stream')
    reply.body.cancel('gone')
    reply.body.cancel('gone')
    expect(finished).toEqual([{ outcome: 'cancelled', code: 200 }])
    expect(body.cancelled).not.toBeNull()
    expect(left()).toBe(1)
  })
})

describe('a client that does not read', () => {
  /** A body whose second read waits until it is cancelled. */
  function endless() {
    let reject: (error: Error) => void = () => undefined
    let first = true
    return {
      read(): Promise<Uint8Array | null> {
        if (first) {
          first = false
          return Promise.resolve(bytes('one\n'))
        }
        return new Promise((_resolve, fail) => {
          reject = fail
        })
      },
      cancel: () => reject(LOST),
    }
  }

  it('that leaves while a read is under way is recorded once', async () => {
    const { options, finished, left } = set(endless(), { streaming: true })
    const reply = await respond(options)
    if (reply.kind !== 'response' || reply.body === null || reply.body instanceof Uint8Array) throw new Error('no body')
    await reply.body.read()
    const pending = reply.body.read()
    reply.body.cancel('the client has gone')
    await expect(pending).rejects.toBe(LOST)
    expect(finished).toEqual([{ outcome: 'cancelled', code: 200 }])
    expect(left()).toBe(1)
  })

  it('loses its stream when access ends, and sees that it was cut', async () => {
    const controller = new AbortController()
    const refusal: Refusal = { kind: 'unauthenticated', message: 'the token has expired' }
    const { options, finished, left } = set(endless(), {
      streaming: true,
      signal: controller.signal,
      ended: () => (controller.signal.aborted ? refusal : null),
    })
    const reply = await respond(options)
    if (reply.kind !== 'response' || reply.body === null || reply.body instanceof Uint8Array) throw new Error('no body')
    await reply.body.read()
    controller.abort()
    expect(finished).toMatchObject([{ outcome: 'cancelled', code: 200, message: refusal.message }])
    expect(left()).toBe(1)
    await expect(reply.body.read()).rejects.toThrow()
    expect(finished).toHaveLength(1)
  })
})

describe('what is held back', () => {
  /** Holds back the last three bytes. */
  function holding() {
    let held = ''
    const take = (): Uint8Array => {
      const all = bytes(held)
      held = ''
      return all
    }
    return {
      push: (chunk: Uint8Array) => {
        const text = held + new TextDecoder().decode(chunk)
        held = text.slice(-3)
        return bytes(text.slice(0, -3))
      },
      get holding() {
        return held !== ''
      },
      flush: take,
      end: take,
      report: () => ({ count: 0, rules: {} }),
    }
  }

  /** A body whose chunks a test hands over one by one. */
  function handed() {
    let give: (item: Uint8Array | null) => void = () => undefined
    let fail: (error: Error) => void = () => undefined
    const body: ByteSource & { reads: number } = {
      reads: 0,
      read() {
        body.reads += 1
        return new Promise((resolve, reject) => {
          give = resolve
          fail = reject
        })
      },
      cancel: () => fail(new TunnelBroken({ kind: 'cancelled', message: 'cancelled', sent: true })),
    }
    return { body, give: (item: string | null) => give(item === null ? null : bytes(item)) }
  }

  async function following(streaming: boolean) {
    const { body, give } = handed()
    const played = set(body, { streaming, transform: holding() })
    const reply = await respond(played.options)
    if (reply.kind !== 'response' || reply.body === null || reply.body instanceof Uint8Array) throw new Error('no body')
    const { body: source } = reply
    const read = async (): Promise<string | null> => {
      const chunk = await source.read()
      return chunk === null ? null : new TextDecoder().decode(chunk)
    }
    return { ...played, body, give, read, source }
  }

  it('goes out, recorded, once it has waited, while the API server is still being read', async () => {
    const { body, give, read, written, finished, advance } = await following(true)
    const first = read()
    await settled()
    give('line\n$> ')
    expect(await first).toBe('line\n')
    const prompt = read()
    advance(HOLD_BACK_MS - 1)
    expect(await isPending(prompt)).toBe(true)
    advance(1)
    expect(await prompt).toBe('$> ')
    expect(written).toEqual(['line\n', '$> '])
    const more = read()
    advance(HOLD_BACK_MS)
    expect(await isPending(more)).toBe(true)
    expect(body.reads).toBe(2)
    give('abcdef')
    expect(await more).toBe('abc')
    const end = read()
    await settled()
    give(null)
    expect(await end).toBe('def')
    expect(await read()).toBeNull()
    expect(finished).toEqual([{ outcome: 'ok', code: 200 }])
  })

  it('is dropped by a client that leaves, which ends the record once', async () => {
    const { give, read, source, finished, left, advance } = await following(true)
    const first = read()
    await settled()
    give('line\n$> ')
    await first
    source.cancel('gone')
    advance(HOLD_BACK_MS)
    await settled()
    expect(finished).toEqual([{ outcome: 'cancelled', code: 200 }])
    expect(left()).toBe(1)
    expect(await read()).toBeNull()
  })

  it('waits for more in an answer that is read whole', async () => {
    const { body, give } = handed()
    const { options, advance, written } = set(body, { transform: holding() })
    const reply = respond(options)
    await settled()
    give('abcdef')
    await settled()
    advance(HOLD_BACK_MS * 10)
    await settled()
    expect(written).toEqual(['abc'])
    give(null)
    expect(await drain(await reply)).toBe('abcdef')
  })
})
