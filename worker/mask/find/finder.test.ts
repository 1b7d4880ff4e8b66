import { describe, expect, it } from 'vitest'
import type { Hit, Masking, MaskRules } from '../contract.ts'
import { DEFAULT_MASK_RULES } from '../rules.ts'
import { base64, maskingFor, seeded } from '../testing.ts'
import { createFinder } from './finder.ts'
import { createKnownValues } from './values.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const KEY = 'AKIAQYLPMN5HHHFPZAM2'
const TOKEN = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
const VALUE = 's3cr3t-pw/with+signs?'

function session(rules: MaskRules = DEFAULT_MASK_RULES): Masking {
  const masking = maskingFor(rules)
  masking.values.note(encoder.encode(VALUE), 'password')
  return masking
}
const MASKING = session()

/** A text with «rule» in the place of each hit. */
function marked(text: string, hits: readonly Hit[]): string {
  const bytes = encoder.encode(text)
  let out = ''
  let at = 0
  for (const { start, end, rule, form } of hits) {
    out += `${decoder.decode(bytes.subarray(at, start))}«${form === 'base64' ? '64:' : ''}${rule}»`
    at = end
  }
  return out + decoder.decode(bytes.subarray(at))
}

function found(text: string, masking = MASKING, name?: string): readonly Hit[] {
  const options = { final: true, ...(name === undefined ? {} : { name }) }
  const { hits, open } = masking.finder.find(encoder.encode(text), options)
  expect(open).toBe(encoder.encode(text).length)
  return hits
}

describe('what a secret may be wrapped in', () => {
  const id = '«aws-access-key-id»'
  it.each([
    ['nothing', `a ${KEY} b`, `a ${id} b`],
    ['JSON in a string', `{\\"k\\":\\"${KEY}\\"}`, `{\\"k\\":\\"${id}\\"}`],
    ['JSON in a string in a string', `{\\\\\\"k\\\\\\":\\\\\\"${KEY}\\\\\\"}`, `{\\\\\\"k\\\\\\":\\\\\\"${id}\\\\\\"}`],
    ['an escape before it', `a\\n${KEY}\\nb`, `a\\n${id}\\nb`],
    ['an escape in it', `a \\u0041${KEY.slice(1)} b`, `a ${id} b`],
    ['a shell escape in it', `a $'\\x41${KEY.slice(1)}' b`, `a $'${id}' b`],
    ['percent-encoding', `k=%41${KEY.slice(1)}&x=1`, `k=${id}&x=1`],
    ['base64', `a ${base64(KEY)} b`, 'a «64:aws-access-key-id» b'],
    ['base64 with more in it', `a ${base64(`x ${KEY} y`)} b`, 'a «64:aws-access-key-id» b'],
    ['base64 of base64', `a ${base64(base64(`x ${KEY} y`))} b`, 'a «64:aws-access-key-id» b'],
    ['base64 behind an escape', `a\\n${base64(`x ${KEY} y`)}\\n b`, 'a\\n«64:aws-access-key-id»\\n b'],
    ['base64 with escaped signs', `a ${base64(`?> ${KEY} ~~`).replaceAll('/', '\\/')} b`, 'a «64:aws-access-key-id» b'],
    [
      'base64 over lines',
      `a\n  ${base64(`some text then ${KEY} here`)
        .match(/.{1,20}/g)!
        .join('\n  ')}\n b`,
      'a\n  «64:aws-access-key-id»\n b',
    ],
    ['colours', `a \u001b[31m${KEY.slice(0, 6)}\u001b[32m${KEY.slice(6)}\u001b[0m b`, `a \u001b[31m${id}\u001b[0m b`],
    [
      'a line of eighty columns',
      `${'x '.repeat(35)}${KEY.slice(0, 10)}\n${KEY.slice(10)} b`,
      `${'x '.repeat(35)}${id} b`,
    ],
    ['a known value', `a ${VALUE} b`, 'a «value» b'],
    ['a known value in a word', `a xx${VALUE}yy b`, 'a xx«value»yy b'],
    ['a known value, escaped', `a ${VALUE.replace('/', '\\/')} b`, 'a «value» b'],
    ['a known value, percent-encoded', `a=${encodeURIComponent(VALUE)}&b`, 'a=«value»&b'],
    ['a known value in base64', `a ${base64(`xx${VALUE}yy`)} b`, 'a «64:value» b'],
    ['a known value over lines', `a ${VALUE.slice(0, 11)}\n   ${VALUE.slice(11)} b`, 'a «value» b'],
  ])('%s', (_name, text, expected) => {
    expect(marked(text, found(text))).toBe(expected)
    const bytes = encoder.encode(text)
    if (!text.includes('\n') && !text.includes('\u001b'))
      expect(MASKING.finder.suspect(bytes, 0, bytes.length)).toBe(true)
  })
})

