// The string laid over time: each mark is one marketing touch, the wash is the window that was counted, the last mark is this touch.
import type { TouchDetail } from '../../api/types'
import { useFormat } from '../../i18n/i18n'
import { useTouchWords } from './Touches'

const width = 520
const height = 84
const left = 16
const right = width - 16
const line = 44

export function TimeString({ touch: x, window: win }: { touch: TouchDetail; window: NonNullable<TouchDetail['window']> }) {
  const { t } = useTouchWords()
  const f = useFormat()
  const day = 86_400_000
  const at = Date.parse(x.at)
  const from = Date.parse(win.from)
  const to = Date.parse(win.to)
  const next = win.next_at ? Date.parse(win.next_at) : Number.NaN
  const points = x.timeline.map((p) => ({ ...p, ms: Date.parse(p.at) })).filter((p) => Number.isFinite(p.ms))
  const begin = Math.min(from - 5 * day, ...points.map((p) => p.ms), at)
  // Room at the right for the words beside the last mark.
  const newest = Math.max(to, at, Number.isNaN(next) ? 0 : next)
  const end = newest + Math.max(1.5 * day, (newest - begin) * 0.28)
  const place = (ms: number) => left + ((ms - begin) / (end - begin)) * (right - left)
  const held = x.state === 'held'
  const colour = held ? 'var(--held)' : 'var(--pine)'
  const days = Math.round((end - begin) / day)
  const step = Math.max(1, Math.ceil(days / 5))
  const ticks = Array.from({ length: days + 1 }, (_, i) => new Date(begin).setHours(0, 0, 0, 0) + i * day).filter((ms) => ms >= begin && ms <= end)
  const a = place(from)
  const b = place(to)
  const label = t('windowLabel', { days: win.days, used: win.used, cap: win.cap })
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width="100%" role="img" aria-label={label}>
      <text x={Math.max(left, a)} y={12} fontSize={12} fontWeight={600} fill={colour}>{label}</text>
      <rect x={a} y={22} width={Math.max(0, b - a)} height={38} rx={3} fill={held ? 'var(--held-wash)' : 'var(--wash)'} />
      <line x1={left} x2={right} y1={line} y2={line} stroke="var(--control)" />
      {ticks.map((ms, i) => <g key={ms}><line x1={place(ms)} x2={place(ms)} y1={62} y2={66} stroke="var(--control)" />{i % step === 0 && place(ms) < right - 20 && <text x={place(ms)} y={80} textAnchor="middle" fontSize={12} fill="var(--ink3)">{f.date(new Date(ms))}</text>}</g>)}
      {points.filter((p) => p.touch_id !== x.id).map((p) => {
        const inside = p.ms >= from && p.ms <= to
        return <circle key={p.touch_id} cx={place(p.ms)} cy={line} r={5} fill={inside ? (held ? 'var(--held)' : 'var(--ink2)') : 'var(--surface)'} stroke={inside ? (held ? 'var(--held)' : 'var(--ink2)') : 'var(--rest)'} strokeWidth={1.5} />
      })}
      {held
        ? <g transform={`translate(${place(at)} ${line})`} stroke="var(--held)" strokeWidth={1.5} fill="var(--surface)"><circle r={7} /><path d="M-2-2.5v5M2-2.5v5" strokeLinecap="round" /></g>
        : <circle cx={place(at)} cy={line} r={6} fill="var(--pine)" />}
      {!held && <text x={place(at) + 10} y={34} fontSize={12} fontWeight={600} fill="var(--pine)">{t('thisOne')}</text>}
      {!Number.isNaN(next) && <g><line x1={place(next)} x2={place(next)} y1={26} y2={62} stroke="var(--held)" strokeDasharray="2 2" /><text x={place(next) + 6} y={34} fontSize={12} fill="var(--ink2)">{t('from', { time: f.moment(win.next_at) })}</text></g>}
    </svg>
  )
}
