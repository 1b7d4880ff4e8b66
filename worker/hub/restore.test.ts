import { describe, expect, it } from 'vitest'
import type { BodyFormat, Decided } from '../context.ts'
import { compilePolicies } from '../decide/compile.ts'
import { agent, policy, rule } from '../decide/testing.ts'
import { closeRelease, openRelease } from '../mask/restore/release.ts'
import { base64 } from '../mask/testing.ts'
import type { UpstreamRequest } from '../ports.ts'
import { maskForRecord } from './record.ts'
import { restore } from './restore.ts'
import { decidedFor, playedPassage } from './testing.ts'

const NS = '/api/v1/namespaces/d'
const CONFIG = `${NS}/configmaps/c`
const VAULT = '/apis/acme.io/v1/namespaces/d/vaults/v'
const SET = compilePolicies(
  [
    policy('p', [
      rule('Allow', '*', '*', { namespaces: ['d'] }),
      { ...rule('Allow', 'patch', 'secrets', { namespaces: ['blind'] }), name: 'blind' },
    ]),
  ],
  { denyPackExcept: ['service-proxy'] },
)
const PW = 'a-password-that-is-long'
const ALNUM = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4'
const NEXT = 'another-password-that-is-long'

/** A release of `r` in a Secret of Helm's. */
const releaseSecret = (version: number, pw: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: `sh.helm.release.v1.r.v${version}`, namespace: 'd', labels: { owner: 'helm', name: 'r' } },
  type: 'helm.sh/release.v1',
  data: {
    release: closeRelease(
      JSON.stringify({
        name: 'r',
        info: { status: 'deployed', description: 'done' },
        chart: { metadata: { name: 'c' }, templates: [], values: {} },
        config: { password: pw },
        manifest: `---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: ${JSON.stringify(pw)}\n`,
        version,
        namespace: 'd',
      }),
    ),
  },
})
const annotations = { 'meta.helm.sh/release-name': 'r', 'meta.helm.sh/release-namespace': 'd' }
const live = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', annotations },
  data: { password: base64(NEXT) },
}

function api(request: UpstreamRequest): { status: number; body: unknown } {
  const [path, query = ''] = request.target.split('?')
  const found: Record<string, unknown> = {
    [`${NS}/secrets/s`]: live,
    [CONFIG]: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data: { conf: `password=${PW}\nport=1\n`, notes: `once ${NEXT} was read\n` },
    },
    [`${NS}/configmaps/alnum`]: { apiVersion: 'v1', kind: 'ConfigMap', data: { conf: `password=${ALNUM}\n` } },
    [VAULT]: { apiVersion: 'acme.io/v1', kind: 'Vault', spec: { login: { name: 'password', value: PW } } },
    [`${NS}/secrets/sh.helm.release.v1.r.v1`]: releaseSecret(1, PW),
    [`${NS}/secrets/sh.helm.release.v1.r.v2`]: releaseSecret(2, NEXT),
    ...(query.includes('labelSelector=owner%3Dhelm%2Cname%3Dr')
      ? {
          [`${NS}/secrets`]: {
            apiVersion: 'v1',
            kind: 'SecretList',
            items: [releaseSecret(1, PW), releaseSecret(2, NEXT)],
          },
        }
      : {}),
  }
  const body = found[path ?? '']
  return body === undefined ? { status: 404, body: { kind: 'Status', code: 404 } } : { status: 200, body }
}

async function run(
  method: string,
  target: string,
  body: string,
  format: BodyFormat = 'merge-patch',
  known: readonly string[] = [],
) {
  const played = playedPassage(api)
  for (const value of known) played.passage.masking.values.note(new TextEncoder().encode(value), 'password')
  const request: Decided = decidedFor(method, target, { bodyFormat: format, identity: agent() })
  const bytes = new TextEncoder().encode(body)
  const taken = { bytes, format, value: format === 'json-patch' ? [] : JSON.parse(body) }
  const restored = await restore(played.passage, request, taken, SET)
  return {
    ...played,
    request,
    taken,
    restored,
    text: restored.ok ? new TextDecoder().decode(restored.value?.bytes) : restored.refusal.message,
  }
}

/** What the session sees of a value: the session's own masking makes it. */
async function seen(value: string): Promise<string> {
  const played = playedPassage(api)
  const masked = maskForRecord(
    decidedFor('PATCH', `${NS}/secrets/x`),
    {
      bytes: new TextEncoder().encode(JSON.stringify({ stringData: { a: value } })),
      format: 'merge-patch',
      value: null,
    },
    played.passage.masking,
  )
  const text = masked.ok && masked.body !== null ? new TextDecoder().decode(masked.body.bytes) : ''
  return /⟦masked:[a-z0-9-]+:[0-9a-f]{12}⟧/.exec(text)?.[0] ?? ''
}

