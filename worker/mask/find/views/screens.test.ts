// Screens that a program draws by moving the cursor, and mail in quoted-printable: read whole, and cut anywhere.

import { expect, test } from 'vitest'
import { createTextStream } from '../../stream.ts'
import { MASKING } from '../../testing.ts'
import { made } from '../rules/examples.ts'

const KEY = made('AKIA<b32*16>')
const PASSWORD = 'vK7-qT=2xWp9'
const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')

const printable = (text: string): string => text.replaceAll('=', '=3D')

test.each([
  ['a word drawn right behind', `\x1b[2J\x1b[5;1HKEY=${KEY}\x1b[6;1Hok`, KEY],
  ['a word drawn right in front', `ok\x1b[6;1H${KEY}\x1b[K\r\n`, KEY],
  ['cleared in the middle', `\x1b[H${KEY.slice(0, 6)}\x1b[K${KEY.slice(6)}\x1b[1;30Hok`, KEY],
  ['a name in another column', `\x1b[2;1Hdb_password:\x1b[2;30H${PASSWORD}\x1b[3;1H~`, PASSWORD],
  ['two letters rubbed out at once', `$ echo ${KEY.slice(0, 9)}xy\b\b  \b\b${KEY.slice(9)}\r\n`, KEY],
  ['quoted-printable', `DB_PASSWORD=3D${printable(PASSWORD)}\nX=3D1\n`, printable(PASSWORD)],
  ['quoted-printable, over a line end', `a=3D1 ${KEY.slice(0, 9)}=\r\n${KEY.slice(9)} b\r\n`, KEY.slice(9)],
])('%s', (_, text, secret) => {
  const bytes = encoder.encode(text)
  const masked = (pieces: readonly Uint8Array[]): string => {
    const stream = createTextStream(MASKING, { 1: 'stdout' })
    return [...pieces.flatMap((piece) => stream.push(1, piece)), ...stream.end()]
      .map((piece) => latin.decode(piece.bytes))
      .join('')
  }
  const whole = masked([bytes])
  expect(whole).toContain('masked:')
  expect(whole).not.toContain(secret.slice(-6))
  expect(masked(Array.from(bytes, (byte) => Uint8Array.of(byte)))).not.toContain(secret.slice(-6))
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(masked([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toBe(whole)
  }
})

test.each(['a=3Db', 'x=10&y=20&z=3D', '\x1b[2;1Husers\x1b[2;30Hload average\x1b[3;1H~'])('%j is left', (text) => {
  expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
})
