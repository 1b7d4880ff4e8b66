import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeGateway } from './testing.ts'

const SECRET = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', data: { password: btoa('correct-horse') } })

let gateway: Awaited<ReturnType<typeof fakeGateway>>
let [secret, wrong] = ['', '']
beforeEach(async () => {
  gateway = await fakeGateway()
  secret = join(gateway.data, 'secret.json')
  wrong = join(gateway.data, 'wrong.yaml')
  await writeFile(secret, SECRET)
  await writeFile(wrong, 'apiVersion: sallyport/v1\nkind: MaskPolicy\nmetadata: {name: m}\nspec: {of: "x\\u001b[2J"}\n')
})
afterEach(() => gateway.close())

describe('mask test', () => {
  it('prints what the gateway would let out, and counts it, without asking a gateway', async () => {
    expect(await gateway.run('mask', 'test', secret)).toBe(0)
    const { data } = JSON.parse(gateway.out())
    expect(atob(data.password)).toContain('masked:')
    expect(gateway.err()).toMatch(/^\nmasked as secrets: 1\nRULE +COUNT\n\S+ +1\n$/)
    expect(gateway.asked).toEqual([])
  })
  it('prints JSON', async () => {
    expect(await gateway.run('mask', 'test', secret, '-o', 'json')).toBe(0)
    expect(JSON.parse(gateway.out())).toMatchObject({ as: 'secrets', count: 1, text: expect.stringContaining('{"api') })
  })
  it('ends with 2 for a policy that is wrong, with its place', async () => {
    expect(await gateway.run('mask', 'test', '-f', wrong, secret)).toBe(2)
    expect(gateway.err()).toContain(`sallyport: ${wrong}: line 4, column 12: spec.of: is not a known key`)
    expect(gateway.out()).toBe('')
  })
  it('ends with 2 for a file there is not', async () => {
    expect(await gateway.run('mask', 'test', join(gateway.data, 'none.json'))).toBe(2)
    expect(await gateway.run('mask', 'test', '-f', join(gateway.data, 'none.yaml'), secret)).toBe(2)
  })
  it('ends with 1 for what the gateway would withhold', async () => {
    await writeFile(secret, `{"data":{"${'k'.repeat(2000)}":""}}`)
    expect(await gateway.run('mask', 'test', secret, '--resource', 'secrets')).toBe(1)
    expect(gateway.err()).toContain('the gateway would withhold it: ')
  })
  it('shows nothing a terminal would obey', async () => {
    await writeFile(secret, 'a line\n\u001b[2J\u202e and one\n')
    expect(await gateway.run('mask', 'test', secret)).toBe(0)
    expect(gateway.out()).toBe('a line\n⟨U+001B⟩[2J⟨U+202E⟩ and one\n')
  })
})