describe('a write with placeholders', () => {
  it('without one goes on as it came, and nothing is asked', async () => {
    const { restored, taken, order } = await run('PATCH', `${NS}/secrets/s`, '{"data":{"a":"eA=="}}')
    expect(restored).toEqual({ ok: true, value: taken, version: '' })
    expect(order).toEqual([])
  })

  it('is read as the agent first, recorded before it is asked', async () => {
    const body = JSON.stringify({ stringData: { password: await seen(NEXT) } })
    const { text, order, sent, restored, request, passage } = await run('PATCH', `${NS}/secrets/s`, body)
    expect(text).toBe(JSON.stringify({ stringData: { password: NEXT } }))
    expect(order).toEqual(['read', 'sent', 'request.result'])
    expect(sent.map(({ method, target, user }) => [method, target, user.username])).toEqual([
      ['GET', `${NS}/secrets/s`, 'agent'],
    ])
    if (!restored.ok || restored.value === null) throw new Error(text)
    // People and the record see it as it came; the answer is searched for what was put in.
    const recorded = maskForRecord(request, restored.value, passage.masking)
    expect(recorded.ok && new TextDecoder().decode(recorded.body?.bytes)).toBe(body)
    expect(recorded.ok && recorded.secrets).toContain(NEXT)
  })

  it('of a subresource reads the object it belongs to', async () => {
    const { sent } = await run('PATCH', `${NS}/pods/p/status`, JSON.stringify({ a: await seen(PW) }))
    expect(sent.map(({ target }) => target)).toEqual([`${NS}/pods/p`])
  })

  it.each<[name: string, method: string, target: string, asked: number]>([
    ['a namespace that policy closes', 'PATCH', '/api/v1/namespaces/e/secrets/s', 0],
    ['an object that policy does not let the agent read', 'PATCH', '/api/v1/namespaces/blind/secrets/s', 0],
    ['what is created', 'POST', `${NS}/secrets`, 0],
    ['what is no resource', 'POST', '/apply', 0],
    ['what is bound to an object', 'POST', `${NS}/pods/p/binding`, 0],
    ['an object that is not there', 'PATCH', `${NS}/secrets/absent`, 1],
  ])('%s: refused', async (_name, method, target, asked) => {
    const { restored, sent } = await run(method, target, JSON.stringify({ stringData: { password: await seen(NEXT) } }))
    expect(restored.ok).toBe(false)
    expect(sent.length).toBe(asked)
  })
})

it('a patch that may carry a value away is not sent to an object that is not there yet', async () => {
  const copy = [{ op: 'copy', from: '/data/password', path: '/metadata/labels/x' }]
  const { restored, text } = await run('PATCH', `${NS}/secrets/absent`, JSON.stringify(copy), 'json-patch')
  expect(restored.ok).toBe(false)
  expect(text).toContain('it is not there')
})

describe('a value that the session knows', () => {
  it.each<[name: string, key: string, value: string, text: (tag: string) => string, ok: boolean]>([
    ['stays behind the word that says what it is', 'conf', PW, (tag) => `password=${tag}\nport=2\n`, true],
    ['does not lose it, though this session would mask it', 'conf', PW, (tag) => `pxssword=${tag}\nport=1\n`, false],
    ['may stand in another place that masks it', 'conf', PW, (tag) => `url=postgres://u:${tag}@h/\nport=1\n`, true],
    ['stays in its line, whatever else is changed', 'conf', PW, (tag) => `password=${tag}\nother=2\n`, true],
    ['that nothing else masks may stand among other words', 'notes', NEXT, (tag) => `${tag} was read twice\n`, true],
  ])('%s', async (_name, key, value, text, ok) => {
    const body = JSON.stringify({ data: { [key]: text(await seen(value)) } })
    expect((await run('PATCH', CONFIG, body, 'merge-patch', [PW, NEXT])).restored.ok).toBe(ok)
  })
})

it('how long a value is cannot be tried out by what would make it a token', async () => {
  const told: boolean[] = []
  for (let more = 0; more < 36; more++) {
    const body = JSON.stringify({ data: { conf: `ghp_${'a'.repeat(more)}${await seen(ALNUM)}\n` } })
    told.push((await run('PATCH', `${NS}/configmaps/alnum`, body)).restored.ok)
  }
  expect(told).toEqual(told.map(() => false))
})

