import { describe, expect, test } from 'vitest'
import type { HeaderList } from '../context.ts'
import { planResponseMask } from './response.ts'
import { infoOf, MASKING, maskingFor, run } from './testing.ts'

const secrets = infoOf()
const pods = infoOf({ resource: 'pods' })
const log = infoOf({ resource: 'pods', subresource: 'log', streaming: true })
const exec = infoOf({ resource: 'pods', subresource: 'exec', verb: 'connect' })
const proxy = infoOf({ resource: 'services', subresource: 'proxy', verb: 'connect' })
const path = (text: string) => infoOf({ isResourceRequest: false, path: text, resource: '', apiPrefix: '' })
const type = (value: string): HeaderList => [['content-type', value]]

describe('what is done with a response', () => {
  test.each([
    ['Secrets as JSON', secrets, 200, type('application/json'), 'transform'],
    ['Secrets as a Table', secrets, 200, type('application/json;as=Table;v=v1;g=meta.k8s.io'), 'transform'],
    ['Secrets watched', secrets, 200, type('Application/JSON; Stream=Watch'), 'transform'],
    ['Secrets as protobuf', secrets, 200, type('application/vnd.kubernetes.protobuf'), 'withhold'],
    ['Secrets as CBOR', secrets, 200, type('application/cbor'), 'withhold'],
    ['Secrets as YAML', secrets, 200, type('application/yaml'), 'withhold'],
    ['Secrets as text', secrets, 200, type('text/plain'), 'withhold'],
    ['an error about Secrets as text', secrets, 429, type('text/plain; charset=utf-8'), 'transform'],
    ['pods as JSON', pods, 200, type('application/json'), 'transform'],
    ['pods as protobuf', pods, 200, type('application/vnd.kubernetes.protobuf;stream=watch'), 'withhold'],
    ['pods as text', pods, 200, type('text/plain'), 'withhold'],
    ['no such group', pods, 404, type('text/plain; charset=utf-8'), 'transform'],
    ['a log', log, 200, type('text/plain'), 'transform'],
    ['a log as bytes', log, 200, type('application/octet-stream'), 'withhold'],
    ['a refused exec', exec, 400, type('text/plain'), 'transform'],
    ['a proxied page', proxy, 200, type('text/html'), 'withhold'],
    ['health', path('/healthz'), 200, type('text/plain; charset=utf-8'), 'transform'],
    ['metrics', path('/metrics'), 200, type('text/plain; version=0.0.4'), 'transform'],
    [
      'discovery',
      path('/apis'),
      200,
      type('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'),
      'transform',
    ],
    [
      'OpenAPI v2',
      path('/openapi/v2'),
      200,
      type('application/com.github.proto-openapi.spec.v2@v1.0+protobuf'),
      'pass',
    ],
    [
      'OpenAPI v2, newer name',
      path('/openapi/v2'),
      200,
      type('application/com.github.proto-openapi.spec.v2.v1.0+protobuf'),
      'pass',
    ],
    ['OpenAPI v2 of an old cluster', path('/openapi/v2'), 200, type('application/octet-stream'), 'pass'],
    ['bytes elsewhere', path('/debug/pprof/heap'), 200, type('application/octet-stream'), 'withhold'],
    ['protobuf elsewhere', path('/apis'), 200, type('application/vnd.kubernetes.protobuf'), 'withhold'],
    ['gzip', pods, 200, [...type('application/json'), ['content-encoding', 'gzip']] satisfies HeaderList, 'withhold'],
    [
      'identity',
      pods,
      200,
      [...type('application/json'), ['content-encoding', 'Identity']] satisfies HeaderList,
      'transform',
    ],
    ['gzip of a log', log, 200, [...type('text/plain'), ['content-encoding', 'gzip']] satisfies HeaderList, 'withhold'],
    ['two types', pods, 200, [...type('application/json'), ...type('text/plain')] satisfies HeaderList, 'withhold'],
    ['no type', pods, 204, [], 'transform'],
  ] as const)('%s', (_name, info, status, headers, kind) => {
    expect(planResponseMask({ info, status, headers, masking: MASKING }).kind).toBe(kind)
  })
})

function planned(info: ReturnType<typeof infoOf>, status: number, headers: HeaderList, requestSecrets: string[] = []) {
  const plan = planResponseMask({ info, status, headers, masking: MASKING, requestSecrets })
  if (plan.kind !== 'transform') throw new Error(plan.kind)
  return plan.transform
}

test('JSON of other resources goes through as it came', () => {
  const body = ' \n{"data":{"a":"aGk="},"n":9007199254740993}'
  for (let cut = 0; cut <= body.length; cut++) {
    expect(run(planned(pods, 200, type('application/json')), body, [cut])).toBe(body)
  }
})

