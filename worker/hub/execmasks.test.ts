import { describe, expect, it } from 'vitest'
import { failure } from '../../protocol/status.ts'
import { MaskError } from '../mask/error.ts'
import type { Piece } from '../mask/stream.ts'
import { createExecMasks } from './execmasks.ts'
import { decidedFor, maskingThatFinds } from './testing.ts'

const EXEC = '/api/v1/namespaces/d/pods/p/exec?command=sh&stdout=true&stdin=true'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const shown = (pieces: readonly Piece[]): string =>
  pieces
    .map((piece) => new TextDecoder().decode(piece.bytes))
    .join('')
    .replace(/⟦masked:([a-z0-9-]+):[0-9a-f]{12}⟧/g, '<$1>')
const made = (target = EXEC) => createExecMasks(decidedFor('GET', target).info, maskingThatFinds('hunter2'))

/** A tar of one file: its header with nothing but a name and the magic, then the content in a block of its own. */
function tar(content: string): Uint8Array {
  const out = new Uint8Array(1024)
  out.set(bytes('file'), 0)
  out.set(bytes('ustar'), 257)
  out.set(bytes(content), 512)
  return out
}

describe('masks of an exec', () => {
  it('masks output and input, and tells where', () => {
    const masks = made()
    expect(shown([...masks.output.push(1, bytes('a hunter2 b\n')), ...masks.output.push(2, bytes('hunter2\n'))])).toBe(
      'a <played> b\n<played>\n',
    )
    expect(shown([...masks.input.push(0, bytes('hunter2\n')), ...masks.input.end()])).toBe('<played>\n')
    masks.output.end()
    expect(masks.report()).toMatchObject({ count: 3, rules: { played: 3 } })
    expect(
      masks
        .report()
        ?.places?.map(({ at }) => at)
        .toSorted(),
    ).toEqual(['stderr', 'stdin', 'stdout'])
  })

  it.each([
    ['a Success', '{"metadata":{},"status":"Success"}', { status: 'Success' }],
    [
      'words',
      JSON.stringify(failure('InternalError', 'no hunter2')),
      { message: expect.stringMatching(/^no ⟦masked/) },
    ],
  ])('masks the Status that ends it: %s', (_name, status, expected) => {
    expect(JSON.parse(new TextDecoder().decode(made().status(bytes(status))))).toMatchObject(expected)
  })

  it.each([
    ['what is no JSON', 'hunter2', { status: 'Failure', reason: 'InternalError' }],
    [
      'an exit code among words that cannot be masked',
      JSON.stringify({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        message: 'FAIL hunter2',
        details: { causes: [{ reason: 'ExitCode', message: '3' }] },
      }),
      { reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } },
    ],
  ])('replaces a Status: %s', (_name, status, expected) => {
    const given = new TextDecoder().decode(made().status(bytes(status)))
    expect(given).not.toContain('hunter2')
    expect(JSON.parse(given)).toMatchObject(expected)
  })

  describe('a tar', () => {
    it('passes byte by byte when nothing in it is masked', () => {
      const { output } = made()
      const archive = tar('content')
      const out = [...output.push(1, archive.slice(0, 600)), ...output.push(1, archive.slice(600)), ...output.end()]
      expect(Buffer.concat(out.map((piece) => piece.bytes)).equals(Buffer.from(archive))).toBe(true)
    })

    it('ends at a secret: it could not be unpacked with a placeholder in it', () => {
      const { output } = made()
      expect(() => [...output.push(1, tar('a hunter2 b\n')), ...output.end()]).toThrow(MaskError)
      expect(() => [...made().output.push(1, tar('a hunter2 b\n')), ...made().output.end()]).toThrow(/rule played/)
    })

    it.each([
      [
        'a secret on stderr',
        EXEC,
        () =>
          [
            [1, tar('')],
            [2, bytes('hunter2\n')],
          ] as const,
      ],
      ['what a terminal shows', `${EXEC}&tty=true`, () => [[1, tar('hunter2\n')]] as const],
      ['text', EXEC, () => [[1, bytes('hunter2\n')]] as const],
    ])('does not end at %s', (_name, target, pushes) => {
      const { output } = made(target)
      const out = [...pushes().flatMap(([channel, each]) => output.push(channel, each)), ...output.end()]
      expect(shown(out)).toContain('<played>')
    })
  })
})
