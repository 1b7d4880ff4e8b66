import { describe, expect, test } from 'vitest'
import { MASKING } from '../testing.ts'
import { excuseOf } from './stopwords.ts'

describe('base64 is no fragment of a text, however it is padded', () => {
  const VALUES = [
    'hunter2-hunter',
    'green-red-blue',
    'secretpassword',
    'S3cr3t-Zk9fmQ7',
    'nope nope nope',
    'correct-horse',
  ]
  test.each(VALUES.flatMap((value) => [`${value}`, `${value}1`, `${value}12`]))('of %s', (value) => {
    const text = `password: ${btoa(value)}\n`
    const { hits } = MASKING.finder.find(new TextEncoder().encode(text), { final: true })
    expect(hits.map(({ start, end }) => text.slice(start, end))).toEqual([btoa(value)])
  })
})

test.each([
  ['password=', 'placeholder'],
  ['user: ', 'placeholder'],
  ['api_key=', 'placeholder'],
  ['accessToken=', 'placeholder'],
  ['aHVudGVyMi1odW50ZXI=', 'none'],
  ['mHHGP9SmDsYRopegpQXxXXDM', 'none'],
  ['xXxHGP9SmDsYRopegpQDM7a2', 'none'],
  ['XXXS6iDJhtUDU6tqYJJMeKvLucpZhbpR', 'none'],
  ['AKIAXXXXXXXX', 'placeholder'],
  ['glpat-xxxxxxxx', 'placeholder'],
  ['xxx-your-key', 'placeholder'],
  ['YyZLTlxxxxlzQ518yghAWOo4', 'none'],
  ['Q7vXXXXr2Lk9', 'none'],
  ['pR4***t9Wq2L', 'none'],
  ['toDO8fKq2Zr7Lm5Xw3Vb', 'none'],
  ['pUt-8fKq2Zr7Lm5Xw3Vb', 'none'],
  ['sk-proj-xxxxxxxxxxxx4f2a', 'placeholder'],
  ['xxxx-xxxx-xxxx-xxxx', 'placeholder'],
  ['s3c***', 'placeholder'],
  ['todo-set-in-production', 'placeholder'],
  ['put_the_key_in', 'placeholder'],
  ["'$DB_PASSWORD'", 'lookup'],
  ['$Tr0ub$4dor', 'none'],
  ["'$Tr0ub$4dor'", 'none'],
  ['admin/passwords#update', 'path'],
  ['correct#horse', 'none'],
  ['Correct/horse#1', 'none'],
])('%s is taken for %s', (value, excuse) => {
  expect(excuseOf(value)).toBe(excuse)
})
