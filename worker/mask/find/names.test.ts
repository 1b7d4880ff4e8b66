import { expect, test } from 'vitest'
import { nameKind } from './names.ts'

test.each([
  ['password', 'password'],
  ['DB_PASSWORD', 'password'],
  ['spring.datasource.password', 'password'],
  ['dbPassword', 'password'],
  ['MYSQL_ROOT_PASSWORD', 'password'],
  ['DB_PASSWORD_2', 'password'],
  ['PGPASSWORD', 'password'],
  ['password_hash', 'password'],
  ['DB_PASS', 'password'],
  ['ssh-passphrase', 'password'],
  ['requirepass', 'password'],
  ['token', 'secret'],
  ['GITHUB_TOKEN', 'secret'],
  ['clientSecret', 'secret'],
  ['aws_secret_access_key', 'secret'],
  ['apiKey', 'secret'],
  ['x-api-key', 'secret'],
  ['STRIPE_API_KEY', 'secret'],
  ['client-key-data', 'secret'],
  ['AccountKey', 'secret'],
  ['secret_id', 'secret'],
  ['_authToken', 'secret'],
  ['.dockerconfigjson', 'secret'],
  ['webhookSecret', 'secret'],
  ['doorKey', 'weak'],
  ['auth', 'weak'],
  ['JSESSIONID', 'weak'],
  ['secretName', 'none'],
  ['tokenExpirationSeconds', 'none'],
  ['automountServiceAccountToken', 'none'],
  ['imagePullSecrets', 'none'],
  ['passwordFile', 'none'],
  ['PASSWORD_FILE', 'none'],
  ['tokenUrl', 'none'],
  ['max_tokens', 'none'],
  ['next_page_token', 'none'],
  ['continueToken', 'none'],
  ['public_key', 'none'],
  ['access_key_id', 'none'],
  ['key', 'none'],
  ['monkey', 'none'],
  ['author', 'none'],
  ['uid', 'none'],
  ['pod-template-hash', 'none'],
  ['issuerKeyHash', 'none'],
  ['credentialId', 'none'],
  ['', 'none'],
])('%s: %s', (name, kind) => {
  expect(nameKind(name)).toBe(kind)
})

test('a name of any length is judged by its end', () => {
  expect(nameKind(`${'x'.repeat(100_000)}_password`)).toBe('password')
})
