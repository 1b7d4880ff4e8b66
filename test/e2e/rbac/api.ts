// A real cluster's API server, asked as its administrator over a few kept-alive connections. In: the kubeconfig, a path,
// a body. Out: parsed JSON. @throws what the API server refuses.

import { Agent, request } from 'node:https'
import { kubeconfigTarget } from '../../../connector/target/kubeconfig.ts'

/** Questions under way at a time. */
const CONNECTIONS = 12

export interface Api {
  post(path: string, body: unknown): Promise<unknown>
  remove(path: string): Promise<unknown>
  close(): void
}

export async function openApi(kubeconfig: string): Promise<Api> {
  const target = await kubeconfigTarget({ path: kubeconfig, allowInsecure: false, env: process.env, now: Date.now })
  const { authorization, cert, key } = await target.credentials()
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const ask = (method: string, path: string, body: string | undefined) =>
    new Promise<unknown>((resolve, reject) => {
      const sent = request(
        {
          ...target.tls,
          agent,
          method,
          host: target.host,
          port: target.port,
          path: `${target.basePath}${path}`,
          ...(cert === undefined || key === undefined ? {} : { cert, key }),
          headers: {
            accept: 'application/json',
            ...(authorization === undefined ? {} : { authorization }),
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          },
        },
        (answer) => {
          const pieces: Buffer[] = []
          answer.on('error', reject)
          answer.on('data', (piece: Buffer) => pieces.push(piece))
          answer.on('end', () => {
            const text = Buffer.concat(pieces).toString('utf8')
            if ((answer.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`))
            else resolve(JSON.parse(text))
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  return {
    post: (path, body) => ask('POST', path, JSON.stringify(body)),
    remove: (path) => ask('DELETE', path, undefined),
    close: () => agent.destroy(),
  }
}
