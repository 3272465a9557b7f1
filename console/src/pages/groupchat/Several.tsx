// People who sit in several groups: they get everything more than once. Each with all their groups.
import { Button } from 'antd'
import { useState } from 'react'
import type { Groupchat, InSeveral } from '../../api/types'
import { useList } from '../../api/queries'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo } from '../../kit/A'
import { List, type Column } from '../../kit/List'
import { Avatar } from '../../kit/marks'
import { useStaffOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { w } from './words'

export function Several() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const [total, setTotal] = useState<number>()
  const groups = useList<Groupchat>('/groupchats', { state: 'live' }, '', 200)
  const chats = (groups.data?.pages.flatMap((p) => p.items) ?? []).map((g) => ({ value: g.id, label: g.name || t('unnamed') }))
  const columns: Column<InSeveral>[] = [
    { key: 'customer', title: t('member'), width: 220, render: (x) => <span className="row"><Avatar name={x.customer.name || '?'} />{x.known ? <A className="nowrap" to={`/customers/${encodeURIComponent(x.customer.id)}`}>{x.customer.name}</A> : <>{x.customer.name || '—'}<span className="mute s12 nowrap">{t('k_unknown')}</span></>}</span> },
    { key: 'count', title: t('groupsOf'), num: true, width: 96, render: (x) => <b>{f.count(x.count)}</b> },
    { key: 'groups', title: t('which'), render: (x) => <span className="chats">{x.groups.map((g) => <A key={g.id} to={`/groupchats/${encodeURIComponent(g.id)}`} title={t('joinedAs', { date: f.date(g.joined_at), name: g.owner.name })}>{g.name || t('unnamed')}</A>)}</span> },
  ]
  return (
    <Page title={t('several')} meta={total !== undefined && t('severalCount', { n: total })}>
      <List<InSeveral>
        id="several" path="/groupchats/several" rowKey={(x) => x.customer.id} columns={columns} search={t('memberSearch')} total={(n) => setTotal(n)}
        opens={(x) => `/customers/${encodeURIComponent(x.customer.id)}`}
        filters={[{ kind: 'one', key: 'chat', label: t('alsoIn'), options: chats }, { kind: 'one', key: 'owner', label: t('owner'), options: useStaffOptions() }]}
        empty={{ title: t('severalNone'), text: t('severalNoneText'), action: <Button onClick={() => go('/groupchats')}>{t('toGroups')}</Button> }}
      />
    </Page>
  )
}
