// The first page of governance: how full budgets are, what was refused and why, who bothered most, and WeCom's own quota.
import { Segmented } from 'antd'
import { useState, type ReactNode } from 'react'
import { useLive } from '../../api/live'
import { useGet, useInvalidateSoon } from '../../api/queries'
import type { Harmed, Overview as Data } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useMayOpen } from '../../kit/A'
import { BudgetString, HeldMark } from '../../kit/marks'
import { Page, Panel } from '../../kit/Page'
import { Empty, Ready } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { HeldBars } from '../home/panels'
import { Rows, useRows, type Kind } from './Rows'
import { w } from './words'
import '../home/home.css'
import './overview.css'

export function Overview() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const soon = useInvalidateSoon(5000)
  const days = [1, 7, 30, 90].includes(Number(url.one('days'))) ? Number(url.one('days')) : 30
  const found = useGet<Data>('/governance/overview', { days }, { every: 300_000, keep: true })
  const again = () => soon('/governance/overview')
  useLive('counters', again)
  useLive('broadcast', again)
  useLive('moment', again)
  useLive('touch', again)
  return (
    <Page
      title={t('title')} meta={found.data && t('asOf', { time: f.moment(found.data.as_of) })}
      actions={<Segmented value={days} onChange={(n) => url.set({ days: n === 30 ? undefined : String(n) })} options={[{ value: 1, label: t('d1') }, { value: 7, label: t('d7') }, { value: 30, label: t('d30') }, { value: 90, label: t('d90') }]} />}
    >
      <Ready query={found} rows={10}>
        {(o) => (
          <>
            <Figures o={o} />
            <div className="ov2"><Budgets o={o} /><Refused o={o} /></div>
            <Worst o={o} />
            <Quota o={o} />
            <Rows o={o} days={days} />
          </>
        )}
      </Ready>
    </Page>
  )
}

function Figures({ o }: { o: Data }) {
  const t = useWords(w)
  const f = useFormat()
  const left = o.sum.deletions + o.sum.optouts
  const rows = useRows()
  const from = f.isoDay(new Date(o.from))
  const cell = (name: string, value: ReactNode, note: ReactNode, tone = '') => <div className="kp" key={name}><dt>{name}</dt><dd className={`figure ${tone}`}>{value}</dd><dd><p className="mute cut">{note}</p></dd></div>
  const press = (n: number, label: string, act: () => void, inner: ReactNode = f.count(n)) => (n === 0 ? inner : <button type="button" aria-label={`${label}: ${f.count(n)}`} onClick={act}>{inner}</button>)
  const left24 = (kind: Kind, name: string, n: number) => (inner: ReactNode) => press(n, name, () => rows.touches({ name: '', kind }), inner)
  return (
    <dl className="panel ov5" aria-live="polite">
      {cell(t('full'), press(o.budget.full, t('full'), () => rows.people('full', 1)), t('fullNote', { n: o.budget.persons }), o.budget.full > 0 ? 'held' : '')}
      {cell(t('refused'), o.held.touches === 0 ? '0' : <A to={`/touches?state=held&from=${from}`} aria-label={`${t('refused')}: ${f.count(o.held.touches)}`}>{f.count(o.held.touches)}</A>, t('refusedNote', { n: o.held.persons }), o.held.touches > 0 ? 'held' : '')}
      {cell(t('harm'), f.count(left), t.rich('harmNote', { a: o.sum.deletions, b: o.sum.optouts, d: left24('deletions', t('deletions'), o.sum.deletions), o: left24('optouts', t('optoutsCol'), o.sum.optouts) }), left > 0 ? 'harm' : '')}
      {cell(t('index'), o.sum.touches > 0 ? f.exact(o.sum.index) : '—', press(o.sum.touches, t('rowAll'), () => rows.touches({ name: '' }), t('indexNote', { n: o.sum.touches })), o.sum.index > 0 ? 'harm' : '')}
      {cell(t('most'), <>{press(o.quota.most, t('most'), () => rows.people('mass', o.quota.most))}<small>/ {o.quota.limit}</small></>, t('mostNote', { to: f.date(o.quota.to) }), o.quota.full > 0 ? 'held' : '')}
    </dl>
  )
}

