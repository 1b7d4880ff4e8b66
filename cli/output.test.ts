import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { colours, columns, printJson, printJsonLine, printLines, table } from './output.ts'

let out = ''
beforeEach(() => {
  out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  setTerminal(false)
})

function setTerminal(isTTY: boolean, width?: number): void {
  Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true })
  Object.defineProperty(process.stdout, 'columns', { value: width, configurable: true })
}

describe('table', () => {
  it('has columns of text, whatever is in a cell', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['1\u001b[2J', 'x'],
          ['2', ''],
        ],
      ),
    ).toBe('A              B\n1⟨U+001B⟩[2J   x\n2\n')
  })
  it('marks what goes on in a narrow terminal', () => {
    setTerminal(true, 20)
    expect(table(['A', 'B'], [['1', 'x'.repeat(20)]])).toBe(`A   B\n1   ${'x'.repeat(16)}\n    ↳ xxxx\n`)
  })
})

it('printLines breaks lines in a terminal only', () => {
  printLines(['x'.repeat(25)])
  setTerminal(true, 20)
  printLines(['x'.repeat(25), ''])
  expect(out).toBe(`${'x'.repeat(25)}\n${'x'.repeat(20)}\n    ↳ xxxxx\n\n`)
})

it('JSON holds no control characters, and the same values', () => {
  const value = { id: '\u009b31m\u202e' }
  printJson(value)
  printJsonLine(value)
  expect(out).toBe('{\n  "id": "\\u009b31m\\u202e"\n}\n{"id":"\\u009b31m\\u202e"}\n')
})

it.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { TERM: 'dumb' }, false],
])('a terminal (%s) with %j has colours: %s', (isTTY, environment, expected) => {
  vi.stubEnv('NO_COLOR', '')
  vi.stubEnv('TERM', 'xterm')
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  setTerminal(isTTY, 100)
  expect(colours()).toBe(expected)
  expect(columns()).toBe(isTTY ? 100 : Number.POSITIVE_INFINITY)
})
