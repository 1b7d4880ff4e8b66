// What a fuzz run does with a case, and what it takes for a flaw. In: a seed. Out: what went wrong, or null. No I/O.

import { join } from '../../worker/bytes.ts'
import { planResponseMask } from '../../worker/mask/response.ts'
import { MaskError } from '../../worker/mask/scanner.ts'
import { createTextStream } from '../../worker/mask/stream.ts'
import { infoOf, JSON_HEADERS, maskingFor } from '../../worker/mask/testing.ts'
import { cut, type Dice, diceOf, leak, textCase } from './cases.ts'

/** One flaw, with what is needed to see it again. */
export interface Flaw {
  readonly run: string
  readonly seed: number
  readonly what: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const STDOUT = 1
const STDERR = 2
const CHANNELS = { [STDOUT]: 'stdout', [STDERR]: 'stderr' }

/** A text stream in chunks must give what it gives whole, and no secret. */
export function fuzzStream(seed: number): Flaw | null {
  const made = textCase(seed)
  const flaw = (what: string): Flaw => ({ run: 'stream', seed, what: `${what} (${made.wrapping})` })
  const bytes = encoder.encode(made.text)
  const whole = streamed([bytes])
  const chunks = cut(bytes, made.dice)
  const split = streamed(chunks)
  const leaked = leak(made.secret, whole)
  if (leaked !== null) return flaw(`the secret comes out ${leaked}`)
  if (whole !== split) return flaw(`cut into ${chunks.length} chunks it comes out otherwise than whole`)
  const across = halves(chunks, made.dice)
  const found = leak(made.secret, across)
  return found === null ? null : flaw(`over stdout and stderr the secret comes out ${found}`)
}

function streamed(chunks: readonly Uint8Array[]): string {
  const stream = createTextStream(maskingFor(), CHANNELS)
  const out = [...chunks.flatMap((chunk) => stream.push(STDOUT, chunk)), ...stream.end()]
  return decoder.decode(join(out.map(({ bytes }) => bytes)))
}

/** The same, each chunk on either channel: read in the order it comes out, as a terminal shows it. */
function halves(chunks: readonly Uint8Array[], dice: Dice): string {
  const stream = createTextStream(maskingFor(), CHANNELS)
  const out = [...chunks.flatMap((chunk) => stream.push(dice.below(2) === 0 ? STDOUT : STDERR, chunk)), ...stream.end()]
  return decoder.decode(join(out.map(({ bytes }) => bytes)))
}

/** A JSON answer with the text in one of its strings: no secret, and everything else as it came, however it is cut. */
export function fuzzJson(seed: number): Flaw | null {
  const made = textCase(seed)
  const flaw = (what: string): Flaw => ({ run: 'json', seed, what: `${what} (${made.wrapping})` })
  const name = made.dice.word('abcdefghij', 6)
  const resource = made.dice.pick(['configmaps', 'pods', 'deployments', 'widgets', 'events'])
  const document = `{"kind":"List","big":9007199254740993,"items":[{"metadata":{"name":"a","annotations":{"${name}":${JSON.stringify(made.text)}}},"data":{"${name}":${JSON.stringify(made.text)}},"n": 1.50e+2 }]}`
  const masked = answered(resource, [encoder.encode(document)])
  const leaked = leak(made.secret, masked)
  if (leaked !== null) return flaw(`the secret comes out ${leaked} of ${resource}`)
  if (!masked.includes('"big":9007199254740993') || !masked.includes('"n": 1.50e+2 }')) return flaw('numbers changed')
  try {
    JSON.parse(masked)
  } catch {
    return flaw('what comes out is not JSON')
  }
  const split = answered(resource, cut(encoder.encode(document), made.dice))
  return split === masked ? null : flaw('cut into chunks it comes out otherwise than whole')
}

function answered(resource: string, chunks: readonly Uint8Array[]): string {
  const info = infoOf({ resource, path: `/api/v1/namespaces/d/${resource}` })
  const plan = planResponseMask({ info, status: 200, headers: JSON_HEADERS, masking: maskingFor() })
  if (plan.kind !== 'transform') throw new Error(`the plan is ${plan.kind}`)
  const out = [...chunks.map((chunk) => plan.transform.push(chunk).slice()), plan.transform.end()]
  return decoder.decode(join(out))
}

/** Bytes that are no text and documents that are none: refused or passed, never a crash. */
export function fuzzGarbage(seed: number): Flaw | null {
  const dice = diceOf(seed)
  const made = textCase(seed)
  const bytes = encoder.encode(dice.below(2) === 0 ? made.text : `{"data":{"a":${JSON.stringify(made.text)}}}`)
  for (let changes = 1 + dice.below(8); changes > 0; changes -= 1) bytes[dice.below(bytes.length)] = dice.below(256)
  const chunks = cut(bytes, dice)
  for (const [run, attempt] of [
    ['stream', () => streamed(chunks)],
    ['json', () => answered(dice.pick(['secrets', 'configmaps', 'pods']), chunks)],
  ] as const) {
    try {
      attempt()
    } catch (error) {
      if (!(error instanceof MaskError)) return { run: 'garbage', seed, what: `${run} failed: ${String(error)}` }
    }
  }
  return null
}

/** Every run over one seed. */
export const RUNS: readonly ((seed: number) => Flaw | null)[] = [fuzzStream, fuzzJson, fuzzGarbage]