function Budgets({ o }: { o: Data }) {
  const t = useWords(w)
  const f = useFormat()
  const rows = useRows()
  const b = o.budget
  const also = [b.optouts > 0 && t('optouts', { n: b.optouts }), b.own > 0 && t('own', { n: b.own })].filter(Boolean).join(' · ')
  return (
    <Panel title={t('budget')} sub={t('budgetSub')}>
      {b.persons === 0 ? <Empty title={t('noCustomers')} /> : (
        <div className="ov-win">
          {b.windows.map((x) => (
            <section key={x.days}>
              <h3>{x.days === 1 ? t('window1', { cap: x.cap }) : t('window', { days: x.days, cap: x.cap })}</h3>
              <ul>
                {x.used.map((n, used) => {
                  const full = used >= x.cap
                  return (
                    <li key={used}>
                      <span className="row" style={{ gap: 6 }}><BudgetString used={used} cap={x.cap} days={x.days} />{x.cap > 1 && <span className={`s12 nowrap ${full ? 'held' : 'mute'}`}>{used}</span>}</span>
                      <span className="bar"><i className={full ? 'full' : ''} style={{ width: `${(n / b.persons) * 100}%`, display: n === 0 ? 'none' : undefined }} /></span>
                      <b title={f.exact(n)}>{used > 0 && n > 0 ? <button type="button" className={`linky ${full ? 'held' : ''}`} aria-label={`${full ? t('usedFull', { used }) : t('usedN', { used })}: ${f.count(n)}`} onClick={() => rows.people(String(x.days), used, full ? undefined : used)}>{f.count(n)}</button> : <span className={n === 0 ? 'mute' : ''}>{f.count(n)}</span>}</b>
                    </li>
                  )
                })}
              </ul>
            </section>
          ))}
        </div>
      )}
      {also && <p className="s12 mute" style={{ marginTop: 12 }}>{also}</p>}
    </Panel>
  )
}

function Refused({ o }: { o: Data }) {
  const t = useWords(w)
  const f = useFormat()
  const from = f.isoDay(new Date(o.from))
  return (
    <Panel title={t('heldTitle')} mark={<HeldMark size={16} />} actions={<A to={`/touches?state=held&from=${from}`}>{t('heldAll')}</A>}>
      {o.held.touches === 0 ? <Empty title={t('heldZero')} text={t('heldZeroText')} /> : <HeldBars rules={o.held.rules.slice(0, 8)} from={from} />}
    </Panel>
  )
}

const costs: Kind[] = ['deletions', 'optouts', 'night', 'repeats', 'late', 'replies']

function Worst({ o }: { o: Data }) {
  const t = useWords(w)
  const f = useFormat()
  const rows = useRows()
  const mayOpen = useMayOpen()
  const [by, setBy] = useState<'campaign' | 'staff'>('campaign')
  const list = by === 'campaign' ? o.campaigns : o.staff
  const kind = (k: string) => (k in { broadcast: 1, moment: 1, member: 1, 'moment-seen': 1 } ? t(`k_${k}` as 'k_broadcast') : t('k_other'))
  const to = (x: Harmed) => (x.kind === 'broadcast' ? `/broadcasts/${x.ref}` : x.kind === 'moment' ? `/moments/${x.ref}` : '')
  const name = (x: Harmed) => x.name || (by === 'staff' ? x.id || t('nobody') : kind(x.kind ?? ''))
  const head: Record<Kind, string> = { deletions: t('deletions'), optouts: t('optoutsCol'), night: t('night'), repeats: t('repeats'), late: t('late'), replies: t('replies') }
  return (
    <Panel
      title={t('worst')} sub={t('worstSub')} className="ov-gap"
      actions={<Segmented size="small" value={by} onChange={setBy} options={[{ value: 'campaign', label: t('byCampaign') }, { value: 'staff', label: t('byStaff') }]} />}
    >
      {list.length === 0 ? <Empty icon="send" title={t('none')} text={t('noneText')} /> : (
        <div className="ov-scroll">
          <table className="plain-table">
            <thead><tr><th>{by === 'campaign' ? t('campaign') : t('member')}</th><th className="right">{t('indexCol')}</th><th className="right">{t('touches')}</th>{costs.map((c) => <th key={c} className="right">{head[c]}</th>)}</tr></thead>
            <tbody>{list.map((x) => {
              const own = by === 'campaign' ? { campaign: x.id } : { staff: x.id }
              const figure = (n: number, c?: Kind) => (n === 0 ? <span className="mute">0</span> : x.id === '' ? f.count(n) : <button type="button" className={`linky ${c && c !== 'replies' ? 'harm' : ''}`} aria-label={`${name(x)}, ${c ? head[c] : t('touches')}: ${f.count(n)}`} onClick={() => rows.touches({ ...own, name: name(x), kind: c })}>{f.count(n)}</button>)
              return (
                <tr key={x.id}>
                  <td>{to(x) && mayOpen(to(x)) ? <A to={to(x)}>{name(x)}</A> : name(x)}{by === 'campaign' && x.name && <span className="mute s12">{` ${kind(x.kind ?? '')}`}</span>}</td>
                  <td className="right b">{x.index === 0 ? <span className="mute">0</span> : <span className="harm">{f.exact(x.index)}</span>}</td>
                  <td className="right">{figure(x.touches)}</td>
                  {costs.map((c) => <td key={c} className="right">{figure(x[c], c)}</td>)}
                </tr>
              )
            })}</tbody>
          </table>
        </div>
      )}
      {by === 'campaign' && o.more > 0 && <p className="s12 mute" style={{ marginTop: 8 }}>{t('more', { n: o.more })}</p>}
      {list.length > 0 && <p className="s12 mute" style={{ marginTop: 10 }}>{t('how')}</p>}
    </Panel>
  )
}

