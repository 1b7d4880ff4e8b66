import { describe, expect, it } from 'vitest'
import { answerHeaders } from './headers.ts'
import { authenticatedFor, playedPassage } from './testing.ts'

const SECRET = 'Gehäuse-Schlüssel-77'
/** As a field is read off the wire. */
const wire = (text: string, encoding: 'utf8' | 'latin1' = 'utf8') => Buffer.from(text, encoding).toString('latin1')

function warnings(...values: string[]): string[] {
  const { passage } = playedPassage(() => ({ status: 200, body: {} }))
  passage.masking.values.note(new TextEncoder().encode(SECRET), 'password')
  const upstream = values.map((value) => ['warning', value] as const)
  const headers = answerHeaders(passage, authenticatedFor('GET', '/api/v1/namespaces/d/pods/p'), upstream)
  return headers.filter(([name]) => name === 'warning').map(([, value]) => value)
}

describe('warnings', () => {
  it.each([
    ['in UTF-8', wire(`299 - "the value ${SECRET} is bad – really"`)],
    ['in Latin-1', wire(`299 - "the value ${SECRET} is bad"`, 'latin1')],
  ])('lose a known value %s', (_name, value) => {
    const [warning = ''] = warnings(value)
    expect(warning).toMatch(/^299 - "the value \[masked:[a-z-]+:[0-9a-f]{12}\] is bad/)
    expect(warning).not.toMatch(/[^\x20-\xff]/)
  })

  it.each([
    ['plain', '299 - "spec.x is deprecated"'],
    ['in UTF-8', wire('299 - "„spec.x“ ist veraltet – bitte ändern"')],
    ['in Latin-1', wire('299 - "veraltet, bitte ändern"', 'latin1')],
  ])('pass byte for byte where nothing is secret: %s', (_name, value) => {
    expect(warnings(value)).toEqual([value])
  })
})
