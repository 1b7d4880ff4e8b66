import { describe, expect, it } from 'vitest'
import { Masker, readable } from './placeholder.ts'

const masker = new Masker(new Uint8Array(32))
const value = new TextEncoder().encode('hunter2')
const plain = masker.placeholder(value)
const base64 = masker.base64Placeholder(value)

describe('masked JSON as people read it', () => {
  it.each([
    ['a placeholder in base64 is written out', `{"data":{"a":"${base64}"}}`, `{"data":{"a":"${plain}"}}`],
    ['one that is plain stays', `{"stringData":{"a":"${plain}"}}`, `{"stringData":{"a":"${plain}"}}`],
    ['other base64 stays', '{"data":{"a":"aGVsbG8="}}', '{"data":{"a":"aGVsbG8="}}'],
    ['what only begins like one stays', '{"a":"4p+mbWFza2VkOnNlY3JldA=="}', '{"a":"4p+mbWFza2VkOnNlY3JldA=="}'],
    [
      'text that would break out of its string stays',
      `{"a":"${btoa(String.fromCharCode(...new TextEncoder().encode('⟦masked:x:00⟧","b":"⟦masked:x:00⟧')))}"}`,
      `{"a":"${btoa(String.fromCharCode(...new TextEncoder().encode('⟦masked:x:00⟧","b":"⟦masked:x:00⟧')))}"}`,
    ],
  ])('%s', (_name, json, shown) => {
    expect(readable(json)).toBe(shown)
  })
})

describe('a value that is a placeholder', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  it.each([
    ['stands for itself', plain, plain],
    ['with words around it it is a value like any other', `${plain}.`, masker.uncounted(bytes(`${plain}.`))],
    ['one that only looks like it, too', '⟦masked:x:00⟧', masker.uncounted(bytes('⟦masked:x:00⟧'))],
  ])('%s', (_name, text, expected) => {
    expect(masker.placeholder(bytes(text))).toBe(expected)
    expect(masker.placeholder(bytes(text)) === text).toBe(text === plain)
  })
})

it('a tag is the first 12 hex digits of HMAC-SHA256 (RFC 4231, cases 1 and 2), whatever was hashed before', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const one = new Masker(new Uint8Array(20).fill(0x0b))
  const two = new Masker(bytes('Jefe'))
  for (let round = 0; round < 2; round++) {
    expect(one.placeholder(bytes('x'.repeat(round * 300)), 'a')).not.toContain('b0344c61d8db')
    expect(one.placeholder(bytes('Hi There'), 'a')).toBe('⟦masked:a:b0344c61d8db⟧')
    expect(two.placeholder(bytes('what do ya want for nothing?'), 'a')).toBe('⟦masked:a:5bdcc146bf60⟧')
  }
})
