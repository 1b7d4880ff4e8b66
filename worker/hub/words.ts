// The words of a request as they may be recorded and shown: target, argv, names, what its client says of itself. What is sent
// stays as it came. In: a session's masking. Out: the words with placeholders in place of secrets, and what was masked. No I/O.

import type { RecordedMask } from '../../protocol/log/event.ts'
import type { Masking } from '../mask/contract.ts'
import { MaskError } from '../mask/error.ts'
import { Masker } from '../mask/placeholder.ts'
import type { RequestWords } from '../record/entries.ts'

/** Masks words, and counts. One for each request. */
export interface MaskedWords extends RequestWords {
  report(): RecordedMask
  /** Why some words could not be masked, and were left out; null: all could. */
  readonly unreadable: string | null
}

/** In place of words that cannot be masked. */
const LEFT_OUT = '(withheld: it cannot be masked)'
/** The rule of a value that is secret by the name it is given to. */
const NAMED = 'named'
/** `--password=x`, `PASSWORD=x`. */
const ASSIGNED = /^(-{0,2}([A-Za-z_][\w.-]*)=)(.*)$/s
/** `--password`, with the value to follow. */
const FLAG = /^--?([A-Za-z_][\w.-]*)$/

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

export function createWords({ key, finder }: Masking): MaskedWords {
  const masker = new Masker(key)
  let unreadable: string | null = null

  function text(words: string, at: string, name?: string): string {
    if (words === '') return words
    const bytes = encoder.encode(words)
    try {
      if (name === undefined && !words.includes('\\') && !finder.suspect(bytes, 0, bytes.length)) return words
      const { hits } = finder.find(bytes, { final: true, ...(name === undefined ? {} : { name }) })
      let out = ''
      let from = 0
      for (const { start, end, rule, value } of hits) {
        out += decoder.decode(bytes.subarray(from, start)) + masker.placeholder(value, rule, at)
        from = end
      }
      return hits.length === 0 ? words : out + decoder.decode(bytes.subarray(from))
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      unreadable ??= error.message
      return LEFT_OUT
    }
  }

  /** A value under a name: whole where the name says that it is secret. A variable that a shell fills in is none. */
  function named(name: string, value: string, at: string): string {
    if (value === '' || value.startsWith('$') || value.startsWith('⟦masked:') || !finder.namesSecret(name)) {
      return text(value, at, name)
    }
    return masker.placeholder(encoder.encode(value), NAMED, at)
  }

  function argument(words: string, before: string | undefined): string {
    const [, head = '', name = '', value = ''] = ASSIGNED.exec(words) ?? []
    if (name !== '' && finder.namesSecret(name)) return head + named(name, value, 'argv')
    const flag = before === undefined ? undefined : FLAG.exec(before)?.[1]
    return flag === undefined || words.startsWith('-') ? text(words, 'argv') : named(flag, words, 'argv')
  }

  function parameter(part: string): string {
    const [name = '', ...rest] = part.split('=')
    const raw = rest.join('=')
    const plain = decoded(raw)
    const key = decoded(name)
    const shown = text(key, 'query')
    const masked = key === 'command' ? text(plain, 'query') : named(key, plain, 'query')
    if (masked === plain && shown === key) return part
    return `${shown === key ? name : encoded(shown)}=${encoded(masked)}`
  }

  return {
    text: (words, at) => text(words, at),
    argv: (argv) => argv.map((each, at) => argument(each, argv[at - 1])),
    target(path, query, argv) {
      const shown = text(path, 'path')
      if (query === '') return shown
      const words = [...argv]
      const parts = query.split('&').map((part) => {
        if (words.length === 0 || !part.startsWith('command=')) return parameter(part)
        const word = words.shift() ?? ''
        return word === decoded(part.slice('command='.length)) ? part : `command=${encoded(word)}`
      })
      return `${shown}?${parts.join('&')}`
    },
    report: () => ({
      ...masker.report(),
      ...(unreadable === null ? {} : { withheld: unreadable }),
    }),
    get unreadable() {
      return unreadable
    },
  }
}

/** As a query writes it; what is no escape stands for itself. */
function decoded(raw: string): string {
  const spaced = raw.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** A value with placeholders in a query: they stand as they are, for people to read. */
function encoded(masked: string): string {
  return masked
    .split(/(⟦masked:[a-z0-9-]+:[0-9a-f]+⟧)/)
    .map((part, at) => (at % 2 === 1 ? part : encodeURIComponent(part.toWellFormed())))
    .join('')
}
