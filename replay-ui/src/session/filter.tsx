// Which commands are listed: all, those in which something was masked, or those of one rule. Shows and forwards.

import { createMemo, For } from 'solid-js'
import type { CommandSummary } from '../../../worker/api/types.ts'
import { type MaskFilter, ruleChoices } from './marks.ts'

export function Filter(props: {
  readonly commands: readonly CommandSummary[]
  readonly filter: MaskFilter
  readonly onFilter: (filter: MaskFilter) => void
}) {
  const masked = createMemo(() => props.commands.reduce((sum, { masks }) => sum + (masks > 0 ? 1 : 0), 0))
  const rules = createMemo(() => {
    const found = ruleChoices(props.commands)
    const { filter } = props
    // What is chosen is offered, also before a command with it is known.
    const missing = filter !== '' && filter !== '*' && !found.some(({ rule }) => rule === filter)
    return missing ? [...found, { rule: filter, commands: 0 }] : found
  })
  return (
    <label class="select filter">
      <span class="sr">Commands to list</span>
      <select
        title="List only commands in which something was masked (f)"
        data-testid="mask-filter"
        data-on={props.filter !== ''}
        onChange={(event) => props.onFilter(event.currentTarget.value)}
      >
        <option value="" selected={props.filter === ''}>
          All
        </option>
        <option value="*" selected={props.filter === '*'}>
          With masks ({masked().toLocaleString('en')})
        </option>
        <For each={rules()}>
          {({ rule, commands }) => (
            <option value={rule} selected={props.filter === rule}>
              {rule} ({commands.toLocaleString('en')})
            </option>
          )}
        </For>
      </select>
    </label>
  )
}
