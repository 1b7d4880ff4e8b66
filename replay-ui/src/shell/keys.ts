// Keyboard shortcuts. In: key events of the window. Out: calls. Keys typed into a field, or with Ctrl, Alt or Meta, are not ours.

import { onCleanup, onMount } from 'solid-js'

export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void>>

/** Listens while the component lives. The default action of a key that is in the map is prevented. */
export function useKeys(keys: KeyMap): void {
  const listen = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (isEditing(event.target) || document.querySelector('[role="dialog"]')) return
    if (event.key === ' ' && isControl(event.target)) return
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined
    if (!action) return
    event.preventDefault()
    action(event)
  }
  onMount(() => window.addEventListener('keydown', listen))
  onCleanup(() => window.removeEventListener('keydown', listen))
}

function isEditing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement) || target.closest('.xterm')) return false
  if (target instanceof HTMLInputElement) return target.type !== 'range'
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
}

/** Space presses a focused button; it must not pause as well. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, summary') !== null
}
