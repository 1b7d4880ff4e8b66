// The document's title: what the page is about, and before it how many questions wait. Never set by anything else.

import { createEffect, createRoot, createSignal } from 'solid-js'
import { visible } from './visible.ts'

const [page, setPage] = createSignal('')
const [waiting, setWaiting] = createSignal(0)

/** How many questions wait for an answer. */
export { setWaiting }

/** `(2) Approvals · Sallyport`. A name in it may be an agent's: nothing unseen gets into the window's title. */
export function titleText(text: string, count: number): string {
  const name = text === '' ? 'Sallyport' : `${visible(text)} · Sallyport`
  return count > 0 ? `(${count}) ${name}` : name
}

createRoot(() => {
  createEffect(() => {
    document.title = titleText(page(), waiting())
  })
})

/** Titles the page while the component lives. */
export function useTitle(text: () => string): void {
  createEffect(() => setPage(text()))
}
