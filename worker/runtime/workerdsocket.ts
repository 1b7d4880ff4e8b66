// A workerd WebSocket as a MessageSocket. The runtime does the framing; what it cannot do is hold a peer back, so what
// waits to be read is bounded, and writers wait while too much is buffered.

import type { MessageSocket } from '../context.ts'

/** Messages that wait for a reader. The tunnel's credit windows keep far below it; a client that floods stdin does not. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024
/** Sent and not yet taken by the peer, above which a writer waits. */
const HIGH_WATER_BYTES = 1024 * 1024
const LOOK_AGAIN_MS = 5

/** The part of a workerd WebSocket that is used. */
interface Socket {
  binaryType?: string
  readonly bufferedAmount?: number
  send(data: Uint8Array): void
  close(code: number, reason: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listener: () => void): void
}

/** Takes over an accepted WebSocket. */
export function fromWebSocket(socket: Socket, protocol: string, maxMessageBytes: number): MessageSocket {
  const waiting: Uint8Array[] = []
  let waitingBytes = 0
  let ended: { readonly error: Error | null } | null = null
  let wake: (() => void) | null = null
  const stir = (): void => {
    wake?.()
    wake = null
  }
  const end = (error: Error | null): void => {
    ended ??= { error }
    stir()
  }
  const close = (code: number, reason: string): void => {
    try {
      // 1005 and 1006 are never sent (RFC 6455, section 7.4.1).
      socket.close(code === 1005 || code === 1006 ? 1000 : code, reason.slice(0, 100))
    } catch {
      // It is closed already.
    }
  }
  const fault = (code: number, reason: string): void => {
    close(code, reason)
    end(new Error(reason))
  }
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }) => {
    if (ended !== null) return
    if (!(data instanceof ArrayBuffer)) return fault(1003, 'only binary messages are understood')
    if (data.byteLength > maxMessageBytes) return fault(1009, 'the message is too long')
    waitingBytes += data.byteLength
    if (waitingBytes > MAX_WAITING_BYTES) return fault(1008, 'more was sent than could be passed on')
    waiting.push(new Uint8Array(data))
    stir()
  })
  socket.addEventListener('close', ({ code, reason }) => {
    close(code, '')
    end(code === 1000 || code === 1001 || code === 1005 ? null : new Error(reason || `closed with ${code}`))
  })
  socket.addEventListener('error', () => end(new Error('the WebSocket broke off')))
  return {
    protocol,
    async read() {
      for (;;) {
        const message = waiting.shift()
        if (message !== undefined) {
          waitingBytes -= message.length
          return message
        }
        if (ended !== null) {
          if (ended.error !== null) throw ended.error
          return null
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async write(message) {
      if (ended !== null) throw ended.error ?? new Error('the WebSocket is closed')
      socket.send(message)
      while (ended === null && (socket.bufferedAmount ?? 0) > HIGH_WATER_BYTES) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      }
    },
    close(code, reason) {
      close(code, reason)
      end(null)
    },
  }
}
