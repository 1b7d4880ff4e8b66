import { describe, expect, it } from 'vitest'
import { webhookKey } from '../config.ts'
import { signedHeaders } from './standardwebhooks.ts'

describe('Standard Webhooks', () => {
  it('signs as the published reference vector does', () => {
    // The vector of the reference libraries (standard-webhooks/standard-webhooks, libraries/*, “sign function works”).
    const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    if (key === null) throw new Error('the secret reads')
    expect(signedHeaders(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it.each([
    ['another id', 'msg_other', 1614265330, '{"test": 2432232314}'],
    ['another time', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265331, '{"test": 2432232314}'],
    ['another body', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232315}'],
  ])('signs %s otherwise', (_name, id, at, body) => {
    const key = new Uint8Array(24)
    const signature = (...all: [string, number, string]) => signedHeaders(key, ...all)['webhook-signature']
    expect(signature(id, at, body)).not.toBe(
      signature('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'),
    )
  })

  it('signs UTF-8 as WebCrypto does', async () => {
    const key = Uint8Array.from({ length: 64 }, (_, at) => at * 3)
    const body = '{"rule":"größer – 大"}'
    const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const mac = await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(`n1.7.${body}`))
    expect(signedHeaders(key, 'n1', 7, body)['webhook-signature']).toBe(
      `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`,
    )
  })
})
