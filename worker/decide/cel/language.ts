// The language: cel-js as parser and checker, told about every function we have. In: a text and the declared variables.
// Out: a program, or what is wrong with the text and where. Nothing here throws for a bad text. No I/O, no clock.

import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { compile } from './evaluate.ts'
import type { Overload } from './functions.ts'
import { LISTS } from './lists.ts'
import { Cidr, Ip, NETWORK } from './network.ts'
import { POD_SPEC } from './podspec.ts'
import { callKey, type FunctionTable, type Language, type Program, Unusable } from './program.ts'
import { QUANTITIES, Quantity } from './quantity.ts'
import { compilePattern, REGEX } from './regex.ts'
import { STANDARD } from './standard.ts'
import { STRINGS } from './strings.ts'
import { TIME } from './time.ts'
import { CelUrl, URLS } from './url.ts'

/** A condition's text. Longer is a program, not a condition; also bounds what checking it costs. */
export const MAX_CONDITION = 10_000
/** Nesting of brackets and calls in it, and of its syntax tree; a chain of && of 300 terms is 300 deep. Stops stack exhaustion. */
const MAX_NESTING = 50
const MAX_TREE_DEPTH = 400
const MAX_NODES = 5000
/**
 * Maps whose keys are worked out. The checker names the type of {x: x} by that of x twice, so that a chain of them doubles the
 * name each time.
 */
const MAX_COMPUTED_MAPS = 8

const OVERLOADS: readonly Overload[] = [
  ...STANDARD,
  ...TIME,
  ...STRINGS,
  ...REGEX,
  ...LISTS,
  ...QUANTITIES,
  ...NETWORK,
  ...URLS,
  ...POD_SPEC,
]

/** Types that are not of CEL itself. */
const TYPES: readonly (readonly [string, abstract new (...args: never[]) => unknown])[] = [
  ['kubernetes.Quantity', Quantity],
  ['kubernetes.URL', CelUrl],
  ['net.IP', Ip],
  ['net.CIDR', Cidr],
]

/** Groups of functions, called as `sets.contains(…)`. */
const NAMESPACES = new Set(['cel', 'optional', 'ip', 'lists', 'sets', 'strings'])
/** Those the checker brings along, by its own names. */
const KNOWN_NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['cel', 'CelNamespace'],
  ['optional', 'OptionalNamespace'],
])

const FUNCTIONS: FunctionTable = table(OVERLOADS)

/** Functions whose second argument is a pattern: a literal one is compiled with the condition. */
const WITH_PATTERN = new Set(['matches', 'find', 'findAll'])

/** Functions that make a value of a text: of a literal one, once, and what is wrong with it shows when the policy is applied. */
const OF_LITERAL = new Set(['quantity', 'ip', 'cidr', 'url', 'duration', 'timestamp'])

const LANGUAGE: Language = {
  functions: FUNCTIONS,
  namespaces: NAMESPACES,
  literal: (name, place, value) => (place === 1 && WITH_PATTERN.has(name) ? compilePattern(value) : value),
  constant: (name) => OF_LITERAL.has(name),
}

function table(overloads: readonly Overload[]): FunctionTable {
  const found = new Map<string, Overload[]>()
  for (const overload of overloads) {
    const key = callKey(overload.name, overload.member, overload.arity)
    found.set(key, [...(found.get(key) ?? []), overload])
  }
  return found
}

/** Every function there is, macros of the checker aside: `size`, `sets.contains`. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(OVERLOADS.map((overload) => overload.name))

/** An environment with every function and no variable. Each caller gets its own, to declare variables in. */
export function environment(): Environment {
  const limits = { maxAstNodes: MAX_NODES, maxDepth: MAX_NESTING, maxListElements: 1000, maxMapEntries: 1000 }
  const env = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits })
  for (const [name, ctor] of TYPES) {
    env.registerType(name, ctor)
    env.registerOperator(`${name} == ${name}`, unused)
  }
  for (const name of NAMESPACES) {
    if (KNOWN_NAMESPACES.has(name)) continue
    // A type of one value, whose members are the functions: how cel-js has `cel.bind` and `optional.of`.
    const Namespace = class {}
    env.registerType(`Namespace.${name}`, Namespace)
    env.registerConstant(name, `Namespace.${name}`, new Namespace())
  }
  for (const operator of ['<', '<=', '>', '>=']) env.registerOperator(`bytes ${operator} bytes: bool`, unused)
  env.registerOperator('optional<V> == optional<V>', unused)
  for (const overload of OVERLOADS) {
    if (!overload.known) env.registerFunction(signature(overload), unused)
  }
  env.registerFunction('optional.optMap(ast, ast): optional<dyn>', onOptional(false))
  env.registerFunction('optional.optFlatMap(ast, ast): optional<dyn>', onOptional(true))
  return env
}

function signature(overload: Overload): string {
  const dot = overload.name.indexOf('.')
  if (dot < 0) return overload.signature
  const namespace = overload.name.slice(0, dot)
  const type = KNOWN_NAMESPACES.get(namespace) ?? `Namespace.${namespace}`
  return `${type}${overload.signature.slice(dot)}`
}

/** What of cel-js's checker a macro sees; it has no types for it. */
interface Checker {
  check(ast: ASTNode, context: CheckContext): CheckedType
  createError(code: string, message: string, node: ASTNode): Error
  readonly dynType: CheckedType
  readonly boolType: CheckedType
  readonly registry: { getOptionalType(type: CheckedType): CheckedType }
}
interface CheckContext {
  forkWithVariable(name: string, type: CheckedType): CheckContext
}
interface CheckedType {
  readonly kind: string
  readonly valueType?: CheckedType
}

