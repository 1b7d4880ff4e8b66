// What a gateway process is started with: the gateway's configuration, where it listens and where the app's files are.
// In: parsed JSON. Out: settings with absolute paths, or an error naming what is wrong. No I/O.

import { resolve } from 'node:path'
import * as v from 'valibot'
import { type GatewayConfig, parseConfig } from '../config.ts'

const shape = v.strictObject({
  config: v.unknown(),
  listen: v.strictObject({
    host: v.optional(v.string(), '127.0.0.1'),
    port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
    certFile: v.string(),
    keyFile: v.string(),
  }),
  /** The built app; absent: only the API is served. */
  appDir: v.optional(v.string()),
})

export interface ProcessSettings {
  readonly config: GatewayConfig
  readonly listen: { readonly host: string; readonly port: number; readonly certFile: string; readonly keyFile: string }
  readonly appDir?: string
}

/**
 * @param base folder that relative paths are relative to (also in a `file:` database URL)
 * @throws Error naming the fields that are wrong; never their values
 */
export function parseProcessConfig(document: unknown, base: string): ProcessSettings {
  const parsed = v.safeParse(shape, document)
  if (!parsed.success) {
    const lines = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? '(document)'}: ${issue.message}`)
    throw new Error(`the gateway's settings are not valid:\n${lines.join('\n')}`)
  }
  const { listen, appDir } = parsed.output
  const config = parseConfig(parsed.output.config)
  const { url } = config.database
  return {
    config: url.startsWith('file:')
      ? { ...config, database: { ...config.database, url: `file:${resolve(base, url.slice('file:'.length))}` } }
      : config,
    listen: { ...listen, certFile: resolve(base, listen.certFile), keyFile: resolve(base, listen.keyFile) },
    ...(appDir === undefined ? {} : { appDir: resolve(base, appDir) }),
  }
}
