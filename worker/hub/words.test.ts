import { describe, expect, it } from 'vitest'
import { maskingThatFinds } from './testing.ts'
import { createWords } from './words.ts'

const words = () => createWords(maskingThatFinds('hunter2'))
/** Tags are the session's; what is looked at is where they stand. */
const plain = (text: string): string => text.replace(/⟦masked:([a-z0-9-]+):[0-9a-f]{12}⟧/g, '<$1>')

describe('words of a request', () => {
  it.each([
    ['nothing to mask', ['cat', '/etc/hostname'], ['cat', '/etc/hostname']],
    ['a secret in a script', ['sh', '-c', 'login hunter2 now'], ['sh', '-c', 'login <played> now']],
    ['a value after a flag that says so', ['psql', '--password', 'x1'], ['psql', '--password', '<named>']],
    ['a value joined to it', ['psql', '--password=x1'], ['psql', '--password=<named>']],
    ['a variable', ['env', 'PGPASSWORD=x1', 'psql'], ['env', 'PGPASSWORD=<named>', 'psql']],
    ['a variable that a shell fills in', ['env', 'PGPASSWORD=$PW'], ['env', 'PGPASSWORD=$PW']],
    ['a flag after a flag', ['psql', '--password', '--host'], ['psql', '--password', '--host']],
    ['a flag without a secret', ['psql', '--host', 'x1', '--port=5'], ['psql', '--host', 'x1', '--port=5']],
    ['lines in a value', ['env', 'PASSWORD=a\nb'], ['env', 'PASSWORD=<named>']],
  ])('argv: %s', (_name, argv, masked) => {
    expect(words().argv(argv).map(plain)).toEqual(masked)
  })

  it.each([
    ['a path', '/api/v1/pods', '', '/api/v1/pods'],
    ['a path that holds one', '/api/v1/pods/hunter2', '', '/api/v1/pods/<played>'],
    ['a query as it came', '/p', 'limit=500&labelSelector=a%3Db+c&x', '/p?limit=500&labelSelector=a%3Db+c&x'],
    ['one in a query', '/p', 'fieldSelector=a%3Dhunter2', '/p?fieldSelector=a%3D<played>'],
    ['one that is escaped', '/p', 'q=h%75nter2', '/p?q=<played>'],
    ['a parameter that says so', '/p', 'db_password=x1', '/p?db_password=<named>'],
    ['a name of a parameter', '/p', 'hunter2=1&h%75nter2', '/p?<played>=1&<played>='],
    ['an escape that is none', '/p', 'q=%ZZhunter2', '/p?q=%25ZZ<played>'],
  ])('target: %s', (_name, path, query, masked) => {
    expect(plain(words().target(path, query, []))).toBe(masked)
  })

  it('the query of an exec says what argv says', () => {
    const all = words()
    const argv = all.argv(['psql', '--password', 'x1', 'a b'])
    expect(plain(all.target('/e', 'command=psql&command=--password&command=x1&command=a+b&stdin=true', argv))).toBe(
      '/e?command=psql&command=--password&command=<named>&command=a+b&stdin=true',
    )
    expect(all.report()).toEqual({ count: 1, rules: { named: 1 }, places: [{ rule: 'named', at: 'argv', count: 1 }] })
  })

  it('counts by rule and place', () => {
    const all = words()
    all.text('hunter2 hunter2', 'message')
    all.argv(['hunter2', 'PASSWORD=x'])
    expect(all.report()).toEqual({
      count: 4,
      rules: { played: 3, named: 1 },
      places: [
        { rule: 'played', at: 'message', count: 2 },
        { rule: 'played', at: 'argv', count: 1 },
        { rule: 'named', at: 'argv', count: 1 },
      ],
    })
  })

  it('leaves out what cannot be masked, and says so', () => {
    const all = words()
    expect(all.text('FAIL x', 'message')).not.toContain('x')
    expect(all.unreadable).toBe('it is spent')
    expect(all.report()).toMatchObject({ count: 0, withheld: 'it is spent' })
  })

  it('keeps other text around a secret as it is', () => {
    expect(plain(words().text('\ufeffé hunter2 世\u{1f600}', 'message'))).toBe('\ufeffé <played> 世\u{1f600}')
  })
})
