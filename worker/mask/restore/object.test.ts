import { describe, expect, test } from 'vitest'
import { Masker } from '../placeholder.ts'
import { base64, KEY } from '../testing.ts'
import { type Restored, restoreObject, restorePatch } from './object.ts'
import { sourceOf } from './source.ts'
import { Tags } from './stretches.ts'

const encoder = new TextEncoder()
const masker = new Masker(KEY)
/** What the session sees of a value. */
const tagged = (value: string, rule = 'secret') => masker.uncounted(encoder.encode(value), rule)
/** As it is seen in `data`. */
const seen = (value: string) => base64(tagged(value))
const OTHER_SESSION = new Masker(new Uint8Array(32).fill(9)).uncounted(encoder.encode('hunter2'))
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

interface Case {
  readonly live: unknown
  readonly masked: unknown
  readonly body: unknown
  readonly patch?: boolean
}

function run({ live, masked, body, patch = false }: Case, secret = false): Restored {
  const source = sourceOf(JSON.stringify(live), JSON.stringify(masked))
  if (source === null) throw new Error('no JSON')
  const restoring = { tags: new Tags(KEY), sources: [source], secret, dictionary: new Map<string, string>() }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return patch ? restorePatch(text, restoring) : restoreObject(text, restoring)
}

/** The restored body, or the field that was refused. */
function outcome(of: Case, secret = false): unknown {
  const restored = run(of, secret)
  return restored.ok ? JSON.parse(restored.text) : `refused: ${restored.where}`
}

describe('a Secret', () => {
  const live = { data: { pw: base64('hunter2'), other: base64('swordfish'), bin: '/////w==' } }
  const masked = {
    data: {
      pw: seen('hunter2'),
      other: seen('swordfish'),
      bin: base64(masker.uncounted(new Uint8Array([255, 255, 255, 255]))),
    },
  }
  test.each<[name: string, body: unknown, expected: unknown]>([
    ['as it was read', { data: masked.data }, live],
    [
      'beside a value that is new',
      { data: { pw: seen('hunter2'), new: base64('x') } },
      { data: { pw: base64('hunter2'), new: base64('x') } },
    ],
    ['bytes that are no text', { data: { bin: masked.data.bin } }, { data: { bin: '/////w==' } }],
    ['plain, in stringData', { stringData: { pw: tagged('hunter2') } }, { stringData: { pw: 'hunter2' } }],
    ['plain, in data', { data: { pw: tagged('hunter2') } }, { data: { pw: base64('hunter2') } }],
    ['with text around it', { stringData: { pw: `a ${tagged('hunter2')}!` } }, { stringData: { pw: 'a hunter2!' } }],
    [
      'with text around it, in base64',
      { data: { pw: base64(`a ${tagged('hunter2')}!`) } },
      { data: { pw: base64('a hunter2!') } },
    ],
    ['plain in data, with more behind it', { data: { pw: `${tagged('hunter2')}!` } }, 'refused: data.pw'],
    ['in base64, with more behind it that is none', { data: { pw: `${seen('hunter2')}!` } }, 'refused: data.pw'],
    ['behind letters', { stringData: { pw: `pas${tagged('hunter2')}` } }, 'refused: stringData.pw'],
    ['in front of letters', { stringData: { pw: `a ${tagged('hunter2')}s` } }, 'refused: stringData.pw'],
    ['behind a backslash', { stringData: { pw: `"\\${tagged('hunter2')}"` } }, 'refused: stringData.pw'],
    ['behind letters, in base64', { data: { pw: base64(`a_${tagged('hunter2')}`) } }, 'refused: data.pw'],
    ['twice', { stringData: { pw: tagged('hunter2').repeat(2) } }, { stringData: { pw: 'hunter2hunter2' } }],
    ['by another rule', { data: { pw: base64(tagged('hunter2', 'value')) } }, { data: { pw: base64('hunter2') } }],
    ['under another key', { data: { other: seen('hunter2') } }, 'refused: data.other'],
    ['under a key that is not there', { data: { more: seen('hunter2') } }, 'refused: data.more'],
    ['with a tag that is no value’s', { data: { pw: seen('guess') } }, 'refused: data.pw'],
    ['with a tag of another session', { data: { pw: base64(OTHER_SESSION) } }, 'refused: data.pw'],
    [
      'bytes that are no text, in stringData',
      {
        stringData: {
          bin: tagged('x').replace(
            /[0-9a-f]{12}/,
            masker.uncounted(new Uint8Array([255, 255, 255, 255])).slice(-13, -1),
          ),
        },
      },
      'refused: stringData.bin',
    ],
    ['in an annotation', { metadata: { annotations: { a: tagged('hunter2') } } }, 'refused: metadata.annotations.a'],
    ['in a label', { metadata: { labels: { a: `x${tagged('hunter2')}` } } }, 'refused: metadata.labels.a'],
    ['as a key', { data: { [tagged('hunter2')]: base64('x') } }, 'refused: data'],
    ['data nested', { spec: { data: { pw: seen('hunter2') } } }, 'refused: spec.data.pw'],
  ])('%s', (_name, body, expected) => {
    expect(outcome({ live, masked, body }, true)).toEqual(expected)
  })

  test('the last applied object is restored from itself and from the object', () => {
    const applied = (pw: string) => `${JSON.stringify({ kind: 'Secret', stringData: { pw } })}\n`
    const object = (pw: string, data: string) => ({
      metadata: { annotations: { [LAST_APPLIED]: applied(pw) } },
      data: { pw: data },
    })
    const before = object('old', base64('hunter2'))
    const shown = object(tagged('old'), seen('hunter2'))
    const write = (pw: string) => ({ metadata: { annotations: { [LAST_APPLIED]: applied(pw), note: 'n' } } })
    const put = (body: unknown) => outcome({ live: before, masked: shown, body }, true)
    expect(put(write(tagged('old')))).toEqual(write('old'))
    expect(put(write(tagged('hunter2')))).toEqual(write('hunter2'))
    expect(put(write(tagged('guess')))).toBe(`refused: metadata.annotations.${LAST_APPLIED}.stringData.pw`)
  })
})

