import { expect, test } from 'vitest'
import { nameKind } from '../names.ts'
import { VENDORS } from './vendors.ts'

test.each(['HEROKU_KEY', 'mailgunKey', 'stripe-key', 'prod_sendgrid_key'])('%s names a credential', (name) => {
  expect(nameKind(name)).toBe('secret')
})

test.each(['join_key', 'segment_key', 'polygon_key', 'batch_key', 'github_public_key', 'stripe_key_id'])(
  '%s is not sure to name one',
  (name) => {
    expect(nameKind(name)).not.toBe('secret')
  },
)

test('every vendor is one word in lower case', () => {
  for (const vendor of VENDORS) expect(vendor).toMatch(/^[a-z][a-z0-9]+$/)
})
