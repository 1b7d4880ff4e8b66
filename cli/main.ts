// `sallyport`: finds the command, parses its arguments, turns failures into one clear line. Exit codes: 0 done, 1 refused or
// failed, 2 usage. Commands are loaded when they are called.

import process from 'node:process'
import { findCommand, helpOf, overview, parseInvocation, UsageError } from './command.ts'
import { COMMANDS } from './commands/table.ts'
import { safeLines } from './safe.ts'

/** A message may quote what somebody else wrote. */
const complain = (message: string) => process.stderr.write(`sallyport: ${safeLines(message).join('\n')}\n`)

/** Runs one command line; never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    process.stdout.write(overview(COMMANDS))
    return first === undefined ? 2 : 0
  }
  const command = findCommand(COMMANDS, argv)
  if (command === null) {
    const group = COMMANDS.filter((one) => one.words[0] === first)
    const asked = group.length > 0 && (argv[1] === '--help' || argv[1] === '-h')
    if (asked) process.stdout.write(overview(group))
    else if (group.length > 0) process.stderr.write(overview(group))
    else complain(`there is no command ${first}; see sallyport --help`)
    return asked ? 0 : 2
  }
  try {
    const invocation = parseInvocation(command, argv)
    if (invocation === null) {
      process.stdout.write(helpOf(command))
      return 0
    }
    return await command.run(invocation)
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`${error.message}; see sallyport ${command.words.join(' ')} --help`)
      return 2
    }
    complain(error instanceof Error ? error.message : String(error))
    return 1
  }
}

if (import.meta.main) {
  // A reader that goes away (`| head`) is no failure.
  process.stdout.on('error', () => process.exit(0))
  process.exitCode = await main(process.argv.slice(2))
}
