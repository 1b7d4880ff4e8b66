import { expect, test } from 'vitest'
import type { CommandSummary, Page } from '../../../worker/api/types.ts'
import { CommandFeed } from './feed.ts'

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

function setUp(pages: Record<string, Page<CommandSummary>>) {
  const asked: string[] = []
  const seen: [string, boolean][] = []
  const feed = new CommandFeed({
    session: 's',
    api: {
      commands: async (_, cursor) => {
        asked.push(cursor ?? '')
        return pages[cursor ?? ''] ?? { items: [] }
      },
    },
    changed: (list, complete) => seen.push([list.map((c) => `${c.id}${c.requests}`).join(' '), complete]),
  })
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