describe('a field with more in it', () => {
  const file = (pw: string, port = 1) => `port=${port}\npassword=${pw}\nurl=postgres://u:${pw}@h/${port}\n`
  const live = { data: { 'app.conf': file('hunter2'), two: 'a=one b=two', joined: 'a d-one.e b', whole: 'one' } }
  const masked = {
    data: {
      'app.conf': file(tagged('hunter2')),
      two: `a=${tagged('one')} b=${tagged('two')}`,
      joined: `a d-${tagged('one')}.e b`,
      whole: tagged('one'),
    },
  }
  test.each<[name: string, body: unknown, expected: unknown]>([
    [
      'a line changed',
      { data: { 'app.conf': file(tagged('hunter2'), 2) } },
      { data: { 'app.conf': file('hunter2', 2) } },
    ],
    ['the order changed', { data: { two: `b=${tagged('two')} a=${tagged('one')}` } }, { data: { two: 'b=two a=one' } }],
    ['of another key', { data: { 'app.conf': `x=${tagged('one')}` } }, 'refused: data.app.conf'],
    ['letters beside one', { data: { two: `a=x${tagged('one')} b=${tagged('two')}` } }, 'refused: data.two'],
    ['one beside the other', { data: { two: `a=${tagged('one')}${tagged('two')}` } }, 'refused: data.two'],
    [
      'the letters it stood beside',
      { data: { joined: `c d-${tagged('one')}.e f` } },
      { data: { joined: 'c d-one.e f' } },
    ],
    ['other letters', { data: { joined: `c xd-${tagged('one')}.e f` } }, 'refused: data.joined'],
    ['words around all of a field', { data: { whole: `${tagged('one')} x` } }, 'refused: data.whole'],
    ['all of a field', { data: { whole: tagged('one') } }, { data: { whole: 'one' } }],
  ])('%s', (_name, body, expected) => {
    expect(outcome({ live, masked, body })).toEqual(expected)
  })

  test('two spellings of one value', () => {
    const text = (one: string, two: string) => ({ data: { a: `plain ${one} and json ${two}.` } })
    const [before, shown] = [text('a"b', 'a\\"b'), text(tagged('a"b'), tagged('a"b'))]
    expect(outcome({ live: before, masked: shown, body: shown })).toEqual(before)
    const changed = { data: { a: `x ${tagged('a"b')}` } }
    expect(outcome({ live: before, masked: shown, body: changed })).toBe('refused: data.a')
  })
})

