import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{protocol,worker,connector,db,cli,demo,replay-ui}/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/contract/**', 'test/e2e/**', '**/node_modules/**', '**/dist/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
