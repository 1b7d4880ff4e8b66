// The colour scheme: the system's, or the one chosen and remembered. `public/theme.js` applies it before the first paint.

import { createSignal } from 'solid-js'

type Theme = 'light' | 'dark'

const KEY = 'sallyport.theme'
const system = () => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')

function chosen(): Theme | undefined {
  const { theme } = document.documentElement.dataset
  return theme === 'light' || theme === 'dark' ? theme : undefined
}

const [theme, setTheme] = createSignal<Theme>(chosen() ?? system())
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTheme(chosen() ?? system()))

export { theme }

/** Switches between light and dark and remembers it; choosing what the system says forgets the choice. */
export function toggleTheme(): void {
  const next = theme() === 'dark' ? 'light' : 'dark'
  const follow = next === system()
  if (follow) delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  try {
    if (follow) localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, next)
  } catch {
    // No storage: it lasts until the page is left.
  }
  setTheme(next)
}
