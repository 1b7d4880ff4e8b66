import { InMemoryFs } from 'just-bash'
import { describe, expect, it } from 'vitest'
import { createTar, extractTar, parseTar } from './tar.ts'

const binary = Uint8Array.from({ length: 1500 }, (_, i) => (i * 7) & 255)

describe('tar', () => {
  it('gives back what it was given, binary, nested and long-named', async () => {
    const from = new InMemoryFs()
    const long = `${'d'.repeat(90)}/${'f'.repeat(90)}.bin`
    await from.mkdir(`/src/${'d'.repeat(90)}`, { recursive: true })
    await from.writeFile('/src/empty', '')
    await from.writeFile('/src/a.bin', binary)
    await from.writeFile(`/src/${long}`, binary)
    const archive = await createTar(from, '/', ['/src'])
    expect(archive.length % 512).toBe(0)
    const to = new InMemoryFs()
    await extractTar(to, '/dst', archive)
    expect(await to.readFileBuffer('/dst/src/a.bin')).toEqual(binary)
    expect(await to.readFileBuffer(`/dst/src/${long}`)).toEqual(binary)
    expect(await to.readFile('/dst/src/empty')).toBe('')
  })
  it('refuses a path that leads out', async () => {
    const from = new InMemoryFs({ '/x': 'hello' })
    const archive = await createTar(from, '/', ['/x'])
    archive.set(new TextEncoder().encode('../x'), 0)
    await expect(extractTar(new InMemoryFs(), '/dst', archive)).rejects.toThrow("contains '..'")
  })
  it('refuses an archive cut short', async () => {
    const archive = await createTar(new InMemoryFs({ '/x': 'hello' }), '/', ['/x'])
    await expect(extractTar(new InMemoryFs(), '/', archive.subarray(0, 512))).rejects.toThrow('Unexpected EOF')
  })
  it.each([
    [['cf', '-', '/etc/hostname'], { mode: 'create', file: '-', dir: '.', paths: ['/etc/hostname'] }],
    [['-xmf', '-', '-C', '/tmp'], { mode: 'extract', file: '-', dir: '/tmp', paths: [] }],
    [['--no-same-owner', '-xmf', '-'], { mode: 'extract', file: '-', dir: '.', paths: [] }],
    [['-tf', 'a.tar'], { mode: 'list', file: 'a.tar', dir: '.', paths: [] }],
  ])('reads %j', (args, wanted) => {
    expect(parseTar(args)).toEqual(wanted)
  })
})
