// The rows behind a figure of the overview, in a drawer that the address keeps: touches of a cost, or customers of a budget.
import { Drawer } from 'antd'
import { useList } from '../../api/queries'
import type { CostRow, Overview, UseRow } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Empty, Failed, Skeleton } from '../../kit/states'
import { useUrl } from '../../kit/useurl'
import { w } from './words'

export type Kind = 'deletions' | 'optouts' | 'replies' | 'night' | 'repeats' | 'late'
const closed = { rows: undefined, campaign: undefined, staff: undefined, kind: undefined, what: undefined, least: undefined, most: undefined }

/** Opens the drawer. */
export function useRows() {
  const url = useUrl()
  return {
    touches: (of: { campaign?: string; staff?: string; name: string; kind?: Kind }) => url.set({ ...closed, rows: 'touches', campaign: of.campaign, staff: of.staff, kind: of.kind }),
    people: (what: string, least: number, most?: number) => url.set({ ...closed, rows: 'people', what, least: String(least), most: most === undefined ? undefined : String(most) }),
  }
}

export function Rows({ o, days }: { o: Overview; days: number }) {
  const t = useWords(w)
  const url = useUrl()
  const rows = url.one('rows')
  const kind = url.one('kind')
  const campaign = url.one('campaign')
  const staff = url.one('staff')
  const kinds: Record<string, string> = { deletions: t('deletions'), optouts: t('optoutsCol'), night: t('night'), repeats: t('repeats'), late: t('late'), replies: t('replies') }
  const who = [...o.campaigns.filter((x) => x.id === campaign), ...o.staff.filter((x) => x.id === staff)][0]?.name || campaign || staff
  const title = rows === 'touches' ? (who ? t('rowsOf', { what: kinds[kind] ?? t('rowAll'), who }) : (kinds[kind] ?? t('rowAll'))) : url.one('what') === 'mass' || url.one('what') === 'then' ? t('quota') : t('budget')
  return (
    <Drawer open={rows === 'touches' || rows === 'people'} onClose={() => url.set(closed)} title={title} size={560} destroyOnHidden>
      {rows === 'touches' && <Touches query={{ days, campaign: campaign || undefined, staff: staff || undefined, kind: kind in kinds ? kind : undefined }} />}
      {rows === 'people' && <People query={{ what: url.one('what'), least: url.one('least') || undefined, most: url.one('most') || undefined }} />}
    </Drawer>
  )
}

function Touches({ query }: { query: Record<string, string | number | undefined> }) {
  const t = useWords(w)
  const f = useFormat()
  const list = useList<CostRow>('/governance/costs', query)
  if (list.error && !list.data) return <Failed error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Skeleton rows={6} />
  const rows = list.data.pages.flatMap((p) => p.items)
  if (rows.length === 0) return <Empty title={t('rowsNone')} />
  return (
    <>
      <p className="mute s12" style={{ marginBottom: 6 }}>{t('rowsN', { n: list.data.pages[0]?.total ?? 0 })}</p>
      <table className="plain-table">
        <thead><tr><th>{t('customer')}</th><th>{t('member')}</th><th className="right">{t('at')}</th><th /></tr></thead>
        <tbody>{rows.map((x) => <tr key={x.id}><td><A to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name || x.customer.id}</A></td><td>{x.staff?.name ?? '—'}</td><td className="right nowrap">{f.moment(x.at)}</td><td className="right nowrap"><A to={`/touches/${encodeURIComponent(x.id)}`}>{t('why')}</A></td></tr>)}</tbody>
      </table>
      {list.hasNextPage && <button type="button" className="linky" onClick={() => void list.fetchNextPage()}>{t('rowsMore')}</button>}
    </>
  )
}

function People({ query }: { query: Record<string, string | undefined> }) {
  const t = useWords(w)
  const f = useFormat()
  const list = useList<UseRow>('/governance/budget-use', query)
  if (list.error && !list.data) return <Failed error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Skeleton rows={6} />
  const rows = list.data.pages.flatMap((p) => p.items)
  if (rows.length === 0) return <Empty title={t('rowsNone')} />
  return (
    <>
      <p className="mute s12" style={{ marginBottom: 6 }}>{t('peopleN', { n: list.data.pages[0]?.total ?? 0 })}</p>
      <table className="plain-table">
        <thead><tr><th>{t('customer')}</th><th className="right">{t('used')}</th></tr></thead>
        <tbody>{rows.map((x) => <tr key={x.customer.id}><td><A to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name || x.customer.id}</A></td><td className={`right ${x.used >= x.limit ? 'held' : ''}`}>{x.used} / {x.limit}{x.days ? <span className="mute s12">{` ${f.duration(x.days * 86_400)}`}</span> : null}</td></tr>)}</tbody>
      </table>
      {list.hasNextPage && <button type="button" className="linky" onClick={() => void list.fetchNextPage()}>{t('rowsMore')}</button>}
    </>
  )
}
