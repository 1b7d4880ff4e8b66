// How a function of the language is declared: the types it takes, for the checker and for finding it at run time, and what
// it does. One declaration is one overload. No I/O, no clock.

import { type CelMap, Failure, isMap, type Meter, Optional, Span, Uint } from './values.ts'

/** A type in a declaration: its name in CEL, and whether a value has it. */
export interface Param<T> {
  readonly name: string
  readonly is: (value: unknown) => value is T
}

/** One overload of one function. */
export interface Overload {
  readonly name: string
  /** Called as `x.name(…)`; the receiver is the first argument. */
  readonly member: boolean
  readonly arity: number
  /** As the checker reads it: `string.find(string): string`. */
  readonly signature: string
  /** The checker has it already; only what it does is ours. */
  readonly known: boolean
  /** undefined: these arguments are another overload's. */
  readonly call: (meter: Meter, args: readonly unknown[]) => unknown
}

type Params<A extends readonly unknown[]> = { readonly [K in keyof A]: Param<A[K]> }

function accepts<A extends readonly unknown[]>(params: Params<A>, args: readonly unknown[]): args is A {
  for (let i = 0; i < params.length; i++) if (!params[i]!.is(args[i])) return false
  return true
}

/** `name(a, b): result` */
export function global<A extends readonly unknown[]>(
  name: string,
  params: Params<A>,
  result: string,
  run: (meter: Meter, ...args: A) => unknown,
): Overload {
  const signature = `${name}(${params.map((param) => param.name).join(', ')}): ${result}`
  return declare(name, false, signature, params, run)
}

/** `receiver.name(a): result`; the receiver is the first of `params`. */
export function member<A extends readonly unknown[]>(
  name: string,
  params: Params<A>,
  result: string,
  run: (meter: Meter, ...args: A) => unknown,
): Overload {
  const [receiver, ...rest] = params.map((param) => param.name)
  return declare(name, true, `${receiver}.${name}(${rest.join(', ')}): ${result}`, params, run)
}

/** Both `name(x)` and `x.name()`. */
export function both<T>(
  name: string,
  param: Param<T>,
  result: string,
  run: (meter: Meter, value: T) => unknown,
): Overload[] {
  return [global<[T]>(name, [param], result, run), member<[T]>(name, [param], result, run)]
}

/** Marks what the checker declares by itself. */
export function known(overloads: readonly Overload[]): Overload[] {
  return overloads.map((overload) => ({ ...overload, known: true }))
}

function declare<A extends readonly unknown[]>(
  name: string,
  isMember: boolean,
  signature: string,
  params: Params<A>,
  run: (meter: Meter, ...args: A) => unknown,
): Overload {
  const call = (meter: Meter, args: readonly unknown[]): unknown =>
    accepts(params, args) ? run(meter, ...args) : undefined
  return { name, member: isMember, arity: params.length, signature, known: false, call }
}

function kind<T>(name: string, is: (value: unknown) => value is T): Param<T> {
  return { name, is }
}

export const STRING = kind('string', (value): value is string => typeof value === 'string')
export const INT = kind('int', (value): value is bigint => typeof value === 'bigint')
export const UINT = kind('uint', (value): value is Uint => value instanceof Uint)
export const DOUBLE = kind('double', (value): value is number => typeof value === 'number')
export const BOOL = kind('bool', (value): value is boolean => typeof value === 'boolean')
export const NULL = kind('null', (value): value is null => value === null)
export const BYTES = kind('bytes', (value): value is Uint8Array => value instanceof Uint8Array)
export const TIMESTAMP = kind('google.protobuf.Timestamp', (value): value is Date => value instanceof Date)
export const DURATION = kind('google.protobuf.Duration', (value): value is Span => value instanceof Span)
export const OPTIONAL = kind('optional', (value): value is Optional => value instanceof Optional)
export const MAP = kind<CelMap>('map', isMap)
export const DYN = kind('dyn', (value): value is unknown => value !== undefined)
export const LIST = list('list')

/** A list as the checker knows it: `list<T>`, `list<string>`. What is in it is the function's to check. */
export function list(name: string): Param<readonly unknown[]> {
  return kind(name, (value): value is readonly unknown[] => Array.isArray(value))
}

/** An instance of a class, under its name in CEL. */
export function instance<T>(name: string, of: abstract new (...args: never[]) => T): Param<T> {
  return kind(name, (value): value is T => value instanceof of)
}

/** A list's texts. */
export function texts(values: readonly unknown[]): readonly string[] {
  if (values.every((value) => typeof value === 'string')) return values
  throw new Failure('a list with something other than strings')
}

/** An index or count, as a number. Beyond 2^53 nothing has a place, so rounding does no harm. */
export function index(value: bigint): number {
  return Number(value)
}
