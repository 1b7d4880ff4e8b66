// SPDY/3.1, the server's side, as far as Kubernetes clients use it: streams, data, ping, reset, no flow control
// (their library has none). In: bytes cut anywhere. Out: streams, and bytes through the writer handed in.

import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'
import { Input } from './channels.ts'
import { SPDY_DICTIONARY } from './spdy-dictionary.ts'

const SYN_STREAM = 1
const SYN_REPLY = 2
const RST_STREAM = 3
const PING = 6
const FIN = 1

/** Streams one connection may have open: each holds buffers. */
const MAX_STREAMS = 1000

/** Bytes one header block may unpack to: a small block can hold a great deal of nothing. */
const MAX_HEADER_BYTES = 64 * 1024

/** A frame longer than this ends the connection. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** One stream a client opened. */
export interface SpdyStream {
  readonly id: number
  /** Header names are lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly input: Input
  write(bytes: Uint8Array): Promise<void>
  /** Ends our side. Idempotent. */
  close(): Promise<void>
}

class HeaderBlocks {
  readonly #inflate: Inflate = createInflate({ dictionary: SPDY_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH })
  readonly #deflate: Deflate = createDeflate({ dictionary: SPDY_DICTIONARY })

  read(block: Uint8Array): Promise<Map<string, string>> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = []
      let size = 0
      const collect = (piece: Buffer) => {
        size += piece.length
        if (size > MAX_HEADER_BYTES) this.#inflate.destroy(new Error('header block too long'))
        else pieces.push(piece)
      }
      const failed = (error: Error) => reject(error)
      this.#inflate.on('data', collect)
      this.#inflate.once('error', failed)
      this.#inflate.write(block, () => {
        this.#inflate.off('data', collect)
        this.#inflate.off('error', failed)
        resolve(parseHeaders(Buffer.concat(pieces)))
      })
    })
  }

  /** A block of no headers: all a reply needs. */
  empty(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = []
      const collect = (piece: Buffer) => void pieces.push(piece)
      this.#deflate.on('data', collect)
      this.#deflate.once('error', reject)
      this.#deflate.write(Buffer.alloc(4))
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('data', collect)
        this.#deflate.off('error', reject)
        resolve(Buffer.concat(pieces))
      })
    })
  }

  close(): void {
    this.#inflate.destroy()
    this.#deflate.destroy()
  }
}

function parseHeaders(bytes: Buffer): Map<string, string> {
  const out = new Map<string, string>()
  let at = 4
  const text = () => {
    if (at + 4 > bytes.length) return ''
    const length = bytes.readUInt32BE(at)
    const value = bytes.subarray(at + 4, at + 4 + length).toString('utf8')
    at += 4 + length
    return value
  }
  const count = bytes.length < 4 ? 0 : Math.min(bytes.readUInt32BE(0), 100)
  for (let i = 0; i < count; i++) {
    const name = text().toLowerCase()
    out.set(name, text())
  }
  return out
}

/** One SPDY connection. */
export class SpdySession {
  readonly #write: (bytes: Uint8Array) => Promise<void>
  readonly #blocks = new HeaderBlocks()
  readonly #streams = new Map<number, { stream: SpdyStream; theirs: boolean; ours: boolean }>()
  #buffer: Buffer = Buffer.alloc(0)
  #listener: (stream: SpdyStream) => void = () => {}
  #ended = false
  readonly #aborter = new AbortController()

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write
  }

  /** Aborted when the connection is over. */
  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /** Calls back with each stream the client opens. */
  onStream(listener: (stream: SpdyStream) => void): void {
    this.#listener = listener
  }

  /** Takes bytes of the connection. Rejects on what is no SPDY; the connection is then to be closed. */
  async receive(bytes: Uint8Array): Promise<void> {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#buffer, bytes])
    while (this.#buffer.length >= 8 && !this.#ended) {
      const length = this.#buffer.readUIntBE(5, 3)
      if (length > MAX_FRAME_BYTES) throw new Error('SPDY frame too long')
      if (this.#buffer.length < 8 + length) return
      const head = this.#buffer.subarray(0, 8)
      const body = this.#buffer.subarray(8, 8 + length)
      this.#buffer = this.#buffer.subarray(8 + length)
      if ((head[0] ?? 0) & 0x80) await this.#control(head, body)
      else this.#data(head.readUInt32BE(0) & 0x7fffffff, head[4] ?? 0, body)
    }
  }

  async #control(head: Buffer, body: Buffer): Promise<void> {
    if ((head.readUInt16BE(0) & 0x7fff) !== 3) throw new Error('not SPDY/3')
    const type = head.readUInt16BE(2)
    if (type === SYN_STREAM) await this.#open(body, head[4] ?? 0)
    else if (type === RST_STREAM && body.length >= 4) this.#forget(body.readUInt32BE(0) & 0x7fffffff)
    else if (type === PING) await this.#write(Buffer.concat([head, body]))
  }

  async #open(body: Buffer, flags: number): Promise<void> {
    if (body.length < 10) throw new Error('short SYN_STREAM')
    const id = body.readUInt32BE(0) & 0x7fffffff
    const headers = await this.#blocks.read(body.subarray(10))
    if (this.#streams.size >= MAX_STREAMS || this.#streams.has(id)) throw new Error('too many SPDY streams')
    const input = new Input()
    const entry = {
      theirs: (flags & FIN) !== 0,
      ours: false,
      stream: {
        id,
        headers,
        input,
        write: (bytes: Uint8Array) => this.#send(id, bytes, 0),
        close: async () => {
          if (entry.ours) return
          entry.ours = true
          await this.#send(id, new Uint8Array(), FIN)
          if (entry.theirs) this.#streams.delete(id)
        },
      },
    }
    this.#streams.set(id, entry)
    if (entry.theirs) input.end()
    const block = await this.#blocks.empty()
    const reply = Buffer.alloc(12)
    reply.writeUInt16BE(0x8003, 0)
    reply.writeUInt16BE(SYN_REPLY, 2)
    reply.writeUIntBE(4 + block.length, 5, 3)
    reply.writeUInt32BE(id, 8)
    await this.#write(Buffer.concat([reply, block]))
    this.#listener(entry.stream)
  }

  #data(id: number, flags: number, body: Buffer): void {
    const entry = this.#streams.get(id)
    if (entry === undefined) return
    if (body.length > 0 && !entry.stream.input.push(body)) throw new Error('too much input waits')
    if (flags & FIN) {
      entry.theirs = true
      entry.stream.input.end()
      if (entry.ours) this.#streams.delete(id)
    }
  }

  async #send(id: number, bytes: Uint8Array, flags: number): Promise<void> {
    if (this.#ended) throw new Error('the SPDY connection is over')
    const head = Buffer.alloc(8)
    head.writeUInt32BE(id, 0)
    head[4] = flags
    head.writeUIntBE(bytes.length, 5, 3)
    await this.#write(Buffer.concat([head, bytes]))
  }

  #forget(id: number): void {
    this.#streams.get(id)?.stream.input.end()
    this.#streams.delete(id)
  }

  /** The connection is over: every stream's input ends. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const id of [...this.#streams.keys()]) this.#forget(id)
    this.#blocks.close()
    this.#aborter.abort()
  }
}
