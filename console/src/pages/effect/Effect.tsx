// What one campaign did and what it cost: who replied, who left, beside those held out of it; volume over its cost in time.
import { Segmented } from 'antd'
import { lazy, Suspense, useMemo, useState } from 'react'
import { useGet } from '../../api/queries'
import type { Effect as Data, Followed } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { csv, download } from '../../kit/csv'
import { Panel } from '../../kit/Page'
import { Empty, Ready, Skeleton } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { w as kit } from '../../kit/words'
import { w } from './words'

const TouchCostChart = lazy(() => import('../../kit/TouchCostChart'))

/** `campaign` is kind and id, as touches carry it: broadcast/123. */
export function Effect({ campaign }: { campaign: string }) {
  const t = useWords(w)
  const url = useUrl()
  const hours = url.one('hours') === '72' ? 72 : url.one('hours') === '168' ? 168 : 24
  const found = useGet<Data>('/governance/effect', { campaign, hours }, { keep: true, every: 60_000 })
  return (
    <Panel
      title={t('title')} sub={t('sub', { n: hours })}
      actions={<Segmented size="small" value={hours} onChange={(n) => url.set({ hours: n === 24 ? undefined : String(n) }, { replace: true })} options={[{ value: 24, label: t('h24') }, { value: 72, label: t('h72') }, { value: 168, label: t('h168') }]} />}
    >
      <Ready query={found} rows={4}>{(e) => (e.reached.persons === 0 ? <Empty title={t('none')} text={t('noneText')} /> : <Shown e={e} campaign={campaign} />)}</Ready>
    </Panel>
  )
}

function Shown({ e, campaign }: { e: Data; campaign: string }) {
  const t = useWords(w)
  const k = useWords(kit)
  const f = useFormat()
  const go = useGo()
  const [figures, setFigures] = useState(false)
  const rows = useMemo(() => e.trend.map((x) => ({ date: x.at, value: x.delivered, harm: x.harm })), [e.trend])
  const r = e.reached
  const args = { n: r.persons, r: r.replies, d: r.deletions, o: r.optouts, rate: f.perMille(r.harmed, r.persons), h: (inner: React.ReactNode) => <span className="harm">{inner}</span> }
  const sum = rows.reduce((n, x) => n + x.value, 0)
  const label = t('chartLabel', { n: sum, harm: rows.reduce((n, x) => n + x.harm, 0) })
  const at = e.by === 'day' ? f.date : f.moment
  const names = t('chartHarm')
  return (
    <>
      <p className="s13">{r.harmed > 0 ? t.rich('say', args) : t.rich('sayFree', args)} {e.open && <span className="mute">{t('open')}</span>}</p>
      <table className="plain-table" style={{ marginTop: 8, marginBottom: 10 }}>
        <thead><tr><th>{t('group')}</th><th className="right">{t('persons')}</th><th className="right">{t('replies')}</th><th className="right">{t('deletions')}</th><th className="right">{t('optouts')}</th><th className="right">{t('harmed')}</th></tr></thead>
        <tbody>
          <Line name={t('reached')} of={r} rows={e.hours === 24 ? (kind) => `/governance?days=90&rows=touches&campaign=${encodeURIComponent(campaign)}&kind=${kind}` : undefined} />
          {e.holdout && <Line name={t('holdout')} of={e.holdout} />}
        </tbody>
      </table>
      <div className="row s12 mute" style={{ marginBottom: 6 }}>
        <span>{e.holdout ? t('holdoutNote') : t('noHoldout')}</span>
        <span className="push row nowrap" style={{ gap: 12 }}>
          <button type="button" className="linky" onClick={() => setFigures(!figures)}>{figures ? k('chartDraw') : k('chartTable')}</button>
          <button type="button" className="linky" onClick={() => download(`zhiyin-${campaign.replace('/', '-')}.csv`, csv([[t('hour'), t('chart'), names], ...rows.map((x) => [x.date, x.value, x.harm])]))}>{k('chartCsv')}</button>
        </span>
      </div>
      {figures
        ? <div style={{ maxHeight: 290, overflowY: 'auto' }}><table className="plain-table"><thead><tr><th>{t('hour')}</th><th className="right">{t('chart')}</th><th className="right">{names}</th></tr></thead><tbody>{rows.map((x) => <tr key={x.date}><td>{at(x.date)}</td><td className="right">{f.exact(x.value)}</td><td className="right">{f.exact(x.harm)}</td></tr>)}</tbody></table></div>
        : <Suspense fallback={<div style={{ height: 290 }}><Skeleton rows={5} /></div>}><TouchCostChart days={rows} label={label} name={t('chart')} harmName={names} today={false} at={at} onDay={() => go(`/touches?state=delivered&campaign=${encodeURIComponent(campaign)}`)} /></Suspense>}
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('repliesNote')}</p>
    </>
  )
}

function Line({ name, of, rows }: { name: string; of: Followed; rows?: (kind: string) => string }) {
  const f = useFormat()
  const cell = (n: number, tone: string, kind?: string) => (
    <td className="right">
      {n === 0 ? <span className="mute">0</span> : <span className={tone}>{rows && kind ? <A to={rows(kind)} style={{ color: 'inherit' }}>{f.count(n)}</A> : f.count(n)}</span>}
      {of.persons > 0 && n > 0 && <span className="mute s12">{` ${f.perMille(n, of.persons)}`}</span>}
    </td>
  )
  return <tr><td>{name}</td><td className="right">{f.count(of.persons)}</td>{cell(of.replies, '', 'replies')}{cell(of.deletions, 'harm', 'deletions')}{cell(of.optouts, 'harm', 'optouts')}{cell(of.harmed, 'harm')}</tr>
}
