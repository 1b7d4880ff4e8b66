import { expect, it } from 'vitest'
import { type Ancestor, isCarrier, runAmong } from './agentrun.ts'

/** Ancestors of kubectl, nearest first; their pids count up from 100. */
const chain = (...commands: readonly string[]) => {
  const table = new Map<number, Ancestor>()
  for (const [index, command] of commands.entries()) {
    const last = index === commands.length - 1
    table.set(100 + index, { pid: 100 + index, parent: last ? 1 : 101 + index, started: '7', argv: command.split(' ') })
  }
  return runAmong(100, async (pid) => table.get(pid) ?? null)
}

it.each([
  [['kubectl get pods', 'node agent.js'], 'pid 101 started 7'],
  [['kubectl get pods', 'sh -c kubectl', 'node agent.js', 'bash'], 'pid 102 started 7'],
  [['kubectl get pods', 'timeout 5', '/bin/bash -lc kubectl', 'node agent.js'], 'pid 103 started 7'],
  [['kubectl get pods', 'bash', 'tmux'], 'pid 101 started 7'],
  [['kubectl get pods', 'bash', 'bash', 'bash', 'tmux'], 'pid 103 started 7'],
  [['kubectl get pods', 'bash deploy.sh', 'bash -c deploy', 'node agent.js'], 'pid 101 started 7'],
  [
    [
      'kubectl apply',
      'bun.exe /x/cli/main.ts plan',
      'node .bin/sallyport plan',
      'sh -c sallyport',
      'npm exec sallyport plan',
      'bash',
      'tmux',
    ],
    'pid 105 started 7',
  ],
  [['kubectl get pods', 'sh -c kubectl'], 'pid 101 started 7'],
  [[], 'pid 100'],
])('%j belongs to %s', async (commands, expected) => {
  expect(await chain(...commands)).toBe(expected)
})

it('ends when the ancestors go round in a circle', async () => {
  const run = runAmong(5, async (pid) => ({ pid, parent: 5, started: '1', argv: ['sh', '-c', 'x'] }))
  expect(await run).toBe('pid 5 started 1')
})

it.each([
  ['kubectl get pods', true],
  ['/usr/local/bin/helm list', true],
  ['bash -c x', true],
  ['bash -lc x', true],
  ['bash -e -c x', true],
  ['bash', false],
  ['-bash', false],
  ['bash script.sh -c', false],
  ['node agent.js', false],
  ['python -c x', false],
  ['/usr/bin/node /x/cli/bin.js plan -- kubectl', true],
  ['npx sallyport plan', true],
  ['npm exec sallyport plan -- kubectl', true],
  ['npm exec agent sallyport', false],
  ['node agent.js /x/cli/bin.js', false],
])('%s carries another’s command: %s', (command, expected) => {
  expect(isCarrier(command.split(' '))).toBe(expected)
})
