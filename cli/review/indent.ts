// JSON on one line, laid out for reading. In: text that should be JSON. Out: the same tokens in the same order, with white
// space between them. Values are never parsed and written again: 9007199254740993 and a key given twice are shown as sent.
// No I/O.

/** Deeper than any Kubernetes object; stops a line of nothing but brackets from becoming as long squared. */
const MAX_INDENT = 40

/** Where the string that begins at `start` ends; -1 when it does not. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === '"') return index
  }
  return -1
}

/** Null when brackets or quotes do not match: then it is best shown as it is. */
export function indentJson(text: string): string | null {
  const closers: string[] = []
  let out = ''
  const breakLine = () => {
    out += `\n${'  '.repeat(Math.min(closers.length, MAX_INDENT))}`
  }
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (character === '"') {
      const end = endOfString(text, index)
      if (end === -1) return null
      out += text.slice(index, end + 1)
      index = end
    } else if (character === '{' || character === '[') {
      const closer = character === '{' ? '}' : ']'
      const next = /\s*(\S)/y
      next.lastIndex = index + 1
      const following = next.exec(text)
      out += character
      if (following?.[1] === closer) {
        out += closer
        index = next.lastIndex - 1
        continue
      }
      closers.push(closer)
      breakLine()
    } else if (character === '}' || character === ']') {
      if (closers.pop() !== character) return null
      breakLine()
      out += character
    } else if (character === ',') {
      out += character
      breakLine()
    } else if (character === ':') out += ': '
    else if (!/[ \t\r\n]/.test(character)) out += character
  }
  return closers.length === 0 ? out : null
}
