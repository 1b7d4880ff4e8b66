// Command lines as arrays (`args: ["--token", "…"]`): what follows an option that says secret is masked. No I/O.

import { namedLeaf } from './named.ts'
import type { Node, Token } from './node.ts'
import type { Scope } from './scope.ts'
import { decodeString } from './token.ts'

/** Programs with a short option before a password. `psql -p` is a port. */
const SHORT: readonly (readonly [program: RegExp, option: string])[] = [
  [/^(?:mysql|mariadb)(?:dump|admin|check|import|show|slap)?$/, '-p'],
  [/^(?:sshpass|mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport)$/, '-p'],
  [/^redis-cli$/, '-a'],
  [/^sqlcmd$/, '-P'],
  [/^ldap(?:search|add|modify|delete|whoami|passwd)$/, '-w'],
]
/** A longer element is no option. */
const MAX_OPTION_BYTES = 130
/** Options that may as well name an object: their value must look like a secret. */
const OF_OBJECT = /^(?:.*-)?(?:secrets?|credentials?)$/i
const OPTION = /^--?([A-Za-z][\w.-]+)$/

const alwaysWorth = (): boolean => true

/** The nodes for `command` and `args` of any object. @param under masks a string that stands under a name */
export function argumentNodes(
  scope: Scope,
  any: Node,
  under: (token: Token, name: string) => Uint8Array | null,
): { readonly command: Node; readonly args: Node } {
  const { finder } = scope.masking
  const secret = namedLeaf(scope, 'argument', any.leaf)
  /** What `command` begins with, for the `args` that come next. */
  let program = ''
  scope.forget.push(() => {
    program = ''
  })
  const list = (begins: boolean): Node => {
    let running = ''
    /** The option in front of the element that comes, and where that is. */
    let option = ''
    let next = -1
    scope.forget.push(() => {
      running = ''
      option = ''
      next = -1
    })
    const leaf = (token: Token): Uint8Array | null => {
      const { index, kind, raw } = token
      if (index === 0) {
        next = -1
        running = begins ? '' : program
        program = ''
      }
      if (kind !== 'string') {
        const isValue = kind === 'primitive' && next === index && option !== '' && !OF_OBJECT.test(option)
        return (isValue ? secret(token) : any.leaf?.(token)) ?? null
      }
      const text = raw.length <= MAX_OPTION_BYTES ? decodeString(raw) : ''
      if (index === 0 && begins) {
        running = text.slice(text.lastIndexOf('/') + 1)
        program = running
      }
      const expected = next === index && option !== '' && !text.startsWith('--')
      const name = option
      option = nameOf(text, running, begins)
      next = option === '' ? -1 : index + 1
      return expected ? (OF_OBJECT.test(name) ? under(token, name) : secret(token)) : (any.leaf?.(token) ?? null)
    }
    return { ...any, elements: { ...any, worth: alwaysWorth, leaf } }
  }
  const nameOf = (text: string, running: string, begins: boolean): string => {
    if (SHORT.some(([of, short]) => short === text && of.test(running))) return 'password'
    // In sorted JSON the program comes after its arguments, what came before may be another's, and an image may have one of its own.
    if (!(begins && running !== '') && SHORT.some(([, short]) => short === text)) return 'secret'
    const name = OPTION.exec(text)?.[1] ?? ''
    return name.length > 1 && finder.namesSecret(name) ? name : ''
  }
  return { command: list(true), args: list(false) }
}