function Quota({ o }: { o: Data }) {
  const t = useWords(w)
  const f = useFormat()
  const rows = useRows()
  const mayOpen = useMayOpen()
  const q = o.quota
  const last = q.parts.length - 1
  const part = (i: number) => {
    const p = q.parts[i]
    if (!p || i === 0) return t('quotaPart0')
    if (i === last) return t('quotaPartAll', { a: p.least })
    return p.least === p.most ? t('quotaPartOne', { a: p.least }) : t('quotaPart', { a: p.least, b: p.most })
  }
  const h = (inner: ReactNode) => <span className="held">{inner}</span>
  const cell = (what: 'mass' | 'then', n: number, i: number) => {
    const p = q.parts[i]
    return n === 0 || i === 0 || !p ? <span className={n === 0 ? 'mute' : ''}>{f.count(n)}</span> : <button type="button" className={`linky ${i === last ? 'held' : ''}`} onClick={() => rows.people(what, p.least, i === last ? undefined : p.most)}>{f.count(n)}</button>
  }
  return (
    <Panel title={t('quota')} sub={t('quotaSub', { n: q.limit, to: f.date(q.to) })} className="ov-gap" actions={q.planned > 0 && mayOpen('/broadcasts') && <A to="/broadcasts?state=planned,creating,open">{t('toPlans')}</A>}>
      <p className="s13 second">{t.rich('quotaSay', { d: q.delivered, p: q.planned, x: q.at_pace })} {q.full > 0 && t.rich('quotaFull', { n: q.full, h })} {q.full_then > q.full ? t.rich('quotaFullThen', { n: q.full_then, h }) : q.full === 0 && t('quotaNone')}</p>
      <div className="ov-scroll"><table className="plain-table" style={{ marginTop: 8, maxWidth: 640 }}>
        <thead><tr><th>{t('quotaUsed')}</th>{q.parts.map((p, i) => (i === 0 || p.least <= p.most ? <th key={i} className="right">{part(i)}</th> : null))}</tr></thead>
        <tbody>{([['mass', q.used, t('quotaNow')], ['then', q.used_then, t('quotaThen')]] as const).map(([what, used, label]) => <tr key={what}><td>{label}</td>{used.map((n, i) => (i === 0 || (q.parts[i]?.least ?? 0) <= (q.parts[i]?.most ?? 0) ? <td key={i} className="right">{cell(what, n, i)}</td> : null))}</tr>)}</tbody>
      </table></div>
      <p className="s12 mute" style={{ marginTop: 8 }}>{t('quotaMost', { a: q.most, b: q.most_then })}</p>
    </Panel>
  )
}
