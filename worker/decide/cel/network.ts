// Kubernetes' IP and CIDR functions, after Go's net/netip: no zones, no leading zeros, no IPv4 written as IPv6.
// No I/O (no name is looked up), no clock.

import { global, instance, member, type Overload, STRING } from './functions.ts'
import { Failure, Opaque } from './values.ts'

export class Ip extends Opaque {
  readonly type = 'net.IP'
  readonly family: 4 | 6
  readonly bits: bigint
  constructor(family: 4 | 6, bits: bigint) {
    super()
    this.family = family
    this.bits = bits
  }
  /** The canonical text: RFC 5952. */
  key(): string {
    return this.family === 4 ? dotted(this.bits) : colons(this.bits)
  }
}

export class Cidr extends Opaque {
  readonly type = 'net.CIDR'
  readonly ip: Ip
  readonly length: number
  constructor(ip: Ip, length: number) {
    super()
    this.ip = ip
    this.length = length
  }
  key(): string {
    return `${this.ip.key()}/${this.length}`
  }
}

function width(family: 4 | 6): number {
  return family === 4 ? 32 : 128
}

function dotted(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.')
}

function colons(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  // The first of the longest runs of two zeros or more becomes "::".
  let best = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  if (best.length < 2) return groups.join(':')
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`
}

function parse4(text: string): bigint | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let bits = 0n
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null
    bits = (bits << 8n) | BigInt(part)
  }
  return bits
}

function parse6(text: string): bigint | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  if (head === undefined) return null
  const groups = [...head, ...(tail ?? [])]
  const last = groups.at(-1) ?? ''
  // The last two groups may be written as an IPv4 address.
  if (last.includes('.')) {
    const v4 = parse4(last)
    if (v4 === null || (tail !== undefined && tail.length === 0)) return null
    const rest = tail === undefined || tail.length === 0 ? head : tail
    rest.splice(-1, 1, (v4 >> 16n).toString(16), (v4 & 0xffffn).toString(16))
  }
  const count = head.length + (tail?.length ?? 0)
  if (tail === undefined ? count !== 8 : count > 7) return null
  const all = [...head, ...Array.from({ length: 8 - count }, () => '0'), ...(tail ?? [])]
  let bits = 0n
  for (const group of all) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null
    bits = (bits << 16n) | BigInt(`0x${group}`)
  }
  return bits
}

function parseIp(text: string): Ip | null {
  if (text.length > 45) return null
  const v4 = parse4(text)
  if (v4 !== null) return new Ip(4, v4)
  const v6 = text.includes(':') ? parse6(text) : null
  // An IPv4 address mapped into IPv6 would be two spellings of one address.
  if (v6 === null || v6 >> 32n === 0xffffn) return null
  return new Ip(6, v6)
}

function parseCidr(text: string): Cidr | null {
  const form = /^([^/]{2,45})\/(0|[1-9][0-9]{0,2})$/.exec(text)
  const ip = form === null ? null : parseIp(form[1] ?? '')
  if (ip === null || form === null || Number(form[2]) > width(ip.family)) return null
  return new Cidr(ip, Number(form[2]))
}

function ip(text: string): Ip {
  const parsed = parseIp(text)
  if (parsed === null) throw new Failure('a text that is no IP address')
  return parsed
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (parsed === null) throw new Failure('a text that is no CIDR')
  return parsed
}

function prefix(of: Ip, length: number): bigint {
  return of.bits >> BigInt(width(of.family) - length)
}

function containsIp(range: Cidr, address: Ip): boolean {
  return range.ip.family === address.family && prefix(range.ip, range.length) === prefix(address, range.length)
}

function masked(range: Cidr): Cidr {
  const host = BigInt(width(range.ip.family) - range.length)
  return new Cidr(new Ip(range.ip.family, (range.ip.bits >> host) << host), range.length)
}

const UNSPECIFIED = [cidr('0.0.0.0/32'), cidr('::/128')]
const BROADCAST = [cidr('255.255.255.255/32')]
const LOOPBACK = [cidr('127.0.0.0/8'), cidr('::1/128')]
const MULTICAST = [cidr('224.0.0.0/4'), cidr('ff00::/8')]
const LINK_LOCAL_UNICAST = [cidr('169.254.0.0/16'), cidr('fe80::/10')]
const LINK_LOCAL_MULTICAST_4 = [cidr('224.0.0.0/24')]

function within(address: Ip, ranges: readonly Cidr[]): boolean {
  return ranges.some((range) => containsIp(range, address))
}

const IP = instance('net.IP', Ip)
const CIDR = instance('net.CIDR', Cidr)

const DECLARED: readonly Overload[] = [
  global('isIP', [STRING], 'bool', (_, text) => parseIp(text) !== null),
  global('ip', [STRING], IP.name, (_, text) => ip(text)),
  global('ip.isCanonical', [STRING], 'bool', (_, text) => ip(text).key() === text),
  global('string', [IP], 'string', (_, address) => address.key()),
  member('family', [IP], 'int', (_, address) => BigInt(address.family)),
  member('isUnspecified', [IP], 'bool', (_, address) => within(address, UNSPECIFIED)),
  member('isLoopback', [IP], 'bool', (_, address) => within(address, LOOPBACK)),
  member('isLinkLocalMulticast', [IP], 'bool', (_, address) => linkLocalMulticast(address)),
  member('isLinkLocalUnicast', [IP], 'bool', (_, address) => within(address, LINK_LOCAL_UNICAST)),
  member('isGlobalUnicast', [IP], 'bool', (_, address) => isGlobalUnicast(address)),
  global('isCIDR', [STRING], 'bool', (_, text) => parseCidr(text) !== null),
  global('cidr', [STRING], CIDR.name, (_, text) => cidr(text)),
  global('string', [CIDR], 'string', (_, range) => range.key()),
  member('containsIP', [CIDR, STRING], 'bool', (_, range, text) => containsIp(range, ip(text))),
  member('containsIP', [CIDR, IP], 'bool', (_, range, address) => containsIp(range, address)),
  member('containsCIDR', [CIDR, STRING], 'bool', (_, range, text) => containsCidr(range, cidr(text))),
  member('containsCIDR', [CIDR, CIDR], 'bool', (_, range, inner) => containsCidr(range, inner)),
  member('ip', [CIDR], IP.name, (_, range) => range.ip),
  member('masked', [CIDR], CIDR.name, (_, range) => masked(range)),
  member('prefixLength', [CIDR], 'int', (_, range) => BigInt(range.length)),
]

/** Numbers of 128 bits are slow: a call here costs as much as some dozens of steps. */
const CALL_COST = 40

export const NETWORK: readonly Overload[] = DECLARED.map((overload) => ({
  ...overload,
  call: (meter, args) => {
    const result = overload.call(meter, args)
    if (result !== undefined) meter.spend(CALL_COST)
    return result
  },
}))

function containsCidr(range: Cidr, inner: Cidr): boolean {
  return inner.length >= range.length && containsIp(range, inner.ip)
}

function linkLocalMulticast(address: Ip): boolean {
  // IPv6 by scope, whatever the flags: ff?2::/16.
  return address.family === 4 ? within(address, LINK_LOCAL_MULTICAST_4) : ((address.bits >> 112n) & 0xff0fn) === 0xff02n
}

/** Go's notion: private addresses are global unicast too. */
function isGlobalUnicast(address: Ip): boolean {
  return ![UNSPECIFIED, BROADCAST, LOOPBACK, MULTICAST, LINK_LOCAL_UNICAST].some((ranges) => within(address, ranges))
}
