// What happened with a customer, newest first: time, what, who, and why it was so.
import { useList } from '../../api/queries'
import type { TimelineItem } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { Empty, Failed, Skeleton } from '../../kit/states'
import { w } from './words'

const kinds = ['added', 'lost', 'tagged', 'joined_group', 'left_group', 'touch', 'kf_message', 'optout'] as const

export function Timeline({ id }: { id: string }) {
  const t = useWords(w)
  const f = useFormat()
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
              <span>{x.text}{x.actor && <span className="mute"> · {x.actor}</span>}</span>
              <span className="right">{x.touch_id ? <A to={`/touches/${encodeURIComponent(x.touch_id)}`}>{t('why')}</A> : x.link ? <A to={x.link}>{t('open')}</A> : null}</span>
            </li>
          )
        })}
      </ol>
      {list.hasNextPage && <button type="button" className="linky" onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>{t('earlier')}</button>}
    </>
  )
}
