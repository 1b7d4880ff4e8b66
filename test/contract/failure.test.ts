// What breaks in mid-stream: the connector, the gateway, the database's disk, the API server. The client is told in words,
// what was recorded is whole, nothing passes unrecorded, and everything recovers by itself.

import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openRaw } from './raw.ts'
import { type OpenSocket, openSocket, readAll } from './socket.ts'
import { json } from './upstream.ts'
import { RUNTIMES, startWorld, until, type World } from './world.ts'

const NS = '/api/v1/namespaces/d'
const POD = `${NS}/pods/p`
const EXEC = `${NS}/pods/p/exec`
const event = (version: number): string =>
  `{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"p","resourceVersion":"${version}"}}}\n`

/** A small disk of the test's own, with room for a write-ahead log (16 MB before it is folded in), where the machine lets us mount one. */
function smallDisk(at: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', at], { stdio: 'ignore' })
}
const canMount = ((): boolean => {
  const probe = mkdtempSync(join(tmpdir(), 'sallyport-probe-'))
  try {
    smallDisk(probe)
    execFileSync('umount', [probe])
    return true
  } catch {
    return false
  } finally {
    rmSync(probe, { recursive: true })
  }
})()

interface Watch {
  readonly socket: TLSSocket
  readonly upstream: ServerResponse
  text(): string
  ended(): boolean
}

