// Touches and their cost, or customers added and lost: one sentence, one chart, its figures and its CSV.
import { Segmented } from 'antd'
import { lazy, Suspense, useMemo, useState } from 'react'
import type { TrendDay } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { useGo } from '../../kit/A'
import { csv, download } from '../../kit/csv'
import { Panel } from '../../kit/Page'
import { Skeleton } from '../../kit/states'
import { w as kit } from '../../kit/words'
import { w } from './words'

const TouchCostChart = lazy(() => import('../../kit/TouchCostChart'))

export function Cost({ trend, days, onDays }: { trend: TrendDay[]; days: number; onDays: (n: number) => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const go = useGo()
  const [series, setSeries] = useState<'touch' | 'customer'>('touch')
  const [figures, setFigures] = useState(false)
  const touch = series === 'touch'
  const rows = useMemo(() => trend.map((d) => (touch ? { date: d.date, value: d.delivered, harm: d.harm } : { date: d.date, value: d.added, harm: d.lost })), [trend, touch])
  const value = rows.reduce((n, d) => n + d.value, 0)
  const harm = rows.reduce((n, d) => n + d.harm, 0)
  const name = touch ? k('chartDelivered') : t('addedName')
  const harmName = touch ? k('chartHarm') : t('lostName')
  const args = { days, n: value, harm, rate: f.perMille(harm, value), h: (inner: React.ReactNode) => <span className="harm">{inner}</span> }
  const sentence = touch
    ? value === 0 ? t.rich('costNone', { days }) : harm === 0 ? t.rich('costFree', args) : t.rich('costSay', args)
    : t.rich('custSay', { days, added: value, lost: harm, net: f.change(value - harm), h: args.h })
  const label = touch ? t('costSay', args) : t('custSay', { days, added: value, lost: harm, net: f.change(value - harm), h: args.h })
  return (
    <Panel
      title={t('cost')} sub={touch ? t('costSub') : t('custSub')}
      actions={<>
        <Segmented size="small" value={series} onChange={setSeries} options={[{ value: 'touch', label: t('seriesTouch') }, { value: 'customer', label: t('seriesCustomer') }]} />
        <Segmented size="small" value={days} onChange={onDays} options={[{ value: 7, label: t('week') }, { value: 30, label: t('month') }]} />
      </>}
    >
      <div className="row s13 second" style={{ marginBottom: 6 }}>
        <span>{sentence}</span>
        <span className="push row" style={{ gap: 12 }}>
          <button type="button" className="linky" onClick={() => setFigures(!figures)}>{figures ? k('chartDraw') : k('chartTable')}</button>
          <button type="button" className="linky" onClick={() => download(`zhiyin-${series}-${days}.csv`, csv([[k('chartDate'), name, harmName], ...rows.map((d) => [d.date, d.value, d.harm])]))}>{k('chartCsv')}</button>
        </span>
      </div>
      {figures
        ? <div style={{ maxHeight: 290, overflowY: 'auto' }}><table className="plain-table"><thead><tr><th>{k('chartDate')}</th><th className="right">{name}</th><th className="right">{harmName}</th>{touch && <th className="right">{k('chartRate')}</th>}</tr></thead><tbody>{[...rows].reverse().map((d) => <tr key={d.date}><td>{f.longDate(d.date)}</td><td className="right">{f.exact(d.value)}</td><td className="right">{f.exact(d.harm)}</td>{touch && <td className="right">{f.perMille(d.harm, d.value)}</td>}</tr>)}</tbody></table></div>
        : <Suspense fallback={<div style={{ height: 290 }}><Skeleton rows={5} /></div>}><TouchCostChart days={rows} label={label} name={name} harmName={harmName} today onDay={touch ? (date) => go(`/touches?from=${date}&to=${date}`) : (date) => go(`/customers?added_from=${date}&added_to=${date}`)} /></Suspense>}
    </Panel>
  )
}
