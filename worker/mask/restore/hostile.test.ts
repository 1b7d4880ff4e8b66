import { expect, test } from 'vitest'
import { Masker } from '../placeholder.ts'
import { KEY } from '../testing.ts'
import { restoreObject, restorePatch } from './object.ts'
import { sourceOf } from './source.ts'
import { Tags } from './stretches.ts'

const tagged = (value: string) => new Masker(KEY).uncounted(new TextEncoder().encode(value))
const PW = tagged('hunter2')
const FORGED = PW.replace(/[0-9a-f]{12}/, '0123456789ab')
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** As large as a request and an object can be. */
test.each<[name: string, live: unknown, masked: unknown, body: unknown, patch: boolean]>([
  [
    'placeholders by the thousand in one string',
    { data: { a: 'hunter2,'.repeat(40_000) } },
    { data: { a: `${PW},`.repeat(40_000) } },
    { data: { a: `${PW};`.repeat(60_000) } },
    false,
  ],
  ['forged ones', { data: { a: 'hunter2' } }, { data: { a: PW } }, { data: { a: FORGED.repeat(60_000) } }, false],
  [
    'side by side, none of which is what it says',
    { data: { a: 'x'.repeat(1_000_000) } },
    { data: { a: FORGED.repeat(20_000) } },
    { data: { a: `${FORGED}.` } },
    false,
  ],
  [
    'elements by the thousand',
    { list: times(20_000, (index) => ({ name: `n${index}`, value: 'hunter2' })) },
    { list: times(20_000, (index) => ({ name: `n${index}`, value: PW })) },
    { list: times(30_000, (index) => ({ name: `n${index}`, value: PW })) },
    false,
  ],
  [
    'elements that all have one name',
    { list: times(20_000, () => ({ name: 'n', value: 'hunter2' })) },
    { list: times(20_000, () => ({ name: 'n', value: PW })) },
    { list: times(30_000, () => ({ name: 'n', value: FORGED })) },
    false,
  ],
  [
    'members by the thousand',
    Object.fromEntries(times(30_000, (index) => [`k${index}`, 'hunter2'])),
    Object.fromEntries(times(30_000, (index) => [`k${index}`, PW])),
    Object.fromEntries(times(40_000, (index) => [`k${index}`, PW])),
    false,
  ],
  [
    'operations of a JSON patch',
    { data: { a: 'hunter2' } },
    { data: { a: PW } },
    times(1_000, (index) => ({ op: 'add', path: `/data/a${index}`, value: PW })),
    true,
  ],
])('%s: done in time', (_name, live, masked, body, patch) => {
  const source = sourceOf(JSON.stringify(live), JSON.stringify(masked))
  if (source === null) throw new Error('no JSON')
  const restoring = { tags: new Tags(KEY), sources: [source], secret: true, dictionary: new Map<string, string>() }
  // Of the processor: others may be at work beside.
  const before = process.cpuUsage()
  const restored = (patch ? restorePatch : restoreObject)(JSON.stringify(body), restoring)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1_000).toBeLessThan(5_000)
  if (restored.ok) expect(restored.text).not.toContain('masked')
})
