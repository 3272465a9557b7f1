// The console's own marks on a 16 px grid, one stroke; drawn here so that no icon package is shipped.
import type { ReactNode } from 'react'

const drawings = {
  home: <path d="M2.5 7 8 2.5 13.5 7v6.5h-4v-4h-3v4h-4z" />,
  code: <path d="M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5H11V11M13.5 9.5v4h-4V12" />,
  person: <><circle cx="8" cy="5.5" r="2.8" /><path d="M2.8 13.5c.6-2.8 2.6-4.2 5.2-4.2s4.6 1.4 5.2 4.2" /></>,
  people: <><circle cx="6" cy="6" r="2.4" /><path d="M1.8 13c.4-2.5 2-3.7 4.2-3.7s3.8 1.2 4.2 3.7M10.5 3.8a2.3 2.3 0 0 1 0 4.4M12 9.7c1.3.5 2 1.6 2.3 3.3" /></>,
  talk: <path d="M2.5 3h11v8h-6l-3 2.5V11h-2z" />,
  send: <path d="M14 2 2 7l4.5 2L14 2zM14 2 9.5 14l-3-5" />,
  shield: <path d="M8 2 3 4v4c0 3 2 5 5 6.2 3-1.2 5-3.2 5-6.2V4z" />,
  gear: <><circle cx="8" cy="8" r="2.2" /><path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4" /></>,
  held: <><circle cx="8" cy="8" r="5.8" /><path d="M6.5 6v4M9.5 6v4" /></>,
  harm: <path d="M3 5h10l-5 7z" fill="currentColor" stroke="none" />,
  plus: <path d="M8 3v10M3 8h10" />,
  search: <><circle cx="7" cy="7" r="4.2" /><path d="m10.2 10.2 3.3 3.3" /></>,
  clock: <><circle cx="8" cy="8" r="5.8" /><path d="M8 4.8V8l2.2 1.4" /></>,
  note: <path d="M3 2.5h10v7L9.5 13.5H3zM9.5 13.5v-4H13" />,
  check: <path d="m3 8.5 3.2 3L13 4.8" />,
  down: <path d="m4 6 4 4 4-4" />,
  back: <path d="m10 4-4 4 4 4" />,
  next: <path d="m6 4 4 4-4 4" />,
  robot: <><rect x="3" y="5" width="10" height="8" rx="2" /><path d="M8 5V2.5M6 8.5v1M10 8.5v1" /></>,
  link: <path d="M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.8-.8" />,
  image: <><rect x="2" y="3" width="12" height="10" rx="1.5" /><path d="m2.5 11.5 3.5-3.5 2.5 2.5 2-2 3 3" /><circle cx="10.5" cy="6" r="1" /></>,
  cross: <path d="m4 4 8 8M12 4l-8 8" />,
  warn: <path d="M8 2.5 14 13H2zM8 6.5v3M8 11.3v.2" />,
  lock: <><rect x="3.5" y="7" width="9" height="6.5" rx="1.2" /><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" /></>,
  rail: <><rect x="2" y="3" width="12" height="10" rx="1.5" /><path d="M6 3v10" /></>,
  columns: <path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10" />,
  again: <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.7h-2.7" />,
  keyboard: <><rect x="1.5" y="4" width="13" height="8.5" rx="1.5" /><path d="M4 7h.1M6.7 7h.1M9.4 7h.1M12 7h.1M5 10h6" /></>,
  out: <path d="M9 3.5H3.5v9H9M7 8h6.5M11 5.5 13.5 8 11 10.5" />,
  copy: <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />,
  table: <path d="M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.7h11M6.5 6.3V13" />,
} satisfies Record<string, ReactNode>

export type IconName = keyof typeof drawings

export function Icon({ name, size = 16, className = '' }: { name: IconName; size?: number; className?: string }) {
  return <svg className={`ic ${className}`} viewBox="0 0 16 16" style={{ width: size, height: size }} aria-hidden="true">{drawings[name]}</svg>
}
