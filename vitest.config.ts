import { availableParallelism } from 'node:os'
import process from 'node:process'
import { defineConfig } from 'vitest/config'

/** What starts processes mostly waits for them: two files at a time do not get in each other's way on two cores. */
const WAITING_WORKERS = 2

// unit: beside the code, no process of its own needed beyond what a test starts. contract: one suite, three runtimes.
// e2e: real clients and a real browser. The browser's files need nothing of a real cluster, whose Pods' interfaces make Chromium break
// off what it loads (ERR_NETWORK_CHANGED): where there is one, they are left out. Files of the latter two each start an installation
// of their own: ports of the system's choice, folders of their own. Projects of different width must not stand in one group.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{protocol,worker,connector,db,cli,demo,replay-ui}/**/*.test.ts', 'test/{fuzz/,}*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // One less than there are cores is the default: on two, one.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          // What waits for people side by side waits, and does not work.
          maxConcurrency: 50,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: WAITING_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: (process.env.KUBECONFIG ?? '') === '' ? [] : ['test/e2e/*browser*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          maxWorkers: WAITING_WORKERS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
