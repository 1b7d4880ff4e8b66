// The list of rules as a page of the documentation. In: rules. Out: Markdown. For the test that keeps the page true. No I/O.

import type { PatternRule } from '../rule.ts'

const HEAD = `# What is found by pattern

Every rule that finds credentials by how they look, with the public page that its shape or use was taken from. The name is what stands in
a placeholder, and what a MaskPolicy names under \`off\` to switch the rule off. A rule without words is found anywhere; one with words
only where one of them stands before it, on the same line or the one before, at most 64 bytes away, and only if the value is not told by
its name to be an id, a digest or a revision.

Besides these there are the rules that are no shape: \`private-key\` (PEM, PuTTY), \`jwt\`, \`url-password\` (a password in any URL or
connection string), \`password\` and \`secret\` (a value under a name that says so), \`authorization\` (Bearer and Basic) and \`card-number\`.

This page is made from \`worker/mask/find/rules/\`; a test fails when it is not what they say. Write it anew with
\`npx vitest run --project unit worker/mask/find/rules -u\`.
`

/** The page. */
export function documentOf(domains: readonly (readonly [domain: string, rules: readonly PatternRule[]])[]): string {
  const total = domains.reduce((sum, [, rules]) => sum + rules.length, 0)
  const sections = domains.map(([domain, rules]) => {
    const lines = rules.map(({ id, near, source }) => `| \`${id}\` | ${near.map(code).join(', ')} | ${source} |`)
    return [`## ${domain} (${rules.length})`, '', '| rule | words | source |', '|---|---|---|', ...lines].join('\n')
  })
  return `${[HEAD, `${total} rules.`, '', sections.join('\n\n')].join('\n')}\n`
}

function code(word: string): string {
  return `\`${word.replace(/\|/g, '\\|')}\``
}
