// Where in a text the check's findings lie. The server counts in its own unit, so the words themselves decide, nearest to where it said.
import type { Finding, Verdict } from '../api/types'

/** Whether the server refuses a message with this verdict. */
export const refuses = (v: Verdict | undefined) => v === 'block' || v === 'suspend'

export interface Span { text: string; severity?: Verdict }

export function spans(text: string, findings: Pick<Finding, 'text' | 'start' | 'severity'>[]): Span[] {
  const found: { from: number; to: number; severity: Verdict }[] = []
  for (const x of findings) {
    if (!x.text) continue
    let best = -1
    for (let at = text.indexOf(x.text); at >= 0; at = text.indexOf(x.text, at + 1)) if (best < 0 || Math.abs(at - x.start) < Math.abs(best - x.start)) best = at
    if (best >= 0) found.push({ from: best, to: best + x.text.length, severity: x.severity })
  }
  found.sort((a, b) => a.from - b.from)
  const out: Span[] = []
  let at = 0
  for (const x of found) {
    if (x.from < at) continue
    if (x.from > at) out.push({ text: text.slice(at, x.from) })
    out.push({ text: text.slice(x.from, x.to), severity: x.severity })
    at = x.to
  }
  if (at < text.length) out.push({ text: text.slice(at) })
  return out
}
