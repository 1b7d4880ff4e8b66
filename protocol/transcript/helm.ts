// The helm command, guessed from the release Secrets it touched. In: requests that are not discovery. Out: one line. No I/O.

import type { RecordedRequest } from '../log/event.ts'
import { queryOf } from './resource.ts'
import { shellWord } from './words.ts'

/** helm keeps release NAME, revision N in the Secret `sh.helm.release.v1.NAME.vN`. */
const RELEASE = /^sh\.helm\.release\.v1\.(.+)\.v(\d+)$/

interface Release {
  readonly name: string
  readonly revision: number
}

/** The command line; flags, charts and values are never sent, so they are `…`. */
export function helmTitle(asked: readonly RecordedRequest[]): string {
  const releases = asked.filter((request) => request.resource === 'secrets')
  const named = releases.flatMap((request) => releaseOf(request) ?? [])
  const name = named[0]?.name ?? releases.map(selectedName).find((found) => found !== undefined)
  const namespace = asked.find((request) => request.namespace !== '')?.namespace ?? ''
  const where = namespace === '' || namespace === 'default' ? '' : ` -n ${shellWord(namespace)}`
  if (asked.length === 0) return 'helm …'
  if (name === undefined) return `helm list${namespace === '' ? ' -A' : where}`
  return `helm ${subcommand(releases, named)} ${shellWord(name)}${tail(releases, named)}${where}`
}

function releaseOf(request: RecordedRequest): Release | undefined {
  const match = RELEASE.exec(request.name)
  return match?.[1] ? { name: match[1], revision: Number(match[2]) } : undefined
}

function selectedName(request: RecordedRequest): string | undefined {
  return /(?:^|,)name=([^,]+)/.exec(queryOf(request).get('labelSelector') ?? '')?.[1]
}

function subcommand(releases: readonly RecordedRequest[], named: readonly Release[]): string {
  const created = releases.some((request) => request.method === 'POST')
  if (releases.some((request) => request.method === 'DELETE') && !created) return 'uninstall'
  if (!created) return 'status'
  if (rolledBackTo(releases) !== undefined) return 'rollback'
  return named.some((release) => release.revision > 1) ? 'upgrade' : 'install'
}

function tail(releases: readonly RecordedRequest[], named: readonly Release[]): string {
  const what = subcommand(releases, named)
  if (what === 'rollback') return ` ${rolledBackTo(releases)}`
  return what === 'install' || what === 'upgrade' ? ' …' : ''
}

/** A rollback reads the old revision by its name before it writes the new one. */
function rolledBackTo(releases: readonly RecordedRequest[]): number | undefined {
  const creation = releases.findIndex((request) => request.method === 'POST')
  const read = releases.slice(0, creation).find((request) => request.method === 'GET' && releaseOf(request))
  return read && releaseOf(read)?.revision
}
