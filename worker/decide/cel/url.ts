// Kubernetes' URL functions, after Go's url.ParseRequestURI. Not the URL of the Web platform: that lowers, resolves and
// drops parts, so that two texts a policy must tell apart become one. No I/O, no clock.

import { global, instance, member, type Overload, STRING } from './functions.ts'
import { Failure, type Meter, Opaque } from './values.ts'

const MAX_URL = 8192

export class CelUrl extends Opaque {
  readonly type = 'kubernetes.URL'
  readonly scheme: string
  /** With the port, without user information. */
  readonly host: string
  readonly path: string
  readonly query: string
  private readonly text: string
  constructor(text: string, scheme: string, host: string, path: string, query: string) {
    super()
    this.text = text
    this.scheme = scheme
    this.host = host
    this.path = path
    this.query = query
  }
  key(): string {
    return this.text
  }
}

const USER = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/
const HOST =
  /^(?:\[[0-9a-fA-F:.]+(?:%25[A-Za-z0-9._~-]+)?\]|(?:[A-Za-z0-9\-._~!$&'()*+,;="<>\u0080-\uffff]|%[89a-fA-F][0-9a-fA-F])*)(?::[0-9]*)?$/

function parse(text: string): CelUrl | null {
  if (text === '' || text.length > MAX_URL || /[\u0000-\u001f\u007f]/.test(text)) return null
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)
  const name = scheme?.[1]?.toLowerCase() ?? ''
  const rest = scheme === null ? text : text.slice(scheme[0].length)
  const question = rest.indexOf('?')
  const before = question < 0 ? rest : rest.slice(0, question)
  const query = question < 0 ? '' : rest.slice(question + 1)
  if (!before.startsWith('/')) return scheme === null ? null : new CelUrl(text, name, '', '', query)
  if (scheme === null || !before.startsWith('//')) return withPath(text, name, '', before, query)
  const slash = before.indexOf('/', 2)
  const authority = slash < 0 ? before.slice(2) : before.slice(2, slash)
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  if (!USER.test(authority.slice(0, Math.max(at, 0))) || !HOST.test(host)) return null
  return withPath(text, name, host, slash < 0 ? '' : before.slice(slash), query)
}

function withPath(text: string, scheme: string, host: string, path: string, query: string): CelUrl | null {
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return null
  return new CelUrl(text, scheme, host, escapePath(path), query)
}

/** Go's EscapedPath: as it was written where that is a valid encoding, encoded otherwise. */
function escapePath(path: string): string {
  const valid = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9a-fA-F]{2})*$/
  if (valid.test(path)) return path
  return path.replace(/[^A-Za-z0-9\-._~$&+,;=:@/%]/gu, (character) => percent(character))
}

function percent(character: string): string {
  const bytes = new TextEncoder().encode(character)
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

/** Go's url.ParseQuery: what cannot be decoded is left out, and so is what has a semicolon. */
function queryOf(url: CelUrl): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>()
  for (const pair of url.query.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const equal = pair.indexOf('=')
    const key = unescaped(equal < 0 ? pair : pair.slice(0, equal))
    const value = unescaped(equal < 0 ? '' : pair.slice(equal + 1))
    if (key === null || value === null) continue
    found.set(key, [...(found.get(key) ?? []), value])
  }
  return found
}

function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}

function hostname(url: CelUrl): string {
  return url.host.replace(/:[0-9]*$/, '').replace(/^\[(.*)\]$/, '$1')
}

const URL_TYPE = instance('kubernetes.URL', CelUrl)

function paid(text: string, meter: Meter): CelUrl | null {
  meter.spend(20 + (Math.min(text.length, MAX_URL) >> 1))
  return parse(text)
}

export const URLS: readonly Overload[] = [
  global('isURL', [STRING], 'bool', (meter, text) => paid(text, meter) !== null),
  global('url', [STRING], URL_TYPE.name, (meter, text) => {
    const url = paid(text, meter)
    if (url === null) throw new Failure('url() of a text that is no URL')
    return url
  }),
  member('getScheme', [URL_TYPE], 'string', (_meter, url) => url.scheme),
  member('getHost', [URL_TYPE], 'string', (_meter, url) => url.host),
  member('getHostname', [URL_TYPE], 'string', (_meter, url) => hostname(url)),
  member('getPort', [URL_TYPE], 'string', (_meter, url) => /:([0-9]*)$/.exec(url.host)?.[1] ?? ''),
  member('getEscapedPath', [URL_TYPE], 'string', (_meter, url) => url.path),
  member('getQuery', [URL_TYPE], 'map<string, list<string>>', (meter, url) => {
    meter.spend(4 * url.query.length)
    return queryOf(url)
  }),
]
