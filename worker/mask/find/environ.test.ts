import { expect, test } from 'vitest'
import { maskingFor } from '../testing.ts'

test.each([
  ['DB_PASSWORD=sesame1\0PATH=/usr/bin\0HOME=/root\0', ['sesame1']],
  [
    'PATH=/usr/bin\0DB_PASSWORD=Xk9correct77horse\0API_TOKEN=q8Rt5vWz2LmPx7Kd\0A=b\0',
    ['Xk9correct77horse', 'q8Rt5vWz2LmPx7Kd'],
  ],
  ['TOKEN=\0PATH=/usr/local/sbin:/usr/bin\0', []],
])('variables parted by NUL: %j', (text, expected) => {
  const bytes = new TextEncoder().encode(text)
  const { hits } = maskingFor().finder.find(bytes, { final: true })
  expect(hits.map(({ start, end }) => text.slice(start, end))).toEqual(expected)
})
