import { describe, expect, it } from 'vitest'
import { join } from '../../../bytes.ts'
import type { Hit } from '../../contract.ts'
import { createTextStream } from '../../stream.ts'
import { base64, maskingFor, seeded } from '../../testing.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const MASKING = maskingFor()
const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function hitsOf(text: string): readonly Hit[] {
  return MASKING.finder.find(encoder.encode(text), { final: true }).hits
}

/** A text without what is masked in it. */
function left(text: string): string {
  const bytes = encoder.encode(text)
  let out = ''
  let at = 0
  for (const { start, end } of hitsOf(text)) {
    out += `${decoder.decode(bytes.subarray(at, start))}…`
    at = end
  }
  return out + decoder.decode(bytes.subarray(at))
}

/** Random characters: a credential. */
function made(random: () => number, length: number): string {
  return Array.from({ length }, () => SIGNS[Math.floor(random() * SIGNS.length)]).join('')
}

interface Form {
  readonly name: string
  readonly lead?: string
  readonly broken?: string
}

const FORMS: readonly Form[] = [
  { name: 'as fold breaks them' },
  { name: 'CRLF', broken: '\r\n' },
  { name: 'a block of YAML', lead: '      ' },
  { name: 'a quote', lead: '> ' },
  { name: 'a shell', broken: '\\\n' },
  { name: 'several pods', lead: '[pod/web-7d4b9c6f5-x2x9z/main] ' },
  { name: 'times', lead: '2026-11-21T10:00:01.123456789Z ' },
  { name: 'a container runtime', lead: '2026-11-21T10:00:01.123456789Z stdout F ' },
  { name: 'containers side by side', lead: 'web-1  | ' },
]