describe('a patch without a placeholder', () => {
  it.each<[name: string, format: BodyFormat, body: unknown, ok: boolean]>([
    ['gives a masked value another name', 'merge-patch', { spec: { login: { name: 'x' } } }, false],
    ['takes its name away', 'merge-patch', { spec: { login: { name: null } } }, false],
    ['leaves it its name', 'merge-patch', { spec: { login: { name: 'password', hint: 'x' } } }, true],
    ['copies it', 'json-patch', [{ op: 'copy', from: '/spec/login/value', path: '/metadata/labels' }], false],
    ['copies over its name', 'json-patch', [{ op: 'copy', from: '/kind', path: '/spec/login/name' }], false],
  ])('%s', async (_name, format, body, ok) => {
    const { restored, sent } = await run('PATCH', VAULT, JSON.stringify(body), format)
    expect(restored.ok).toBe(ok)
    expect(sent.map(({ target }) => target)).toEqual([VAULT])
  })
})

describe('an object of a release of Helm', () => {
  it('takes the value of an older revision into the same field', async () => {
    const body = JSON.stringify({ stringData: { password: await seen(PW) } })
    const { text, sent } = await run('PATCH', `${NS}/secrets/s`, body)
    expect(text).toBe(JSON.stringify({ stringData: { password: PW } }))
    expect(sent.map(({ target }) => target)).toEqual([
      `${NS}/secrets/s`,
      `${NS}/secrets?labelSelector=owner%3Dhelm%2Cname%3Dr`,
    ])
  })

  it('takes it nowhere else', async () => {
    const body = JSON.stringify({ stringData: { other: await seen(PW) } })
    expect((await run('PATCH', `${NS}/secrets/s`, body)).restored.ok).toBe(false)
  })

  it('takes it into no object of the same kind in another API', async () => {
    const [group, kind] = ['evil.io', 'Secret']
    const object = {
      apiVersion: `${group}/v1`,
      kind,
      metadata: live.metadata,
      stringData: { password: await seen(PW) },
    }
    const { restored } = await run('POST', `/apis/${group}/v1/namespaces/d/secrets`, JSON.stringify(object), 'json')
    expect(restored.ok).toBe(false)
  })

  it('takes it into nothing that is sent to a pod', async () => {
    const object = { ...live, data: undefined, stringData: { password: await seen(PW) } }
    const { restored } = await run('POST', `${NS}/services/s/proxy/x`, JSON.stringify(object), 'json')
    expect(restored.ok).toBe(false)
    expect((await run('POST', `${NS}/secrets`, JSON.stringify(object), 'json')).restored.ok).toBe(true)
  })

  it('is made again as an older revision had it', async () => {
    const again = {
      ...live,
      metadata: { name: 's', annotations },
      data: undefined,
      stringData: { password: await seen(PW) },
    }
    const { text } = await run('POST', `${NS}/secrets`, JSON.stringify(again), 'json')
    expect(JSON.parse(text)).toMatchObject({ stringData: { password: PW } })
  })
})

describe('a release of Helm', () => {
  const written = (version: number, pw: string, name = 's') => {
    const secret = releaseSecret(version, pw)
    const json = openRelease(secret.data.release)?.replace('name: s', `name: ${name}`) ?? ''
    return JSON.stringify({ ...secret, data: { release: closeRelease(json) } })
  }

  it('that comes next takes over what it was rendered from', async () => {
    const { text } = await run('POST', `${NS}/secrets`, written(3, await seen(PW)), 'json')
    const release = JSON.parse(openRelease(JSON.parse(text).data.release) ?? '')
    expect(release.config).toEqual({ password: PW })
    expect(release.manifest).toContain(`password: "${PW}"`)
  })

  it('may not move a value to another object', async () => {
    const { restored } = await run('POST', `${NS}/secrets`, written(3, await seen(PW), 'other'), 'json')
    expect(restored.ok).toBe(false)
  })

  it('nor to one of the same kind in another API', async () => {
    const secret = releaseSecret(3, await seen(PW))
    const json = openRelease(secret.data.release)?.replace('apiVersion: v1', 'apiVersion: evil.io/v1') ?? ''
    const body = JSON.stringify({ ...secret, data: { release: closeRelease(json) } })
    expect(json).toContain('evil.io')
    expect((await run('POST', `${NS}/secrets`, body, 'json')).restored.ok).toBe(false)
  })

  it('of another name takes nothing', async () => {
    const body = written(3, await seen(PW)).replace('release.v1.r.v3', 'release.v1.other.v3')
    expect((await run('POST', `${NS}/secrets`, body, 'json')).restored.ok).toBe(false)
  })
})
