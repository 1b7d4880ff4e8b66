import { afterAll, expect, it } from 'vitest'
import { json } from './upstream.ts'
import { startWorld, type World } from './world.ts'

let world: World
afterAll(() => world?.close())
it('passes a get', async () => {
  world = await startWorld((process.env.RT ?? 'bun') as never)
  world.upstream.on('/api/v1/namespaces/d/pods/p', json({ kind: 'Pod', big: 1 }))
  world.upstream.on(
    '/api/v1/namespaces/d/secrets/s',
    json({
      kind: 'Secret',
      apiVersion: 'v1',
      data: { a: Buffer.from('hunter2hunter2').toString('base64') },
      type: 'Opaque',
    }),
  )
  const a = await world.ask('/api/v1/namespaces/d/pods/p')
  console.log(a.status, a.text, [...a.headers])
  const b = await world.ask('/api/v1/namespaces/d/secrets/s')
  console.log(b.status, b.text)
  console.log(world.upstream.seen[0]?.rawHeaders)
  const s = await world.api('/api/v1/sessions')
  console.log(s.status, s.text)
  console.log((await world.ask('/api/v1/namespaces/forbidden/pods/p')).text)
  console.log(world.output())
}, 60000)
