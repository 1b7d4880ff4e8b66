// Turns a checked syntax tree into closures. In: the tree of cel-js. Out: a program that is run once per request.
// cel-js parses and checks; it does not evaluate here, because its evaluation cannot be bounded: no budget, a string of source
// built for every absorbed error, a type kept for ever for every shape of value met. No I/O, no clock, no state between runs.

import type { ASTNode } from '@marcbachmann/cel-js'
import { bool, Frame, gathered, logic, type Operand, quantified, type Run, ternary } from './flow.ts'
import type { Overload } from './functions.ts'
import { ARITHMETIC, element, field, negate, optionalElement, optionalField } from './operators.ts'
import { callKey, type Language, type Program, Unusable, unusable } from './program.ts'
import {
  compare,
  equals,
  Failure,
  isMap,
  keyOf,
  lookUp,
  MAX_INT,
  Meter,
  nameOf,
  Optional,
  SPENT,
  TypeName,
  Uint,
} from './values.ts'

const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...['bool', 'bytes', 'double', 'int', 'list', 'map', 'string', 'type', 'uint'].map((name): [string, unknown] => [
    name,
    new TypeName(name),
  ]),
  ['null_type', new TypeName('null_type')],
  [
    'google',
    {
      protobuf: {
        Duration: new TypeName('google.protobuf.Duration'),
        Timestamp: new TypeName('google.protobuf.Timestamp'),
      },
    },
  ],
])

/**
 * Compiles a tree that the checker has accepted.
 * @throws Unusable
 */
export function compile(ast: ASTNode, language: Language): Program {
  const compiler = new Compiler(language)
  const root = compiler.node(ast)
  return {
    variables: compiler.variables,
    run: (variable) => {
      const frame = new Frame(variable)
      try {
        return { ok: true, value: root(frame) }
      } catch (error) {
        if (frame.left < 0) return { ok: false, reason: SPENT, at: frame.at }
        if (error instanceof Failure) return { ok: false, reason: error.reason, at: frame.at }
        // A getter of the scope threw, or the host ran out of stack. What it says may quote the object.
        return { ok: false, reason: 'the condition could not be evaluated', at: frame.at }
      }
    },
  }
}

class Compiler {
  readonly variables = new Set<string>()
  private readonly language: Language
  private readonly bound = new Map<string, number>()
  private slots = 0
  /** Nodes compiled so far: the difference over a body is what one round of it costs. */
  private nodes = 0

  constructor(language: Language) {
    this.language = language
  }

