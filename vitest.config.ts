import { defineConfig } from 'vitest/config'

// unit: beside the code, no process of its own needed beyond what a test starts. contract: one suite, three runtimes.
// e2e: real clients and a real browser. The latter two start many processes, so one file at a time.
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
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
