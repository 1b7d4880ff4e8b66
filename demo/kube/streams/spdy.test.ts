import { constants, createDeflate } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { SpdySession } from './spdy.ts'
import { SPDY_DICTIONARY } from './spdy-dictionary.ts'

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 65536 + a
}

/** Header blocks share one compression context, as on a connection. */
async function blocks(...all: Record<string, string>[]): Promise<Buffer[]> {
  const deflate = createDeflate({ dictionary: SPDY_DICTIONARY })
  const out: Buffer[] = []
  for (const headers of all) {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(Object.keys(headers).length)
    const parts = [count]
    for (const text of Object.entries(headers).flat()) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(Buffer.byteLength(text))
      parts.push(length, Buffer.from(text))
    }
    const pieces: Buffer[] = []
    const collect = (piece: Buffer) => void pieces.push(piece)
    deflate.on('data', collect)
    deflate.write(Buffer.concat(parts))
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()))
    deflate.off('data', collect)
    out.push(Buffer.concat(pieces))
  }
  return out
}

function synStream(id: number, block: Buffer): Buffer {
  const head = Buffer.alloc(18)
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(1, 2)
  head.writeUIntBE(10 + block.length, 5, 3)
  head.writeUInt32BE(id, 8)
  return Buffer.concat([head, block])
}

function data(id: number, text: string, fin: boolean): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(id, 0)
  head[4] = fin ? 1 : 0
  head.writeUIntBE(Buffer.byteLength(text), 5, 3)
  return Buffer.concat([head, Buffer.from(text)])
}

async function conversation(): Promise<Buffer> {
  const [first, second] = await blocks(
    { streamType: 'error', port: '80', requestID: '0' },
    { streamtype: 'data', port: '80', requestid: '0' },
  )
  return Buffer.concat([
    synStream(1, first ?? Buffer.alloc(0)),
    data(1, '', true),
    synStream(3, second ?? Buffer.alloc(0)),
    data(3, 'hello ', false),
    data(3, 'there', true),
  ])
}

describe('SPDY/3.1', () => {
  it('has the dictionary of the protocol', () => {
    expect(SPDY_DICTIONARY).toHaveLength(1423)
    expect(adler32(SPDY_DICTIONARY)).toBe(0xe3c6a7c2)
  })

  it('reads the same streams wherever the bytes are cut', async () => {
    const bytes = await conversation()
    for (let cut = 0; cut <= bytes.length; cut++) {
      const session = new SpdySession(async () => undefined)
      const heard: string[] = []
      const texts: Promise<Uint8Array>[] = []
      session.onStream((stream) => {
        heard.push(`${stream.id} ${stream.headers.get('streamtype')} ${stream.headers.get('requestid')}`)
        texts.push(stream.input.all())
      })
      await session.receive(bytes.subarray(0, cut))
      await session.receive(bytes.subarray(cut))
      expect(heard).toEqual(['1 error 0', '3 data 0'])
      expect((await Promise.all(texts)).map((text) => Buffer.from(text).toString())).toEqual(['', 'hello there'])
      session.end()
    }
  })

  it('answers a ping with itself', async () => {
    const sent: Buffer[] = []
    const session = new SpdySession(async (piece) => void sent.push(Buffer.from(piece)))
    const ping = Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 9])
    await session.receive(ping)
    expect(Buffer.concat(sent)).toEqual(ping)
    session.end()
  })

  it.each([
    ['another version', Buffer.from([0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 9])],
    ['a frame too long', Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff])],
    ['a header block that is no zlib', synStream(1, Buffer.from('not zlib at all'))],
  ])('refuses %s', async (_name, bytes) => {
    await expect(new SpdySession(async () => undefined).receive(bytes)).rejects.toThrow()
  })
})