describe('a known value that is a word', () => {
  const masking = maskingFor()
  for (const word of ['horses', 'xqtzrbkw']) masking.values.note(encoder.encode(word), 'password')
  it.each([
    ['in a sentence', 'all horses are fed', 'all horses are fed'],
    ['inside of a word', 'the seahorses', 'the seahorses'],
    ['alone', 'horses', 'horses'],
    ['behind an operator', 'a=horses', 'a=«value»'],
    ['behind an operator, quoted', '{"a": "horses"}', '{"a": "«value»"}'],
    ['in an element', '<a>horses</a>', '<a>«value»</a>'],
    ['in base64', base64('xx horses yy'), '«64:value»'],
    ['that nobody speaks', 'all xqtzrbkw are fed', 'all «value» are fed'],
  ])('%s', (_name, text, expected) => {
    expect(marked(text, found(text, masking))).toBe(expected)
  })
})

describe('the value that a tag is made of', () => {
  const values = (text: string): readonly string[] => found(text).map(({ value }) => decoder.decode(value))
  it.each([
    ['as it stands', `a ${KEY} b`],
    ['with its escape undone', `a \\u0041${KEY.slice(1)} b`],
    ['without colours', `a ${KEY.slice(0, 6)}\u001b[32m${KEY.slice(6)} b`],
    ['out of base64 that holds nothing else', `a ${base64(KEY)} b`],
    ['out of base64 with a line end', `a ${base64(`${KEY}\n`)} b`],
    ['out of two lines', `${'x '.repeat(35)}${KEY.slice(0, 10)}\n${KEY.slice(10)} b`],
  ])('%s', (_name, text) => {
    expect(values(text)).toEqual([KEY])
  })

  it('is all that base64 holds when that is more than the secret', () => {
    expect(values(`a ${base64(`user: x, key: ${KEY}`)} b`)).toEqual([`user: x, key: ${KEY}`])
  })

  it('is the known value wherever it stands', () => {
    expect(values(`${VALUE} ${base64(`x${VALUE}y`)} ${encodeURIComponent(VALUE)}`)).toEqual([VALUE, VALUE, VALUE])
  })
})

