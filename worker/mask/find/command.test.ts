// Passwords of commands, calls and drivers. `«…»` is what must be masked.

import { expect, test } from 'vitest'
import { createTextStream } from '../stream.ts'
import { MASKING } from '../testing.ts'

const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')

test.each([
  'jdbc:oracle:thin:app/«hunter2»@//db:1521/ORCL\n',
  'jdbc:oracle:thin:app/«Tr0ub4dor3x»@db:1521:ORCL\n',
  'sqlplus system/«hunter2»@//db:1521/ORCL\n',
  'sqlplus -s "x" \nsqlplus app/"«hun/ter2»"@db\n',
  'DB=app:«a1B+/c2D=»@tcp(db:3306)/app\n',
  'db: app:«a1B=x»@tcp(db:3306)/app\n',
  '{Host:db User:app Password:«pineapple» SSLMode:disable}\n',
  'map[DB_PASSWORD:«pineapple» HOST:db]\n',
  'wpa: psk="«hunter2»"\n',
  'mongo db/app -u app -p «hunter2»\n',
  'cqlsh -u app -p «hunter2» db\n',
  'unzip -P «hunter2» a.zip\n',
  'openssl rsa -in k -passin pass:«pineapple»\n',
  'rabbitmqctl add_user bob «hunter2»\n',
  'htpasswd -b users bob «hunter2»\n',
  'vault login «6f1ed002ab5595859014ebf0951522d9»\n',
  'curl -ubob:«hunter2» http://db/\n',
  'http -a bob:«hunter2» :8080/\n',
  'stats auth admin:«hunter2»\n',
  'cache_peer up parent 3128 0 login=bob:«hunter2»\n',
  'requests.get(url, auth=("bob", "«hunter2»"))\n',
  'DriverManager.getConnection(url, "app", "«hunter2»");\n',
  'ConvertTo-SecureString "«hunter2»" -AsPlainText -Force\n',
  'echo «hunter2» | docker login -u bob --password-stdin ghcr.io\n',
  'echo "«hunter2»" | sudo -S ls\n',
  "echo 'bob:«hunter2»' | chpasswd\n",
])('%s', (form) => {
  const text = form.replaceAll(/[«»]/g, '')
  const wanted = /«(.*)»/s.exec(form)![1]!
  const bytes = encoder.encode(text)
  const { hits } = MASKING.finder.find(bytes, { final: true })
  expect(hits.map(({ start, end }) => latin.decode(bytes.subarray(start, end)))).toEqual([wanted])
  for (let cut = 1; cut < bytes.length; cut++) {
    const stream = createTextStream(MASKING, { 1: 'stdout' })
    const pieces = [...stream.push(1, bytes.subarray(0, cut)), ...stream.push(1, bytes.subarray(cut)), ...stream.end()]
    expect(pieces.map((piece) => latin.decode(piece.bytes)).join(''), `cut at ${cut}`).not.toContain(wanted.slice(1))
  }
})

test.each([
  'sqlplus /nolog\n',
  'sqlplus / as sysdba\n',
  'echo hello | sudo tee /etc/motd\n',
  'echo hello | grep h\n',
  'vault login -method=oidc\n',
  'curl -uri x\n',
  'password: must be: longer\n',
  'user@tcp(db:3306)/app\n',
  '{ psk: <Buffer|TypedArray|DataView>, identity: x }\n',
  'modulation: qpsk, psk\n',
])('%s is left', (text) => {
  expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
})
