import { describe, expect, it } from 'vitest'
import { join } from '../bytes.ts'
import type { Masking } from './contract.ts'
import { MaskError } from './error.ts'
import { MAX_HELD_BYTES } from './limits.ts'
import { createTextStream, type Piece, type TextStream } from './stream.ts'
import { base64, maskingFor, seeded } from './testing.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const OUT = 1
const ERR = 2
const CHANNELS = { [OUT]: 'stdout', [ERR]: 'stderr' }

const TOKEN = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
const KEY = 'AKIAQYLPMN5HHHFPZAM2'
const VALUE = 's3cr3t-pw/with+signs'
const BODY = Array.from({ length: 8 }, (_, i) => `MIIEpAIBAAKCAQEA${i}x7Zq0wqJf8nD2sXvGk1Lu3BhT5cRy9eWm4oKpQzVbN6aS`)
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${BODY.join('\n')}\n-----END RSA PRIVATE KEY-----`

function known(): Masking {
  const masking = maskingFor()
  masking.values.note(encoder.encode(VALUE), 'password')
  return masking
}
const MASKING = known()

function textOf(pieces: readonly Piece[], channel?: number): string {
  const of = pieces.filter((piece) => channel === undefined || piece.channel === channel)
  return decoder.decode(join(of.map(({ bytes }) => bytes)))
}

/** All that comes out of a text cut at offsets. */
function streamed(text: string | Uint8Array, cuts: readonly number[], masking = MASKING): string {
  const stream = createTextStream(masking, CHANNELS)
  const bytes = typeof text === 'string' ? encoder.encode(text) : text
  const out: Piece[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    const chunk = bytes.slice(from, cut)
    out.push(...stream.push(OUT, chunk))
    // A buffer that is used again must not change what is kept.
    chunk.fill(0x7e)
    from = cut
  }
  out.push(...stream.end())
  expect(stream.holding).toBe(false)
  return textOf(out)
}

/** A text with a secret in one of the forms it may take, the secret's own characters, and what stays around it. */
const FORMS: readonly (readonly [name: string, text: string, secrets: readonly string[], kept: string])[] = [
  ['a token', `say ${TOKEN} now\n$ `, [TOKEN], 'say ⟦masked:…⟧ now\n$ '],
  [
    'an assignment',
    'export DB_PASSWORD="Tr0ub4dor&3x"\nnext\n',
    ['Tr0ub4dor'],
    'export DB_PASSWORD="⟦masked:…⟧"\nnext\n',
  ],
  ['a known value', `it is ${VALUE} now\n`, [VALUE], 'it is ⟦masked:…⟧ now\n'],
  [
    'a known value in base64',
    `it is ${base64(`x${VALUE}yz`)} now\n`,
    [base64(`x${VALUE}yz`)],
    'it is ⟦masked:…⟧ now\n',
  ],
  ['JSON in a string', `{"a":"{\\"k\\":\\"${KEY}\\"}"}\n`, [KEY], '{"a":"{\\"k\\":\\"⟦masked:…⟧\\"}"}\n'],
  ['an escape inside', `k \\u0041${KEY.slice(1)} z\n`, [KEY.slice(1)], 'k ⟦masked:…⟧ z\n'],
  [
    'an escape further in',
    `k ${KEY.slice(0, 9)}\\u00${KEY.charCodeAt(9).toString(16)}${KEY.slice(10)} z\n`,
    [KEY.slice(10)],
    'k ⟦masked:…⟧ z\n',
  ],
  [
    'percent-encoding further in',
    `k ${KEY.slice(0, 9)}%${KEY.charCodeAt(9).toString(16)}${KEY.slice(10)} z\n`,
    [KEY.slice(10)],
    'k ⟦masked:…⟧ z\n',
  ],
  ['percent-encoding', 'postgres://app:p%40ssw0rdZ7@db/x\n', ['p%40ssw0rdZ7'], 'postgres://app:⟦masked:…⟧@db/x\n'],
  ['base64', `v ${base64(`{"k":"${KEY}"}`)} z\n`, [base64(`{"k":"${KEY}"}`)], 'v ⟦masked:…⟧ z\n'],
  [
    'colours inside',
    `c \u001b[31m${KEY.slice(0, 7)}\u001b[1;4m${KEY.slice(7)}\u001b[0m z\n`,
    [KEY.slice(0, 7)],
    'c \u001b[31m⟦masked:…⟧\u001b[0m z\n',
  ],
  [
    'a typing error rubbed out',
    `c ${KEY.slice(0, 9)}xy\b \b\b \b${KEY.slice(9)} z\n`,
    [KEY.slice(9)],
    'c ⟦masked:…⟧ z\n',
  ],
  [
    'a wrapped line',
    `here is a line of more than forty columns: ${KEY.slice(0, 8)}\r\n  ${KEY.slice(8)} z\n`,
    [KEY.slice(8)],
    'here is a line of more than forty columns: ⟦masked:…⟧ z\n',
  ],
  ['a private key', `a\n${PEM}\nb\n`, BODY, 'a\n⟦masked:…⟧\nb\n'],
]

/** With tags and rules made alike. */
function plain(text: string): string {
  return text.replace(/⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/g, '⟦masked:…⟧')
}

describe('a secret cut by frames', () => {
  it.each(FORMS)('whole: %s', (_name, text, secrets, kept) => {
    const out = streamed(text, [])
    expect(plain(out)).toBe(kept)
    for (const secret of secrets) expect(out).not.toContain(secret)
  })

  it.each(FORMS)('every split in two: %s', (_name, text) => {
    const whole = streamed(text, [])
    const { length } = encoder.encode(text)
    for (let cut = 0; cut <= length; cut++) expect(streamed(text, [cut]), `cut at ${cut}`).toBe(whole)
  })

  it.each(FORMS)('every split in three: %s', (_name, text) => {
    const whole = streamed(text, [])
    const { length } = encoder.encode(text)
    // Of long texts, every split with the second cut at every seventh place.
    const step = length > 150 ? 53 : length > 60 ? 7 : 2
    for (let first = 0; first <= length; first += length > 150 ? 3 : 1)
      for (let second = first; second <= length; second += step)
        if (streamed(text, [first, second]) !== whole)
          expect(streamed(text, [first, second]), `${first}, ${second}`).toBe(whole)
  })

  it('byte by byte', () => {
    for (const [, text] of FORMS) {
      const { length } = encoder.encode(text)
      expect(
        streamed(
          text,
          Array.from({ length }, (_, i) => i),
        ),
      ).toBe(streamed(text, []))
    }
  })

  it('any segmentation of all of them together, in any order', () => {
    const random = seeded(3)
    for (let round = 0; round < 60; round++) {
      let text = ''
      while (text.length < 2500) text += FORMS[Math.floor(random() * FORMS.length)]![1]
      const { length } = encoder.encode(text)
      const cuts = Array.from({ length: Math.floor(random() * 30) }, () => Math.floor(random() * length)).sort(
        (a, b) => a - b,
      )
      expect(streamed(text, cuts), `round ${round}`).toBe(streamed(text, []))
    }
  })
})

describe('two channels', () => {
  /** The pieces of a secret and other output in between, in order of arrival. */
  function mixed(parts: readonly (readonly [channel: number, text: string])[]): {
    out: string
    err: string
    all: string
    stream: TextStream
  } {
    const stream = createTextStream(MASKING, CHANNELS)
    const pieces = parts.flatMap(([channel, text]) => stream.push(channel, encoder.encode(text)))
    pieces.push(...stream.end())
    return { out: textOf(pieces, OUT), err: textOf(pieces, ERR), all: textOf(pieces), stream }
  }

  it('a secret on one, cut by frames of the other', () => {
    for (let cut = 1; cut < TOKEN.length; cut++) {
      const { out, err } = mixed([
        [OUT, `say ${TOKEN.slice(0, cut)}`],
        [ERR, 'warning: slow\n'],
        [OUT, `${TOKEN.slice(cut)} now\n`],
      ])
      expect([plain(out), err]).toEqual(['say ⟦masked:…⟧ now\n', 'warning: slow\n'])
    }
  })

  it('a secret half on each, at every place', () => {
    for (let cut = 1; cut < TOKEN.length; cut++) {
      const { out, err, all } = mixed([
        [OUT, `say ${TOKEN.slice(0, cut)}`],
        [ERR, `${TOKEN.slice(cut)} now\n`],
      ])
      expect(plain(all), `cut at ${cut}`).toBe('say ⟦masked:…⟧ now\n')
      expect([plain(out), err]).toEqual(['say ⟦masked:…⟧', ' now\n'])
    }
  })

  it('a secret in three parts by turns', () => {
    const { all } = mixed([
      [OUT, `say ${VALUE.slice(0, 5)}`],
      [ERR, VALUE.slice(5, 11)],
      [OUT, `${VALUE.slice(11)} now\n`],
    ])
    expect(plain(all)).toBe('say ⟦masked:…⟧ now\n')
  })

  it.each([
    { name: 'begun on one, ended on the other', parts: [PEM.slice(0, 200), `${PEM.slice(200)}\nwarning\n`] },
    { name: 'the same, and the first goes on', parts: [PEM.slice(0, 200), PEM.slice(200), '\nnext\n'] },
    { name: 'its middle on the other', parts: [PEM.slice(0, 200), PEM.slice(200, 400), PEM.slice(400)] },
    { name: 'its end missing', parts: [PEM.slice(0, 200), PEM.slice(200, 450)] },
  ])('a private key by turns, $name', ({ parts }) => {
    const { all } = mixed(parts.map((part, i) => [i % 2 === 0 ? OUT : ERR, part]))
    for (const line of BODY) expect(all).not.toContain(line.slice(8))
  })

  it('a private key in shreds, of which one channel has the END and what looks like the rest of a key', () => {
    const shreds = PEM.match(/.{1,7}|\n/gs) ?? []
    // Most on the second channel, whose lines alone make a key without a BEGIN.
    const { all } = mixed(shreds.map((shred, i) => [i % 4 === 0 && i < shreds.length - 8 ? OUT : ERR, shred]))
    for (const line of BODY) expect(all).not.toContain(line.slice(0, 24))
  })

  it('two private keys by turns, each on its own', () => {
    const rows = PEM.split('\n')
    const { out, err } = mixed(
      rows.flatMap((row) => [
        [OUT, `${row}\n`],
        [ERR, `${row.replace('MIIE', 'MIIF')}\n`],
      ]),
    )
    for (const line of BODY) expect(out + err).not.toContain(line.slice(8))
  })

  it('a private key that is ended on the other, after what was held back had to go', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    const pieces = [
      ...stream.push(OUT, encoder.encode(PEM.slice(0, 200))),
      ...stream.flush(),
      ...stream.push(ERR, encoder.encode(PEM.slice(200, 420))),
      ...stream.flush(),
      ...stream.push(ERR, encoder.encode(`${PEM.slice(420)}\n`)),
      ...stream.flush(),
      ...stream.end(),
    ]
    for (const line of BODY) expect(textOf(pieces)).not.toContain(line.slice(8))
  })

  it('base64 that seems to go on with what comes next on its channel', () => {
    const packed = base64('password: "YG5mc5tRXHH7FQA8YENGS3mN"')
    const { all } = mixed([
      [OUT, packed.slice(0, 14)],
      [ERR, `${packed.slice(14)}\n2026-0`],
      [OUT, '5-03T10:00:00Z ready\n'],
    ])
    expect(all).not.toContain(packed.slice(20, 40))
  })

  it('two secrets by turns, each on its own', () => {
    const { out, err } = mixed([
      [OUT, `a ${TOKEN.slice(0, 9)}`],
      [ERR, `b ${KEY.slice(0, 9)}`],
      [OUT, `${TOKEN.slice(9)} c\n`],
      [ERR, `${KEY.slice(9)} d\n`],
    ])
    expect([plain(out), plain(err)]).toEqual(['a ⟦masked:…⟧ c\n', 'b ⟦masked:…⟧ d\n'])
  })

  it('what is decided goes on in order of arrival', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    const one = stream.push(OUT, encoder.encode('one \n'))
    const two = stream.push(ERR, encoder.encode('two \n'))
    const three = stream.push(OUT, encoder.encode('three \n'))
    expect([...one, ...two, ...three].map(({ channel, bytes }) => [channel, decoder.decode(bytes)])).toEqual([
      [OUT, 'one \n'],
      [ERR, 'two \n'],
      [OUT, 'three \n'],
    ])
  })

  it('any segmentation keeps each channel as it would be alone', () => {
    const random = seeded(8)
    const text = FORMS.map(([, one]) => `${one}\n.\n`).join('')
    const expected = streamed(text, [])
    for (let round = 0; round < 40; round++) {
      const stream = createTextStream(MASKING, CHANNELS)
      const pieces: Piece[] = []
      const bytes = encoder.encode(text)
      for (let at = 0; at < bytes.length; ) {
        const to = Math.min(bytes.length, at + 1 + Math.floor(random() * 200))
        pieces.push(...stream.push(OUT, bytes.slice(at, to)))
        at = to
        if (random() < 0.5) pieces.push(...stream.push(ERR, encoder.encode(' - \n')))
      }
      pieces.push(...stream.end())
      expect(textOf(pieces, OUT), `round ${round}`).toBe(expected)
    }
  })
})

describe('interactive output', () => {
  it.each([
    '$ ',
    '# ',
    'root@web-7d4b9c:/# ',
    'Password: ',
    '>>> ',
    'mysql> ',
    '\u001b[?2004hbash-5.1$ ',
    'Enter passphrase for key: ',
  ])('a lone prompt goes out at once: %j', (prompt) => {
    const stream = createTextStream(MASKING, CHANNELS)
    expect(textOf(stream.push(OUT, encoder.encode(prompt)))).toBe(prompt)
    expect(stream.holding).toBe(false)
  })

  it('a short line goes out at once', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    expect(textOf(stream.push(OUT, encoder.encode('hello world\r\n')))).toBe('hello world\r\n')
  })

  it('what may be the head of a secret is held back, and let go when asked', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    expect(textOf(stream.push(OUT, encoder.encode('is ghp_a1')))).toBe('is ')
    expect(stream.holding).toBe(true)
    expect(textOf(stream.flush())).toBe('ghp_a1')
    expect(stream.holding).toBe(false)
  })

  it('the rest of a secret whose head went out is masked', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    let out = textOf(stream.push(OUT, encoder.encode(`is ${TOKEN.slice(0, 9)}`)))
    out += textOf(stream.flush())
    out += textOf(stream.push(OUT, encoder.encode(`${TOKEN.slice(9)} z\n`)))
    out += textOf(stream.end())
    expect(plain(out)).toBe(`is ${TOKEN.slice(0, 9)}⟦masked:…⟧ z\n`)
    expect(stream.report()).toMatchObject({ count: 1, rules: { 'github-token': 1 } })
  })

  it('a secret that is typed slowly ends in one placeholder', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    let out = ''
    for (const char of `export DB_PASSWORD=${VALUE}\r\n`) {
      out += textOf(stream.push(OUT, encoder.encode(char)))
      out += textOf(stream.flush())
    }
    out += textOf(stream.end())
    expect(out).not.toContain(VALUE.slice(8))
    expect(plain(out).split('⟦masked:…⟧')).toHaveLength(2)
  })

  it('a private key is held until its end, and other channels are not', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    let out = textOf(stream.push(OUT, encoder.encode(`key:\n${PEM.slice(0, 300)}`)))
    out += textOf(stream.flush())
    expect(out).toBe('key:\n')
    expect(stream.holding).toBe(false)
    expect(textOf([...stream.push(ERR, encoder.encode('warning \n')), ...stream.flush()])).toBe('warning \n')
    out += textOf(stream.push(OUT, encoder.encode(`${PEM.slice(300)}\n$ `)))
    out += textOf(stream.end())
    expect(plain(out)).toBe('key:\n⟦masked:…⟧\n$ ')
  })

  it('a private key without an end is masked when the stream ends', () => {
    const out = streamed(PEM.slice(0, 400), [100, 200])
    for (const line of BODY) expect(out).not.toContain(line.slice(0, 30))
  })
})

describe('what is let through', () => {
  it('bytes that are no text, as they are', () => {
    const bytes = new Uint8Array(4096)
    const random = seeded(21)
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256)
    const stream = createTextStream(MASKING, CHANNELS)
    const pieces = [...stream.push(OUT, bytes.slice(0, 1000)), ...stream.push(OUT, bytes.slice(1000)), ...stream.end()]
    expect(Buffer.compare(Buffer.from(join(pieces.map((piece) => piece.bytes))), Buffer.from(bytes))).toBe(0)
  })

  it('placeholders, cut anywhere', () => {
    const text = 'DB_PASSWORD=⟦masked:secret:0123456789ab⟧ and 4p+mbWFza2VkOnNlY3JldDowMTIzNDU2Nzg5YWLin6c= z\n'
    expect(streamed(text, [])).toBe(text)
    for (let cut = 0; cut < encoder.encode(text).length; cut++) expect(streamed(text, [cut])).toBe(text)
  })

  it('ordinary logs', () => {
    const text = Array.from({ length: 200 }, (_, i) =>
      [
        `2026-11-21T10:00:${i % 60} INFO request ${i} handled in ${i * 3} ms`,
        `I1121 10:00:00.000000       1 controller.go:${i}] synced pod="shop/web-7d4b9c-x2x${i}"`,
        `{"level":"info","msg":"listening on :8080","trace":"4bf92f3577b34da6a3ce929d0e0e47${i % 90}"}`,
      ].join('\n'),
    ).join('\n')
    expect(streamed(text, [1000, 5000, 5001, 20000])).toBe(text)
  })
})

describe('bounds', () => {
  const held = (stream: TextStream, pieces: readonly Piece[][], given: number): number => {
    expect(stream).toBeDefined()
    return given - pieces.flat().reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  it('a key without an end fills no memory, and stays masked', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    const line = encoder.encode(`${BODY[0]}\n`)
    let out = textOf(stream.push(OUT, encoder.encode('-----BEGIN RSA PRIVATE KEY-----\n')))
    const chunk = join(Array.from({ length: 100 }, () => line))
    for (let i = 0; i < 60; i++) out += textOf(stream.push(OUT, chunk))
    expect(out.length).toBeGreaterThan(60 * chunk.length - MAX_HELD_BYTES - chunk.length - 64 * 1024)
  })

  it('a run of base64 without an end goes on as it comes', () => {
    const stream = createTextStream(MASKING, CHANNELS)
    const random = seeded(4)
    const bytes = Uint8Array.from({ length: 60_000 }, () => Math.floor(random() * 256))
    const text = encoder.encode(Buffer.from(bytes).toString('base64'))
    const pieces: Piece[][] = []
    let given = 0
    for (let at = 0; at < text.length; at += 1000) {
      const chunk = text.slice(at, at + 1000)
      given += chunk.length
      pieces.push([...stream.push(OUT, chunk)])
      expect(held(stream, pieces, given)).toBeLessThan(16 * 1024)
    }
    pieces.push([...stream.end()])
    expect(textOf(pieces.flat())).toBe(decoder.decode(text))
  })

  it('a long base64 text has its secret masked wherever it is cut', () => {
    const text = `x ${base64(`${'all is well here. '.repeat(900)}key ${KEY} end${' all is well. '.repeat(900)}`)} y\n`
    const whole = streamed(text, [])
    expect(whole).toContain('⟦masked:')
    expect(whole.length).toBeGreaterThan(text.length - 200)
    const random = seeded(6)
    for (let round = 0; round < 20; round++) {
      const cuts = Array.from({ length: 12 }, () => Math.floor(random() * text.length)).sort((a, b) => a - b)
      expect(streamed(text, cuts), `round ${round}`).toBe(whole)
    }
  })

  it('what throws says so to the caller', () => {
    const masking: Masking = {
      ...MASKING,
      finder: {
        ...MASKING.finder,
        find: () => {
          throw new MaskError('it takes too long')
        },
      },
    }
    expect(() => createTextStream(masking, CHANNELS).push(OUT, encoder.encode('x'))).toThrow(MaskError)
  })
})

it('counts what was masked, by rule and channel', () => {
  const stream = createTextStream(MASKING, CHANNELS)
  stream.push(OUT, encoder.encode(`${TOKEN} ${VALUE} \n`))
  stream.push(ERR, encoder.encode(`x ${TOKEN} \n`))
  stream.end()
  expect(stream.report()).toEqual({
    count: 3,
    rules: { 'github-token': 2, value: 1 },
    places: [
      { rule: 'github-token', at: 'stdout', count: 1 },
      { rule: 'value', at: 'stdout', count: 1 },
      { rule: 'github-token', at: 'stderr', count: 1 },
    ],
  })
})
