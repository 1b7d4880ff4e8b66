import { describe, expect, test } from 'vitest'
import { compileCondition, type Scope, type Variable } from './condition.ts'
import { readObject } from './json.ts'

function json(text: string): unknown {
  const read = readObject(new TextEncoder().encode(text))
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

const SCOPE: Scope = {
  request: {
    verb: 'update',
    operation: 'UPDATE',
    method: 'PUT',
    path: '/apis/apps/v1/namespaces/shop/deployments/web',
    namespace: 'shop',
    name: 'web',
    subResource: '',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    dryRun: false,
    userInfo: { username: 'agent', uid: '', groups: ['ai-agents'], extra: {} },
    query: { fieldManager: ['kubectl'] },
    options: null,
  },
  identity: { username: 'agent', uid: '', groups: ['ai-agents'], extra: { team: ['shop'] }, issuer: 'https://issuer' },
  connection: { name: 'prod' },
  object: json(
    '{"metadata":{"name":"web","labels":{"app":"web"},"annotations":null},"spec":{"replicas":3,"ratio":0.5,"big":9007199254740993}}',
  ),
  oldObject: null,
  podSpec: json('{"containers":[{"name":"a","image":"registry.example/a:1"}]}'),
  exec: {
    subResource: 'exec',
    argv: ['ls', '-l'],
    container: 'a',
    stdin: false,
    stdout: true,
    stderr: true,
    tty: false,
    ports: [],
  },
  session: {
    id: 's',
    startedAt: new Date('2026-01-01T10:00:00Z'),
    requests: 7,
    writes: 2,
    deletions: 0,
    secretReads: 0,
    execBytes: 0,
  },
  now: new Date('2026-01-01T12:30:00Z'),
}

function evaluate(text: string, scope: Scope = SCOPE) {
  const compiled = compileCondition(text)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.condition.evaluate(scope)
}

function computedMaps(times: number): string {
  const inner = Array.from({ length: times }, (_, i) => times - i).reduce(
    (result, i) => `cel.bind(x${i}, {x${i - 1}: x${i - 1}}, ${result})`,
    'true',
  )
  return `cel.bind(x0, 1, ${inner})`
}

describe('a condition has a value', () => {
  test.each<[string, boolean]>([
    ['object.spec.replicas <= 10', true],
    ['object.spec.replicas + 1 == 4 && object.spec.replicas % 2 == 1', true],
    ['object.spec.replicas <= 3.0', true],
    ['object.spec.ratio == 0.5', true],
    ['object.spec.big == 9007199254740993', true],
    ['object.spec.big == 9007199254740992', false],
    ['oldObject == null', true],
    ['oldObject.?spec.?replicas.orValue(0) == 0', true],
    ['object.?spec.?replicas.orValue(0) == 3', true],
    ['object.?spec.?paused.orValue(false)', false],
    ['object.metadata.?labels[?"app"] == optional.of("web")', true],
    ['object.?metadata.?annotations.?owner.orValue("none") == "none"', true],
    ['has(object.metadata.labels.app) && !has(object.metadata.labels.tier)', true],
    ['has(podSpec.containers[0].image)', true],
    ['"app" in object.metadata.labels', true],
    ['request.operation == "UPDATE" && request.resource.group == "apps"', true],
    ['request.options == null', true],
    ['request.query["fieldManager"][0] == "kubectl"', true],
    ['request.userInfo.username == identity.username', true],
    ['"ai-agents" in identity.groups && identity.extra["team"].exists(team, team == request.namespace)', true],
    ['connection.name == "prod"', true],
    ['exec != null && exec.argv[0] == "ls"', true],
    ['exec.argv == ["ls", "-l"] && !exec.tty', true],
    ['session.requests + session.writes == 9', true],
    ['now - session.startedAt == duration("2h30m")', true],
    ['now.getHours() == 12 && now.getHours("Europe/Berlin") == 13 && now.getHours("-02:30") == 10', true],
    ['now.getDayOfWeek() == 4', true],
    ['podSpec.allContainers().all(c, c.image.startsWith("registry.example/"))', true],
    ['[1, 2].all(object, object > 0)', true],
    ['cel.bind(r, object.spec.replicas, r * r == 9)', true],
    ['object.nope == 1 || true', true],
    ['true || object.nope == 1', true],
    ['object.nope == 1 && false', false],
    ['[1, 2].exists(x, x / 0 == 1 || x == 2)', true],
    ['{"a": 1, "b": 2}.exists(k, k == "b")', true],
    ['object.spec.replicas == 3 ? true : object.nope', true],
    ['object.spec.replicas == 3 // a comment', true],
    ['object.metadata\n  .labels\n  .app == "web"', true],
  ])('%s: %s', (text, value) => {
    expect(evaluate(text)).toEqual({ ok: true, value })
  })
})

describe('a condition fails with a sentence', () => {
  test.each<[string, string]>([
    ['object.spec.nope == 1', 'no such key "nope" (line 1, column 13)'],
    ['true &&\n  object.spec.nope == 1', 'no such key "nope" (line 2, column 15)'],
    ['object.spec.replicas', 'the condition is not a bool'],
    ['object.spec.replicas + "a" == "b"', '"+" is not defined for an int and a string (line 1, column 1)'],
    ['object.spec.ratio % 2 == 1', '"%" is not defined for a double and an int (line 1, column 1)'],
    ['object.spec.replicas / 0 == 1', 'division by zero (line 1, column 1)'],
    ['oldObject.spec.replicas == 1', 'no field "spec" in null (line 1, column 11)'],
    ['object.metadata.labels["nope"] == "x"', 'no such key (line 1, column 1)'],
    ['podSpec.containers[3] == null', 'index out of range (line 1, column 1)'],
    ['object.spec.replicas.matches("3")', '"matches" is not defined for an int, a string (line 1, column 1)'],
    ['object.metadata.name && true', '"&&" needs a bool, not a string (line 1, column 1)'],
    ['object.spec < object.spec', 'a map and a map have no order (line 1, column 1)'],
    ['object.spec.exists(k, k.size() / 0 == 1)', 'division by zero (line 1, column 23)'],
    ['object.spec.all(k, k)', 'all() needs a bool, not a string (line 1, column 20)'],
    ['object.spec.filter(k, k).size() == 1', 'a filter needs a bool, not a string (line 1, column 23)'],
    [
      'quantity("1").add(object) == quantity("1")',
      '"add" is not defined for a kubernetes.Quantity, a map (line 1, column 1)',
    ],
    ['object.nope == 1 || object.nope == 2', 'no such key "nope" (line 1, column 8)'],
  ])('%s: %s', (text, error) => {
    expect(evaluate(text)).toEqual({ ok: false, error })
  })

  test('that does not quote the object, whatever goes wrong', () => {
    const secret = 'hunter2-hunter2'
    const object = { data: { password: secret, list: [secret], map: { [secret]: secret } } }
    const texts = [
      'object.data.password.nope == 1',
      'object.data[object.data.password] == 1',
      'object.data.list[object.data.password] == 1',
      'int(object.data.password) == 1',
      'double(object.data.password) == 1.0',
      'bool(object.data.password)',
      'timestamp(object.data.password) == now',
      'duration(object.data.password) == duration("1s")',
      'quantity(object.data.password).sign() == 1',
      'ip(object.data.password).family() == 4',
      'url(object.data.password).getPort() == "1"',
      '"a".matches(object.data.password + "(")',
      'object.data.password + 1 == 2',
      '-object.data.password == 1',
      'object.data.map + object.data.map == 1',
      'object.data.password && true',
      '"%d".format([object.data.password]) == ""',
      'now.getHours(object.data.password) == 1',
      'object.data.password ? true : false',
      'object.data.map.map(k, {k: 1, object.data.password: 2}).size() > 0',
      'object.data.map.all(k, k)',
      'object.data.list.sum() == 1',
    ]
    for (const text of texts) {
      const result = evaluate(text, { ...SCOPE, object })
      expect(result, text).toMatchObject({ ok: false })
      expect(JSON.stringify(result), text).not.toContain(secret)
    }
  })

  test('when a variable cannot be read, without its words', () => {
    const scope = {
      ...SCOPE,
      get object(): unknown {
        throw new Error('hunter2')
      },
    }
    expect(evaluate('object.spec.replicas == 1', scope)).toEqual({
      ok: false,
      error: 'the condition could not be evaluated (line 1, column 1)',
    })
    expect(evaluate('true || object.spec.replicas == 1', scope)).toEqual({ ok: true, value: true })
  })
})

describe('a text that is no condition is refused with its place', () => {
  test.each<[string, number, number, string]>([
    ['request.nmspace == "x"', 1, 9, 'no such field "nmspace"'],
    ['request.resource.grp == "x"', 1, 18, 'no such field "grp"'],
    ['request["nmspace"] == "x"', 1, 1, 'no such field "nmspace"'],
    ['has(request.nmspace)', 1, 13, 'no such field "nmspace"'],
    ['true &&\n  objct.spec == 1', 2, 3, 'unknown variable "objct"'],
    ['request.name == 1', 1, 1, '"string == int" is not defined'],
    ['request.name', 1, 1, 'the condition must be a bool, not string'],
    ['session.requests', 1, 1, 'the condition must be a bool, not int'],
    ['object.spec.replicas + 1', 1, 1, 'the condition must be a bool, not int'],
    ['request.name.matches("(")', 1, 22, 'not a pattern in the syntax of RE2'],
    ['request.name.matches("(?=a)")', 1, 22, 'not a pattern in the syntax of RE2'],
    ['quantity("1x").sign() == 1', 1, 1, 'quantity() of a text that is no quantity'],
    ['request.name.foo()', 1, 1, 'there is no function string.foo()'],
    ['object.spec.foo()', 1, 1, 'there is no function dyn.foo()'],
    ['foo(1)', 1, 1, 'there is no function foo(int)'],
    ['exec == "ls"', 1, 1, '"Exec == string" is not defined'],
    ['9223372036854775808 == 1', 1, 1, 'integer out of range'],
    ['has(object)', 1, 5, 'has() takes a field: has(object.spec)'],
    ['object.spec.replicas <=', 1, 24, 'unexpected token: EOF'],
    ['', 1, 1, 'unexpected token: EOF'],
    ['"a', 1, 1, 'unterminated string'],
    ['this is not CEL', 1, 6, "unexpected character: 's'"],
    ['1 ? true : false', 1, 1, "ternary condition must be bool, got 'int'"],
    ['object.all(1, true)', 1, 12, 'all(var, predicate) invalid predicate iteration variable'],
  ])('%s', (text, line, column, message) => {
    expect(compileCondition(text)).toEqual({ ok: false, problems: [{ line, column, message }] })
  })

  test.each([
    ['at the limit of its length', `true${' '.repeat(9_996)}`, true],
    ['one character past it', `true${' '.repeat(9_997)}`, false],
    ['a chain of 300 alternatives', Array(300).fill('true').join('||'), true],
    ['a chain of 1,000', Array(1000).fill('true').join('||'), false],
    ['40 brackets', `${'('.repeat(40)}true${')'.repeat(40)}`, true],
    ['60 brackets', `${'('.repeat(60)}true${')'.repeat(60)}`, false],
    ['9,000 negations', `${'!'.repeat(9000)}true`, false],
    ['5,000 brackets', '('.repeat(5000), false],
    ['3,000 lists', '['.repeat(3000), false],
    ['a chain of 3,000 fields', `object${'.a'.repeat(3000)}`, false],
    ['8 maps of computed keys', computedMaps(8), true],
    ['20 of them, each in both places of the next', computedMaps(20), false],
    ['a list of 1,001 elements', `1 in [${Array(1001).fill('1').join()}]`, false],
    ['a pattern of 1,001 characters', `request.name.matches("${'a'.repeat(1001)}")`, false],
    ['a pattern that repeats 1,001 times', 'request.name.matches("a{501}b{500}")', false],
  ])('%s', (_name, text, ok) => {
    expect(compileCondition(text).ok).toBe(ok)
  })
})

describe('a condition knows what it uses', () => {
  test.each<[string, Variable[]]>([
    ['true', []],
    ['object.spec.replicas <= 10', ['object']],
    ['object == oldObject || request.name == ""', ['object', 'oldObject', 'request']],
    ['has(oldObject.spec)', ['oldObject']],
    ['[1].all(object, object > 0)', []],
    ['[1].all(object, object > 0) && object.a', ['object']],
    ['object.items.all(object, object > 0)', ['object']],
    ['cel.bind(object, 1, object == 1) && exec == null', ['exec']],
    ['cel.bind(object, object.spec, object.a)', ['object']],
    ['oldObject.?a.optMap(now, now == 1).orValue(false)', ['oldObject']],
    ['"object" == connection.name', ['connection']],
    ['false && podSpec.privileged()', ['podSpec']],
    ['session.writes > 1 ? identity.uid == "" : now > now', ['identity', 'now', 'session']],
  ])('%s', (text, uses) => {
    const compiled = compileCondition(text)
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
    expect([...compiled.condition.uses].sort()).toEqual(uses)
  })

  test('and asks for nothing else', () => {
    const asked: string[] = []
    const scope = new Proxy(SCOPE, {
      get: (target, name) => {
        asked.push(String(name))
        return Reflect.get(target, name)
      },
    })
    expect(evaluate('request.verb == "get" && object.spec.replicas == 1', scope)).toEqual({ ok: true, value: false })
    expect(asked).toEqual(['request'])
  })
})
