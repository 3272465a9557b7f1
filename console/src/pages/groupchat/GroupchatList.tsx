import { Button } from 'antd'
import { useState } from 'react'
import type { Groupchat } from '../../api/types'
import { useFormat, useWords } from '../../i18n/i18n'
import { A, useGo, useMayOpen } from '../../kit/A'
import { List, type Column } from '../../kit/List'
import { State } from '../../kit/marks'
import { useJoinSourceOptions, useStaffOptions } from '../../kit/options'
import { Page } from '../../kit/Page'
import { w } from './words'

export function GroupchatList() {
  const t = useWords(w)
  const f = useFormat()
  const go = useGo()
  const mayOpen = useMayOpen()
  const [total, setTotal] = useState<number>()
  const to = (g: Groupchat) => `/groupchats/${encodeURIComponent(g.id)}`
  const columns: Column<Groupchat>[] = [
    { key: 'name', title: t('name'), render: (g) => <A to={to(g)}>{g.name || t('unnamed')}</A> },
    { key: 'owner', title: t('owner'), render: (g) => g.owner.name },
    { key: 'members', title: t('members'), num: true, render: (g) => f.count(g.members) },
    { key: 'customers', title: t('customers'), num: true, render: (g) => f.count(g.customers) },
    { key: 'today', title: t('today'), num: true, render: (g) => <span className="nowrap">{g.joined_today > 0 ? `+${g.joined_today}` : '0'} / {g.left_today > 0 ? `−${g.left_today}` : '0'}</span> },
    { key: 'created', title: t('created'), render: (g) => <span className="nowrap">{f.date(g.created_at)}</span> },
    { key: 'state', title: t('state'), render: (g) => <State tone={g.state === 'live' ? 'ok' : 'plain'}>{t(g.state)}</State> },
  ]
  return (
    <Page title={t('title')} meta={total !== undefined && t('count', { n: total })} actions={<Button onClick={() => go('/groupchats/several')}>{t('severalLink')}</Button>}>
      <List<Groupchat>
        id="groupchats" path="/groupchats" rowKey={(g) => g.id} columns={columns} search={t('search')} opens={to} total={(n) => setTotal(n)}
        filters={[{ kind: 'one', key: 'owner', label: t('owner'), options: useStaffOptions() }, { kind: 'one', key: 'source', label: t('source'), options: useJoinSourceOptions() }, { kind: 'one', key: 'state', label: t('state'), options: [{ value: 'live', label: t('live') }, { value: 'dismissed', label: t('dismissed') }] }]}
        empty={{ title: t('empty'), text: t('emptyText'), action: mayOpen('/settings/sync') && <Button onClick={() => go('/settings/sync')}>{t('sync')}</Button> }}
      />
    </Page>
  )
}
