// For tests. The CEL specification's conformance data, as calls to our language. In: the data of @bufbuild/cel-spec. Out: for each test
// its full name and what is wrong with our answer, null when nothing is.

import type { Type } from '@bufbuild/cel-spec/cel/expr/checked_pb.js'
import type { SimpleTest } from '@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js'
import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js'
import { getTestRegistry } from '@bufbuild/cel-spec/testdata/registry.js'
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { compileText, environment } from './language.ts'
import { isMap, keysOf, kindOf, lookUp, Optional, Span, sizeOf, TypeName, timestamp, Uint } from './values.ts'

export interface Case {
  /** `file/section/test` */
  readonly name: string
  /** Null when the test passes. */
  run(): string | null
}

export function cases(): Case[] {
  const found: Case[] = []
  collect(getConformanceSuite(), '', found)
  return found
}

function collect(suite: IncrementalTestSuite, prefix: string, found: Case[]): void {
  for (const { original } of suite.tests) {
    found.push({ name: `${prefix}${original.name}`, run: () => judged(original) })
  }
  for (const inner of suite.suites) collect(inner, `${prefix}${inner.name}/`, found)
}

class Unrepresentable extends Error {}

function judged(test: SimpleTest): string | null {
  try {
    return run(test)
  } catch (error) {
    if (error instanceof Unrepresentable) return error.message
    throw error
  }
}

function run(test: SimpleTest): string | null {
  const env = environment()
  for (const { name, declKind } of test.typeEnv) {
    if (declKind.case !== 'ident') return 'declares a function'
    env.registerVariable(name, typeName(declKind.value.type))
  }
  const bindings = new Map<string, unknown>()
  for (const [name, bound] of Object.entries(test.bindings)) {
    if (bound.kind.case !== 'value') return 'binds an error or an unknown'
    bindings.set(name, ours(bound.kind.value))
  }
  const compiled = compileText(env, test.expr, !test.disableCheck)
  const matcher = test.resultMatcher
  const failing = matcher.case === 'evalError' || matcher.case === 'anyEvalErrors'
  if (!compiled.ok) return failing ? null : compiled.problems.map((problem) => problem.message).join()
  if (test.checkOnly) return null
  const outcome = compiled.program.run((name) => bindings.get(name))
  if (!outcome.ok) return failing ? null : outcome.reason
  if (failing) return 'has a value instead of an error'
  switch (matcher.case) {
    case undefined:
      return outcome.value === true ? null : 'is not true'
    case 'value':
      return same(outcome.value, ours(matcher.value)) ? null : `is ${shown(outcome.value)}`
    case 'typedResult':
      if (matcher.value.result === undefined) return null
      return same(outcome.value, ours(matcher.value.result)) ? null : `is ${shown(outcome.value)}`
    default:
      return 'expects an unknown'
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'nothing'
}

/** The checker's name for a type of the specification. */
function typeName(type: Type | undefined): string {
  const kind = type?.typeKind
  switch (kind?.case) {
    case 'primitive':
      return ['', 'bool', 'int', 'uint', 'double', 'string', 'bytes'][kind.value] ?? ''
    case 'wellKnown':
      return ['', 'dyn', 'google.protobuf.Timestamp', 'google.protobuf.Duration'][kind.value] ?? ''
    case 'listType':
      return `list<${typeName(kind.value.elemType)}>`
    case 'mapType':
      return `map<${typeName(kind.value.keyType)}, ${typeName(kind.value.valueType)}>`
    case 'null':
      return 'null'
    case 'type':
      return 'type'
    case 'dyn':
      return 'dyn'
    case 'messageType':
      if (/^google\.protobuf\.(Timestamp|Duration)$/.test(kind.value)) return kind.value
      break
    case 'abstractType':
      if (kind.value.name === 'optional_type') return `optional<${typeName(kind.value.parameterTypes[0])}>`
  }
  throw new Unrepresentable(`a variable of a type of protobuf (${kind?.case})`)
}

const registry = getTestRegistry()

/** A value of the specification as ours. */
function ours(value: Value): unknown {
  const kind = value.kind
  switch (kind.case) {
    case 'nullValue':
      return null
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return kind.value
    case 'uint64Value':
      return new Uint(kind.value)
    case 'listValue':
      return kind.value.values.map(ours)
    case 'mapValue':
      return new Map(
        kind.value.entries.map((entry) => {
          if (entry.key === undefined || entry.value === undefined) throw new Unrepresentable('an entry without value')
          const key = ours(entry.key)
          return [key instanceof Uint ? key.value : key, ours(entry.value)]
        }),
      )
    case 'typeValue':
      return new TypeName(kind.value)
    case 'objectValue': {
      const message = anyUnpack(kind.value, registry)
      if (message?.$typeName === 'google.protobuf.Timestamp' && 'seconds' in message && 'nanos' in message) {
        return timestamp(Number(message.seconds) * 1000 + Number(message.nanos) / 1e6)
      }
      if (message?.$typeName === 'google.protobuf.Duration' && 'seconds' in message && 'nanos' in message) {
        return new Span(BigInt(String(message.seconds)) * 1_000_000_000n + BigInt(String(message.nanos)))
      }
      throw new Unrepresentable(`a message of protobuf (${message?.$typeName})`)
    }
  }
  throw new Unrepresentable(`a value of protobuf (${kind.case})`)
}

/** Equal in kind and value; unlike `==` of the language, 1 is not 1.0, and a NaN is the same as any. */
function same(a: unknown, b: unknown): boolean {
  if (kindOf(a) !== kindOf(b)) return false
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, i) => same(each, b[i]))
  if (isMap(a) && isMap(b)) {
    return (
      sizeOf(a) === sizeOf(b) &&
      keysOf(a).every((key) => lookUp(b, key) !== undefined && same(lookUp(a, key), lookUp(b, key)))
    )
  }
  if (a instanceof Uint && b instanceof Uint) return a.value === b.value
  if (a instanceof Span && b instanceof Span) return a.nanos === b.nanos
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (a instanceof TypeName && b instanceof TypeName) return a.name === b.name
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, i) => byte === b[i])
  if (a instanceof Optional && b instanceof Optional) return a.value === b.value
  return Object.is(a, b) || a === b
}
