// Secrets of every kind, and what programs and files make of them. In: a secret and the name it stands under. Out: the bytes, and what
// of them must not come out. What is out of reach stands in docs/masking.md, and not here. No I/O.

import { Buffer } from 'node:buffer'
import { gzipSync } from 'node:zlib'
import { made } from '../../worker/mask/find/rules/examples.ts'

/** How it is found. */
type Kind = 'shape' | 'value' | 'named' | 'key' | 'url'
/** A secret and the name it stands under. */
export interface Secret {
  readonly id: string
  readonly kind: Kind
  readonly text: string
  readonly name: string
}

/** What a program printed of a secret. */
export interface Printed {
  readonly out: Uint8Array
  /** What of it must not come out. */
  readonly needles: readonly string[]
}

const pemBody = (n: number, w = 64) => {
  const b = made(`<b64*${n}>`)
  return b.match(new RegExp(`.{1,${w}}`, 'g'))!.join('\n')
}
const ssh = `b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz\n${pemBody(300, 70)}`
const jwt = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${Buffer.from(JSON.stringify({ sub: '1234567890', name: 'svc', iat: 1700000000, exp: 1900000000 })).toString('base64url')}.${made('<url*43>')}`
/** Made-up secrets of every kind. */
// biome-ignore format: one secret a line
export const SECRETS: Secret[] = [
  { id: 'github', kind: 'shape', name: 'GITHUB_TOKEN', text: made('ghp_<b62*36>') },
  { id: 'ghpat', kind: 'shape', name: 'GH_PAT', text: made('github_pat_<b62*22>_<b62*59>') },
  { id: 'gitlab', kind: 'shape', name: 'GITLAB_TOKEN', text: made('glpat-<url*20>') },
  { id: 'slack', kind: 'shape', name: 'SLACK_TOKEN', text: made('xoxb-<d*12>-<d*13>-<b62*24>') },
  { id: 'stripe', kind: 'shape', name: 'STRIPE_KEY', text: made('sk_live_<b62*24>') },
  { id: 'aws', kind: 'shape', name: 'AWS_ACCESS_KEY_ID', text: made('AKIA<b32*16>') },
  { id: 'awssecret', kind: 'named', name: 'AWS_SECRET_ACCESS_KEY', text: made('<b64*40>') },
  { id: 'google', kind: 'shape', name: 'GOOGLE_API_KEY', text: made('AIza<url*35>') },
  { id: 'anthropic', kind: 'shape', name: 'ANTHROPIC_API_KEY', text: made('sk-ant-api03-<url*93>AA') },
  { id: 'npm', kind: 'shape', name: 'NPM_TOKEN', text: made('npm_<b62*36>') },
  { id: 'vault', kind: 'shape', name: 'VAULT_TOKEN', text: made('hvs.<url*95>') },
  { id: 'sendgrid', kind: 'shape', name: 'SENDGRID_KEY', text: made('SG.<url*22>.<url*43>') },
  { id: 'age', kind: 'shape', name: 'AGE_KEY', text: made('AGE-SECRET-KEY-1<bech*58>') },
  { id: 'jwt', kind: 'shape', name: 'ID_TOKEN', text: jwt },
  { id: 'password', kind: 'named', name: 'DB_PASSWORD', text: 'vK7-qT2xWp9' },
  { id: 'hexsecret', kind: 'named', name: 'SESSION_SECRET', text: made('<hex*64>') },
  { id: 'wireguard', kind: 'named', name: 'PrivateKey', text: `${made('<b64*43>')}=` },
  { id: 'azure', kind: 'named', name: 'AccountKey', text: `${made('<b64*86>')}==` },
  { id: 'value', kind: 'value', name: 'neutral', text: made('<b62*24>') },
  { id: 'valuesym', kind: 'value', name: 'neutral', text: 'p@s/w0+rd=&"q\'<Zk>\\7$!' },
  { id: 'valueshort', kind: 'value', name: 'neutral', text: 'Xk9#mQ' },
  { id: 'valueuni', kind: 'value', name: 'neutral', text: 'Schlüssel-größe-Ω7xQ' },
  { id: 'pkcs8', kind: 'key', name: 'TLS_KEY', text: `-----BEGIN PRIVATE KEY-----\n${pemBody(1600)}\n-----END PRIVATE KEY-----` },
  { id: 'ec', kind: 'key', name: 'TLS_KEY', text: `-----BEGIN EC PRIVATE KEY-----\n${pemBody(162)}\n-----END EC PRIVATE KEY-----` },
  { id: 'openssh', kind: 'key', name: 'SSH_KEY', text: `-----BEGIN OPENSSH PRIVATE KEY-----\n${ssh}\n-----END OPENSSH PRIVATE KEY-----` },
  { id: 'pgp', kind: 'key', name: 'PGP_KEY', text: `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${pemBody(700)}\n=${made('<b62*4>')}\n-----END PGP PRIVATE KEY BLOCK-----` },
  { id: 'ppk', kind: 'key', name: 'PPK', text: `Private-Lines: 1\n${made('<b64*48>')}\nPrivate-MAC: ${made('<hex*64>')}\n` },
]
/** Prints a secret. */
export type Form = (text: string, name: string) => Printed
const enc = (s: string) => new TextEncoder().encode(s)
/** Encodes a secret, and writes around it. */
const form =
  (encode: (t: string) => string, wrap: (e: string, name: string) => string): Form =>
  (text, name) => {
    const e = encode(text)
    return { out: enc(wrap(e, name)), needles: e.split('\n') }
  }
const id = (t: string) => t
const js = (t: string) => JSON.stringify(t).slice(1, -1)
const lines = (t: string, f: (l: string, i: number) => string) => t.split('\n').map(f).join('\n')
const TS = '2026-03-01T10:00:01.123456789Z'
const chunked = (t: string, n: number) => t.match(new RegExp(`[\\s\\S]{1,${n}}`, 'g')) ?? ['']
const hex = (t: string) => Buffer.from(t).toString('hex')
const b64 = (t: string) => Buffer.from(t).toString('base64')
function b32(t: string) {
  const A = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let bits = ''
  for (const b of Buffer.from(t)) bits += b.toString(2).padStart(8, '0')
  let o = ''
  for (let i = 0; i < bits.length; i += 5) o += A[parseInt(bits.slice(i, i + 5).padEnd(5, '0'), 2)]
  while (o.length % 8) o += '='
  return o
}
const dump =
  (kind: string): Form =>
  (text, name) => {
    const pre = `${name}=`
    const bytes = Buffer.from(`${pre + text}\n`)
    const off = Buffer.byteLength(pre)
    const full = (i: number, n: number) => i >= off && i + n <= off + Buffer.byteLength(text)
    const rows: string[] = []
    const needles: string[] = []
    for (let i = 0; i < bytes.length; i += 16) {
      const row = bytes.subarray(i, i + 16)
      const ascii = [...row].map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('')
      const h = [...row].map((b) => b.toString(16).padStart(2, '0'))
      let l = ''
      const sw: string[] = []
      for (let j = 0; j < h.length; j += 2) sw.push((h[j + 1] ?? '00') + h[j])
      if (kind === 'xxd') {
        const pairs: string[] = []
        for (let j = 0; j < h.length; j += 2) pairs.push(h[j] + (h[j + 1] ?? ''))
        l = `${i.toString(16).padStart(8, '0')}: ${pairs.join(' ').padEnd(39)}  ${ascii}`
        if (full(i, row.length)) needles.push(pairs.join(' '))
      }
      if (kind === 'hexdump-C') {
        l = `${i.toString(16).padStart(8, '0')}  ${h.slice(0, 8).join(' ')}  ${h.slice(8).join(' ')}  |${ascii}|`
        if (full(i, row.length)) needles.push(h.slice(0, 8).join(' '))
      }
      if (kind === 'hexdump') {
        l = `${i.toString(16).padStart(7, '0')} ${sw.join(' ')}`
        if (full(i, row.length)) needles.push(sw.join(' '))
      }
      if (kind === 'od') {
        const o: string[] = []
        for (let j = 0; j < row.length; j += 2)
          o.push((row[j]! + ((row[j + 1] ?? 0) << 8)).toString(8).padStart(6, '0'))
        l = `${i.toString(8).padStart(7, '0')} ${o.join(' ')}`
        if (full(i, row.length)) needles.push(o.join(' '))
      }
      if (kind === 'od-c') {
        const o = [...row]
          .map((b) =>
            (b === 10 ? '\\n' : b >= 32 && b < 127 ? String.fromCharCode(b) : b.toString(8).padStart(3, '0')).padStart(
              4,
            ),
          )
          .join('')
        l = `${i.toString(8).padStart(7, '0')}${o}`
        if (full(i, row.length)) needles.push(o)
      }
      if (kind === 'xxd-p') {
        continue
      }
      if (kind === 'od-tx1') {
        l = `${i.toString(8).padStart(7, '0')} ${h.join(' ')}`
        if (full(i, row.length)) needles.push(h.join(' '))
      }
      rows.push(l)
      if (kind === 'xxd' || kind === 'hexdump-C') {
        if (full(i, row.length)) needles.push(ascii)
      }
    }
    if (kind === 'xxd-p') {
      const l = chunked(bytes.toString('hex'), 60)
      return { out: enc(`${l.join('\n')}\n`), needles: chunked(Buffer.from(text).toString('hex'), 1e9) }
    }
    return { out: enc(`${rows.join('\n')}\n`), needles }
  }
const xmlent = (t: string) =>
  t
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
const xmlnum = (t: string) =>
  [...t].map((c) => (/[A-Za-z0-9]/.test(c) ? c : `&#x${c.codePointAt(0)!.toString(16)};`)).join('')
