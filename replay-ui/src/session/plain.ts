// The text of a terminal recording without its control sequences, for reading aloud and for search.
// In: recorded bytes. Out: lines of text. It does not follow cursor movement: a full-screen program reads as its writes. No I/O.

import { decodeRecords } from '../../../protocol/recording.ts'
import { visible } from '../../../protocol/transcript/escape.ts'

/** Text longer than this is cut: nobody reads it aloud. */
const MAX_PLAIN = 512 * 1024
/** As many lines as the terminal keeps; a page of more takes seconds to lay out. */
const MAX_LINES = 20_000

// CSI, OSC, DCS and friends with their terminators, and two-character escapes.
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|(?![[\]PX^_])[ -/]*[0-~])/g

/** stdout and stderr of a recording, as text. */
export function plainRecording(bytes: Uint8Array): string {
  const decoders = new Map<number, TextDecoder>()
  let out = ''
  for (const { channel, payload } of decodeRecords(bytes)) {
    if (channel !== 1 && channel !== 2) continue
    const decoder = decoders.get(channel) ?? new TextDecoder()
    decoders.set(channel, decoder)
    out += decoder.decode(payload, { stream: true })
    if (out.length > MAX_PLAIN) break
  }
  return plainText(out.slice(0, MAX_PLAIN))
}

/** Text without control sequences; a carriage return starts the line again, a backspace erases. */
export function plainText(text: string): string {
  const bare = text.replace(SEQUENCE, '').replace(/\r+\n/g, '\n')
  const lines = bare.split('\n')
  if (lines.length > MAX_LINES) lines.splice(MAX_LINES, lines.length, '… the rest is not shown: there are more lines')
  return lines.map((line) => visible(erased(line.slice(line.lastIndexOf('\r') + 1)), true)).join('\n')
}

function erased(line: string): string {
  if (!/[\x07\x08]/.test(line)) return line
  const kept: string[] = []
  for (const char of line) {
    if (char === '\x08') kept.pop()
    else if (char !== '\x07') kept.push(char)
  }
  return kept.join('')
}
