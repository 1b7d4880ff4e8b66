// Every kind of secret in every form that an ordinary program prints it in: in one piece, and cut into frames over two channels.

import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { createTextStream } from '../../worker/mask/stream.ts'
import { maskingFor } from '../../worker/mask/testing.ts'
import { FORMS, SECRETS, type Secret } from './forms.ts'

/** A part of a secret that is no longer tells nothing of it. */
const FRAGMENT = 8
/** Bytes of a frame. */
const FRAME = 23

/** Forms in which a secret stands alone: what only its name gives away is not known there. */
const NAMELESS =
  'bare b64 b64w76 b64url b64b64 b32 hex hexcolon environbare typescript diff indented utf16bare gobytes'.split(' ')
/** Cells that are known to show the secret: too short for a shape, or letters that a view does not know. */
const OUT_OF_REACH: Readonly<Record<string, readonly string[]>> = {
  // A name of no weight, and a short value.
  cookie: ['password'],
  setcookie: ['password'],
  // Short values are known in plain text, base64 and hex.
  b64b64: ['valueshort'],
  b32: ['valueshort', 'valueuni'],
  b32named: ['valueshort', 'valueuni'],
  // Letters beyond ASCII in UTF-16.
  utf16le: ['valueuni'],
  utf16bare: ['valueuni'],
  utf16be: ['valueuni'],
  // A marker that is broken over lines, and the last letters of a line of forty.
  fold40: ['stripe', 'pgp', 'ppk'],
  // Many lines of gzip in base64 are not all known to belong together.
  gzb6476: ['pkcs8'],
  qp: ['ppk'],
}

const encoder = new TextEncoder()
const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function isCell({ id, kind }: Secret, form: string): boolean {
  if (kind === 'named' && NAMELESS.includes(form)) return false
  if (id === 'ppk' && form === 'pem1linespace') return false
  return OUT_OF_REACH[form]?.includes(id) !== true
}

/** The first part of a needle that stands in the output; null: none. */
function shown(output: string, needles: readonly string[], whole: boolean): string | null {
  for (const needle of needles) {
    const bytes = needle.includes('\0') ? needle : latin(encoder.encode(needle))
    const text = bytes.trim()
    if (text === '' || /^(.)\1*$|-----(?:BEGIN|END)|^Private-(?:Lines|MAC)|^=/.test(text)) continue
    const size = whole ? text.length : Math.min(FRAGMENT, text.length)
    for (let at = 0; at + size <= text.length; at++) {
      const part = text.slice(at, at + size)
      // Markers of keys and signs of the form are no part of the secret.
      if (/^[\\nr\s.|=]*$|-----|PRIVATE|BEGIN|^\$'|\x1b/.test(part)) continue
      if (output.includes(part)) return part
    }
  }
  return null
}

/** Rows of dumps have parts in common with those of the name. */
const ROWS = 'xxd hexdumpC hexdump od odc odtx1'.split(' ')

describe.each(Object.entries(FORMS))('%s', (name, form) => {
  const secrets = SECRETS.filter((secret) => isCell(secret, name))
  it('shows none of them', () => {
    const leaks: string[] = []
    for (const secret of secrets) {
      const masking = maskingFor()
      if (secret.kind === 'value') masking.values.note(encoder.encode(secret.text), 'password')
      const { out, needles } = form(secret.text, secret.name)
      const whole = createTextStream(masking, { 1: 'stdout' })
      const cut = createTextStream(masking, { 1: 'stdout', 2: 'stderr' })
      const pieces = [...whole.push(1, out), ...whole.end()]
      const frames = []
      for (let at = 0; at < out.length; at += FRAME) frames.push(...cut.push(1, out.subarray(at, at + FRAME)))
      frames.push(...cut.end())
      for (const [how, given] of Object.entries({ whole: pieces, cut: frames })) {
        const leak = shown(given.map(({ bytes }) => latin(bytes)).join(''), needles, ROWS.includes(name))
        if (leak !== null) leaks.push(`${secret.id}, ${how}: ${JSON.stringify(leak)}`)
      }
    }
    expect(leaks).toEqual([])
  })
})