const xmldec = (t: string) => [...t].map((c) => (/[A-Za-z0-9]/.test(c) ? c : `&#${c.codePointAt(0)};`)).join('')
const qp = (t: string) => {
  let o = ''
  for (const b of Buffer.from(t))
    o +=
      b === 10
        ? '\n'
        : b === 61 || b < 32 || b > 126
          ? `=${b.toString(16).toUpperCase().padStart(2, '0')}`
          : String.fromCharCode(b)
  return o
    .split('\n')
    .map((l) => chunked(l, 75).join('=\n'))
    .join('\n')
}
const pct = (t: string) => encodeURIComponent(t)
const pctall = (t: string) => [...Buffer.from(t)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')
const shq = (t: string) => `'${t.replaceAll("'", `'\\''`)}'`
const ansic = (t: string) => `$'${t.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
const dq = (t: string) => t.replace(/(["\\$`])/g, '\\$1')
const props = (t: string) => t.replace(/([=:#!\\])/g, '\\$1').replaceAll('\n', '\\n')
const pyrepr = (t: string) => {
  const q = t.includes("'") && !t.includes('"') ? '"' : "'"
  return [...t].map((c) => (c === '\\' ? '\\\\' : c === '\n' ? '\\n' : c === q ? `\\${q}` : c)).join('')
}
const pybytes = (t: string) => {
  let o = ''
  for (const b of Buffer.from(t))
    o +=
      b === 92
        ? '\\\\'
        : b === 10
          ? '\\n'
          : b === 39
            ? "\\'"
            : b < 32 || b > 126
              ? `\\x${b.toString(16).padStart(2, '0')}`
              : String.fromCharCode(b)
  return o
}
const gobytes = (t: string) => `[${[...Buffer.from(t)].join(' ')}]`
const gohexbytes = (t: string) => `[]byte{${[...Buffer.from(t)].map((b) => `0x${b.toString(16)}`).join(', ')}}`
const utf16 = (text: string, name: string, le = true) => {
  const b = Buffer.from(`${name}=${text}\r\n`, 'utf16le')
  if (!le) b.swap16()
  return b
}
const sgr = (t: string) => {
  const m = Math.floor(t.length / 2)
  return `${t.slice(0, m)}\x1b[1;32m${t.slice(m, m + 3)}\x1b[0m${t.slice(m + 3)}`
}
const grepc = (t: string) => `\x1b[01;31m\x1b[K${t.slice(0, 4)}\x1b[m\x1b[K${t.slice(4)}`
/** What programs and files make of a secret. */
// biome-ignore format: one form a line
export const FORMS: Record<string, Form> = {
  plain: form(id, (e, n) => `${n}=${e}\n`),
  bare: form(id, (e) => `${e}\n`),
  prose: form(id, (e, n) => `loaded ${n}: ${e} from environment\n`),
  prefix: form((t) => t, (e, n) => `${lines(`${n}=${e}`, (l) => `[pod/web-0/app] ${TS} ${l}`)}\n`),
  timestamps: form(id, (e, n) => `${lines(`${n}=${e}`, (l) => `${TS} ${l}`)}\n`),
  journald: form(id, (e, n) => `${lines(`${n}=${e}`, (l) => `Mar 01 10:00:01 node-1 app[4711]: ${l}`)}\n`),
  klog: form(id, (e, n) => `${lines(`${n}="${e}"`, (l) => `I0301 10:00:01.123456       1 main.go:42] ${l}`)}\n`),
  logfmt: form((t) => dq(t).replaceAll('\n', '\\n'), (e, n) => `time=2026-03-01T10:00:01Z level=info msg="starting" ${n.toLowerCase()}="${e}" pid=7\n`),
  logfmtraw: form((t) => dq(t).replaceAll('\n', '\\n'), (e, n) => `level=info ${n.toLowerCase()}=${e} pid=7\n`),
  dockerlog: form((t) => js(t), (e, n) => `{"log":"${n}=${e}\\n","stream":"stdout","time":"${TS}"}\n`),
  dockerlogsplit: (text, name) => { const ls = `${name}=${text}`.split('\n'); return { out: enc(`${ls.map((l) => JSON.stringify({ log: `${l}\n`, stream: 'stdout', time: TS })).join('\n')}\n`), needles: text.split('\n').map(js) } },
  cri: form(id, (e, n) => `${lines(`${n}=${e}`, (l) => `${TS} stdout F ${l}`)}\n`),
  json: form(js, (e, n) => `{"level":"info","${n}":"${e}","n":1}\n`),
  json2: form((t) => js(js(t)), (e, n) => `{"msg":"{\\"${n}\\":\\"${e}\\"}"}\n`),
  json3: form((t) => js(js(js(t))), (e, n) => `${js(`{"msg":"{\\"${n}\\":\\"@@\\"}"}`).replace('@@', () => e) .replace(/^/, '{"a":"')}"}\n`),
  jsonpretty: form(js, (e, n) => `{\n  "${n}": "${e}"\n}\n`),
  goescape: form((t) => JSON.stringify(t).slice(1, -1).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026'), (e, n) => `{"${n}":"${e}"}\n`),
  nonascii: form((t) => js(t).replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`), (e, n) => `{"${n}": "${e}"}\n`),
  yamlplain: form((t) => t.includes('\n') ? `|\n${lines(t, (l) => `  ${l}`)}` : `"${dq(t)}"`, (e, n) => `config:\n  x: 1\n${n}: ${e}\nother: y\n`),
  yamlsingle: form((t) => `'${t.replaceAll("'", "''").replaceAll('\n', '\n\n  ')}'`, (e, n) => `${n}: ${e}\n`),
  yamlblock: form((t) => lines(t, (l) => `    ${l}`), (e, n) => `data:\n  ${n}: |-\n${e}\n  other: x\n`),
  yamlfolded: form((t) => lines(t, (l) => `    ${l}`), (e, n) => `data:\n  ${n}: >-\n${e}\n  other: x\n`),
  envvar: form(id, (e, n) => `HOSTNAME=web-0\n${n}=${e}\nPATH=/usr/bin:/bin\nHOME=/root\n`),
  environ: form(id, (e, n) => `HOSTNAME=web-0\0${n}=${e}\0PATH=/usr/bin:/bin\0HOME=/root\0`),
  environbare: form(id, (e) => `X=1\0${e}\0PATH=/usr/bin:/bin\0`),
  exportp: form((t) => dq(t), (e, n) => `declare -x HOME="/root"\ndeclare -x ${n}="${e}"\n`),
  exportsh: form((t) => t.replaceAll("'", `'"'"'`), (e, n) => `export HOME='/root'\nexport ${n}='${e}'\n`),
  ansic: form((t) => ansic(t), (e, n) => `declare -- ${n}=${e}\n`),
  setx: form((t) => shq(t), (e, n) => `+ export ${n}=${e}\n+ ${n}=${e}\n++ login --token ${e}\n`),
  heredoc: form(id, (e, n) => `$ cat <<EOF > .env\n> ${lines(`${n}=${e}`, (l) => l).replaceAll('\n', '\n> ')}\n> EOF\n`),
  ansi: form(sgr, (e, n) => `\x1b[36m${n}\x1b[0m=${e}\n`),
  grep: form(grepc, (e, n) => `${n}=${e}\n`),
  crlf: form((t) => t.replaceAll('\n', '\r\n'), (e, n) => `${n}=${e}\r\n`),
  progress: form(id, (e, n) => `10%\r20%\r${n}=${e}\r30%\r\n`),
  backspace: form((t) => `${t.slice(0, 5)}x\b \b${t.slice(5)}`, (e, n) => `$ export ${n}=${e}\r\n`),
  backspace2: form((t) => `${t.slice(0, 5)}xy\b\b  \b\b${t.slice(5)}`, (e, n) => `$ export ${n}=${e}\r\n`),
  overstrike: form((t) => [...t].map((c) => c === '\n' ? c : `${c}\b${c}`).join(''), (e, n) => `${n}=${e}\n`),
  cursor: form((t) => lines(t, (l) => `${l.slice(0, 6)}\x1b[K${l.slice(6)}`), (e, n) => `\x1b[2J\x1b[H\x1b[7m top - \x1b[27m\r\n\x1b[5;1H${n}=${e}\x1b[6;1Hok`),
  cursorpos: form((t) => lines(t, (l) => l), (e, n) => `\x1b[2;1H${n}=\x1b[2;${n.length + 2}H${e}\x1b[K\x1b[3;1H~`),
  readlineinsert: form((t) => t.slice(0, 8) + '\x1b[C' .slice(0, 0) + t.slice(8), (e, n) => `\x1b[?2004h$ export ${n}=${e}\r\n\x1b[?2004l\r`),
  wrapterm: (text, name) => { const s = `$ export ${name}=`; let col = s.length; let o = s; const parts: string[] = ['']; for (const c of text) { if (c === '\n') { o += '\r\n'; col = 0; parts.push(''); continue } if (col === 80) { o += ' \r'; col = 0; parts.push('') } o += c; parts[parts.length - 1] += c; col++ } return { out: enc(`${o}\r\n`), needles: parts } },
  fold80: (text, name) => { const o = `${name}=${text}`.split('\n').map((l) => chunked(l, 80).join('\n')).join('\n'); return { out: enc(`${o}\n`), needles: o.slice(name.length + 1).split('\n') } },
  fold40: (text, name) => { const o = `${name}=${text}`.split('\n').map((l) => chunked(l, 40).join('\n')).join('\n'); return { out: enc(`${o}\n`), needles: o.slice(name.length + 1).split('\n') } },
  tabs: form(id, (e, n) => `${n}\t${e}\tok\n`),
  typescript: form((t) => t.replaceAll('\n', '\r\n'), (e, n) => `Script started on 2026-03-01 10:00:01+00:00 [TERM="xterm"]\n\x1b]0;root@web-0: /\x07root@web-0:/# echo $${n}\r\n${e}\r\n\x1b]0;root@web-0: /\x07root@web-0:/# exit\r\n\nScript done\n`),
  b64: form(b64, (e) => `${e}\n`),
  b64w76: form((t) => chunked(b64(t), 76).join('\n'), (e) => `${e}\n`),
  b64named: form((t) => b64(t), (e, n) => `{"${n}":"${e}"}\n`),
  b64of: (text, name) => { const e = b64(`HOME=/root\n${name}=${text}\nX=1\n`); return { out: enc(`${e}\n`), needles: [b64(text).slice(4, -6)] .concat([1, 2].map((i) => b64(text.slice(i)).slice(4, -6))) } },
  b64of76: (text, name) => { const e = chunked(b64(`HOME=/root\n${name}=${text}\nX=1\n`), 76).join('\n'); return { out: enc(`${e}\n`), needles: [b64(text).slice(4, -6)].concat([1, 2].map((i) => b64(text.slice(i)).slice(4, -6))).flatMap((n) => [n.slice(0, 20)]) } },
  b64url: form((t) => Buffer.from(t).toString('base64url'), (e) => `x: ${e}\n`),
  b64b64: form((t) => b64(b64(t)), (e) => `${e}\n`),
  b64json: (text, name) => { const e = b64(JSON.stringify({ [name]: text })); return { out: enc(`payload=${e}\n`), needles: [e.slice(20, -8)] } },
  b32: form(b32, (e) => `${e}\n`),
  b32named: form(b32, (e, n) => `${n}=${e}\n`),
  hex: form(hex, (e) => `${e}\n`),
  hexnamed: form(hex, (e, n) => `${n}=${e}\n`),
  xxdp: dump('xxd-p'),
  xxd: dump('xxd'),
  hexdumpC: dump('hexdump-C'),
  hexdump: dump('hexdump'),
  od: dump('od'),
  odc: dump('od-c'),
  odtx1: dump('od-tx1'),
  hexcolon: form((t) => [...Buffer.from(t)].map((b) => b.toString(16).padStart(2, '0')).join(':'), (e) => `${e}\n`),
  pct: form(pct, (e, n) => `GET /cb?${n.toLowerCase()}=${e}&x=1 HTTP/1.1\n`),
  pct2: form((t) => pct(pct(t)), (e, n) => `GET /cb?u=%2Flogin%3F${n.toLowerCase()}%253D${e} HTTP/1.1\n`),
  pctall: form(pctall, (e, n) => `${n}=${e}\n`),
  form: form((t) => pct(t).replaceAll('%20', '+'), (e, n) => `grant_type=password&${n.toLowerCase()}=${e}&scope=x\n`),
  netrc: form(id, (e) => `machine api.example.com login app password ${e}\n`),
  npmrc: form(id, (e) => `//registry.npmjs.org/:_authToken=${e}\n`),
  gitcred: form(pct, (e) => `https://app:${e}@git.example.com\n`),
  pgpass: form((t) => t.replace(/([:\\])/g, '\\$1'), (e) => `db.shop:5432:app:app:${e}\n`),
  wpconfig: form((t) => t.replace(/(['\\])/g, '\\$1'), (e) => `define( 'DB_NAME', 'wp' );\ndefine( 'DB_PASSWORD', '${e}' );\n`),
  appyml: form((t) => t.includes('\n') ? `|\n${lines(t, (l) => `        ${l}`)}` : `'${t.replaceAll("'", "''")}'`, (e) => `spring:\n  datasource:\n    username: app\n    password: ${e}\n`),
  props: form(props, (e) => `spring.datasource.username=app\nspring.datasource.password=${e}\n`),
  propscolon: form(props, (e) => `db.password: ${e}\n`),
  toml: form(js, (e) => `[db]\nuser = "app"\npassword = "${e}"\n`),
  tomlml: form((t) => t, (e) => `[db]\npassword = """\n${e}"""\n`),
  ini: form(id, (e) => `[client]\nuser=app\npassword=${e}\n`),
  xmlattr: form(xmlent, (e) => `<add name="x" password="${e}" />\n`),
  xmlelem: form(xmlent, (e) => `<server><username>app</username><password>${e}</password></server>\n`),
  xmlnum: form(xmlnum, (e) => `<password>${e}</password>\n`),
  xmldec: form(xmldec, (e) => `<password>${e}</password>\n`),
  xmlkv: form(xmlent, (e, n) => `<add key="${n}" value="${e}"/>\n`),
  html: form(xmlent, (e, n) => `<tr><td>${n}</td><td>${e}</td></tr>\n`),
  htmlinput: form(xmlent, (e) => `<input type="password" name="password" value="${e}">\n`),
  cdata: form(id, (e) => `<password><![CDATA[${e}]]></password>\n`),
  cookie: form(pct, (e) => `> Cookie: theme=dark; session=${e}; lang=en\n`),
  setcookie: form(pct, (e) => `< Set-Cookie: sid=${e}; Path=/; HttpOnly\n`),
  curlv: form(id, (e) => `> GET / HTTP/1.1\r\n> Host: api\r\n> Authorization: Bearer ${e}\r\n> Accept: */*\r\n>\r\n`),
  http2: form(id, (e) => `* [HTTP/2] [1] [authorization: Bearer ${e}]\n`),
  basic: form((t) => b64(`app:${t}`), (e) => `> Authorization: Basic ${e}\r\n`),
  httpdump: form(js, (e) => `POST /login HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nX-Api-Key: ${e}\r\n\r\n{"user":"a","password":"${e}"}\r\n`),
  jdbc: form(id, (e) => `jdbc:sqlserver://db:1433;databaseName=app;user=sa;password=${e};encrypt=true\n`),
  jdbcq: form(pct, (e) => `jdbc:postgresql://db:5432/app?user=app&password=${e}&ssl=true\n`),
  dotnet: form(id, (e) => `Server=db;Database=app;User Id=sa;Password=${e};Encrypt=True\n`),
  odbc: form((t) => `{${t.replaceAll('}', '}}')}`, (e) => `Driver={ODBC Driver 18};Server=db;UID=sa;PWD=${e};\n`),
  urluser: form(pct, (e) => `amqp://app:${e}@mq.shop:5672/vhost\n`),
  awscred: form(id, (e) => `[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = ${e}\n`),
  azureconn: form(id, (e) => `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${e};EndpointSuffix=core.windows.net\n`),
  gcpjson: form(js, (e) => `{\n  "type": "service_account",\n  "private_key_id": "0123456789abcdef0123456789abcdef01234567",\n  "private_key": "${e}",\n  "client_email": "a@b.iam.gserviceaccount.com"\n}\n`),
  kubeconfig: form((t) => t.includes('\n') ? b64(t) : t, (e) => `users:\n- name: admin\n  user:\n    token: ${e}\n    client-key-data: ${e}\n`),
  secretyaml: form((t) => b64(t), (e, n) => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  ${n.toLowerCase()}: ${e}\n`),
  secretyamlneutral: form((t) => b64(t), (e) => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  config: ${e}\n`),
  secretjson: form((t) => b64(t), (e) => `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"data":{"config":"${e}"}}\n`),
  stringdata: form(js, (e) => `{"kind":"Secret","stringData":{"config":"${e}"}}\n`),
  gomap: form(id, (e, n) => `config: map[host:db ${n}:${e} user:app]\n`),
  gostruct: form(id, (e) => `{Host:db User:app Password:${e} Port:5432}\n`),
  gosharp: form((t) => JSON.stringify(t), (e) => `main.Config{Host:"db", Password:${e}, Port:5432}\n`),
  gobytes: form(gobytes, (e, n) => `map[${n}:${e}]\n`),
  gosharpbytes: form(gohexbytes, (e, n) => `map[string][]uint8{"${n}":${e}}\n`),
  pyrepr: form(pyrepr, (e, n) => `{'host': 'db', '${n}': '${e}', 'port': 5432}\n`),
  pybytes: form(pybytes, (e, n) => `{'host': b'db', '${n}': b'${e}'}\n`),
  pybyteskey: form(pybytes, (e, n) => `{b'host': b'db', b'${n}': b'${e}'}\n`),
  pydataclass: form(pyrepr, (e) => `Config(host='db', password='${e}', port=1)\n`),
  pytuple: form(pyrepr, (e, n) => `[('host', 'db'), ('${n}', '${e}')]\n`),
  ruby: form((t) => JSON.stringify(t).slice(1, -1).replaceAll('#{', '\\#{'), (e, n) => `{"host"=>"db", "${n}"=>"${e}"}\n`),
  rubysym: form((t) => JSON.stringify(t).slice(1, -1), (e, n) => `{:host=>"db", :${n.toLowerCase()}=>"${e}"}\n`),
  phparr: form((t) => t.replace(/(['\\])/g, '\\$1'), (e, n) => `array (\n  '${n}' => '${e}',\n)\n`),
  phpprintr: form(id, (e, n) => `Array\n(\n    [host] => db\n    [${n}] => ${e}\n)\n`),
  phpvardump: form(id, (e, n) => `array(1) {\n  ["${n}"]=>\n  string(${e.length}) "${e}"\n}\n`),
  phpserialize: form(id, (e, n) => `a:1:{s:${n.length}:"${n}";s:${Buffer.byteLength(e)}:"${e}";}\n`),
  java: form(id, (e) => `Config{host='db', password='${e}', port=1}\n`),
  javarecord: form(id, (e) => `Config[host=db, password=${e}, port=1]\n`),
  rustdebug: form((t) => JSON.stringify(t), (e) => `Config { host: "db", password: ${e}, port: 1 }\n`),
  rustsome: form((t) => JSON.stringify(t), (e) => `Config { host: Some("db"), password: Some(${e}), port: Some(1) }\n`),
  nodeinspect: form((t) => t.includes("'") ? JSON.stringify(t) : `'${t.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}'`, (e, n) => `{\n  host: 'db',\n  ${n}: ${e}\n}\n`),
  stack: form(id, (e) => `Traceback (most recent call last):\n  File "/app/db.py", line 3, in connect\n    connect(host, password="${e}")\npsycopg2.OperationalError: FATAL: bad\n`),
  javastack: form(id, (e) => `java.sql.SQLException: Access denied for jdbc:mysql://db/app?user=app&password=${e}\n\tat com.mysql.Driver.connect(Driver.java:42)\n`),
  cli: form(shq, (e) => `$ app --user x --password ${e} --verbose\n`),
  clieq: form(shq, (e) => `$ app --user x --password=${e} --verbose\n`),
  ps: form(id, (e) => `root  1  0.0  0.1  app --db-password=${e} --verbose\n`),
  cmdline: form(id, (e) => `app\0--user\0x\0--password\0${e}\0--verbose\0`),
  pem1line: form((t) => t.replaceAll('\n', '\\n'), (e, n) => `${n}="${e}\\n"\n`),
  pem1linespace: form((t) => t.replaceAll('\n', ' '), (e, n) => `${n}=${e}\n`),
  indented: form((t) => lines(t, (l) => `        ${l}`), (e) => `file:\n${e}\n`),
  diff: form((t) => lines(t, (l) => `+${l}`), (e) => `--- a/.env\n+++ b/.env\n@@ -1 +1,9 @@\n+X=1\n${e}\n`),
  diffnamed: form(id, (e, n) => `${lines(`${n}=${e}`, (l) => `-${l}`)}\n`),
  catn: (text, name) => { const ls = `${name}=${text}`.split('\n'); return { out: enc(`${ls.map((l, i) => `${String(i + 1).padStart(6)}\t${l}`).join('\n')}\n`), needles: text.split('\n') } },
  catA: form((t) => t.replaceAll('\n', '$\n'), (e, n) => `${n}=${e}$\n`),
  grepn: form(id, (e, n) => `${lines(`${n}=${e}`, (l, i) => `/app/.env:${i + 1}:${l}`)}\n`),
  rg: form(id, (e, n) => `${lines(`${n}=${e}`, (l, i) => `./config/app.env-${i + 1}-${l}`)}\n`),
  utf16le: (text, name) => ({ out: utf16(text, name), needles: text.split('\n').map((l) => Buffer.from(l, 'utf16le').toString('latin1')) }),
  utf16bare: (text, _name) => ({ out: Buffer.concat([Buffer.from([255, 254]), Buffer.from(`${text}\r\n`, 'utf16le')]), needles: text.split('\n').map((l) => Buffer.from(l, 'utf16le').toString('latin1')) }),
  utf16be: (text, name) => ({ out: utf16(text, name, false), needles: text.split('\n').map((l) => { const b = Buffer.from(l, 'utf16le'); b.swap16(); return b.toString('latin1') }) }),
  qp: form(qp, (e, n) => `Content-Transfer-Encoding: quoted-printable\n\n${n}=3D${e}\n`),
  gzb64: (text, name) => { const e = gzipSync(`${name}=${text}\n`).toString('base64'); return { out: enc(`${e}\n`), needles: [e.slice(20, 60)] } },
  gzb6476: (text, name) => { const e = chunked(gzipSync(`HOME=/root\nX=1\n${name}=${text}\n`).toString('base64'), 76).join('\n'); return { out: enc(`${e}\n`), needles: [e.slice(20, 60)] } },
  column: form(id, (e, n) => `NAME          VALUE                 AGE\n${n}   ${e}   3d\n`),
  mdtable: form(id, (e, n) => `| ${n} | ${e} |\n`),
  describe: form(id, (e, n) => `    Environment:\n      ${n}:  ${e}\n    Mounts:\n`),
  dockerinspect: form(js, (e, n) => `"Env": [\n  "${n}=${e}",\n  "PATH=/bin"\n]\n`),
  sql: form((t) => t.replaceAll("'", "''"), (e) => `CREATE USER app WITH PASSWORD '${e}';\n`),
  mysqlcli: form(shq, (e) => `mysql -uroot -p${e} -h db app\n`),
  curlu: form((t) => t, (e) => `curl -u "app:${e}" https://api\n`),
  redis: form(id, (e) => `requirepass ${e}\n`),
  dockerfile: form(id, (e, n) => `ENV ${n} ${e}\n`),
  dockerfileq: form(dq, (e, n) => `ENV ${n}="${e}"\n`),
  helmset: form(id, (e) => `helm install x y --set auth.password=${e},replicas=2\n`),
  winset: form(id, (e, n) => `C:\\> set\r\n${n}=${e}\r\nOS=Windows_NT\r\n`),
  psenv: form(id, (e, n) => `Name                           Value\r\n----                           -----\r\n${n}                    ${e}\r\n`),
  tfstate: form(js, (e) => `  "password": "${e}",\n`),
  tfplan: form(js, (e) => `      + password = "${e}"\n`),
  lua: form(js, (e) => `password = [[${e}]]\n`),
  clojure: form(js, (e) => `{:host "db", :password "${e}"}\n`),
  prolog: form(js, (e) => `password := "${e}"\n`),
  erlang: form(js, (e) => `{password,<<"${e}">>}\n`),
  elixir: form(js, (e) => `%{password: "${e}", host: "db"}\n`),
  elixirkw: form(js, (e) => `[host: "db", password: "${e}"]\n`),
  jslit: form((t) => t.replaceAll('\n', '\\n').replaceAll("'", "\\'"), (e) => `const password = '${e}'\n`),
  jstpl: form(id, (e, n) => `const ${n} = \`${e}\`\n`),
}
