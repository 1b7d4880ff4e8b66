// WebSockets (RFC 6455) for every place that ends or dials one: the gateway's server adapter, the connector, the tests.
// `websocket/frames.ts` is the codec, `websocket/socket.ts` a MessageSocket over any byte duplex. No I/O of its own.

export {
  acceptKey,
  encodeFrame,
  FrameParser,
  OPCODE,
} from './websocket/frames.ts'
export {
  type ByteDuplex,
  fromDuplex,
  type MessageSocket,
  SocketClosed,
} from './websocket/socket.ts'