describe('lists', () => {
  const container = (env: unknown, args: unknown) => ({
    spec: {
      containers: [
        { name: 'app', env, args },
        { name: 'side', env: [{ name: 'PW', value: 'x' }] },
      ],
    },
  })
  const live = container(
    [
      { name: 'A', value: '1' },
      { name: 'PW', value: 'hunter2' },
    ],
    ['serve', '--pw=hunter2'],
  )
  const masked = container(
    [
      { name: 'A', value: '1' },
      { name: 'PW', value: tagged('hunter2') },
    ],
    ['serve', `--pw=${tagged('hunter2')}`],
  )
  const body = (name: string, env: unknown, args?: unknown) => ({ spec: { containers: [{ name, env, args }] } })
  const PW = tagged('hunter2')
  test.each<[name: string, body: unknown, expected: unknown]>([
    ['as it was read', masked, live],
    [
      'a variable at another place',
      body('app', [{ name: 'PW', value: PW }]),
      body('app', [{ name: 'PW', value: 'hunter2' }]),
    ],
    ['a variable of another name', body('app', [{ name: 'A', value: PW }]), 'refused: spec.containers[0].env[0].value'],
    ['a variable of a new name', body('app', [{ name: 'NEW', value: PW }]), 'refused: spec.containers[0].env[0].value'],
    [
      'a variable of another container',
      body('side', [{ name: 'PW', value: PW }]),
      'refused: spec.containers[0].env[0].value',
    ],
    ['a variable without a name', body('app', [{ value: PW }]), 'refused: spec.containers[0].env[0].value'],
    [
      'an argument that moved',
      body('app', [], ['serve', '-v', `--pw=${PW}`]),
      body('app', [], ['serve', '-v', '--pw=hunter2']),
    ],
    [
      'an argument that changed',
      body('app', [], ['serve', `--password=${PW}`]),
      body('app', [], ['serve', '--password=hunter2']),
    ],
    [
      'an argument that moved and changed',
      body('app', [], ['serve', '-v', `-p${PW}`]),
      'refused: spec.containers[0].args[2]',
    ],
    ['an argument instead of a variable', body('app', [], [PW]), 'refused: spec.containers[0].args[0]'],
  ])('%s', (_name, written, expected) => {
    expect(outcome({ live, masked, body: written })).toEqual(JSON.parse(JSON.stringify(expected)))
  })

  const at = (path: string, value: unknown, op = 'replace') => ({ op, path, value })
  const ENV = '/spec/containers/0/env'
  test.each<[name: string, body: unknown[], expected: unknown]>([
    ['a value by its index', [at(`${ENV}/1/value`, PW)], [at(`${ENV}/1/value`, 'hunter2')]],
    ['a test of it', [at(`${ENV}/1/value`, PW, 'test')], [at(`${ENV}/1/value`, 'hunter2', 'test')]],
    [
      'a test before it',
      [at(`${ENV}/1/name`, 'PW', 'test'), at(`${ENV}/1/value`, PW)],
      [at(`${ENV}/1/name`, 'PW', 'test'), at(`${ENV}/1/value`, 'hunter2')],
    ],
    ['the element', [at(`${ENV}/1`, { name: 'PW', value: PW })], [at(`${ENV}/1`, { name: 'PW', value: 'hunter2' })]],
    ['the list', [at(ENV, [{ name: 'PW', value: PW }])], [at(ENV, [{ name: 'PW', value: 'hunter2' }])]],
    ['the element under another name', [at(`${ENV}/1`, { name: 'NEW', value: PW })], 'refused: [0].value'],
    ['another index', [at(`${ENV}/0/value`, PW)], 'refused: [0].value'],
    ['no index', [at(`${ENV}/x/value`, PW)], 'refused: [0].value'],
    [
      'an index after one went by another spelling',
      [{ op: 'remove', path: `${ENV}/+0` }, at(`${ENV}/1/value`, PW)],
      'refused: [1].value',
    ],
    ['an index after one went', [{ op: 'remove', path: `${ENV}/0` }, at(`${ENV}/1/value`, PW)], 'refused: [1].value'],
    ['after its list was replaced', [at(ENV, []), at(`${ENV}/1/value`, PW)], 'refused: [1].value'],
    [
      'after another took its place',
      [{ op: 'move', from: '/spec/containers/1', path: '/spec/containers/0' }, at(`${ENV}/1/value`, PW)],
      'refused: [1].value',
    ],
    ['an argument that is inserted', [at('/spec/containers/0/args/1', `--pw=${PW}`, 'add')], 'refused: [0].value'],
    ['as a path', [at(`/${PW}`, 1)], 'refused: [0].path'],
  ])('a JSON patch: %s', (_name, written, expected) => {
    expect(outcome({ live, masked, body: written, patch: true })).toEqual(expected)
  })
})

