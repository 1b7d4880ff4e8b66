import { expect, test } from 'vitest'
import type { CommandSummary, Page } from '../../../worker/api/types.ts'
import { CommandFeed, type Totals } from './feed.ts'

const command = (id: string, requests = 1): CommandSummary => ({
  id,
  session: 's',
  title: id,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
  requests,
  denials: 0,
  holds: 0,
  masks: 0,
  outcome: 'ok',
})

function setUp(pages: Record<string, Page<CommandSummary>>, totals?: () => Totals, limit?: number) {
  const asked: string[] = []
  const seen: [string, boolean][] = []
  const ports = {
    session: 's',
    ...(totals && { totals }),
    api: {
      commands: async (_: string, cursor?: string) => {
        asked.push(cursor ?? '')
        return pages[cursor ?? ''] ?? { items: [] }
      },
    },
    changed: (list: readonly CommandSummary[], complete: boolean) =>
      void seen.push([list.map((c) => `${c.id}${c.requests}`).join(' '), complete]),
  }
  const feed = new CommandFeed(ports, limit)
  return { feed, asked, seen, pages }
}

test('every page is shown as it comes; later only the last is asked for again', async () => {
  const { feed, asked, seen, pages } = setUp({
    '': { items: [command('a')], next: '1' },
    '1': { items: [command('b')] },
  })
  await feed.refresh()
  pages['1'] = { items: [command('b', 2), command('c')] }
  await feed.refresh()
  expect(asked).toEqual(['', '1', '1'])
  expect(seen).toEqual([
    ['a1', false],
    ['a1 b1', true],
    ['a1 b2 c1', true],
  ])
})

test('two calls at once are one', async () => {
  const { feed, asked } = setUp({ '': { items: [command('a')] } })
  await Promise.all([feed.refresh(), feed.refresh()])
  expect(asked).toEqual([''])
})

test('after stop nothing is told', async () => {
  const { feed, seen } = setUp({ '': { items: [command('a')] } })
  const running = feed.refresh()
  feed.stop()
  await running
  expect(seen).toEqual([])
})

test('a page on which something runs is asked for again, and what it counts is told', async () => {
  const { feed, asked, seen, pages } = setUp({
    '': { items: [{ ...command('a'), outcome: 'running' }], next: '1' },
    '1': { items: [command('b')], next: '2' },
    '2': { items: [command('c')] },
  })
  await feed.refresh()
  expect(asked.splice(0)).toEqual(['', '1', '2', ''])
  pages[''] = { items: [{ ...command('a', 7), outcome: 'running' }], next: '1' }
  await feed.refresh()
  expect(asked.splice(0)).toEqual(['2', ''])
  expect(seen.at(-1)).toEqual(['a7 b1 c1', true])
  pages[''] = { items: [command('a', 8)], next: '1' }
  await feed.refresh()
  await feed.refresh()
  expect(asked).toEqual(['2', '', '2'])
  expect(seen.at(-1)).toEqual(['a8 b1 c1', true])
})

test('what changed on an earlier page without running is found by what the session counts', async () => {
  const masks = { commands: 5, requests: 5, denials: 0, holds: 0, masks: 0, live: true }
  const names = ['a', 'b', 'c', 'd', 'e']
  const { feed, asked, seen, pages } = setUp(
    Object.fromEntries(
      names.map((name, i) => [
        i === 0 ? '' : String(i),
        { items: [command(name)], ...(i < 4 && { next: String(i + 1) }) },
      ]),
    ),
    () => masks,
  )
  await feed.refresh()
  expect(asked.splice(0)).toEqual(['', '1', '2', '3', '4'])
  pages['2'] = { items: [{ ...command('c'), masks: 3 }], next: '3' }
  await feed.refresh()
  expect(asked.splice(0)).toEqual(['4'])
  masks.masks = 3
  await feed.refresh()
  await feed.refresh()
  await feed.refresh()
  // Two earlier pages each time, until it counts as much as the session does.
  expect(asked.splice(0)).toEqual(['4', '', '1', '4', '2', '4'])
  expect(seen.length).toBe(6)
  masks.live = false
  masks.requests = 9
  await feed.refresh()
  expect(asked).toEqual(['4', '3', '', '1', '2'])
})

test('what was recorded late stands where it began', async () => {
  const { feed, seen, pages } = setUp({ '': { items: [command('b'), command('d')] } })
  await feed.refresh()
  pages[''] = { items: [command('a'), command('b'), command('c'), command('d', 2)] }
  await feed.refresh()
  expect(seen.at(-1)).toEqual(['a1 b1 c1 d2', true])
})

test('nothing is told when nothing has changed', async () => {
  const { feed, seen } = setUp({ '': { items: [command('a')] } })
  await feed.refresh()
  await feed.refresh()
  expect(seen).toEqual([['a1', true]])
})

test('past the limit it stops, and knows that it did', async () => {
  const many = (n: number) => ({ items: [command(`a${n}`)], next: String(n + 1) })
  const { feed, asked } = setUp(
    { '': many(0), '1': many(1), '2': many(2), '3': { items: [command('a3')] } },
    undefined,
    3,
  )
  await feed.refresh()
  expect([asked, feed.cut]).toEqual([['', '1', '2'], true])
})

test('the list is told as it grows, not with every page', async () => {
  const pages = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      i === 0 ? '' : String(i),
      { items: [command(`a${String(i).padStart(2, '0')}`)], ...(i < 39 && { next: String(i + 1) }) },
    ]),
  )
  const { feed, seen } = setUp(pages)
  await feed.refresh()
  expect(seen.length).toBeLessThan(20)
  expect(seen.at(-1)?.[1]).toBe(true)
  expect(seen.at(-1)?.[0].split(' ').length).toBe(40)
})
