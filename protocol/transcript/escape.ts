// Makes text from a cluster safe to show in a terminal: control characters become visible escapes.
// In: any string. Out: the same with C0, DEL and C1 controls written as `\x1b`, newline and tab kept on request. No I/O.

/** Escapes every control character; keeps newline and tab when `keepLines` is true. Bidirectional overrides are escaped too. */
export function visible(text: string, keepLines = false): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (char) => {
    if (keepLines && (char === '\n' || char === '\t')) return char
    if (char === '\n') return '\\n'
    if (char === '\t') return '\\t'
    if (char === '\r') return '\\r'
    const code = char.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}
