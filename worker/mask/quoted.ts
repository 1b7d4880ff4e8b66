// Names and values that a message quotes side by side: objects in Go's syntax, and what cmp.Diff makes of two of them. In: a message.
// Out: the message without the values whose name says secret. One pass, whatever the message. No I/O.

/** How a quoted value begins to be told apart: by what stands in front of it. */
const NAME = /\b(?:Name|Key|name|key)"?:\s*"((?:[^"\\]|\\.)*)"/y
const VALUE = /\b(?:Value|value)"?:[ \t\n\u00a0]*/y
/** Go's `%v` of a map. */
const PLAIN_NAME = /\bname:([^\s\]"]+)/y
const MARK = /\b(?:Name|Key|name|key|Value|value)"?:/g
const QUOTED = /"((?:[^"\\]|\\.)*)"/y
const MASKED = /^(?:strings\.Join\(\{)?⟦masked:/
const WHOLE = /^⟦masked:[^⟦⟧]*⟧$/
const SIMPLE = /(?:nil|<nil>|null|true|false)\b|-?[0-9][0-9.]*(?=[\s,}\]])/y
/** How cmp.Diff begins a line that is in one of both only. */
const CHANGED = /[-+][ \t\u00a0]*$/
const MAX_INDENT = 64
/** Of a map: `"password":"hunter2"`. */
const ENTRY = /"((?:[^"\\]|\\.){1,253})":\s*("(?:[^"\\]|\\.)*")/g

/** What is done with what is found. */
export interface Hiding {
  readonly namesSecret: (name: string) => boolean
  readonly hide: (value: string) => string
  /** In place of a part of a value, or of more than one: its tag must say nothing. */
  readonly withhold: () => string
}

/** Masks the values of pairs and of maps. What has no end that can be told is masked to the end of the message. */
export function maskPairs(text: string, hiding: Hiding): string {
  const { namesSecret, hide, withhold } = hiding
  const paired = maskNamed(maskParted(text, withhold), hiding)
  if (!paired.includes('"')) return paired
  return paired.replace(ENTRY, (all, name: string, quoted: string) => {
    const value = quoted.slice(1, -1)
    if (value === '' || WHOLE.test(value) || !namesSecret(name)) return all
    return `${all.slice(0, all.length - quoted.length)}"${hide(value)}"`
  })
}

/** How cmp.Diff begins a string that it parts, a text of several lines, and a command line. */
const PARTED = /\b(?:strings|bytes)\.Join\(\{|"{3}|\b(?:Args|Command):\s*\[\]string\{/g
/** What stands in one: strings, marks of changes, how many are left out. */
const IN_PARTED = /[\s,+\u00a0-]|"(?:[^"\\]|\\.)*"|`[^`]*`|⟦[^⟦⟧]*⟧|\.\.\. \/\/ [0-9]+ [a-z ]+/y
const JOINED = /\}, (?:"(?:[^"\\]|\\.)*"|nil)\)/y
const CHANGED_IN = /[-+]|\.\.\./

/**
 * Masks strings that are told in parts, whatever they look like: no rule knows a part. And command lines of which parts are left out
 * or stand twice.
 */
function maskParted(text: string, withhold: () => string): string {
  let out = ''
  let at = 0
  PARTED.lastIndex = 0
  for (let begins = PARTED.exec(text); begins !== null; begins = PARTED.exec(text)) {
    const from = begins.index + begins[0].length
    let end = from
    let changed = false
    for (let part = matchAt(IN_PARTED, text, end); part !== null; part = matchAt(IN_PARTED, text, end)) {
      changed ||= CHANGED_IN.test(part[0].slice(0, 3)) && !/^["`⟦]/.test(part[0])
      end += part[0].length
    }
    const isLine = begins[0].includes(']string')
    const closes = isLine ? text[end] === '}' : matchAt(JOINED, text, end) !== null
    if (!closes && (!isLine || changed)) return out + text.slice(at, from) + withhold()
    PARTED.lastIndex = Math.max(end, from)
    if (isLine && !changed) continue
    out += text.slice(at, from) + withhold()
    at = end
  }
  return out + text.slice(at)
}

function maskNamed(text: string, { namesSecret, hide, withhold }: Hiding): string {
  let out = ''
  let at = 0
  /** Whether one of the names in front says secret: a changed name stands there twice, as it was and as it would be. */
  let secret = false
  let valueSeen = false
  MARK.lastIndex = 0
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    const name = matchAt(NAME, text, mark.index) ?? matchAt(PLAIN_NAME, text, mark.index)
    if (name !== null) {
      secret = (secret && !valueSeen) || namesSecret(name[1] ?? '')
      valueSeen = false
      MARK.lastIndex = mark.index + name[0].length
      continue
    }
    const value = matchAt(VALUE, text, mark.index)
    if (value === null) continue
    valueSeen = true
    const from = mark.index + value[0].length
    MARK.lastIndex = from
    if (
      !secret ||
      MASKED.test(text.slice(from, from + 32)) ||
      matchAt(SIMPLE, text, from) !== null ||
      from === text.length
    )
      continue
    // Of a changed string the form of what follows tells how much of it stayed as it was: it may be parted, or over several lines.
    const quoted = CHANGED.test(text.slice(Math.max(0, mark.index - MAX_INDENT), mark.index))
      ? null
      : matchAt(QUOTED, text, from)
    if (quoted === null) return out + text.slice(at, from) + withhold()
    const inner = quoted[1] ?? ''
    MARK.lastIndex = from + quoted[0].length
    if (inner === '' || WHOLE.test(inner)) continue
    out += `${text.slice(at, from)}"${hide(inner)}"`
    at = from + quoted[0].length
  }
  return out + text.slice(at)
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
