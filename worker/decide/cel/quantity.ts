// Kubernetes quantities: `500m`, `1Gi`, `1.5e3`. Exact to the billionth, as resource.Quantity is. No I/O, no clock.

import { global, INT, instance, member, type Overload, STRING } from './functions.ts'
import { Failure, MAX_INT, MIN_INT, Opaque } from './values.ts'

const NANO = 1_000_000_000n

const SUFFIXES: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1000n,
  m: 1_000_000n,
  '': NANO,
  k: NANO * 10n ** 3n,
  M: NANO * 10n ** 6n,
  G: NANO * 10n ** 9n,
  T: NANO * 10n ** 12n,
  P: NANO * 10n ** 15n,
  E: NANO * 10n ** 18n,
  Ki: NANO * 2n ** 10n,
  Mi: NANO * 2n ** 20n,
  Gi: NANO * 2n ** 30n,
  Ti: NANO * 2n ** 40n,
  Pi: NANO * 2n ** 50n,
  Ei: NANO * 2n ** 60n,
}

/** Digits and exponent that are read. What is longer is no amount of anything, and its arithmetic would not be bounded. */
const MAX_QUANTITY = 64
const MAX_EXPONENT = 60
const PARSE_COST = 20

export class Quantity extends Opaque {
  readonly type = 'kubernetes.Quantity'
  /** In billionths. */
  readonly nanos: bigint
  constructor(nanos: bigint) {
    super()
    this.nanos = nanos
  }
  key(): string {
    return String(this.nanos)
  }
}

function parse(text: string): Quantity | null {
  if (text.length > MAX_QUANTITY) return null
  const form = /^([+-]?)(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(?:([eE])([+-]?[0-9]{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/.exec(
    text,
  )
  if (form === null) return null
  const [, sign, whole = '', fraction = '', exponential, exponent, suffix = ''] = form
  const digits = BigInt(`${whole}${fraction}` || '0')
  const power = exponential === undefined ? 0 : Number(exponent)
  if (Math.abs(power) > MAX_EXPONENT) return null
  const scale = SUFFIXES[suffix] ?? NANO
  const above = digits * scale * 10n ** BigInt(Math.max(power, 0))
  const below = 10n ** BigInt(fraction.length + Math.max(-power, 0))
  // What is finer than a billionth is rounded up, away from zero.
  const nanos = (above + below - 1n) / below
  return new Quantity(sign === '-' ? -nanos : nanos)
}

function quantity(text: string): Quantity {
  const parsed = parse(text)
  if (parsed === null) throw new Failure('quantity() of a text that is no quantity')
  return parsed
}

function isInteger(value: Quantity): boolean {
  const whole = value.nanos / NANO
  return value.nanos % NANO === 0n && whole <= MAX_INT && whole >= MIN_INT
}

function sign(value: bigint): bigint {
  return value > 0n ? 1n : value < 0n ? -1n : 0n
}

const QUANTITY = instance('kubernetes.Quantity', Quantity)

export const QUANTITIES: readonly Overload[] = [
  global('isQuantity', [STRING], 'bool', (meter, text) => {
    meter.spend(PARSE_COST)
    return parse(text) !== null
  }),
  global('quantity', [STRING], QUANTITY.name, (meter, text) => {
    meter.spend(PARSE_COST)
    return quantity(text)
  }),
  member('sign', [QUANTITY], 'int', (_meter, a) => sign(a.nanos)),
  member('isInteger', [QUANTITY], 'bool', (_meter, a) => isInteger(a)),
  member('asInteger', [QUANTITY], 'int', (_meter, a) => {
    if (!isInteger(a)) throw new Failure('asInteger() of a quantity that is no 64-bit integer')
    return a.nanos / NANO
  }),
  member('asApproximateFloat', [QUANTITY], 'double', (_meter, a) => Number(a.nanos) / 1e9),
  member('add', [QUANTITY, QUANTITY], QUANTITY.name, (_meter, a, b) => new Quantity(a.nanos + b.nanos)),
  member('add', [QUANTITY, INT], QUANTITY.name, (_meter, a, b) => new Quantity(a.nanos + b * NANO)),
  member('sub', [QUANTITY, QUANTITY], QUANTITY.name, (_meter, a, b) => new Quantity(a.nanos - b.nanos)),
  member('sub', [QUANTITY, INT], QUANTITY.name, (_meter, a, b) => new Quantity(a.nanos - b * NANO)),
  member('compareTo', [QUANTITY, QUANTITY], 'int', (_meter, a, b) => sign(a.nanos - b.nanos)),
  member('isLessThan', [QUANTITY, QUANTITY], 'bool', (_meter, a, b) => a.nanos < b.nanos),
  member('isGreaterThan', [QUANTITY, QUANTITY], 'bool', (_meter, a, b) => a.nanos > b.nanos),
]
