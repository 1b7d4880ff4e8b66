// The demo's login page: who one is, and the login code. No script, nothing loaded from elsewhere. In: where to post, what went
// wrong before. Out: HTML. No I/O.

import { PEOPLE } from './people.ts'

/** No `form-action`: browsers apply it to the redirect that follows the form, which goes to the app. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const escapeHtml = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

export interface LoginPage {
  /** Path the form posts to. */
  readonly action: string
  /** Whether it is the command line that gets the login, and not the app. */
  readonly commandLine: boolean
  /** Who is chosen already; absent: the first. */
  readonly account?: string
  /** Why the last try did not go through: a sentence. */
  readonly error?: string
}

/** The code is never written back into it. */
export function loginPage({ action, commandLine, account = PEOPLE[0]?.id, error }: LoginPage): string {
  const people = PEOPLE.map(
    ({ id, name, role }) =>
      `<label class="person"><input type="radio" name="account" value="${escapeHtml(id)}" required${id === account ? ' checked' : ''}> <strong>${escapeHtml(name)}</strong> <span>${escapeHtml(role)}</span></label>`,
  ).join('\n')
  const purpose = commandLine
    ? '<p><strong>This logs in the command line</strong> (<code>sallyport login</code>). Go on only if you have just started it yourself.</p>\n'
    : ''
  const alert = error === undefined ? '' : `<p id="error" role="alert">${escapeHtml(error)}</p>\n`
  const about = error === undefined ? 'aria-describedby="where"' : 'aria-invalid="true" aria-describedby="error where"'
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${error === undefined ? '' : 'Not logged in: '}Demo login</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 24rem; margin: 12vh auto; padding: 0 1rem }
fieldset { border: 0; margin: 0; padding: 0 }
legend, .code { padding: 0; font-weight: 600 }
.person { display: block; margin: .5rem 0; padding: .75rem 1rem; border: 1px solid; border-radius: .5rem; cursor: pointer }
.code { display: block; margin-top: 1rem }
.code + input, button { display: block; box-sizing: border-box; width: 100%; margin: .5rem 0; padding: .75rem 1rem; font: inherit; color: inherit; background: none; border: 1px solid; border-radius: .5rem }
.code + input { font-family: ui-monospace, monospace }
button { font-weight: 600; cursor: pointer }
.person:hover, .person:focus-within, button:hover, :focus-visible { outline: 2px solid }
#where { margin: 0 0 1rem }
#error { margin: 1rem 0 0; padding: .5rem 1rem; border-left: 4px solid; font-weight: 600 }
</style></head><body><main>
<h1>Demo login</h1>
<p>This stands in for your identity provider, for this machine only.</p>
${purpose}<form method="post" action="${escapeHtml(action)}">
<fieldset><legend>Who you are</legend>
${people}
</fieldset>
${alert}<label class="code" for="code">Login code</label>
<input id="code" name="code" type="text" required autofocus autocomplete="off" autocapitalize="none" spellcheck="false" ${about}>
<p id="where"><code>sallyport up</code> shows it, and keeps it in the file <code>login-code</code> of its data folder.</p>
<button>Log in</button>
</form>
</main></body></html>
`
}
