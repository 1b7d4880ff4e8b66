import { describe, expect, test } from 'vitest'
import { MaskError } from '../error.ts'
import { budgetFor, createBudget } from './budget.ts'
import { createMatcher } from './matcher.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const matcher = createMatcher({ off: new Set(), names: [] })

function matched(text: string, options: { final?: boolean; name?: string; from?: number } = {}, by = matcher) {
  const bytes = encoder.encode(text)
  const { hits, open } = by.match(bytes, { final: true, budget: budgetFor(bytes.length), ...options })
  return { open, found: hits.map(({ start, end, rule }) => `${rule}: ${decoder.decode(bytes.subarray(start, end))}`) }
}

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'
const BODY = 'MIIEowIBAAKCAQEAxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghi'
const dashes = (what: string) => `-----${what}-----`
const PEM = `${dashes('BEGIN RSA PRIVATE KEY')}\n${BODY}\n${dashes('END RSA PRIVATE KEY')}`
const VARIABLE = ['$', '{DB_PASSWORD}'].join('')

describe('what is found', () => {
  test.each([
    ['a password in any assignment', 'password=hunter2', ['password: hunter2']],
    ['… in YAML', 'DB_PASSWORD: Sommer2024!', ['password: Sommer2024!']],
    ['… in JSON', '{"dbPassword":"hun ter2"}', ['password: hun ter2']],
    ['… in JSON in JSON', '{\\"password\\":\\"hunter2\\"}', ['password: hunter2']],
    ['… in XML', '<password>hunter2</password>', ['password: hunter2']],
    ['… in an attribute', '<add key="password" value="hunter2"/>', ['password: hunter2']],
    ['… of a variable of a container', '{"name":"DB_PASSWORD","value":"hunter2"}', ['password: hunter2']],
    ['… in YAML', '- name: DB_PASSWORD\n  value: hunter2', ['password: hunter2']],
    ['… in PHP', "define('DB_PASSWORD', 'hunter2');", ['password: hunter2']],
    ['… in Ruby', ":password => 'hunter2'", ['password: hunter2']],
    ['… in Go', 'password := "hunter2"', ['password: hunter2']],
    ['… as an option', 'run --password hunter2 --user x', ['password: hunter2']],
    ['… before a command', 'PGPASSWORD=hunter2 psql -h db', ['password: hunter2']],
    ['… in SQL', "CREATE USER x IDENTIFIED BY 'hunter2'", ['password: hunter2']],
    ['… of mysql', 'mysql -u root -phunter2 app', ['password: hunter2']],
    ['… of netrc', 'machine h login x password hunter2', ['password: hunter2']],
    ['… of pgpass', 'db:5432:app:joe:hunter2', ['password: hunter2']],
    ['… of Redis', 'requirepass hunter2', ['password: hunter2']],
    ['… of ADO', 'Server=db;User ID=sa;Password=hun,ter2;Encrypt=true', ['password: hun,ter2']],
    ['… of a DSN', 'joe:hunter2@tcp(db:3306)/app', ['password: hunter2']],
    ['… in a query', 'POST /login?user=x&password=hunter2&next=1', ['password: hunter2']],
    ['… in a sentence', "The password for user 'joe' is 'hunter2'.", ['password: hunter2']],
    ['a token', 'api_token = "9f8d7c6b5a493827"', ['secret: 9f8d7c6b5a493827']],
    ['a token in an option', '--token=9f8d7c6b5a493827', ['secret: 9f8d7c6b5a493827']],
    ['a header', 'X-Api-Key: 9f8d7c6b5a493827', ['secret: 9f8d7c6b5a493827']],
    ['a bearer token', 'Authorization: Bearer 9f8d7c6b5a4938271605', ['secret: 9f8d7c6b5a4938271605']],
    ['a bearer token without its header', 'sent Bearer 9f8d7c6b5a4938271605', ['authorization: 9f8d7c6b5a4938271605']],
    ['basic authentication', 'sent Basic am9lOmh1bnRlcjI=', ['authorization: am9lOmh1bnRlcjI=']],
    ['the password of a URL', 'postgres://joe:hunter2@db/app', ['url-password: hunter2']],
    ['… without a user', 'redis://:hunter2@cache:6379/0', ['url-password: hunter2']],
    ['… with several hosts', 'mongodb://joe:hunter2@a:1,b:2/app', ['url-password: hunter2']],
    ['… with signs that should be encoded', 'postgres://joe:hun/ter#2@db/app', ['url-password: hun/ter#2']],
    ['… with an @', 'amqp://joe:hun@ter2@mq/', ['url-password: hun@ter2']],
    ['a JSON Web Token', `token ${JWT}.`, [`jwt: ${JWT}`]],
    ['a private key', `x\n${PEM}\ny`, [`private-key: ${PEM}`]],
    ['a private key on one line', `"${PEM.replaceAll('\n', '\\n')}"`, [`private-key: ${PEM.replaceAll('\n', '\\n')}`]],
    ['a private key that is cut off', `x ${PEM.slice(0, 90)}`, [`private-key: ${PEM.slice(0, 90)}`]],
    ['a card number', 'paid by 4111111111111111.', ['card-number: 4111111111111111']],
    ['a card number in groups', 'card 5555 5555 5555 4444 12/29', ['card-number: 5555 5555 5555 4444']],
    ['a card number of American Express', '3782-822463-10005', ['card-number: 3782-822463-10005']],
    ['a card number behind other digits', 'id 12 4111 1111 1111 1111', ['card-number: 4111 1111 1111 1111']],
    ['two at once', 'password=hunter2 token=9f8d7c6b5a493827', ['password: hunter2', 'secret: 9f8d7c6b5a493827']],
    ['the more specific of two', `token=${JWT}`, [`jwt: ${JWT}`]],
  ])('%s', (_, text, expected) => {
    expect(matched(text).found).toEqual(expected)
  })
})

