import type { Caps } from '../../api/types'

/** The part of the limits that has to be sent along when another part changes. */
export const asTheyAre = (caps: Caps) => ({
  rules: caps.rules.map((r) => ({ days: r.days, cap: r.cap })), quiet: { from: caps.quiet.from, to: caps.quiet.to, sunday_from: caps.quiet.sunday_from },
})
