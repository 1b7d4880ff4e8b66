// Values that stand beside a name without an operator. `«…»` is what must be masked.

import { describe, expect, test } from 'vitest'
import { createTextStream } from '../stream.ts'
import { MASKING } from '../testing.ts'

const encoder = new TextEncoder()
const latin = new TextDecoder('latin1')

const FORMS: Readonly<Record<string, string>> = {
  'a property of Hadoop':
    '<property>\n  <name>javax.jdo.option.ConnectionPassword</name>\n  <value>«hunter2»</value>\n</property>\n',
  'a property on one line': '<property><name>db.password</name><value>«hunter2»</value></property>\n',
  'a property list': '<dict>\n\t<key>Password</key>\n\t<string>«hunter2»</string>\n</dict>\n',
  'a descriptor of Java': '<param-name>db.password</param-name>\n<param-value>«hunter2»</param-value>\n',
  'a row of HTML': '<tr><td>password</td> <td>«hunter2»</td></tr>',
  'a record of psql': '-[ RECORD 1 ]-+--------\nusername      | bob\npassword      | «pineapple»\nid            | 7\n',
  'a row without blanks': 'host|db\npassword|«hunter2»\nport|5432\n',
  'a table of ASCII': '| name     | value        |\n| password | «Tr0ub4dor3x»  |\n| port     | 5432         |\n',
  'a table of Unicode': '│ name     │ value       │\n│ password │ «Tr0ub4dor3x» │\n│ port     │ 5432        │\n',
  'a secret of vault':
    '====== Data ======\nKey         Value\n---         -----\nhost        db\npassword    «hunter2»\n',
  'a line of a configuration': 'user bob\nhost db\n# the one of bob\npassword «Tr0ub4dor3x»\n',
  'a property with blanks': 'spring.rabbitmq.password    «Tr0ub4dor3x»\nspring.rabbitmq.port 5672\n',
  'a directive of LDAP': 'binddn cn=admin\nbindpw «pineapple»\n',
  'a line of tabs': 'host\tdb\npassword\t«Tr0ub4dor3x»\n',
  'a variable of fish': 'set -gx DB_PASSWORD «hunter2»\n',
  'a variable of csh': 'setenv DB_PASSWORD «Tr0ub4dor3x»\n',
  'a line of a Dockerfile': 'FROM scratch\nENV DB_PASSWORD «pineapple»\n',
  'a header that nginx sets': 'proxy_set_header X-Api-Key «6f1ed002ab5595859014ebf0951522d9»;\n',
  'a method': '.user("app").password("«hunter2»").build()\n',
  'a setter': "config.setPassword('«hunter2»');\n",
  'a function of SQL': "SET PASSWORD FOR 'a'@'b' = PASSWORD('«hunter2»');\n",
  'an arrow': 'Map(host -> db, password -> "«hunter2»")\n',
  'a map of Scala': 'Map(host -> db, password -> «Tr0ub4dor3x»)\n',
  'a pair of Kotlin': 'mapOf("host" to "db", "password" to "«hunter2»")\n',
  'a pair of Lisp': '((host . "db") (password . "«hunter2»"))\n',
  'a keyword of Clojure': '{:host "db" :token "«6f1ed002ab5595859014ebf0951522d9»"}\n',
  'a tuple of Erlang': '[{host, "db"}, {password, "«hunter2»"}]\n',
  'a binary of Erlang': '{default_pass, <<"«hunter2»">>},\n',
  'what redis-cli prints': '1) "requirepass"\n2) "«hunter2»"\n',
  'what Subversion keeps': 'K 8\npassword\nV 7\n«hunter2»\nEND\n',
  'what stands for a variable': "const password = process.env.DB_PASSWORD || '«hunter2»'\n",
  'what stands for a call': 'password = os.environ.get("DB_PASSWORD") or "«hunter2»"\n',
  'what stands for a name': "password = «given || 'hunter2»'\n",
  'an element with attributes': '<wsse:Password Type="text">«hunter2»</wsse:Password>',
  'an element of a namespace': '<ns:password>«hunter2»</ns:password>',
  'an entry of properties': '<entry key="db.password">«hunter2»</entry>',
  'a property of Hibernate': '<property name="connection.password">«hunter2»</property>',
  'a setting of .NET': '<setting name="Password" serializeAs="String"><value>«hunter2»</value></setting>',
  'a member of XML-RPC': '<member><name>password</name><value><string>«hunter2»</string></value></member>',
  'an escaped element': '&lt;password&gt;«hunter2»&lt;/password&gt;',
  'an escaped attribute': 'password=&quot;«hunter2»&quot; url=&quot;db&quot;',
  'escaped JSON': '{&quot;host&quot;:&quot;db&quot;,&quot;password&quot;:&quot;«hunter2»&quot;,&quot;x&quot;:1}',
  'a parameter of FastCGI': 'fastcgi_param DB_PASSWORD «hunter2»;\n',
  'an anchor of YAML': 'db:\n  password: &pw «hunter2»\n',
  'brackets of a log': 'user=[app], password=[«Tr0ub4dor3x»], host=[db]\n',
  'what xdebug dumps': 'array(1) {\n  \'password\' =>\n  string(7) "«hunter2»"\n}\n',
  'two words': 'API key: «6f1ed002ab5595859014ebf0951522d9»\n',
  'two words and a number': 'Unseal Key 1: «rJ2kQ9vX7mZ4sT1wB8nC5dF3gH6jL0pA+yE/uVqIoKM=»\n',
  'two words and equals':
    'Accessor ID  = d6d4b154-b0e0-b842-1b57-196681114222\nSecret ID    = «96f1ed00-2ab5-5958-5901-4ebf0951522d»\n',
  'a token of a log': 'INFO Using token «6f1ed002ab5595859014ebf0951522d9», retrying\n',
  'a token that is said': 'The token is «a8Kq2LmX9vB4nT7rW1zY5cD3eF6gH0jP».\n',
  'what is set': "Admin password set to '«hunter2»'\n",
  'what Jenkins says':
    'Please use the following password to proceed to installation:\n\n«6f1ed002ab5595859014ebf0951522d9»\n\nThis may also\n',
  'what Elasticsearch says': 'Changed password for user elastic\nPASSWORD elastic = «kD4xPq9LmZ2vT7wB1nRc»\n\n',
  'a type of Python': 'DB_PASSWORD: str = "«hunter2»"\n',
  'a type of Rust': 'let password: &str = "«hunter2»";\n',
  'a type of TypeScript': "  password: string | null = '«hunter2»'\n",
}