describe('lines that belong together', () => {
  // In another alignment of base64 the number makes a letter before the key.
  it.each([4, 5, 6, 7, 8])('base64 over lines, and a number of %i digits on the line before', (digits) => {
    const packed = base64(`${KEY} is the key of an account that is used for backups`)
    const head = `a line that ends in a number of its own, n=${'69699090'.slice(0, digits)}`
    const text = `${head}\n${packed.slice(0, 60)}\n${packed.slice(60)}\nnext\n`
    expect(marked(text, found(text))).toMatch(
      /^a line that ends in a number of its own, n=\d*\n?«64:aws-access-key-id»\nnext\n$/,
    )
  })

  it.each([
    ['a value on its line, and the next line', `PASSWORD=Tr0ub4dor3xyz\nnext line`, 'PASSWORD=«password»\nnext line'],
    ['a value on its line, and a word', `PASSWORD=Tr0ub4dor3xyz\nDone\n`, 'PASSWORD=«password»\nDone\n'],
    ['a value that goes on', `PASSWORD=Tr0ub4dor\n3xyzzy77\n`, 'PASSWORD=«password»\n'],
    ['a token on its line, and the next line', `${TOKEN}\nnext line`, '«github-token»\nnext line'],
    [
      'base64 alone on its line, and the number before it',
      `a line that ends in a number of its own, n=27798\n${base64(`x ${KEY} yz`)}\nnext\n`,
      'a line that ends in a number of its own, n=27798\n«64:aws-access-key-id»\nnext\n',
    ],
    [
      'two runs of base64 that have parts of a key each',
      `${base64('a text. -----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx7Zq0wqJf8nD2sXvGk1Lu3BhT5cR')}\nan ordinary line here\n${base64('yz -----END RSA PRIVATE KEY-----')}\n`,
      `«64:private-key»\nan ordinary line here\n${base64('yz -----END RSA PRIVATE KEY-----')}\n`,
    ],
    ['YAML', `token: Tr0ub4dor3xyz\nuser: somebody\n`, 'token: «secret»\nuser: somebody\n'],
  ])('%s', (_name, text, expected) => {
    expect(marked(text, found(text))).toBe(expected)
  })
})

describe('long texts with few escapes', () => {
  const prose = 'All is well in this line of ordinary words, and nothing is escaped in it.\n'.repeat(40)
  const LINES = Array.from({ length: 8 }, (_, i) => `MIIEpAIBAAKCAQEA${i}x7Zq0wqJf8nD2sXvGk1Lu3BhT5cRy9eWm4oKpQzVbN6aS`)
  it.each([
    ['a secret at one of them', `${prose}a \\u0041${KEY.slice(1)} b\n${prose}`, 'a «aws-access-key-id» b'],
    ['secrets at two of them', `${prose}\\n${KEY} b\n${prose}c\\n${TOKEN}\\n${prose}`, '«aws-access-key-id» b'],
    ['a percent sign', `${prose}a %41${KEY.slice(1)} b\n${prose}`, 'a «aws-access-key-id» b'],
    [
      'a key behind one that has no end',
      `${prose}\\n-----BEGIN RSA PRIVATE KEY-----${prose}${prose}\\n${KEY} \n${prose}`,
      '\\n«aws-access-key-id» \n',
    ],
    [
      'a key that is escaped',
      `${prose}"-----BEGIN RSA PRIVATE KEY-----\\n${LINES.join('\\n')}\\n-----END RSA PRIVATE KEY-----\\n"\n${prose}`,
      '"«private-key»\\n"\n',
    ],
  ])('%s', (_name, text, part) => {
    expect(marked(text, found(text))).toContain(part)
    for (const secret of [KEY.slice(1), TOKEN, ...LINES]) expect(marked(text, found(text))).not.toContain(secret)
  })

  it('a long secret behind an escape is not cut', () => {
    const payload = base64(JSON.stringify({ sub: 'a', data: 'x1'.repeat(1500) })).replace(/=+$/, '')
    const jwt = `${base64('{"alg":"HS256","typ":"JWT"}').replace(/=+$/, '')}.${payload}.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk0`
    const text = `${prose}\\n${jwt}\\n end\n${prose}`
    expect(marked(text, found(text))).toContain('\\n«jwt»\\n end')
  })
})

