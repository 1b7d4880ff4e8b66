// What the cluster says it is. Honest: every version string carries the word demo.

import type { JsonObject } from './json.ts'

/** The version of the API it imitates, marked as an imitation. */
export const GIT_VERSION = 'v1.35.0+sallyport-demo'

/** The one node there is. */
export const NODE_NAME = 'sallyport-demo-node'

/** The answer of `/version`. */
export const VERSION_INFO: JsonObject = {
  major: '1',
  minor: '35',
  gitVersion: GIT_VERSION,
  gitCommit: 'in-memory-demo-not-a-real-cluster',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'demo/memory',
}