describe.each(RUNTIMES)('%s', (runtime) => {
  let world: World
  const embedded = runtime !== 'workerd'
  beforeAll(async () => {
    world = await startWorld(runtime, embedded && canMount ? { prepare: smallDisk } : {})
    world.upstream.on(POD, json({ kind: 'Pod', metadata: { name: 'p' } }))
  })
  afterAll(async () => {
    const disk = world?.databaseFolder
    await world?.close().catch(() => undefined)
    if (embedded && canMount && disk !== undefined) {
      execFileSync('umount', ['-l', disk])
      rmSync(world.folder, { recursive: true, force: true })
    }
  })

  const restoring: (() => void)[] = []
  afterEach(async () => {
    for (const restore of restoring.splice(0)) restore()
  })

  const watch = async (): Promise<Watch> => {
    const opened: ServerResponse[] = []
    world.upstream.on(`${NS}/pods`, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      opened.push(response)
    })
    const socket = openRaw({
      port: world.port,
      ca: world.ca,
      target: `/clusters/test${NS}/pods?watch=true`,
      headers: [['authorization', `Bearer ${world.token}`]],
    })
    let text = ''
    let ended = false
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    socket.on('close', () => {
      ended = true
    })
    await until('the watch is open', () => opened.length > 0 && text.includes('\r\n\r\n'))
    const [upstream] = opened
    if (upstream === undefined) throw new Error('unreachable')
    return { socket, upstream, text: () => text, ended: () => ended }
  }
  /** An exec whose other side says `tick` whenever it is told anything. */
  const exec = async (): Promise<OpenSocket> => {
    world.upstream.onUpgrade(EXEC, 'v5.channel.k8s.io', async (socket) => {
      for (let each = await socket.read(); each !== null; each = await socket.read()) {
        await socket.write(Buffer.from('\x01tick'))
      }
    })
    return openSocket(world, `${EXEC}?command=sh&stdin=true&stdout=true`)
  }
  const idAt = (path: string): string =>
    String(world.upstream.seen.findLast(({ url }) => url.split('?')[0] === path)?.headers['audit-id'])
  const passes = async (): Promise<boolean> => {
    const answer = await world.ask(POD).catch(() => null)
    return answer?.status === 200
  }
  const outcomeOf = async (id: string): Promise<string | undefined> => {
    const answer = await world.api(`/api/v1/requests/${id}`).catch(() => null)
    if (answer?.status !== 200) return undefined
    return (JSON.parse(answer.text) as { result?: { outcome: string } }).result?.outcome
  }
  /** The exec ended as kubectl wants it: a Status on channel 3, then close 1000. */
  const expectToldStatus = async (socket: OpenSocket, says: RegExp): Promise<void> => {
    const { messages, error } = await readAll(socket)
    expect(error).toBeNull()
    const last = Buffer.from(messages.at(-1) ?? [])
    expect(last[0]).toBe(3)
    expect(JSON.parse(last.subarray(1).toString())).toMatchObject({ kind: 'Status', status: 'Failure' })
    expect(last.toString(), last.toString()).toMatch(says)
  }

  it('a connector that is killed ends its own streams in words, and new requests say what is missing', async () => {
    await world.connectorDown()
    const connector = await world.connectorProcess('killed')
    expect(await passes()).toBe(true)
    const open = await watch()
    const shell = await exec()
    open.upstream.write(event(1))
    await until('the event arrives', () => open.text().includes('"1"'))
    await connector.kill()
    await until('the watch is told', () => open.text().includes('"type":"ERROR"'))
    expect(open.text()).toMatch(/connector/)
    await expectToldStatus(shell, /lost/)
    const before = world.upstream.seen.length
    const answer = await world.ask(POD)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable' })
    expect(answer.text).toMatch(/no connector/)
    expect(world.upstream.seen).toHaveLength(before)
    const again = await world.connectorProcess('killed')
    expect(await passes()).toBe(true)
    await again.kill()
    await world.connectorUp()
    await until('a request passes', passes)
  })

  it('with two connectors, one that is killed takes only its own streams along', async () => {
    const second = await world.connectorProcess('second')
    const watches = [await watch(), await watch()]
    await second.kill()
    await until('one watch ends', () => watches.some((each) => each.text().includes('"type":"ERROR"')))
    const left = watches.filter((each) => !each.text().includes('"type":"ERROR"'))
    expect(left).toHaveLength(1)
    expect(await passes()).toBe(true)
    left[0]?.upstream.write(event(7))
    await until('the other goes on', () => left[0]?.text().includes('"7"') === true)
    left[0]?.socket.destroy()
    left[0]?.upstream.end()
  })

  it('a gateway that is killed leaves a whole record; what was unfinished becomes unknown, and all comes back', async () => {
    const open = await watch()
    const watchId = idAt(`${NS}/pods`)
    const shell = await exec()
    const execId = idAt(EXEC)
    for (const version of [1, 2, 3]) open.upstream.write(event(version))
    await until('three events are recorded', async () => {
      const body = await world.api(`/api/v1/requests/${watchId}/body?kind=response`)
      return body.status === 200 && body.text.includes('"3"')
    })
    const ended = readAll(shell)
    await world.gatewayDown()
    await ended
    await until('the watch ends', () => open.ended())
    await world.gatewayUp()
    await until('a request passes again', passes)
    await until('the watch’s outcome is said to be unknown', async () => (await outcomeOf(watchId)) === 'unknown')
    expect(await outcomeOf(execId)).toBe('unknown')
    const body = await world.api(`/api/v1/requests/${watchId}/body?kind=response`)
    expect(body.text).toBe([1, 2, 3].map(event).join(''))
  })

  it.skipIf(embedded && !canMount)(
    'a database that cannot be written (for a file this mounts a small disk, which takes root): nothing passes unrecorded',
    async () => {
      const open = await watch()
      const watchId = idAt(`${NS}/pods`)
      const shell = await exec()
      const ballast = join(world.databaseFolder, 'ballast')
      /** Again and again: a database that is opened anew may free a little. */
      const spoil = (): void => {
        if (world.hrana !== null) {
          world.hrana.fault = () => 'refuse'
          return
        }
        const { bavail, bsize } = statfsSync(world.databaseFolder)
        try {
          if (bavail > 0) appendFileSync(ballast, Buffer.alloc(bavail * bsize))
        } catch (error) {
          // The gateway took some of it meanwhile: full all the same.
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
        }
      }
      spoil()
      const restore = (): void => {
        if (world.hrana !== null) world.hrana.fault = null
        else rmSync(ballast, { force: true })
      }
      restoring.push(restore)
      let refused = await world.ask(POD)
      await until('the log is full', async () => {
        spoil()
        const before = world.upstream.seen.length
        refused = await world.ask(POD)
        const sent = world.upstream.seen.length - before
        // Sent if and only if it could be recorded.
        expect([refused.status, sent]).toEqual(refused.status === 200 ? [200, 1] : [503, 0])
        return refused.status === 503
      })
      expect(JSON.parse(refused.text)).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable' })
      expect(refused.text).toMatch(/could not be recorded|database/)
      const padded = event(9).replace('"name"', `"x":"${'x'.repeat(8192)}","name"`)
      await until('the watch is told', () => {
        spoil()
        if (!open.upstream.destroyed && !open.ended()) open.upstream.write(padded)
        return open.text().includes('"type":"ERROR"')
      })
      expect(open.text().slice(-600)).toMatch(/recorded/)
      const told = expectToldStatus(shell, /recorded/)
      let over = false
      told.then(
        () => {
          over = true
        },
        () => {
          over = true
        },
      )
      await until('the exec ends', async () => {
        spoil()
        if (!over) await shell.write(Buffer.concat([Buffer.of(0), Buffer.alloc(32 * 1024)])).catch(() => undefined)
        return over
      })
      await told
      restore()
      await until('a request passes again', passes)
      await until('the watch’s end is recorded', async () => (await outcomeOf(watchId)) !== undefined)
      expect(await outcomeOf(watchId)).not.toBe('ok')
    },
  )

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    ['nothing', ''],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
  ])('an API server that answers with %s is a Status', async (_what, bytes) => {
    world.upstream.on(`${NS}/pods/odd`, (_request, response) => {
      response.socket?.end(bytes)
    })
    const answer = await world.ask(`${NS}/pods/odd`)
    expect([502, 503, 504]).toContain(answer.status)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure' })
    const after = await world.ask(POD)
    expect(after.status, after.text).toBe(200)
  })

  it('an answer that breaks off is not passed as a whole one', async () => {
    world.upstream.on(`${NS}/pods/cut`, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"kind":"Pod","half":"')
      response.socket?.end()
    })
    const answer = await world.ask(`${NS}/pods/cut`)
    expect(answer.status).toBeGreaterThanOrEqual(502)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', status: 'Failure' })
  })

  it('an API server that is away is a Status that says so', async () => {
    await world.upstream.close()
    const answer = await world.ask(POD)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable' })
    expect(answer.text).toMatch(/cannot reach the API server/)
  })
})
