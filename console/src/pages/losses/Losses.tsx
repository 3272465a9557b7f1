// Who was lost, by whom, and what had reached them before: the cost side of the home page's counter, one row each.
import { Button } from 'antd'
import { useState } from 'react'
import type { Loss } from '../../api/types'
import { corpNow } from '../../i18n/clock'
import { useFormat, useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { List, type Column, type Filter } from '../../kit/List'
import { State } from '../../kit/marks'
import { useStaffOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { useUrl } from '../../kit/useurl'
import { useTouchWords } from '../governance/Touches'
import { w } from './words'

const hour = 3_600_000

export function Losses() {
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const [total, setTotal] = useState<number>()
  const filters: Filter[] = [
    { kind: 'one', key: 'by', label: t('by'), options: (['customer', 'staff', 'unknown'] as const).map((x) => ({ value: x, label: t(`by_${x}`) })) },
    { kind: 'one', key: 'staff', label: t('staff'), options: useStaffOptions() },
    { kind: 'range', key: 'day', label: t('day'), from: 'from', to: 'to' },
  ]
  const columns: Column<Loss>[] = [
    { key: 'customer', title: t('customer'), render: (x) => <span className="row"><A className="nowrap" to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A>{!x.gone && <span className="mute s12 nowrap">{t('still')}</span>}</span> },
    { key: 'at', title: t('at'), render: (x) => <span className="nowrap">{f.moment(x.lost_at)}</span> },
    { key: 'by', title: t('by'), render: (x) => <State tone={x.lost_by === 'customer' ? 'harm' : 'plain'}>{t(`by_${x.lost_by}`)}</State> },
    { key: 'after', title: t('after'), render: (x) => <After loss={x} /> },
    { key: 'stayed', title: t('stayed'), num: true, render: (x) => <span className="nowrap">{f.duration((Date.parse(x.lost_at) - Date.parse(x.added_at)) / 1000)}</span> },
    { key: 'staff', title: t('staff'), render: (x) => x.staff.name },
    { key: 'source', title: t('source'), hidden: true, render: (x) => <span className="nowrap">{x.source.channel?.name ?? x.source.label}</span> },
  ]
  const ranged = url.one('from') !== '' || url.one('to') !== ''
  return (
    <Page title={t('title')} meta={total !== undefined && (ranged ? t('metaFiltered', { n: total }) : t('meta', { n: total }))}>
      <List<Loss>
        id="losses" path="/losses" rowKey={(x) => `${x.customer.id}/${x.staff.id}`} columns={columns} filters={filters} total={(n) => setTotal(n)}
        opens={(x) => `/customers/${encodeURIComponent(x.customer.id)}`}
        empty={{ title: t('empty'), text: t('emptyText'), action: <Button onClick={() => url.set({ from: f.isoDay(new Date(corpNow() - 29 * 24 * hour)) })}>{t('longer')}</Button> }}
      />
    </Page>
  )
}

/** The last touch before the loss: within a day it is a cost and shows so. */
function After({ loss: x }: { loss: Loss }) {
  const t = useWords(w)
  const f = useFormat()
  const { channel } = useTouchWords()
  const touch = x.last_touch
  if (!touch) return <span className="mute">{t('nothing')}</span>
  const later = Date.parse(x.lost_at) - Date.parse(touch.at)
  const kind = channel(touch.channel)
  return (
    <div style={{ maxWidth: 420 }}>
      <div className="row"><A className="cut" to={`/touches/${encodeURIComponent(touch.id)}`} title={touch.text}>{kind}{touch.name && touch.name !== kind ? ` · ${touch.name}` : ''}</A></div>
      <div className={`s12 nowrap ${later <= 24 * hour ? 'harm' : 'mute'}`}>{t('later', { t: f.duration(later / 1000) })}</div>
    </div>
  )
}
