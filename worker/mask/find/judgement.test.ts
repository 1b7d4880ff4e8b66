import { expect, test } from 'vitest'
import { MASKING } from '../testing.ts'

const maskedIn = (text: string): string[] => {
  const { hits } = MASKING.finder.find(new TextEncoder().encode(text), { final: true })
  return hits.map(({ start, end }) => text.slice(start, end))
}

test.each([
  'SwA-gYFQpqvmedsNEOTCkPtucdnlWDQ-HEgug-D7',
  'W-TjXdYJyoqlSSOHGJa_ABpPdhLr_velyTGS_nxj',
  'ZWFRZCKdVryjftkVDINCRyDmMyhO_yyhzJCOUQlf',
  'o-oP_KdkgB-CxEMpsuw_OnKbIwvmtlHXTLFNHPvt',
])('a token of base64url is made, though it reads like words: %s', (token) => {
  expect(maskedIn(`Authorization: Bearer ${token}\n`)).toEqual([token])
  expect(maskedIn(`API_TOKEN=${token}\n`)).toEqual([token])
})

test.each([
  'shop-backend-service-account-token-reader',
  'Shop-Backend-Service-Account-Token-Reader',
  'SHOP_BACKEND_SERVICE_ACCOUNT_TOKEN_NAME_V2',
  'Shop_Backend_Service-for-the-checkout-v2',
])('words stay words: %s', (name) => {
  expect(maskedIn(`token: ${name}\n`)).toEqual([])
})
