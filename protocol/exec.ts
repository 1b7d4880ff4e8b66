// Channels of Kubernetes' remote command subprotocols over WebSocket, `v5.channel.k8s.io` and `v4.channel.k8s.io`:
// the first byte of every binary message names its channel. Source: k8s.io/apimachinery/pkg/util/remotecommand. No I/O.

/** Subprotocols, newest first. Only v5 can half-close a channel. */
export const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const

/** The one subprotocol of port-forward over WebSocket: its messages are the bytes of an SPDY/3.1 connection, cut anywhere. */
export const PORT_FORWARD_PROTOCOL = 'SPDY/3.1+portforward.k8s.io'

/** Channel numbers. `close` is v5 only: its payload is the number of the channel that gets no more data. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const

/** One message, its channel split off. `payload` is a view. */
export interface ChannelMessage {
  readonly channel: number
  readonly payload: Uint8Array
}

/** Null for an empty message, which has no channel. */
export function decodeChannel(message: Uint8Array): ChannelMessage | null {
  const channel = message[0]
  return channel === undefined ? null : { channel, payload: message.subarray(1) }
}

/** A message for a channel. */
export function encodeChannel(channel: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(payload.length + 1)
  out[0] = channel
  out.set(payload, 1)
  return out
}

/** The channel a v5 message half-closes, or null when it is not such a message. */
export function halfClosed(message: Uint8Array): number | null {
  return message.length === 2 && message[0] === CHANNEL.close ? (message[1] ?? null) : null
}
