// Beside the talk: who this is, what may still be sent, what was sent lately.
import { useGet } from '../../api/queries'
import { useNow } from '../../kit/useNow'
import type { CustomerDetail, Page as Rows, SessionDetail, Touch } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Avatar, BudgetTable } from '../../kit/marks'
import { Facts } from '../../kit/Page'
import { Skeleton } from '../../kit/states'
import { Grievances } from '../customer/Grievances'
import { w as grievances } from '../customer/grievanceWords'
import { w } from './words'

export function Contact({ id }: { id: string }) {
  const t = useWords(w)
  const g = useWords(grievances)
  const f = useFormat()
  const now = useNow(3_600_000)
  const detail = useGet<SessionDetail>(`/kf/sessions/${encodeURIComponent(id)}`)
  const found = useGet<CustomerDetail>(detail.data ? `/customers/${encodeURIComponent(detail.data.customer.id)}` : null)
  const c = found.data
  const recent = useGet<Rows<Touch>>(c ? '/touches' : null, { customer: c?.id, limit: 5 })
  if (!detail.data || found.isPending) return <aside className="contact">{!detail.error && <Skeleton rows={6} />}</aside>
  const name = detail.data.customer.name
  if (!c) return <aside className="contact"><section className="row"><Avatar name={name} src={detail.data.customer.avatar} grey={false} size={40} /><div><b>{name}</b><p className="mute s12">{t('notCustomer')}</p></div></section></aside>
  return (
    <aside className="contact">
      <section>
        <div className="row" style={{ gap: 10 }}><Avatar name={c.name} src={c.avatar} grey={false} size={40} /><div style={{ minWidth: 0 }}><b className="cut" style={{ fontSize: 16, display: 'block' }}>{c.name}</b><p className="mute s12">{t('addedDays', { n: Math.max(0, Math.floor((now - Date.parse(c.added_at)) / 86_400_000)) })}</p></div></div>
        {(c.tags ?? []).length > 0 && <div className="tags" style={{ marginTop: 10 }}>{c.tags.map((x) => <span key={x.id} className="tag">{x.name}</span>)}</div>}
      </section>
      <section><h3>{t('budget')}<A to={`/touches?customer=${encodeURIComponent(c.id)}`}>{t('budgetWhy')}</A></h3><BudgetTable budget={c.budget} /><p className="s12 mute" style={{ marginTop: 6 }}>{t('budgetNote')}</p></section>
      <section><h3>{g('title')}</h3><Grievances id={c.id} past={1} /></section>
      <section><h3>{t('recent')}</h3>
        {recent.data && recent.data.items.length === 0 ? <p className="mute s12">{t('noRecent')}</p> : <ul className="recent">{recent.data?.items.map((x) => <li key={x.id}><span className="mute">{f.moment(x.at)}</span><A className="cut" to={`/touches/${encodeURIComponent(x.id)}`} style={{ color: x.state === 'held' ? 'var(--held)' : 'inherit' }}>{x.state === 'held' && x.reason ? x.reason : (x.campaign?.name ?? x.text)}</A></li>)}</ul>}
      </section>
      <section><h3>{t('facts')}<A to={`/customers/${encodeURIComponent(c.id)}`}>{t('open')}</A></h3><Facts rows={[[t('source'), c.source.channel?.name ?? c.source.label], [t('staff'), f.list(c.staff.map((x) => x.name))], [t('groups'), t('groupsN', { n: c.groups })]]} /></section>
    </aside>
  )
}