describe('what cannot be read', () => {
  const passing = { ...MASKING, rules: { ...MASKING.rules, onUnreadable: () => 'pass' as const } }
  const plan = (info: ReturnType<typeof infoOf>, headers: HeaderList) =>
    planResponseMask({ info, status: 200, headers, masking: passing })
  test.each([
    ['protobuf', type('application/vnd.kubernetes.protobuf')],
    ['compressed', [...type('application/json'), ['content-encoding', 'gzip']] satisfies HeaderList],
    ['of no type', []],
    ['of two types', [...type('application/json'), ...type('text/plain')] satisfies HeaderList],
  ] as const)('%s passes where a policy says so, but never of Secrets', (_name, headers) => {
    expect(plan(pods, headers).kind).toBe('pass')
    const answer = plan(secrets, headers)
    expect(answer.kind === 'withhold' || answer.kind === 'transform').toBe(true)
    if (answer.kind === 'transform') expect(() => run(answer.transform, 'x')).toThrow()
  })
  test('but not many objects because one of them is nested too deeply to be read', () => {
    const made = plan(pods, type('application/json'))
    if (made.kind !== 'transform') throw new Error(made.kind)
    const deep = `${'['.repeat(200)}${']'.repeat(200)}`
    expect(() => run(made.transform, `{"items":[{"a":${deep}},{"password":"hunter2-4711"}]}`)).toThrow('too deeply')
  })

  test('JSON that turns out to be none goes on as it came from where it broke', () => {
    const body = '{"a":"b","n":[1,2],"data":{"x":"y"},"c" 7} and more \ud83d\udd11'
    const length = new TextEncoder().encode(body).length
    for (let cut = 0; cut <= length; cut++) {
      const answer = plan(pods, type('application/json'))
      if (answer.kind !== 'transform') throw new Error(answer.kind)
      expect(run(answer.transform, body, [cut])).toBe(body)
      const strict = plan(secrets, type('application/json'))
      if (strict.kind !== 'transform') throw new Error(strict.kind)
      expect(() => run(strict.transform, body, [cut])).toThrow()
    }
  })

  test('JSON that ends early as well', () => {
    const answer = plan(pods, type('application/json'))
    if (answer.kind !== 'transform') throw new Error(answer.kind)
    expect(run(answer.transform, '{"a":{"data":{"x":"y"},"z":"tail', [5, 20])).toBe('{"a":{"data":{"x":"y"},"z":"tail')
  })
})

test.each(['application/problem+json', 'application/jwk-set+json'])('%s is JSON', (essence) => {
  const token = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
  const transform = planned(path('/x'), 200, type(essence))
  expect(run(transform, JSON.stringify({ detail: token }))).not.toContain(token)
})

test('text of metrics, errors and proxies is searched', () => {
  const token = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
  for (const transform of [
    planned(path('/metrics'), 200, type('text/plain; version=0.0.4')),
    planned(pods, 500, type('text/plain')),
    planned(log, 200, type('text/plain')),
    planned(proxy, 200, type('text/plain')),
  ]) {
    const out = run(transform, `one\n${token}\n`, [7, 12])
    expect(out).not.toContain(token)
    expect(out).toMatch(/^one\n⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧\n$/)
  }
})

test('protobuf under the name of JSON is withheld', () => {
  expect(() => run(planned(pods, 200, type('application/json')), 'k8s\0')).toThrow()
})

test('a body without a type is withheld, none is not', () => {
  expect(run(planned(pods, 204, []), '')).toBe('')
  expect(() => run(planned(pods, 200, []), 'x')).toThrow()
})

test('of a kubelet’s log through a proxy the same part may be asked for as of a log', () => {
  const of = (query: string) => planned({ ...proxy, resource: 'nodes', query }, 200, type('text/plain'))
  expect(run(of('limitBytes=20'), 'token=ghp_abcdefghij')).toMatch(/^token=⟦masked:cut:/)
  const key = `${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n'.repeat(2)}-----END PRIVATE KEY-----\n`
  expect(run(of('tailLines=3'), key)).not.toContain('MIIEvQ')
})

test('what comes through a proxy may be Secrets again', () => {
  const out = run(planned(proxy, 200, type('application/json')), '{"items":[{"data":{"a":"aHVudGVyMg=="}}]}')
  expect(out).not.toContain('aHVudGVyMg==')
})

test('an error in words is masked', () => {
  const transform = planned(secrets, 400, type('text/plain'), ['hunter2'])
  expect(run(transform, 'cannot take hunter2 ✓', [3, 20])).toMatch(/^cannot take ⟦masked:secret:[0-9a-f]{12}⟧ ✓$/)
  expect(() => run(planned(secrets, 400, type('text/plain')), 'x'.repeat(64 * 1024 + 1))).toThrow()
})

