// The demo's login page: pick a person. No script, nothing loaded from elsewhere. In: where to post. Out: HTML. No I/O.

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

/** @param action path the form posts to */
export function loginPage(action: string): string {
  const people = PEOPLE.map(
    ({ id, name, role }) =>
      `<button name="account" value="${escapeHtml(id)}"><strong>${escapeHtml(name)}</strong> <span>${escapeHtml(role)}</span></button>`,
  ).join('\n')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Demo login</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 24rem; margin: 12vh auto; padding: 0 1rem }
p { opacity: .8 }
button { display: block; width: 100%; margin: .5rem 0; padding: .75rem 1rem; font: inherit; text-align: left; border: 1px solid; border-radius: .5rem; background: none; color: inherit; cursor: pointer }
button:hover, button:focus-visible { outline: 2px solid }
span { opacity: .7 }
</style></head><body>
<h1>Demo login</h1>
<p>This stands in for your identity provider. It asks for no password and serves this machine only.</p>
<form method="post" action="${escapeHtml(action)}">
${people}
</form>
</body></html>
`
}