  node(ast: ASTNode): Run {
    this.nodes++
    switch (ast.op) {
      case 'value':
        return ast.args instanceof Uint8Array ? this.bytes(ast, ast.args) : this.literal(ast.args, ast.start)
      case 'id':
        return this.name(ast.args)
      case '.': {
        const of = this.node(ast.args[0])
        const name = ast.args[1]
        const at = ast.pos
        return (frame) => {
          const holder = of(frame)
          frame.at = at
          return field(holder, name)
        }
      }
      case '.?': {
        const of = this.node(ast.args[0])
        const name = ast.args[1]
        return this.with1(ast.pos, of, (holder) => optionalField(holder, name))
      }
      case '[]':
        return this.with2(ast.pos, this.node(ast.args[0]), this.node(ast.args[1]), element)
      case '[?]':
        return this.with2(ast.pos, this.node(ast.args[0]), this.node(ast.args[1]), optionalElement)
      case 'call':
        return this.call(ast.args[0], null, ast.args[1], ast)
      case 'rcall':
        return this.call(ast.args[0], ast.args[1], ast.args[2], ast)
      case 'list':
        return this.list(ast.args)
      case 'map':
        return this.map(ast.args, ast.start)
      case '?:':
        return ternary(this.operand(ast.args[0]), this.node(ast.args[1]), this.node(ast.args[2]))
      case '||':
        return logic(this.chain(ast, '||'), true)
      case '&&':
        return logic(this.chain(ast, '&&'), false)
      case '!_': {
        const of = this.node(ast.args)
        return this.with1(ast.start, of, (value) => !bool(value, '"!"'))
      }
      case '-_': {
        // The smallest int is written as the negation of a number that is out of range.
        if (ast.args.op === 'value' && ast.args.args === MAX_INT + 1n) return () => -(MAX_INT + 1n)
        return this.with1(ast.start, this.node(ast.args), negate)
      }
      case '==':
        return this.with2(ast.start, this.node(ast.args[0]), this.node(ast.args[1]), equals)
      case '!=':
        return this.with2(
          ast.start,
          this.node(ast.args[0]),
          this.node(ast.args[1]),
          (a, b, meter) => !equals(a, b, meter),
        )
      case '<':
        return this.with2(
          ast.start,
          this.node(ast.args[0]),
          this.node(ast.args[1]),
          (a, b, meter) => compare(a, b, meter) < 0,
        )
      case '<=':
        return this.with2(
          ast.start,
          this.node(ast.args[0]),
          this.node(ast.args[1]),
          (a, b, meter) => compare(a, b, meter) <= 0,
        )
      case '>':
        return this.with2(
          ast.start,
          this.node(ast.args[0]),
          this.node(ast.args[1]),
          (a, b, meter) => compare(a, b, meter) > 0,
        )
      case '>=':
        return this.with2(
          ast.start,
          this.node(ast.args[0]),
          this.node(ast.args[1]),
          (a, b, meter) => compare(a, b, meter) >= 0,
        )
      default: {
        const operation = ARITHMETIC[ast.op]
        if (operation === undefined) throw new Unusable(`"${ast.op}" is not supported`, ast.start)
        return this.with2(ast.start, this.node(ast.args[0]), this.node(ast.args[1]), operation)
      }
    }
  }

  private with1(at: number, a: Run, operation: (a: unknown, meter: Meter) => unknown): Run {
    return (frame) => {
      const value = a(frame)
      frame.at = at
      return operation(value, frame)
    }
  }

  private with2(at: number, a: Run, b: Run, operation: (a: unknown, b: unknown, meter: Meter) => unknown): Run {
    return (frame) => {
      const left = a(frame)
      const right = b(frame)
      frame.at = at
      return operation(left, right, frame)
    }
  }

  private literal(value: unknown, at: number): Run {
    // The checker's unsigned integer is a class of its own that it does not export.
    const plain = typeof value === 'object' && value !== null ? value.valueOf() : value
    if (typeof value === 'bigint' && value > MAX_INT) throw new Unusable('integer out of range', at)
    const constant = typeof value === 'object' && typeof plain === 'bigint' ? new Uint(plain) : value
    return () => constant
  }

