import { describe, expect, test } from 'vitest'
import { Masker } from '../placeholder.ts'
import { base64, KEY } from '../testing.ts'
import { type Restored, restoreObject } from './object.ts'
import { closeRelease, openRelease, Releases } from './release.ts'
import { type Source, sourceOf } from './source.ts'
import { Tags } from './stretches.ts'

const encoder = new TextEncoder()
const masker = new Masker(KEY)
const tagged = (value: string) => masker.uncounted(encoder.encode(value))
const seen = (value: string) => base64(tagged(value))

/** A release whose Secret has these scalars in its manifest. */
interface Written {
  readonly config: unknown
  readonly manifest: string
  readonly description?: string
}

const release = ({ config, manifest, description = 'Install complete' }: Written): string =>
  JSON.stringify({
    name: 'r',
    info: { status: 'deployed', description },
    chart: { values: { pw: 'default' } },
    config,
    manifest,
    version: 'VERSION',
  }).replace('"VERSION"', '9007199254740993')

const secret = (scalar: string, more = ''): string =>
  `---\n# Source: c/secret.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  pw: ${scalar}\n${more}`
const deployment = (value: string): string =>
  `---\nkind: Deployment\nmetadata:\n  name: d\nspec: {env: [{name: PW, value: ${value}}, {name: HOST, value: h}]}\n`

function sources(live: Written, masked: Written): Source[] {
  const source = sourceOf(release(live), release(masked))
  return source === null ? [] : [source]
}

const PW = 'hunter2: "x"'
const LIVE: Written = {
  config: { pw: PW, url: `a ${PW} b` },
  manifest: secret(JSON.stringify(PW)) + deployment(JSON.stringify(PW)),
}
const MASKED: Written = {
  config: { pw: tagged(PW), url: `a ${tagged(PW)} b` },
  manifest: secret(`"${tagged(PW)}"`) + deployment(`"${tagged(PW)}"`),
}

function write(written: Written): Restored {
  const tags = new Tags(KEY)
  const releases = new Releases(sources(LIVE, MASKED), tags)
  const body = JSON.stringify({ data: { release: closeRelease(release(written)) } })
  return restoreObject(body, { tags, sources: [], secret: true, dictionary: releases.dictionary, releases })
}

function outcome(written: Written): unknown {
  const restored = write(written)
  if (!restored.ok) return `refused: ${restored.where}`
  const json = openRelease(JSON.parse(restored.text).data.release) ?? ''
  expect(json).toContain('9007199254740993')
  const { config, manifest, info } = JSON.parse(json)
  return { config, manifest, description: info.description }
}

describe('a release that is written', () => {
  const kept = { description: 'Install complete' }
  test.each<[name: string, written: Written, expected: unknown]>([
    ['as it was read', MASKED, { ...LIVE, ...kept }],
    ['with another status', { ...MASKED, description: 'Superseded' }, { ...LIVE, description: 'Superseded' }],
    [
      'rendered anew: unquoted base64 in data, other quotes, a new variable',
      {
        config: { pw: tagged(PW), more: 1 },
        manifest: `${secret(`'${tagged(PW)}'`)
          .replace('stringData', 'data')
          .replace(/'.*'/, seen(PW))}${deployment(`"${tagged(PW)}"`).replace('value: h', 'value: h2')}`,
      },
      {
        config: { pw: PW, more: 1 },
        manifest: `${secret(base64(PW)).replace('stringData', 'data')}${deployment(JSON.stringify(PW)).replace('value: h', 'value: h2')}`,
        ...kept,
      },
    ],
    [
      'with a value that the chart composes in base64',
      {
        config: {},
        manifest: secret(`"${tagged(PW)}"`)
          .replace('stringData', 'data')
          .replace(/"⟦.*⟧"/, base64(tagged(PW))),
      },
      { config: {}, manifest: secret(base64(PW)).replace('stringData', 'data'), ...kept },
    ],
    [
      'a value under another name',
      { config: { other: tagged(PW) }, manifest: '' },
      'refused: data.release.config.other',
    ],
    [
      'in another object',
      { config: {}, manifest: secret(`"${tagged(PW)}"`).replace('name: s', 'name: t') },
      'refused: data.release.manifest',
    ],
    [
      'in another field of the object',
      { config: {}, manifest: secret('x', `  more: "${tagged(PW)}"\n`) },
      'refused: data.release.manifest',
    ],
    [
      'in a variable of another name',
      { config: {}, manifest: deployment('x').replace('value: h', `value: "${tagged(PW)}"`) },
      'refused: data.release.manifest',
    ],
    [
      'in a pod’s argv',
      { config: {}, manifest: `kind: Deployment\nmetadata: {name: d}\nspec: {args: ["${tagged(PW)}"]}\n` },
      'refused: data.release.manifest',
    ],
    ['where it is no object', { config: {}, manifest: `- ${tagged(PW)}\n` }, 'refused: data.release.manifest'],
    ['a forged tag', { config: { pw: tagged('guess') }, manifest: '' }, 'refused: data.release.config.pw'],
    [
      'so that it would be read otherwise',
      { config: {}, manifest: secret(`${tagged(PW)}`) },
      'refused: data.release.manifest',
    ],
    ['in its description', { ...MASKED, description: tagged(PW) }, 'refused: data.release.info.description'],
  ])('%s', (_name, written, expected) => {
    expect(outcome(written)).toEqual(expected)
  })

  test('one that holds no placeholder is not packed anew', () => {
    const body = JSON.stringify({ data: { release: closeRelease(release(LIVE)) } })
    const tags = new Tags(KEY)
    const releases = new Releases([], tags)
    expect(restoreObject(body, { tags, sources: [], secret: true, dictionary: new Map(), releases })).toMatchObject({
      text: body,
    })
  })
})

describe('a value over lines', () => {
  const KEYFILE = '-----BEGIN X-----\nabc\ndef\n-----END X-----\n'
  const block = (text: string) =>
    `kind: Secret\nmetadata: {name: s}\nstringData:\n  key: |\n${text.replace(/^/gm, '    ')}\n  z: 1\n`
  const live = { config: { key: KEYFILE }, manifest: block(KEYFILE) }
  const masked = {
    config: { key: tagged(KEYFILE) },
    manifest: `${block('"').split('|')[0]}"${tagged(KEYFILE)}"\n  z: 1\n`,
  }

  test('is indented as the place asks for, and its last line break stands once', () => {
    const tags = new Tags(KEY)
    const releases = new Releases(sources(live, masked), tags)
    const body = JSON.stringify({
      data: {
        release: closeRelease(release({ config: {}, manifest: block(tagged(KEYFILE)).replace('z: 1', 'z: 2') })),
      },
    })
    const restored = restoreObject(body, { tags, sources: [], secret: true, dictionary: releases.dictionary, releases })
    if (!restored.ok) throw new Error(restored.where)
    const { manifest } = JSON.parse(openRelease(JSON.parse(restored.text).data.release) ?? '')
    expect(manifest).toBe(block(KEYFILE).replace('z: 1', 'z: 2'))
  })

  test('is what it was in the object itself', () => {
    const tags = new Tags(KEY)
    const releases = new Releases(sources(live, masked), tags)
    const restoring = { tags, secret: true, dictionary: releases.dictionary }
    const body = JSON.stringify({ stringData: { key: `${tagged(KEYFILE)}\n` } })
    expect(
      restoreObject(body, { ...restoring, sources: releases.object({ group: '', kind: 'Secret', name: 's' }) }),
    ).toMatchObject({
      ok: true,
      text: JSON.stringify({ stringData: { key: KEYFILE } }),
    })
  })
})