/** How optMap and optFlatMap are checked: the second argument with the value's type under the first one's name. */
function onOptional(flat: boolean) {
  return ({ args, receiver }: { args: readonly [ASTNode, ASTNode]; receiver: ASTNode }) => ({
    evaluate: unused,
    typeCheck(checker: Checker, _macro: unknown, context: CheckContext): CheckedType {
      const [name, body] = args
      const type = checker.check(receiver, context)
      if (type.kind !== 'optional' && type.kind !== 'dyn') {
        throw checker.createError('optional_expected', 'not an optional value', receiver)
      }
      if (name.op !== 'id') throw checker.createError('invalid_macro_argument', 'a name is expected here', name)
      const result = checker.check(body, context.forkWithVariable(name.args, type.valueType ?? checker.dynType))
      return flat ? result : checker.registry.getOptionalType(result)
    },
  })
}

function unused(): never {
  throw new Error('cel-js only checks here')
}

export interface Problem {
  /** Both from 1, in the condition's own text. */
  readonly line: number
  readonly column: number
  readonly message: string
}

export type Compiled =
  | { readonly ok: true; readonly program: Program; readonly type: string }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Parses, checks and compiles a text against an environment. */
export function compileText(env: Environment, text: string, check = true): Compiled {
  if (text.length > MAX_CONDITION) return problem(text, 0, `longer than ${MAX_CONDITION} characters`)
  let ast: ASTNode
  let type = 'dyn'
  try {
    const parsed = env.parse(text)
    ast = parsed.ast
    const unfit = prepare(ast)
    if (unfit !== null) return problem(text, 0, unfit)
    if (check) {
      const checked = parsed.check()
      if (!checked.valid) return fromChecker(text, checked.error)
      type = checked.type ?? 'dyn'
    }
    return { ok: true, program: compile(ast, LANGUAGE), type }
  } catch (error) {
    if (error instanceof Unusable) return problem(text, error.at, error.reason)
    return fromChecker(text, error)
  }
}

/**
 * Makes a tree ready for the checker, or says why the checker must not see it: it and the evaluator recurse. Without
 * recursion itself.
 */
function prepare(root: ASTNode): string | null {
  let level: ASTNode[] = [root]
  let maps = 0
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_TREE_DEPTH) return 'nested too deeply'
    for (const node of level) {
      if (node.op === 'call' && node.args[0] === 'has' && node.args[1].length === 1) replaceHas(node, node.args[1][0])
      if (node.op === 'map' && node.args.some(([key]) => key.op !== 'value')) maps++
    }
    if (maps > MAX_COMPUTED_MAPS) return 'too many maps whose keys are worked out'
    level = level.flatMap(childrenOf)
  }
  return null
}

/** cel-js's own has() is refused for anything but names joined by dots: not has(object.spec.containers[0].image). */
function replaceHas(node: ASTNode, argument: ASTNode | undefined): void {
  if (argument === undefined || !hasMeta(node)) return
  const typeCheck = (checker: Checker, _macro: unknown, context: CheckContext): CheckedType => {
    if (argument.op !== '.') {
      throw checker.createError('invalid_macro_argument', 'has() takes a field: has(object.spec)', argument)
    }
    checker.check(argument, context)
    return checker.boolType
  }
  node.setMeta('macro', { evaluate: unused, typeCheck })
}

/** What cel-js keeps beside a node, for the checker; it has no type for it. */
function hasMeta(node: ASTNode): node is ASTNode & { setMeta(key: string, value: unknown): unknown } {
  return 'setMeta' in node && typeof node.setMeta === 'function'
}

function childrenOf(ast: ASTNode): ASTNode[] {
  switch (ast.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [ast.args[0]]
    case 'call':
      return ast.args[1]
    case 'rcall':
      return [ast.args[1], ...ast.args[2]]
    case 'map':
      return ast.args.flat()
    case '!_':
    case '-_':
      return [ast.args]
    default:
      return ast.args
  }
}

function problem(text: string, at: number, message: string): Compiled {
  return { ok: false, problems: [{ ...place(text, at), message }] }
}

/** Line and column of an offset, both from 1. */
export function place(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return { line, column: at - before.lastIndexOf('\n') }
}

/** cel-js's own errors, in plain words. Anything else is the stack that ran out. */
function fromChecker(text: string, error: unknown): Compiled {
  if (!(error instanceof Error) || !('summary' in error) || typeof error.summary !== 'string') {
    return problem(text, 0, error instanceof RangeError ? 'nested too deeply' : 'not a CEL expression')
  }
  const range = 'range' in error && typeof error.range === 'object' ? error.range : null
  const start = range !== null && 'start' in range && typeof range.start === 'number' ? range.start : 0
  return problem(text, Math.min(start, text.length), inPlainWords(error.summary))
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Unknown variable: (.*)$/s, 'unknown variable "$1"'],
  [/^No such key: (.*)$/s, 'no such field "$1"'],
  [/^found no matching overload for '(.*)'$/s, 'there is no function $1'],
  [/^no such overload: (.*)$/s, '"$1" is not defined'],
  [/^Exceeded maxDepth.*$/s, 'nested too deeply'],
  [/^Exceeded (max\w+).*$/s, 'too large ($1)'],
]

function inPlainWords(summary: string): string {
  for (const [pattern, words] of WORDS) if (pattern.test(summary)) return summary.replace(pattern, words)
  return summary.charAt(0).toLowerCase() + summary.slice(1)
}
