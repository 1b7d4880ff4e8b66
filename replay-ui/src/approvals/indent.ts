// JSON laid out for reading without being parsed: a parser would round numbers and drop repeated keys, and an approver must see
// what is sent. In: text. Out: the same characters with other white space between them. No I/O.

const MAX_DEPTH = 200

/** Lays out JSON, also its beginning when it was cut. What is not JSON comes out as it went in. */
export function indentJSON(text: string): string {
  const start = text.trimStart()
  if (!start.startsWith('{') && !start.startsWith('[')) return text
  const out: string[] = []
  let depth = 0
  // Strings, brackets, commas, colons, white space, and runs of anything else.
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|[[\]{}]|[,:]|\s+|[^\s"[\]{},:]+/gs)) {
    if (/^\s/.test(token)) continue
    const last = out.at(-1) ?? ''
    if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1)
      out.push(/[[{]$/.test(last) ? token : `\n${indent(depth)}${token}`)
      continue
    }
    const lead = /[[{,]$/.test(last) && isMark(last) ? `\n${indent(depth)}` : ''
    out.push(token === ':' ? ': ' : `${lead}${token}`)
    if (token === '{' || token === '[') depth += 1
  }
  return out.join('')
}

/** A bracket or comma of the structure, not the end of a string. */
const isMark = (token: string): boolean => /^\s*[[{,]$/.test(token)

const indent = (depth: number): string => '  '.repeat(Math.min(depth, MAX_DEPTH))