  /** cel-js takes the low byte of each character where CEL wants the character's UTF-8. */
  private bytes(ast: ASTNode, parsed: Uint8Array): Run {
    const source = ast.input.slice(ast.start, ast.end)
    if (!/[^\u0000-\u007f]/.test(source)) return () => parsed
    const plain = /^[bB]("""|'''|"|')([^\\]*)\1$/s.exec(source)
    if (plain === null) throw new Unusable('escapes and characters outside ASCII in one bytes literal', ast.start)
    const bytes = new TextEncoder().encode(plain[2])
    return () => bytes
  }

  private name(name: string): Run {
    const slot = this.bound.get(name)
    if (slot !== undefined) return (frame) => frame.slots[slot]
    const constant = CONSTANTS.get(name)
    if (constant !== undefined) return () => constant
    this.variables.add(name)
    return (frame) => {
      const value = frame.variable(name)
      if (value === undefined) throw new Failure(`"${name}" has no value`)
      return value
    }
  }

  private list(elements: readonly ASTNode[]): Run {
    const runs = elements.map((each) => this.node(each))
    return (frame) => runs.map((run) => run(frame))
  }

  private map(entries: readonly (readonly [ASTNode, ASTNode])[], at: number): Run {
    const runs = entries.map(([key, value]) => [this.node(key), this.node(value)] as const)
    return (frame) => {
      const map = new Map<unknown, unknown>()
      for (const [keyRun, valueRun] of runs) {
        const key = keyRun(frame)
        frame.at = at
        if (!isKey(key)) {
          throw new Failure(`${nameOf(key)} is no key of a map`)
        }
        if (map.has(keyOf(key))) throw new Failure('a key twice in one map')
        map.set(keyOf(key), valueRun(frame))
      }
      return map
    }
  }

  /** The operands of `a || b || c`, without recursion: a long chain is a deep tree. */
  private chain(ast: ASTNode, operator: '||' | '&&'): Operand[] {
    const operands: ASTNode[] = []
    let rest = ast
    while (rest.op === operator) {
      operands.push(rest.args[1])
      rest = rest.args[0]
    }
    operands.push(rest)
    return operands.reverse().map((operand) => this.operand(operand))
  }

  private operand(ast: ASTNode): Operand {
    return { run: this.node(ast), at: ast.start }
  }

  private call(name: string, receiver: ASTNode | null, args: readonly ASTNode[], ast: ASTNode): Run {
    if (receiver === null) {
      if (name === 'has' && args.length === 1) return this.has(args[0]!)
      return this.invoke(callKey(name, false, args.length), args, ast)
    }
    if (receiver.op === 'id' && !this.bound.has(receiver.args) && this.language.namespaces.has(receiver.args)) {
      if (receiver.args === 'cel' && name === 'bind') return this.bind(args)
      return this.invoke(callKey(`${receiver.args}.${name}`, false, args.length), args, ast)
    }
    const macro = this.macro(name, receiver, args, ast)
    if (macro !== null) return macro
    return this.invoke(callKey(name, true, args.length + 1), [receiver, ...args], ast)
  }

  private invoke(key: string, args: readonly ASTNode[], ast: ASTNode): Run {
    const overloads = this.language.functions.get(key)
    const name = key.replace(/^\.?(.*)\/\d+$/, '$1')
    if (overloads === undefined) throw new Unusable(`there is no function "${name}" with these arguments`, ast.start)
    const runs = args.map((arg, place) => this.argument(name, arg, place))
    const at = ast.start
    const dispatch = (frame: Frame, values: readonly unknown[]): unknown => {
      frame.at = at
      for (const overload of overloads) {
        const result = overload.call(frame, values)
        if (result !== undefined) return result
      }
      throw new Failure(`"${name}" is not defined for ${values.map((value) => nameOf(value)).join(', ')}`)
    }
    const [only] = args
    if (args.length === 1 && only?.op === 'value' && !key.startsWith('.') && this.language.constant(name)) {
      return this.once(only.args, overloads, at)
    }
    const [first, second] = runs
    if (runs.length === 1) return (frame) => dispatch(frame, [first!(frame)])
    if (runs.length === 2) return (frame) => dispatch(frame, [first!(frame), second!(frame)])
    return (frame) =>
      dispatch(
        frame,
        runs.map((run) => run(frame)),
      )
  }

  private argument(name: string, arg: ASTNode, place: number): Run {
    if (arg.op !== 'value' || typeof arg.args !== 'string') return this.node(arg)
    this.nodes++
    const value = unusable(arg.start, this.language.literal, name, place, arg.args)
    return () => value
  }

  /** The value of a function of a literal. */
  private once(literal: unknown, overloads: readonly Overload[], at: number): Run {
    const meter = new Meter()
    const value = unusable(at, () =>
      overloads.map((overload) => overload.call(meter, [literal])).find((value) => value !== undefined),
    )
    return () => value
  }

  /** Whether a field is there. What the field is of must be; through `.?` it need not. */
  private has(argument: ASTNode): Run {
    if (argument.op !== '.') throw new Unusable('has() takes a field: has(object.spec)', argument.start)
    const [of, name] = argument.args
    return this.with1(argument.pos, this.node(of), (holder) => {
      const value = holder instanceof Optional ? holder.value : holder
      if (value === undefined) return false
      if (!isMap(value)) throw new Failure(`no field "${name}" in ${nameOf(value)}`)
      return lookUp(value, name) !== undefined
    })
  }

  private bind(args: readonly ASTNode[]): Run {
    const [name, value, body] = args
    if (name?.op !== 'id' || value === undefined || body === undefined)
      throw new Unusable('cel.bind(name, value, result)', 0)
    const run = this.node(value)
    const slot = this.slots++
    const result = this.within(name.args, slot, () => this.node(body))
    return (frame) => {
      frame.slots[slot] = run(frame)
      return result(frame)
    }
  }

  private macro(name: string, receiver: ASTNode, args: readonly ASTNode[], ast: ASTNode): Run | null {
    const [first, second, third] = args
    const over = (): Run => this.node(receiver)
    switch (`${name}/${args.length}`) {
      case 'all/2':
        return this.quantifier(over(), first!, second!, false, ast)
      case 'exists/2':
        return this.quantifier(over(), first!, second!, true, ast)
      case 'exists_one/2':
      case 'existsOne/2':
        return this.gather(over(), first!, second!, null, ast, (kept) => kept.length === 1)
      case 'filter/2':
        return this.gather(over(), first!, second!, null, ast, (kept) => kept)
      case 'map/2':
        return this.gather(over(), first!, null, second!, ast, (kept) => kept)
      case 'map/3':
        return this.gather(over(), first!, second!, third!, ast, (kept) => kept)
      case 'or/1':
      case 'orValue/1': {
        const other = this.node(first!)
        const value = name === 'orValue'
        return this.optional(over(), ast.start, (optional, frame) => {
          if (optional.value === undefined) return other(frame)
          return value ? optional.value : optional
        })
      }
      case 'optMap/2':
      case 'optFlatMap/2': {
        const of = over()
        const slot = this.slots++
        const result = this.within(identifier(first!), slot, () => this.node(second!))
        const flat = name === 'optFlatMap'
        return this.optional(of, ast.start, (optional, frame) => {
          if (optional.value === undefined) return optional
          frame.slots[slot] = optional.value
          const value = result(frame)
          return flat ? value : new Optional(value)
        })
      }
    }
    return null
  }

  private optional(of: Run, at: number, then: (optional: Optional, frame: Frame) => unknown): Run {
    return (frame) => {
      const value = of(frame)
      frame.at = at
      if (!(value instanceof Optional)) throw new Failure(`${nameOf(value)} is not optional`)
      return then(value, frame)
    }
  }

  private within(name: string, slot: number, make: () => Run): Run {
    const before = this.bound.get(name)
    this.bound.set(name, slot)
    const run = make()
    if (before === undefined) this.bound.delete(name)
    else this.bound.set(name, before)
    return run
  }

  /** all and exists: an error in one element does not matter once another element decides. */
  private quantifier(over: Run, variable: ASTNode, predicate: ASTNode, deciding: boolean, ast: ASTNode): Run {
    const slot = this.slots++
    const before = this.nodes
    const body = this.within(identifier(variable), slot, () => this.node(predicate))
    const cost = this.nodes - before + 1
    return quantified({ over, at: ast.start, slot, cost }, { run: body, at: predicate.start }, deciding)
  }

  /** exists_one, filter and map: an error in any element is the result. */
  private gather(
    over: Run,
    variable: ASTNode,
    predicate: ASTNode | null,
    transform: ASTNode | null,
    ast: ASTNode,
    finish: (kept: readonly unknown[]) => unknown,
  ): Run {
    const slot = this.slots++
    const before = this.nodes
    const name = identifier(variable)
    const keep = predicate === null ? null : this.within(name, slot, () => this.node(predicate))
    const make = transform === null ? null : this.within(name, slot, () => this.node(transform))
    const cost = this.nodes - before + 1
    const filter = keep === null || predicate === null ? null : { run: keep, at: predicate.start }
    return gathered({ over, at: ast.start, slot, cost }, filter, make, finish)
  }
}

function identifier(ast: ASTNode): string {
  if (ast.op !== 'id') throw new Unusable('a name is expected here', ast.start)
  return ast.args
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean' || key instanceof Uint
}
