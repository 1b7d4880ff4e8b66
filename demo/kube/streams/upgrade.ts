// The upgrades the API server answers: exec, attach and port-forward. In: an upgrade request and its socket.

import type { Duplex } from 'node:stream'
import type { Cluster, User } from '../cluster.ts'
import type { PodRuntime } from '../pods/runtime.ts'
import type { DemoRequest } from '../request.ts'

/** Answers an upgrade request on its raw socket. */
export function handleUpgrade(
  cluster: Cluster,
  runtime: PodRuntime,
  request: DemoRequest,
  peer: User | undefined,
  socket: Duplex,
  head: Uint8Array,
): void {
  void [cluster, runtime, request, peer, head]
  socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
