// Moves the keyboard's focus along the rows of a list. In: a container and a step. Out: focus. A row is an element with `data-row`.

/** From the focused row, or from before the first, by `step`; stays at the ends. */
export function moveFocus(container: HTMLElement | undefined, step: number): void {
  const rows = Array.from(container?.querySelectorAll<HTMLElement>('[data-row]') ?? [])
  const at = rows.findIndex((row) => row.contains(document.activeElement))
  rows[at === -1 ? 0 : Math.min(Math.max(0, at + step), rows.length - 1)]?.focus()
}