test.each(Object.entries(FORMS))('%s', (_, form) => {
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

describe('what is left', () => {
  test.each([
    '<name>db.password</name>\n<description>The one of it</description>\n',
    '| password | string | The one of it |\n',
    '| `password` | `string` |\n',
    'password | the one of it\n',
    'print-password | pbcopy\n',
    'type A = CryptoKey | Uint8Array\n',
    'type A = Kind.File | Kind.AtToken | Kind.NewLine2Trivia | Kind.Other\n',
    '{CryptoKey|CryptoKeyPair}\n',
    'password required pam_unix.so\n',
    'password   varchar(255)\n',
    'Password   sql.NullString\n',
    'PASS src/web2x/app3.test.js\n',
    'please set\npassword validation\n',
    'api-token   d6d4b154-b0e0-b842-1b57-196681114222\n',
    'web-token   Opaque   1   3d12h\n',
    'const value = getPassword("DB2_MAIN")\n',
    'hashPassword("hunter2x9")\n',
    'label.password("Enter your password")\n',
    'user->password->verify(hunter2x9)\n',
    'password -> IO ()\n',
    'set password expiry\n',
    'const password = read() || "Must not be empty"\n',
    'password: string = read()\n',
    'password: <your-password>\n',
    'password: [REDACTED]\n',
    "  MasterUserPassword: !Ref 'MasterUserPassword2x'\n",
    '  * `privateKey`: {KeyObject}\n',
    'the following password:\n\n```bash\nls\n```\n',
    '<label for="password">Choose</label>',
    '<button name="password">Change2it</button>',
    '<password-input label="x">Foo2bar</password-input>',
    'primary key: 6f1ed002ab5595859014ebf0951522d9\n',
    'public key: 6f1ed002ab5595859014ebf0951522d9\n',
    'Unexpected token in line 12\n',
    'token d6d4b154-b0e0-b842-1b57-196681114222 was revoked\n',
    'the token is invalid\n',
  ])('%s', (text) => {
    expect(MASKING.finder.find(encoder.encode(text), { final: true }).hits).toEqual([])
  })
})
