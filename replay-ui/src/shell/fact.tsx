// A name and what there is to say about it: one row of a list of facts.

import type { JSX } from 'solid-js'

export function Fact(props: { readonly name: string; readonly children: JSX.Element }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  )
}