describe('a JSON patch of a Secret', () => {
  const live = { data: { 'a/b': base64('hunter2') } }
  const masked = { data: { 'a/b': seen('hunter2') } }
  test.each<[name: string, path: string, value: unknown, expected: unknown]>([
    ['a key with a slash', '/data/a~1b', seen('hunter2'), base64('hunter2')],
    ['stringData', '/stringData/a~1b', tagged('hunter2'), 'hunter2'],
    ['all of data', '/data', { 'a/b': seen('hunter2') }, { 'a/b': base64('hunter2') }],
    ['all of it', '', masked, live],
  ])('%s', (_name, path, value, expected) => {
    const body = [{ op: 'add', path, value }]
    expect(outcome({ live, masked, body, patch: true }, true)).toEqual([{ op: 'add', path, value: expected }])
  })
})

test('all other text of a body stays as it came', () => {
  const body = `{ "n" : 9007199254740993,\n "s":"\\u0041", "data":{"pw": "${seen('hunter2')}" }, "z" : [ ] }\n`
  const restored = run(
    { live: { data: { pw: base64('hunter2') } }, masked: { data: { pw: seen('hunter2') } }, body },
    true,
  )
  expect(restored).toEqual({
    ok: true,
    text: body.replace(seen('hunter2'), base64('hunter2')),
    values: [base64('hunter2'), 'hunter2'],
    changed: false,
  })
})

test('a number, an object and a key that were masked are put back as they stood', () => {
  const live = '{"spec":{"pin":9007199254740993,"deep":{"a":[1,2]},"map":{"v:\\"x\\"":{}}}}'
  const masked = {
    spec: { pin: tagged('9007199254740993'), deep: tagged('{"a":[1,2]}'), map: { [`v:"${tagged('x')}"`]: {} } },
  }
  const source = sourceOf(live, JSON.stringify(masked))
  if (source === null) throw new Error('no JSON')
  const restoring = { tags: new Tags(KEY), sources: [source], secret: false, dictionary: new Map() }
  expect(restoreObject(JSON.stringify(masked), restoring)).toMatchObject({ ok: true, text: live })
})
