// Test support: observed client runs, and their requests as the gateway records them.

import type { RecordedRequest } from '../log/event.ts'

/** One line of `observed.json`. */
export interface ObservedRun {
  /** What was typed. */
  readonly command: string
  /** What the title is expected to be. */
  readonly title: string
  readonly kubectlCommand: string
  readonly userAgent: string
  /** `METHOD target`. */
  readonly requests: readonly string[]
}

/** The requests of a run, with the fields a classifier fills in. Enough of one for the observed targets. */
export function recordedOf(run: Omit<ObservedRun, 'title' | 'command'>): RecordedRequest[] {
  return run.requests.map((line) => {
    const [method = '', target = ''] = line.split(' ')
    return {
      method,
      target,
      ...classify(method, target),
      userAgent: run.userAgent,
      ...(run.kubectlCommand !== '' && { kubectlCommand: run.kubectlCommand }),
    }
  })
}

type Info = Pick<RecordedRequest, 'verb' | 'group' | 'version' | 'resource' | 'subresource' | 'namespace' | 'name'>

function classify(method: string, target: string): Info {
  const [path = '', query = ''] = target.split('?')
  const [root, ...rest] = path.split('/').slice(1)
  const none: Info = {
    verb: method.toLowerCase(),
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
  }
  const group = root === 'apis' ? (rest.shift() ?? '') : ''
  const version = rest.shift() ?? ''
  if ((root !== 'api' && root !== 'apis') || rest.length === 0) return none
  const namespaced = rest[0] === 'namespaces' && rest.length > 2
  const namespace = rest[0] === 'namespaces' ? (rest[1] ?? '') : ''
  const [resource = '', name = '', subresource = ''] = namespaced ? rest.slice(2) : rest
  const watch = new URLSearchParams(query).get('watch') === 'true'
  const reads = watch ? 'watch' : name === '' ? 'list' : 'get'
  const verb = { GET: reads, POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method] ?? 'get'
  return { verb, group, version, resource, subresource, namespace, name }
}
