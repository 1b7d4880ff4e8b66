// What the connector needs to know of the cluster it stands next to: where it is and with which credentials to speak.

import type { ConnectionOptions } from 'node:tls'

/** Headers to set last (`authorization`), or client certificates in `tls`. Never logged. */
export interface Credentials {
  /** Value of `Authorization`; absent: the client certificate alone. */
  readonly authorization?: string
  /** Client certificate and key, PEM. */
  readonly cert?: string
  readonly key?: string
}

export interface Target {
  readonly host: string
  readonly port: number
  /** Path prefix of the server URL without a trailing slash; '' for most. */
  readonly basePath: string
  /** Null: plain http. */
  readonly tls: ConnectionOptions | null
  /** Current credentials; reads files again or runs the plugin when that is due. Rejects with TargetError. */
  credentials(): Promise<Credentials>
  /** The API server answered 401: the next `credentials()` must not come from a cache. True when that can help. */
  refuse(): boolean
}

/** The target's configuration is unusable, or credentials cannot be had. The message is for a person and holds no secret. */
export class TargetError extends Error {
  readonly code = 'TARGET'
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'TargetError'
  }
}