describe('placeholders', () => {
  const PLAIN = '⟦masked:secret:0123456789ab⟧'
  it.each([
    ['under a name that says secret', `DB_PASSWORD=${PLAIN}`],
    ['in quotes', `"password": "${PLAIN}"`],
    ['in base64', `password: ${base64(PLAIN)}`],
    ['escaped', `{\\"password\\":\\"${PLAIN}\\"}`],
    ['escaped by number', 'password=\\u27e6masked:secret:0123456789ab\\u27e7'],
    ['percent-encoded', `password=${encodeURIComponent(PLAIN)}`],
    ['in a URL', `postgres://app:${PLAIN}@db/x`],
    ['beside another', `${PLAIN}${PLAIN}`],
  ])('%s are no hits', (_name, text) => {
    expect(found(text)).toEqual([])
  })

  it('are left whole in the middle of what is masked', () => {
    const text = `${TOKEN} ${PLAIN} ${TOKEN}`
    expect(marked(text, found(text))).toBe(`«github-token» ${PLAIN} «github-token»`)
  })

  it('are no hits for the name they stand under', () => {
    expect(found(PLAIN, MASKING, 'password')).toEqual([])
    expect(found(base64(PLAIN), MASKING, 'password')).toEqual([])
  })

  it('hide nothing when they are none', () => {
    const text = `⟦masked:secret:${KEY}⟧ ⟦masked: ${KEY}`
    expect(found(text)).toHaveLength(2)
  })

  it('that have begun are waited for', () => {
    const bytes = encoder.encode(`a ${PLAIN}`)
    for (let cut = 3; cut < bytes.length; cut++) {
      const { hits, open } = MASKING.finder.find(bytes.subarray(0, cut), { final: false })
      expect([hits, open], `cut at ${cut}`).toEqual([[], 2])
    }
  })
})

describe('a text that goes on', () => {
  it('is open where a secret may have begun, and never inside a hit', () => {
    const text = `say ${KEY} and ${base64(`x ${KEY}`)} and pw=${VALUE} and {\\"k\\":\\"${TOKEN}\\"} end.`
    const bytes = encoder.encode(text)
    const whole = found(text)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { hits, open } = MASKING.finder.find(bytes.subarray(0, cut), { final: false })
      for (const hit of hits) expect(hit.end).toBeLessThanOrEqual(open)
      // What is decided is what the whole text says.
      expect(hits, `cut at ${cut}`).toEqual(whole.filter(({ end }) => end <= open))
      for (const hit of whole) expect(hit.start < open && open < hit.end, `cut at ${cut}`).toBe(false)
    }
  })

  it('leaves out what was let go', () => {
    const text = `${KEY} and ${TOKEN} end`
    expect(
      MASKING.finder.find(encoder.encode(text), { final: true, from: KEY.length }).hits.map(({ rule }) => rule),
    ).toEqual(['github-token'])
  })
})

