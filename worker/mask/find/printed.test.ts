// Passwords as programs and files of many kinds print them behind a name that says so. `«…»` is what must be masked.

import { expect, test } from 'vitest'
import { createTextStream } from '../stream.ts'
import { MASKING } from '../testing.ts'

const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')
const PASSWORD = 'vK7-qT2xWp9'
const RANDOM = '9f86d081884c7d659a2feaa0c55ad015'

const FORMS: Readonly<Record<string, string>> = {
  "Rust's Debug of an optional": 'Config { host: Some("db"), password: Some("«»"), port: Some(1) }',
  "Haskell's Show": 'Config {password = Just "«»"}',
  'Erlang, a property list': '[{host,<<"db">>},{password,<<"«»">>}]',
  'Erlang, a map': '#{password => <<"«»">>}',
  'TOML over lines': 'password = """\n«»"""\n',
  'Python over lines': "password = '''\n«»'''\n",
  'XML, a block': '<password><![CDATA[«»]]></password>',
  'Lua, a block': 'password = [[«»]]',
  'Transact-SQL': "CREATE LOGIN app WITH PASSWORD = N'«»';",
  "PHP's var_dump": 'array(1) {\n  ["password"]=>\n  string(11) "«»"\n}',
  "PHP's serialize": 'a:1:{s:8:"password";s:11:"«»";}',
  'arguments parted by NUL': 'app\0--user\0x\0--password\0«»\0--verbose\0',
  'a table': 'NAME          VALUE         AGE\nDB_PASSWORD   «»   3d\n',
  'a table with tabs': 'DB_PASSWORD\t«»\tok\n',
  'a table in Markdown': '| DB_PASSWORD | «» |\n',
  'a table in HTML': '<tr><td>db_password</td><td>«»</td></tr>',
  'a Dockerfile': 'FROM alpine\nENV DB_PASSWORD «»\n',
}

const cut = (text: string): string => {
  const stream = createTextStream(MASKING, { 1: 'stdout' })
  const out = [
    ...Array.from(encoder.encode(text), (byte) => stream.push(1, Uint8Array.of(byte))).flat(),
    ...stream.end(),
  ]
  return out.map(({ bytes }) => latin.decode(bytes)).join('')
}

test.each(Object.entries(FORMS))('%s', (_, form) => {
  const text = form.replace('«»', PASSWORD)
  const at = encoder.encode(form.slice(0, form.indexOf('«'))).length
  const { hits } = MASKING.finder.find(encoder.encode(text), { final: true })
  expect(hits.map(({ start, end }) => [start, end])).toEqual([[at, at + PASSWORD.length]])
  expect(cut(text)).not.toContain(PASSWORD.slice(-6))
})

test.each([
  [`https://shop.blob.core.windows.net/?sv=1&sig=${RANDOM}&se=1`],
  [`Set-Cookie: sid=${RANDOM}; Path=/`],
  [`Cookie: theme=dark; connect.sid=${RANDOM}; lang=en`],
  [`url?pat=${RANDOM}`],
  [`Set-Cookie: session=${RANDOM}; Path=/`],
  [`set-cookie: sessionid=${RANDOM}; Path=/`],
  [`> Cookie: a=b; auth=${RANDOM}`],
  [`Cookie: JSESSIONID=${RANDOM}`],
  [`Cookie: theme=dark; ASP.NET_SessionId=${RANDOM}`],
  [`Set-Cookie: _session_id=${RANDOM}; HttpOnly`],
  [`Set-Cookie: auth_v2=${RANDOM}; HttpOnly`],
])('%s', (text) => {
  const { hits } = MASKING.finder.find(encoder.encode(text), { final: true })
  expect(hits.map(({ value }) => latin.decode(value))).toEqual([RANDOM])
})

test.each([
  'password: string(5)',
  'password=[[1, 2]]',
  'token = Some(x)',
  'ORACLE_SID=ORCL1 side=abcdefg inside=12345',
  'Cookie: session=ended; auth_mode=interactive',
  `request_session_id=${RANDOM}`,
  'sid=S-1-5-21-3623811015-3361044348-30300820-1013',
  '| DB_PASSWORD | The password of the database |',
  '| VARIABLE | MEANING |\n| API_TOKEN | required |',
  'DB_PASSWORD  set in the Secret named above',
  'foo(password, user)',
  '<td>password</td><td></td>',
])('%s is left', (text) => {
  expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
})