/** A text, its lines broken where they would be wider than `columns`. */
function folded(text: string, columns: number, { lead = '', broken = '\n' }: Omit<Form, 'name'>): string {
  const over = broken === '\\\n' ? '\n' : broken
  return text
    .split('\n')
    .map((line) => (line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']).map((part) => lead + part).join(broken))
    .join(over)
}

/** Ways in which a credential stands in a text. */
const PLACES: readonly ((secret: string) => string)[] = [
  (secret) => `service_token = "${secret}"`,
  (secret) => `  "clientSecret": '${secret}',`,
  (secret) => `export ACME_API_KEY=${secret}`,
  (secret) => `const acmeApiKey = '${secret}';`,
  (secret) => `curl -s -H "Authorization: Bearer ${secret}" https://api.example.com/v1/items`,
  (secret) => `<acmeToken>${secret}</acmeToken>`,
  (secret) => `connecting with password=${secret} as admin`,
]

/** A credential of some length that is the same each time. */
const of = (length: number): string => made(seeded(4), length)

describe('a credential behind a name, broken for the width of its line', () => {
  it.each(FORMS)('$name', (form) => {
    const random = seeded(5)
    for (const columns of [64, 72, 76, 80, 100]) {
      for (const place of PLACES) {
        const secret = made(random, 40 + Math.floor(random() * 160))
        const text = `all is well\n${place(secret)}\nand goes on\n`
        const shown = left(folded(text, columns, form))
          .replaceAll(form.lead ?? '', '')
          .replace(/[\\\r\n]/g, '')
        for (let at = 0; at + 8 <= secret.length; at++) {
          if (shown.includes(secret.slice(at, at + 8))) expect(shown, `${columns} ${place('…')}`).toBe('')
        }
        expect(shown).toContain('all is well')
        expect(shown).toContain('and goes on')
      }
    }
  })

  it.each([
    ['its name is broken', 64, (secret: string) => `${'x'.repeat(45)} "database_password": "${secret}"`],
    ['its scheme is broken', 64, (secret: string) => `curl -s ${'x'.repeat(28)} -H "Authorization: Bearer ${secret}"`],
    ['an option is broken', 64, (secret: string) => `tool ${'x'.repeat(50)} --password ${secret} -v`],
  ])('%s', (_name, columns, place) => {
    const secret = made(seeded(9), 30)
    expect(left(folded(place(secret), columns, {}))).not.toContain(secret)
  })

  it.each([
    ['a tail with an equals sign, in quotes', `token: "${of(56)}`, 't=5lap7y2fooz=fiv"'],
    ['a tail of letters alone on its line', `client_secret=${of(48)}ab`, 'qzvbnmasdfgh'],
    ['letters in quotes, at no usual width', `client_secret="${of(36)}`, 'qzvbnmasdfgh"'],
    ['a backslash, at no usual width', `client_secret=${of(20)}\\`, 'qzvbnmasdfgh x'],
  ])('%s', (_name, first, second) => {
    const text = `${first}\n${second}\n`
    expect(left(text)).not.toContain(second.slice(0, 8))
  })

  it('is found with the name on the line before it', () => {
    const text = `service_token: |\n    ${of(90).slice(0, 60)}\n    ${of(90).slice(60)}\nnext: 5\n`
    expect(left(text)).toBe('service_token: |\n    …\nnext: 5\n')
  })
})

describe('base64 over lines', () => {
  const SECRETS = Array.from({ length: 200 }, (_, i) => made(seeded(100 + i), 24))
  const DENSE = SECRETS.map((secret, i) => `## k${i}\nacme_token_${i} = "${secret}"\n`).join('')

  it.each(FORMS)('of a text full of credentials: $name', (form) => {
    const text = folded(base64(DENSE), 76, form)
    const shown = left(text)
      .replaceAll(form.lead ?? '', '')
      .replace(/[\\\r\n]/g, '')
    const readable = SECRETS.filter((secret) =>
      [0, 1, 2].some((shift) => shown.includes(btoa('x'.repeat(shift) + secret).slice(4, 28))),
    )
    expect(readable).toEqual([])
  })
})

const HEX = '0123456789abcdef'
const WORDS =
  'the of controller deployment namespace is started when a request for pods was received and scheduled on node with image pulled from registry after timeout error retry connection refused by peer service endpoint token secret password key authorization credentials of'.split(
    ' ',
  )

/** Ordinary texts of one width. */
function ordinary(random: () => number, columns: number): Readonly<Record<string, string>> {
  const number = (below: number): number => Math.floor(random() * below)
  const hex = (length: number): string => Array.from({ length }, () => HEX[number(16)]).join('')
  const word = (): string => WORDS[number(WORDS.length)]!
  const lines = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n')
  const filled = (lead: string): string => {
    let out = ''
    let line = lead
    for (let i = 0; i < 120; i++) {
      const next = word()
      if (line.length + next.length + 1 > columns) {
        out += `${line}\n`
        line = lead + next
      } else line += line === lead ? next : ` ${next}`
    }
    return out + line
  }
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell) => cell.padEnd(Math.floor(columns / 4)))
      .join('')
      .slice(0, columns)
  return {
    prose: filled(''),
    'prose in a block of YAML': `data:\n  notes.txt: |\n${filled('    ')}\n`,
    'a comment': filled('# '),
    'a list of words': lines(40, word),
    hashes: lines(20, () => hex(64)),
    'hashes with names': lines(20, (i) => `${hex(64)}  token-${i}.key`),
    'a table': lines(20, (i) => row([`secret-${i}`, 'Opaque', String(number(9)), `${number(300)}d`])),
    'a log of one width': lines(
      20,
      () => `2026-11-21T10:00:01.${100 + number(899)}Z ${filled('').slice(0, columns).replaceAll('\n', ' ')}`,
    ),
    'git log': lines(
      20,
      () =>
        `commit ${hex(40)}\nAuthor: A Person <person@example.com>\nDate:   Sat Nov 21 10:00:00 2026\n\n    Fix the ${word()} of ${word()}\n`,
    ),
    'git log --oneline': lines(20, () => `${hex(7)} Fix the ${word()} of ${word()}`),
    'ls -l': lines(20, (i) => `-rw-r--r-- 1 root root ${1000 + number(8999)} Nov 21 10:0${number(9)} token-${i}.key`),
    code: lines(20, (i) =>
      `  const value${i} = await controller.reconcile(${word()}, { key: ${word()}, retry: ${number(9)} })`.slice(
        0,
        columns,
      ),
    ),
    images: lines(20, () => `registry.example.com/shop/web@sha256:${hex(64)}`),
    uuids: lines(20, () => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`),
    environment: lines(20, (i) => `${word().toUpperCase()}_SERVICE_HOST_${i}=10.0.${number(255)}.${number(255)}`),
  }
}

describe('what is not newly masked', () => {
  it('ordinary text of any width', () => {
    const random = seeded(21)
    for (let columns = 40; columns <= 132; columns++) {
      for (const [name, text] of Object.entries(ordinary(random, columns))) {
        if (hitsOf(text).length > 0) expect(left(text), `${name} at ${columns}`).toBe(text)
      }
    }
  })

  const CERTIFICATE = `-----BEGIN CERTIFICATE-----\n${Array.from({ length: 12 }, (_, i) => `MIIDazCCAlOgAwIBAgIU${made(seeded(i), 44)}`).join('\n')}\nq8Zx\n-----END CERTIFICATE-----\n`
  it.each([
    ['a certificate', CERTIFICATE],
    ['a certificate in YAML', `data:\n  ca.crt: |\n${CERTIFICATE.replace(/^(?=.)/gm, '    ')}kind: ConfigMap\n`],
    [
      'a manifest',
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    image: shop/app:1.4.2\n    env:\n    - name: TOKEN_FILE\n      value: /var/run/secrets/token\n    volumeMounts:\n    - mountPath: /var/run/secrets/kubernetes.io/serviceaccount\n      name: kube-api-access-x7k2p\n      readOnly: true\n',
    ],
    [
      "helm's notes",
      'NOTES:\n1. Get the application URL by running these commands:\n  export POD_NAME=$(kubectl get pods --namespace shop -l "app.kubernetes.io/name=web,app.kubernetes.io/instance=web" -o jsonpath="{.items[0].metadata.name}")\n  echo "Visit http://127.0.0.1:8080 to use your application"\n  kubectl --namespace shop port-forward $POD_NAME 8080:80\n2. To get your password run:\n  kubectl get secret --namespace shop web -o jsonpath="{.data.password}" | base64 -d\n',
    ],
    [
      'help',
      'Flags:\n      --password string            the password to log in with, or a dash to read it\n                                   from stdin (default: $ACME_PASSWORD)\n      --token-file string          a file with the token that is sent with each request\n                                   to the server\n',
    ],
    [
      'a script',
      'kubectl create secret generic web \\\n  --from-file=password=./password.txt \\\n  --from-file=token=./token.txt \\\n  --namespace=production-two\n',
    ],
  ])('%s', (_name, text) => {
    expect(left(text)).toBe(text)
  })

  it.each([
    ['a variable', `DB_PASSWORD=${of(52)}\nDB_HOST=db.example.com\n`, 'DB_PASSWORD=…\nDB_HOST=db.example.com\n'],
    [
      'a variable of small letters',
      `db_password=${of(52)}\ndb_host=db.example.com\n`,
      'db_password=…\ndb_host=db.example.com\n',
    ],
    ['a key', `password: ${of(48)}Q8pL2z\nusername: admin\n`, 'password: …\nusername: admin\n'],
    ['words', `the client_secret=${of(44)}ab\nwas rotated\n`, 'the client_secret=…\nwas rotated\n'],
    ['a quote that is closed', `client_secret: "${of(44)}abc"\n"next": 5\n`, 'client_secret: "…"\n"next": 5\n'],
    [
      'the next line of a log',
      `2026-11-21T10:00:01.123Z client_secret=${of(48)}ab\n2026-11-21T10:00:01.124Z listening on 0.0.0.0:8080\n`,
      '2026-11-21T10:00:01.123Z client_secret=…\n2026-11-21T10:00:01.124Z listening on 0.0.0.0:8080\n',
    ],
  ])('what stands behind a credential on a line of a usual width: %s', (_name, text, expected) => {
    expect([64, 72, 89]).toContain(text.indexOf('\n'))
    expect(left(text)).toBe(expected)
  })
})

describe('bounds', () => {
  it.each([
    ['variables of one width', `key=${of(60)}\n`],
    ['variables of one width, in quotes', `key="${of(59)}\n`],
    ['names that look made, of one width', `1key=${of(59)}\n`],
    ['variables of one width behind a lead', `[pod/a/b] ${'token='.repeat(14).slice(0, 80)}\n`],
    ['quotes that are never closed', `x="${of(77)}\n`],
    ['lines that a backslash breaks', 'key=a1b2\\\n'],
    ['lines that end before a value', `${'Authorization: Bearer '.repeat(4).slice(0, 64)}\n`],
  ])('%s are searched to the end', (_name, line) => {
    const text = line.repeat(Math.ceil((256 * 1024) / line.length))
    expect(() => hitsOf(text)).not.toThrow()
  })

  it('variables of one width stay apart', () => {
    const random = seeded(31)
    const text = Array.from({ length: 20 }, (_, i) => `ACME_TOKEN_${i + 10}=${made(random, 50)}\n`).join('')
    expect(left(text)).toBe(Array.from({ length: 20 }, (_, i) => `ACME_TOKEN_${i + 10}=…\n`).join(''))
  })
})

