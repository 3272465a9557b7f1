// What happened with a customer, newest first: time, what, who, and why it was so.
import { useList } from '../../api/queries'
import type { TimelineItem } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useChannelOptions } from '../../kit/options'
import { Empty, Failed, Skeleton } from '../../kit/states'
import { w as touchWords } from '../governance/words'
import { w } from './words'

const kinds = ['added', 'lost', 'tagged', 'joined_group', 'left_group', 'touch', 'kf_message', 'optout'] as const

export function Timeline({ id }: { id: string }) {
  const t = useWords(w)
  const g = useWords(touchWords)
  const f = useFormat()
  const channels = new Map(useChannelOptions().map((o) => [o.value, o.label]))
  const by = (c = '') => (`ch_${c}` in touchWords ? g(`ch_${c}` as 'ch_kf') : c)
  const via = (v = '') => (`via_${v}` in touchWords ? g(`via_${v}` as 'via_page') : v)
  const said = (x: TimelineItem): string => {
    const staff = x.actor?.name || x.actor?.id || '—'
    const channel = channels.get(x.detail ?? '')
    switch (x.kind) {
      case 'added': return channel ? t('tl_addedBy', { channel, staff }) : t('tl_added', { staff })
      case 'lost': return x.detail === 'staff' ? t('tl_lostStaff', { staff }) : t('tl_lostCustomer', { staff })
      case 'tagged': return `${t('tl_tagged')}${x.actor ? ` · ${staff}` : ''}`
      case 'touch': return [by(x.detail), x.actor ? staff : ''].filter(Boolean).join(' · ')
      case 'optout': return [t('tl_optout'), via(x.detail)].filter(Boolean).join(' · ')
      default: return [x.detail, x.actor?.name].filter(Boolean).join(' · ') || '—'
    }
  }
  const list = useList<TimelineItem>(`/customers/${encodeURIComponent(id)}/timeline`, {})
  if (list.error && !list.data) return <Failed error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Skeleton rows={6} />
  const rows = list.data.pages.flatMap((p) => p.items)
  if (rows.length === 0) return <Empty title={t('noTimeline')} />
  return (
    <>
      <ol className="timeline">
        {rows.map((x) => {
          const kind = kinds.find((k) => k === x.kind)
          return (
            <li key={x.id} className={x.kind}>
              <time dateTime={x.at}>{f.moment(x.at)}</time>
              <span className="what">{kind ? t(`evKind_${kind}`) : t('evKind_other')}</span>
              <span>{said(x)}</span>
              <span className="right">{x.touch_id ? <A to={`/touches/${encodeURIComponent(x.touch_id)}`}>{t('why')}</A> : x.ref && (x.kind === 'joined_group' || x.kind === 'left_group') ? <A to={`/groupchats/${encodeURIComponent(x.ref)}`}>{t('open')}</A> : null}</span>
            </li>
          )
        })}
      </ol>
      {list.hasNextPage && <button type="button" className="linky" onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>{t('earlier')}</button>}
    </>
  )
}