describe('layers and rules', () => {
  const TEXT = `${KEY} ${VALUE} acme_1234abcd`
  const rulesWith = (given: Partial<MaskRules>): MaskRules => ({ ...DEFAULT_MASK_RULES, ...given })
  const layers = { structure: true, patterns: true, values: true }
  it.each([
    ['all', {}, '«aws-access-key-id» «value» acme_1234abcd'],
    ['no patterns', { layers: { ...layers, patterns: false } }, `${KEY} «value» acme_1234abcd`],
    ['no values', { layers: { ...layers, values: false } }, `«aws-access-key-id» ${VALUE} acme_1234abcd`],
    ['a rule off', { off: new Set(['aws-access-key-id']) }, `${KEY} «value» acme_1234abcd`],
    ['a pattern', { patterns: [{ name: 'acme', match: 'acme_[0-9a-f]{8}' }] }, '«aws-access-key-id» «value» «acme»'],
    [
      'a pattern with patterns off',
      { patterns: [{ name: 'acme', match: 'acme_[0-9a-f]{8}' }], layers: { ...layers, patterns: false } },
      `${KEY} «value» acme_1234abcd`,
    ],
  ] as const)('%s', (_name, given, expected) => {
    expect(marked(TEXT, found(TEXT, session(rulesWith(given))))).toBe(expected)
  })

  it('a pattern sees through escapes and base64', () => {
    const masking = session(rulesWith({ patterns: [{ name: 'acme', match: 'acme_[0-9a-f]{8}' }] }))
    const text = `a\\nacme_1234abcd\\n ${base64('xyz: acme_1234abcd')}`
    expect(marked(text, found(text, masking))).toBe('a\\n«acme»\\n «64:acme»')
  })

  it('values noted later are found', () => {
    const values = createKnownValues()
    const finder = createFinder(DEFAULT_MASK_RULES, values)
    const bytes = encoder.encode('it is wint3r-horse.')
    expect(finder.suspect(bytes, 0, bytes.length)).toBe(false)
    expect(finder.find(bytes, { final: true }).hits).toEqual([])
    values.note(encoder.encode('wint3r-horse'), 'password')
    expect(finder.suspect(bytes, 0, bytes.length)).toBe(true)
    expect(finder.find(bytes, { final: true }).hits).toHaveLength(1)
  })

  it('200 known values, each in each form', () => {
    const masking = maskingFor()
    const random = seeded(31)
    const word = (): string =>
      Array.from({ length: 14 }, () => 'abcdefghkmnpqrstuvwxyz23456789/+$'[Math.floor(random() * 33)]).join('')
    const noted = Array.from({ length: 200 }, word)
    for (const value of noted) masking.values.note(encoder.encode(value), 'password')
    for (const value of noted) {
      for (const form of [
        value,
        base64(value),
        base64(`x${value}y`),
        base64(`xy${value}`),
        encodeURIComponent(value),
        JSON.stringify(value),
      ]) {
        const hits = found(`some text ${form} more`, masking)
        if (!hits.some(({ value: one }) => decoder.decode(one) === value)) expect(form, value).toBe('found')
      }
    }
  })
})

describe('ordinary text', () => {
  it.each([
    [
      'a log',
      '2026-11-21T10:00:00Z INFO reconciled deployment shop/web-frontend in 35ms generation=12\nI1121 10:00:00.000000       1 x.go:1] synced\n',
    ],
    [
      'YAML of a Pod',
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-7d4b9c6f5-x2x9z\n  uid: 952274b4-efee-5ec3-a96b-37117dbe6782\nspec:\n  serviceAccountName: default\n',
    ],
    ['an image', 'registry.k8s.io/pause@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    [
      'a listing',
      'NAME                     READY   STATUS    RESTARTS   AGE\nweb-7d4b9c6f5-x2x9z      1/1     Running   0          3d\n',
    ],
    [
      'a certificate',
      `-----BEGIN CERTIFICATE-----\n${'MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n'.repeat(3)}-----END CERTIFICATE-----\n`,
    ],
    ['base64 of prose', base64('The quick brown fox jumps over the lazy dog, and nothing in here is secret.')],
  ])('%s has no hit', (_name, text) => {
    expect(found(text)).toEqual([])
  })
})

describe('bounds', () => {
  it('three megabytes of any bytes', () => {
    const random = seeded(2)
    const bytes = Uint8Array.from({ length: 3 * 1024 * 1024 }, () => Math.floor(random() * 256))
    expect(MASKING.finder.find(bytes, { final: true }).open).toBe(bytes.length)
  })

  it.each([
    ['backslashes', '\\'],
    ['percent signs', '%25'],
    ['escape characters', '\u001b['],
    ['gzip that is none', 'H4sIAAAAAAAAA/abcdefghijklmnopqrstuvwxyzABCDEF '],
    ['base64 in base64', base64(base64(base64('something to say. '.repeat(20))))],
    ['broken lines', 'abcdefghijkl\n'],
    ['beginnings of placeholders', '⟦masked:'],
  ])('%s: searched to the end or refused', (_name, unit) => {
    const text = encoder.encode(unit.repeat(Math.ceil((512 * 1024) / unit.length)))
    let end: unknown
    try {
      end = MASKING.finder.find(text, { final: true }).open
    } catch (error) {
      end = error
    }
    expect(end === text.length || (end instanceof Error && end.name === 'MaskError')).toBe(true)
  })
})