describe('what is left', () => {
  test.each([
    ['a variable', `password=${VARIABLE}`],
    ['a command', 'password=$(cat /run/secret)'],
    ['a template', 'password: {{ .Values.password }}'],
    ['a placeholder for people', 'password=<your-password>'],
    ['a stop word', 'password: changeme'],
    ['nothing', 'password: null'],
    ['a question', 'Enter password: '],
    ['a sentence', 'password: must not be empty'],
    ['another sentence', 'The password is incorrect'],
    ['code', 'password = os.getenv("DB")'],
    ['a member', 'token: process.env.TOKEN'],
    ['a call', 'token = getToken()'],
    ['a file', 'password=/run/secrets/db'],
    ['a masked value', 'password=⟦masked:secret:0123456789ab⟧'],
    ['a masked value in a URL', 'https://joe:⟦masked:secret:0123456789ab⟧@host/'],
    ['the name of a Secret', 'secretName: web-tls-7f8a9b'],
    ['a Secret that was made', 'secret "web-tls-7f8a9b" created'],
    ['a field of Kubernetes', '"automountServiceAccountToken":true'],
    ['a token that is named', 'secrets "default-token-fbx8z" not found'],
    ['the result of a test', '--- PASS: TestServer (0.00s)'],
    ['a digest', 'image: x@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['a URL', 'https://example.com:8080/a@b'],
    ['a URL with a user', 'ssh://git@github.com/x'],
    ['a certificate', `${dashes('BEGIN CERTIFICATE')}\n${BODY}\n${dashes('END CERTIFICATE')}`],
    ['a text about keys', `a file with ${dashes('BEGIN RSA PRIVATE KEY')} in it`],
    ['a number that is no card', 'id 4111111111111112'],
    ['a number that is too long', '41111111111111111111111'],
    ['a time in nanoseconds', '1763744543123456789'],
    ['base64 that is no token', 'eyJmb28iOiJiYXIifQ'],
    ['a user and a group', 'docker run -u 1000:1000 x'],
  ])('%s', (_, text) => {
    expect(matched(text).found).toEqual([])
  })
})

describe('what is open', () => {
  test.each([
    ['nothing at a prompt', 'bash-5.1$ ', 10],
    ['nothing before a password is typed', 'Password: ', 10],
    ['a value that could go on', 'password=hun', 9],
    ['a literal that has begun', 'is AKI', 3],
    ['a shape that could go on', 'is AKIAQ3', 3],
    ['a private key without its end', `x ${PEM.slice(0, 60)}`, 2],
    ['a card that could go on', 'card 4111 1111', 5],
    ['user information', 'see https://joe:hun', 16],
    ['nothing behind a blank', 'password=hunter2 ', 17],
  ])('%s', (_, text, open) => {
    expect(matched(text, { final: false }).open).toBe(open)
    expect(matched(text).open).toBe(encoder.encode(text).length)
  })

  test('what begins in front of what was let go is found for its rest', () => {
    expect(matched('password=hunter2', { from: 12 }).found).toEqual(['password: ter2'])
    expect(matched('password=hunter2 ok', { from: 17 }).found).toEqual([])
  })

  test('a value that comes after its name was let go is found', () => {
    expect(matched('Password: hunter2', { from: 10 }).found).toEqual(['password: hunter2'])
  })
})

describe('a text under a name', () => {
  test.each([
    ['is a password whatever it is', 'DB_PASSWORD', 'sommer', ['password: sommer']],
    ['is a token if it looks like one', 'API_TOKEN', '9f8d7c6b5a493827', ['secret: 9f8d7c6b5a493827']],
    ['is none if it does not', 'API_TOKEN', 'required', []],
    ['is none under another name', 'LOG_LEVEL', '9f8d7c6b5a493827', []],
    ['is looked through all the same', 'DATABASE_URL', 'postgres://joe:hunter2@db/', ['url-password: hunter2']],
  ])('%s', (_, name, text, expected) => {
    expect(matched(text, { name }).found).toEqual(expected)
  })

  test('is open until it is complete', () => {
    expect(matched('som', { name: 'password', final: false }).open).toBe(0)
  })
})

describe('the rules of a policy', () => {
  test('switch built-in ones off', () => {
    const by = createMatcher({ off: new Set(['card-number', 'jwt']), names: [] })
    expect(matched(`4111111111111111 ${JWT}`, {}, by).found).toEqual([])
  })

  test('name more names', () => {
    const by = createMatcher({ off: new Set(), names: ['(?i)^acme_.*_pin$'] })
    expect(['ACME_DOOR_PIN', 'PIN', 'password', 'LOG_LEVEL'].map((name) => by.namesSecret(name))).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(matched('1234', { name: 'ACME_DOOR_PIN' }, by).found).toEqual(['password: 1234'])
  })
})

describe('work', () => {
  test('past the budget ends in an error', () => {
    const bytes = encoder.encode('-----BEGIN PRIVATE KEY-----'.repeat(1000))
    expect(() => matcher.match(bytes, { final: true, budget: createBudget(1000) })).toThrow(MaskError)
  })

  test.each([
    'a=',
    'password=',
    'password ',
    '"token":"',
    '-----BEGIN PRIVATE KEY-----',
    'x://a:b',
    'eyJ.',
    '4111 ',
    'mysql -',
    "networkcredential('",
    '⟦masked:',
    'key=1,',
  ])('on %s over and over grows no faster than the text', (unit) => {
    const [one, four] = [4096, 16_384].map((length) => {
      let work = 0
      const bytes = encoder.encode(unit.repeat(Math.ceil(length / unit.length)))
      matcher.match(bytes, { final: true, budget: { spend: (units) => (work += units) } })
      return work
    })
    expect(four! / one!).toBeLessThan(5)
  })
})

describe('a first look', () => {
  test.each([
    ['at nothing special', 'registry.example.com/shop/web:1.2.3', false],
    ['at a path with a keyword', '/var/run/secrets/kubernetes.io/serviceaccount', false],
    ['at a uid', '9f8d7c6b-5a49-4827-8160-504132465798', false],
    ['at an assignment', 'password=hunter2', true],
    ['at an escape', 'a\\nb', true],
    ['at URL encoding', 'a%3Db', true],
    ['at base64', 'cGFzc3dvcmQ9aHVudGVyMg==', true],
    ['at a card', '4111 1111 1111 1111', true],
  ])('%s', (_, text, suspect) => {
    const bytes = encoder.encode(`"${text}"`)
    expect(matcher.suspect(bytes, 1, bytes.length - 1)).toBe(suspect)
  })
})