describe('streams', () => {
  const secret = made(seeded(77), 100)
  it.each(FORMS)('every split in two: $name', (form) => {
    for (const place of PLACES.slice(0, 4)) {
      const bytes = encoder.encode(`${folded(`all is well\n${place(secret)}\nand goes on`, 64, form)}\n`)
      const whole = streamed(bytes, bytes.length)
      expect(whole).toContain('⟦masked:')
      for (let cut = 1; cut < bytes.length; cut++) {
        const out = streamed(bytes, cut)
        if (out !== whole) expect(out, `cut at ${cut}`).toBe(whole)
      }
    }
  })

  /** What comes out of a stream that gets its bytes in two. */
  function streamed(bytes: Uint8Array, cut: number): string {
    const stream = createTextStream(MASKING, { 1: 'stdout' })
    const out = [...stream.push(1, bytes.slice(0, cut)), ...stream.push(1, bytes.slice(cut)), ...stream.end()]
    return decoder.decode(join(out.map((piece) => piece.bytes)))
  }
})

describe('a line that was broken for its width in front of a value', () => {
  const SECRET = 'Kd9xQ-v7Lm2p'
  const COMMANDS = [
    `export DB_PASSWORD=${SECRET}`,
    `password: ${SECRET}`,
    `run --password=${SECRET}`,
    `curl postgres://app:${SECRET}@db/x`,
  ]
  const BREAKS: readonly (readonly [name: string, width: number, sign: string])[] = [
    ['fold', 80, '\n'],
    ['fold, CRLF', 100, '\r\n'],
    ['a terminal', 80, ' \r'],
    ['a terminal of any width', 93, ' \r'],
  ]
  it.each(BREAKS)('by %s: in the name, behind it, and with another line behind', (_name, width, sign) => {
    for (const command of COMMANDS) {
      for (let at = 4; at < command.indexOf(SECRET); at++) {
        const before = 'word '.repeat(40).slice(0, width - at)
        const text = `${before}${command.slice(0, at)}${sign}${command.slice(at)}${sign}next line\n`
        expect(left(text), text).not.toContain(SECRET)
      }
    }
  })

  it('by fold: what says that it is one may stand behind it', () => {
    const text = `${'word '.repeat(40).slice(0, 80 - 27)}postgres://app:${SECRET}\n@db/x\nnext line\n`
    expect(left(text)).not.toContain(SECRET)
  })

  it('is no reason to take the next line for its end', () => {
    const line = `${'word '.repeat(40).slice(0, 75)}token`
    for (const next of ['next line', 'B=1', 'level: info', 'Kd9xQ-v7Lm2p'])
      expect(hitsOf(`${line}\n${next}\n`)).toEqual([])
  })
})
