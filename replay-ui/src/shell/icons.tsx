// The few icons of the app, drawn in the current colour. Decoration only: labels are beside them or on their button.

import type { JSX } from 'solid-js'

function Icon(props: { readonly children: JSX.Element }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {props.children}
    </svg>
  )
}

const line = { fill: 'none', stroke: 'currentColor', 'stroke-width': '1.5', 'stroke-linecap': 'round' } as const

export const PlayIcon = () => (
  <Icon>
    <path d="M4.5 2.7v10.6c0 .5.5.8.9.5l8-5.3a.6.6 0 0 0 0-1l-8-5.3a.6.6 0 0 0-.9.5z" fill="currentColor" />
  </Icon>
)
export const PauseIcon = () => (
  <Icon>
    <path d="M4 2.5h2.8v11H4zM9.2 2.5H12v11H9.2z" fill="currentColor" />
  </Icon>
)
export const RestartIcon = () => (
  <Icon>
    <path d="M3.2 8a4.8 4.8 0 1 0 1.5-3.5M3 2.3v2.9h2.9" {...line} stroke-linejoin="round" />
  </Icon>
)
export const PreviousIcon = () => (
  <Icon>
    <path d="M12.5 3.2v9.6L5.5 8zM3.6 3v10" {...line} stroke-linejoin="round" />
  </Icon>
)
export const NextIcon = () => (
  <Icon>
    <path d="M3.5 3.2v9.6l7-4.8zM12.4 3v10" {...line} stroke-linejoin="round" />
  </Icon>
)
export const DenialIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.6" {...line} />
    <path d="M4.2 11.8l7.6-7.6" {...line} />
  </Icon>
)
export const HoldIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.6" {...line} />
    <path d="M6.4 5.7v4.6M9.6 5.7v4.6" {...line} />
  </Icon>
)
export const MaskIcon = () => (
  <Icon>
    <rect x="3" y="7" width="10" height="6.3" rx="1.4" {...line} />
    <path d="M5.3 7V5.2a2.7 2.7 0 0 1 5.4 0V7" {...line} />
  </Icon>
)
export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.9" {...line} />
    <path
      d="M8 1.4v1.2M8 13.4v1.2M1.4 8h1.2M13.4 8h1.2M3.3 3.3l.9.9M11.8 11.8l.9.9M3.3 12.7l.9-.9M11.8 4.2l.9-.9"
      {...line}
    />
  </Icon>
)
export const MoonIcon = () => (
  <Icon>
    <path d="M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z" {...line} stroke-linejoin="round" />
  </Icon>
)
export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.3" {...line} />
    <path d="M10.3 10.3l3.2 3.2" {...line} />
  </Icon>
)
export const TextIcon = () => (
  <Icon>
    <path d="M3 4h10M3 8h10M3 12h6" {...line} />
  </Icon>
)
export const LinkIcon = () => (
  <Icon>
    <path
      d="M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.7.7M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.7-.7"
      {...line}
    />
  </Icon>
)
export const GateIcon = () => (
  <svg class="gate" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
    <rect width="32" height="32" rx="7" fill="var(--accent)" />
    <path d="M8 26V14a8 8 0 0 1 16 0v12h-4V14a4 4 0 0 0-8 0v12z" fill="var(--on-accent)" />
    <path d="M15 16h2v10h-2z" fill="var(--on-accent)" opacity=".7" />
  </svg>
)