describe('a log that the client has cut', () => {
  const SECRETS = [
    ['a token', 'got ', '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', '\n'],
    ['what stands behind a name', 'password=', 'hunter2xyz', ' and more\n'],
    ['a known value', 'at 12 ', 'Zk3-qwertz-99-uiop', ' and more\n'],
  ] as const
  const cutAt = (text: string, bytes: number, query: string): string => {
    const masking = maskingFor()
    masking.values.note(new TextEncoder().encode('Zk3-qwertz-99-uiop'), 'password')
    const info = infoOf({ resource: 'pods', subresource: 'log', name: 'p', query })
    const plan = planResponseMask({ info, status: 200, headers: [['content-type', 'text/plain']], masking })
    if (plan.kind !== 'transform') throw new Error(`the plan is ${plan.kind}`)
    expect(plan.transform.holding).toBe(false)
    return run(plan.transform, text.slice(0, bytes))
  }

  test.each(SECRETS)('tells nothing of %s at any place', (_name, before, secret, after) => {
    const seen = new Set<string>()
    for (let bytes = before.length + 1; bytes < before.length + secret.length; bytes++) {
      const shown = cutAt(before + secret + after, bytes, `follow=true&limitBytes=${bytes}`)
      expect(shown.startsWith(before) ? shown.slice(before.length) : shown).toMatch(/^⟦masked:cut:[0-9a-f]{12}⟧$/)
      seen.add(shown)
    }
    // The tag says nothing of what is missing.
    expect(seen.size).toBe(1)
  })

  test.each([
    ['shorter than its limit', 'limitBytes=100', false],
    ['as long as its limit', 'limitBytes=9', true],
    ['with two limits', 'limitBytes=100&limitBytes=9', true],
    ['with a limit that is none', 'limitBytes=x', true],
    ['without a limit', 'tailLines=9', false],
  ])('%s', (_name, query, cut) => {
    expect(cutAt('a line go', 9, query)).toMatch(cut ? /^a line .masked:cut:/ : /^a line go$/)
  })
})

describe('a private key whose BEGIN the client has left out', () => {
  const line = (n: number): string => `${String.fromCharCode(65 + n)}bcdEFgh0123456789+/`.repeat(4).slice(0, 64)
  const lines = [0, 1, 2, 3, 4, 5].map(line)
  const key = [...lines, 'Zm9v', '-----END PRIVATE KEY-----', 'and more', '']
  const stamped = key.map((text) => `2026-11-21T18:00:00.000000000Z ${text}`)
  const shown = (query: string, text: string, cuts: readonly number[] = []): string => {
    const info = infoOf({ resource: 'pods', subresource: 'log', name: 'p', query })
    const plan = planResponseMask({ info, status: 200, headers: type('text/plain'), masking: maskingFor() })
    if (plan.kind !== 'transform') throw new Error(`the plan is ${plan.kind}`)
    return run(plan.transform, text, cuts)
  }
  const seenIn = (text: string): string[] => lines.filter((one) => text.includes(one.slice(0, 20)))

  test.each([
    ['by lines', 'tailLines=8', key],
    ['by lines, with time stamps', 'tailLines=8&timestamps=true', stamped],
    ['by time', 'sinceSeconds=5', key],
    ['by lines and bytes', 'tailLines=8&limitBytes=200', key],
    ['by lines and bytes, with time stamps', 'tailLines=8&limitBytes=200', stamped],
  ])('%s', (_name, query, all) => {
    const text = query.includes('limitBytes') ? all.join('\n').slice(0, 200) : all.join('\n')
    for (let cut = 1; cut < text.length; cut++) expect(seenIn(shown(query, text, [cut]))).toEqual([])
    expect(
      seenIn(
        shown(
          query,
          text,
          Array.from({ length: text.length - 1 }, (_, at) => at + 1),
        ),
      ),
    ).toEqual([])
    if (!query.includes('limitBytes')) expect(shown(query, text)).toMatch(/^.*⟦masked:private-key:.{12}⟧\n.*and more\n/)
  })

  test('other base64 at the beginning of a log goes on', () => {
    expect(shown('tailLines=2', `${line(1)}\n${line(2)}\n`)).toBe(`${line(1)}\n${line(2)}\n`)
    expect(shown('tailLines=2', `${line(1)}\nall is well\n`)).toBe(`${line(1)}\nall is well\n`)
  })

  test('what stands before the key goes on', () => {
    const before = ['## one', 'ready', `token ${'x'.repeat(8)}`]
    const text = [...before, ...key].join('\n')
    for (let cut = 1; cut < text.length; cut += 7) {
      const out = shown('tailLines=20', text, [cut])
      expect(out.startsWith(`${before.join('\n')}\n`)).toBe(true)
      expect(out).toContain('and more')
    }
  })

  test('a follower sees a first line of one word', () => {
    const info = infoOf({ resource: 'pods', subresource: 'log', name: 'p', query: 'follow=true&tailLines=1' })
    const plan = planResponseMask({ info, status: 200, headers: type('text/plain'), masking: maskingFor() })
    if (plan.kind !== 'transform') throw new Error(`the plan is ${plan.kind}`)
    const { transform } = plan
    const bytes = new TextEncoder().encode('ready\n')
    const out = [
      transform.push(bytes),
      ...(transform.holding === true ? [transform.flush?.() ?? bytes.slice(0, 0)] : []),
    ]
    expect(out.map((part) => new TextDecoder().decode(part)).join('')).toBe('ready\n')
  })
})
