import { describe, expect, it } from 'vitest'
import { type Command, findCommand, helpOf, overview, parseInvocation, UsageError } from './command.ts'
import { COMMANDS } from './commands/table.ts'

const run = async () => 0
const list: Command = {
  words: ['things', 'list'],
  positionals: ['KIND', '[NAME]'],
  summary: 'List things.',
  options: [
    { name: 'limit', value: 'N', help: 'how many' },
    { name: 'file', short: 'f', value: 'FILE', many: true, help: 'a file' },
    { name: 'all', help: 'all of them' },
  ],
  listing: true,
  run,
}
const things: Command = { words: ['things'], summary: 'Things.', run }

describe('findCommand', () => {
  it.each([
    [['things', 'list', 'x'], list],
    [['things'], things],
    [['things', 'other'], things],
    [['nothing'], null],
    [[], null],
  ])('%j', (argv, expected) => {
    expect(findCommand([things, list], argv)).toBe(expected)
  })
})

describe('parseInvocation', () => {
  const parse = (...rest: string[]) => parseInvocation(list, ['things', 'list', ...rest])
  it('takes what the row says', () => {
    const invocation = parse('pods', 'web', '--limit', '3', '-f', 'a', '-f', 'b', '--all', '-o', 'json', '--data', 'd')
    expect(invocation?.positionals).toEqual(['pods', 'web'])
    expect(invocation?.option('limit')).toBe('3')
    expect(invocation?.options('file')).toEqual(['a', 'b'])
    expect(invocation?.has('all')).toBe(true)
    expect(invocation?.json).toBe(true)
    expect(invocation?.data).toBe('d')
  })
  it('has its defaults', () => {
    const invocation = parse('pods')
    expect(invocation?.data).toBe('.sallyport')
    expect(invocation?.json).toBe(false)
    expect(invocation?.option('limit')).toBeUndefined()
  })
  it.each([[['--help']], [['-h']], [['pods', '--help']]])('%j asks for help', (argv) => {
    expect(parse(...argv)).toBeNull()
  })
  it.each([
    ['a missing argument', []],
    ['an argument too many', ['a', 'b', 'c']],
    ['an unknown option', ['a', '--nothing']],
    ['an option without its value', ['a', '--limit']],
    ['an option given twice', ['a', '--limit', '1', '--limit', '2']],
    ['another output', ['a', '-o', 'yaml']],
  ])('%s is a usage error', (_, argv) => {
    expect(() => parse(...argv)).toThrow(UsageError)
  })
})

describe('parseInvocation of a command with', () => {
  const explain: Command = { words: ['explain'], positionals: ['[VERB]'], rest: 'ARGV…', summary: 'Explain.', run }
  const test: Command = { words: ['test'], positionals: ['FILE…'], summary: 'Test.', run }
  it.each([
    [['get'], ['get'], null],
    [['get', '--'], ['get'], []],
    [['get', '--', 'rm', '-rf', '--', '--help'], ['get'], ['rm', '-rf', '--', '--help']],
    [['--', 'sh'], [], ['sh']],
  ])('a rest: %j', (argv, positionals, rest) => {
    const invocation = parseInvocation(explain, ['explain', ...argv])
    expect(invocation?.positionals).toEqual(positionals)
    expect(invocation?.rest).toEqual(rest)
  })
  it('no rest: what stands behind -- is an argument like any other', () => {
    const invocation = parseInvocation(list, ['things', 'list', 'pods', '--', '-x'])
    expect(invocation?.positionals).toEqual(['pods', '-x'])
    expect(invocation?.rest).toBeNull()
  })
  it('files: one or more', () => {
    expect(parseInvocation(test, ['test', 'a', 'b', 'c'])?.positionals).toEqual(['a', 'b', 'c'])
    expect(() => parseInvocation(test, ['test'])).toThrow(UsageError)
  })
})

describe('the table of commands', () => {
  it.each(COMMANDS.map((command) => [command.words.join(' '), command] as const))(
    '%s tells how it is used',
    (name, command) => {
      const help = helpOf(command)
      expect(help).toContain(`Usage: sallyport ${name}`)
      expect(help).toContain('--data DIR')
      for (const option of command.options ?? []) expect(help).toContain(`--${option.name}`)
      expect(overview(COMMANDS)).toContain(command.summary)
      expect(parseInvocation(command, [...command.words, '--help'])).toBeNull()
    },
  )
})
