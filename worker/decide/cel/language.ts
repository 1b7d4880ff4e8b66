// The language: cel-js as parser and checker, told about every function we have. In: a text and the declared variables.
// Out: a program, or what is wrong with the text and where. Nothing here throws for a bad text. No I/O, no clock.

import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { callKey, compile, type FunctionTable, type Program, Unusable } from './evaluate.ts'
import type { Overload } from './functions.ts'
import { STANDARD } from './standard.ts'
import { TIME } from './time.ts'

/** A condition's text. Longer is a program, not a condition; also bounds what checking it costs. */
export const MAX_CONDITION = 10_000
/** Nesting of brackets and calls in it, and of its syntax tree; a chain of && of 300 terms is 300 deep. Stops stack exhaustion. */
const MAX_NESTING = 50
const MAX_TREE_DEPTH = 400
const MAX_NODES = 5000

const OVERLOADS: readonly Overload[] = [...STANDARD, ...TIME]

/** Groups of functions, called as `sets.contains(…)`. */
const NAMESPACES = ['cel', 'optional']
/** Those the checker brings along. */
const _KNOWN_NAMESPACES = new Set(['cel', 'optional'])

const FUNCTIONS: FunctionTable = table(OVERLOADS)

function table(overloads: readonly Overload[]): FunctionTable {
  const found = new Map<string, Overload[]>()
  for (const overload of overloads) {
    const key = callKey(overload.name, overload.member, overload.arity)
    found.set(key, [...(found.get(key) ?? []), overload])
  }
  return found
}

/** An environment with every function and no variable. Each caller gets its own, to declare variables in. */
export function environment(): Environment {
  const limits = { maxAstNodes: MAX_NODES, maxDepth: MAX_NESTING, maxListElements: 1000, maxMapEntries: 1000 }
  const env = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits })
  for (const overload of OVERLOADS) {
    if (!overload.known) env.registerFunction(overload.signature, unused)
  }
  return env
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
    if (deep(ast)) return problem(text, 0, 'nested too deeply')
    if (check) {
      const checked = parsed.check()
      if (!checked.valid) return fromChecker(text, checked.error)
      type = checked.type ?? 'dyn'
    }
    const language = { functions: FUNCTIONS, namespaces: new Set(NAMESPACES), literal: () => null }
    return { ok: true, program: compile(ast, language), type }
  } catch (error) {
    if (error instanceof Unusable) return problem(text, error.at, error.reason)
    return fromChecker(text, error)
  }
}

/** Whether the tree is deeper than the checker and the evaluator may recurse. Without recursion, since that is the question. */
function deep(root: ASTNode): boolean {
  let level: ASTNode[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_TREE_DEPTH) return true
    level = level.flatMap(childrenOf)
  }
  return false
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
